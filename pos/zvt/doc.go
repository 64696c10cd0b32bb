/*
Package zvt is the driver for payment terminals that speak ZVT, the register
protocol of Germany, Austria and Switzerland, over TCP or a serial line. It
implements pos.Driver.

	terminal, err := zvt.New(zvt.Config{
		Dialer:   &tcp.Dialer{Addr: "10.0.0.8:20007"},
		Currency: pos.EUR,
	})
	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: j,
		Drivers: map[string]pos.Driver{"card": terminal}})

# Words

	pos                       ZVT
	charge                    Authorisation 06 01 (Zahlung)
	void                      Reversal 06 30 (Storno), the receipt number names the payment
	refund                    Refund 06 31 (Gutschrift)
	pre-authorisation         Pre-Authorisation 06 22 (Reservierung)
	completion                Book Total 06 24, or Partial Reversal 06 23 (Buchung einer Reservierung)
	void of a hold            Pre-Authorisation Reversal 06 25
	reversal after a doubt    Reversal 06 30, or 06 25 of a hold
	settle                    End-of-Day 06 50 (Kassenschnitt)

# One payment

	register                                terminal
	  06 20 repeat receipt  ------------->            which receipt is the last one?
	        <- 80 00, 04 0F (receipt 0343), 06 0F
	  BeforeSend {receipt_before: 0343}                durable before the next byte
	  06 01 authorisation   ------------->
	        <- 80 00
	        <- 04 FF please insert card               shown as progress; restarts T4
	        <- 04 0F result 00, receipt 0344
	  80 00  ----------------------------->            this makes the payment final
	        <- 06 D3 receipt text, 06 0F completion
	  80 00  ----------------------------->

ZVT has no key by which a register could ask for one payment. So the last
receipt number is noted before each money command; after a cut the terminal is
asked again: the same number means nothing was booked, the next one is ours if
its amount is exactly what was asked for and the terminal id the same, anything
else needs a person. See [Terminal.Query].

One terminal, one journal: two registers that take payments on one terminal with
journals of their own can take each other's receipts for theirs. Lanes that
share a terminal share a process and its journal.

# Where the documents leave room

What is marked so in the comments of this package is inferred or comes from a
single source. A terminal that does not answer Repeat Receipt with a
status-information (some do not) leaves a lost answer unknown: a person resolves it.

Sources: PA00P015 rev. 13.08, PA00P016 rev. 04 (VdTH). The bytes are in zvtproto.
*/
package zvt
