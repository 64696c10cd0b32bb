// Package displaytest is a customer display as a program: it takes the bytes a
// display takes and tells what it would show. On a Conn, a pty or TCP.
//
//	d := displaytest.New(displaytest.Config{Model: display.CD5220})
//	go d.Serve(conn)
//	fmt.Println(d.Screen())
//
// It is strict where displays are: the mode of ESC Q takes no other command
// than CLR, a position off the glass is no position, LED8 shows digits only.
// Whatever it does not understand is counted in Screen.Unknown.
package displaytest
