/*
Package escpostest is a receipt printer that needs no hardware: it speaks
ESC/POS on TCP, on a serial port or on any other Conn, prints on paper of
package paper, and runs out of it on purpose. It takes no *testing.T, so tests
and programs use it alike.

	printer := escpostest.New(escpostest.Config{})
	defer printer.Close()
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	go printer.Serve(listener)
	printer.Inject("paper-out=7")
	...
	printer.Refill()
	fmt.Print(printer.Slips()[0].Text())

# How it works inside

	Conn -> reader -> receive buffer (Config.Buffer) -> paper.Head -> slips
	          |                                            |
	          real time: DLE EOT, ENQ, DC4                 in order: GS r, GS I, GS a, GS ( H

Real-time commands are obeyed when they arrive, also in the middle of a
picture, as on printers. Everything else waits in the buffer while paper is
out, the cover open or the printer offline, and goes on by itself after. A full
buffer takes no more bytes. A power cut empties it; half a slip stays on paper.

One connection is served at a time, as printers do; further ones wait.

# Faults

Faults lists the names. Those with a number strike after so many more steps of
the head: a line of text, a band of a picture, a code, a feed or a cut.
*/
package escpostest
