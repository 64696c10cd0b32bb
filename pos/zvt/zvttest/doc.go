/*
Package zvttest is a complete payment terminal that speaks ZVT and needs no
hardware: with its own books, display, printer, cards and faults, on TCP and on
a serial port. It takes no *testing.T, so tests and programs use it alike.

	terminal := zvttest.New(zvttest.Config{Currency: "EUR"})
	defer terminal.Close()
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	go terminal.Serve(listener)
	terminal.Inject("lose-answer")

# What it decides by itself

Amounts whose last four digits are in [Endings] are declined with that result
code; 90.50 is approved by half; all others are approved. A card is put in after
Config.Think, chosen by Config.Seed.

# Money

A payment is booked when the host approves it, before the register hears of it.
It is final once the register has acknowledged the status-information 04 0F and
every print command; without that the terminal takes it back and books the
reversal (PA00P015 A11; P15 3.1). Voids and refunds are booked as final at the
same place. Every line of the books goes to Config.Book before the next byte
leaves, so that a test can compare the two sides whenever either dies.

# Power cuts

What Config.Remember was given, Restore gives to a new terminal: it has the same
number, receipts, turnover store and last result, and has taken back what the
register had not acknowledged. A terminal without a memory is another terminal;
give it another Config.TerminalID.

# Faults

Each name is used up by one money command; see [Faults]. drop-after=N and nak=N
take a number.
*/
package zvttest
