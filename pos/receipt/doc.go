// Package receipt says what a slip says, apart from how it is printed: the
// payment slips of merchant and customer, the receipt of a sale with its lines
// and tenders, vouchers, settlements, X and Z reports.
//
//	pos.Attempt, pos.Settlement, a register's own lines
//	   |   Shop.Payment, Sale, Settlement, Report
//	 Slip                  blocks of text, pairs, codes; no fonts, no bytes
//	   |
//	 Text   HTML   ESCPOS   PNG
//
// A register prints the customer's copy (顾客联) of a payment:
//
//	number, err := till.Printing(ctx, a.ID, pos.SlipCustomer, "anna") // durable first
//	slip, err := shop.Payment(a, receipt.Copy{Kind: pos.SlipCustomer, Number: number})
//	stream, err := receipt.ESCPOS(slip, profile)
//	err = printer.Print(ctx, stream)
//
// # Rules
//
// A slip tells the state of the money and nothing kinder: only an attempt that
// is paid gets a receipt. One in doubt gets a slip that says in large letters
// that the result is not known and that nobody must pay again; one that failed
// says that nothing was taken. The terminal's own lines are printed as they
// came, below the shop's head, because card schemes want them so.
//
// Copy number 1 is the original; every other one is marked as a reprint (重印).
// The number comes from the journal (Till.Printing), not from the caller's memory.
//
// Printing never changes the state of the money. The same slip renders to the
// same bytes, always: the clock, the zone and the language are in the slip.
//
// Card numbers are masked before they reach a slip and again here; control
// characters and marks that turn the direction of text are dropped, so that a
// name from outside can neither command a printer nor disguise an amount.
// What a slip holds is bounded, see MaxItems and MaxText.
package receipt
