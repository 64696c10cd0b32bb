// Package display shows amounts and words on customer displays.
//
//	d, err := display.New(display.Config{Dialer: port, Model: display.CD5220})
//	d.Show(ctx, "Tea", "12.80")
//	d.ShowAmount(ctx, display.Total, "12.80")
//
//	+--------------------+      +--------+
//	|Tea                 |      |   12.80|  * price
//	|               12.80|      +--------+  o total  o paid  o change
//	+--------------------+
//	two lines of twenty         eight digits and a lamp
//
// Models:
//
//	CD5220   ESC Q A text CR; most displays with a serial plug, and printers
//	         that pass through
//	DMD      Epson DM-D: US $ x y, then text
//	LED8     Chinese displays of eight digits: ESC s n for the lamp, ESC Q A digits CR
//
// # A display never holds up a payment
//
// Each call ends within Config.Timeout, connecting included. After a failure,
// calls fail at once (ErrAway) until Config.Retry has passed; then the next one
// connects again and sets the display up anew. Ignoring the errors is fine.
//
// # Text is never a command
//
// Control characters become spaces, and what the character set lacks becomes a
// question mark, so that the name of an article cannot clear the display, open a
// drawer behind it or change its settings. Lines are cut at twenty columns,
// never inside a Chinese character.
//
// # What is not certain
//
// CD5220 follows Partner's manual of that name. The commands of Epson's DM-D
// are as commonly known, those of LED8 as users report them. Which number
// selects a code page differs by maker: Config.Setup sends what the manual of
// the display says.
package display
