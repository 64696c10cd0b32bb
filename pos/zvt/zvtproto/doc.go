// Package zvtproto reads and writes the messages of ZVT, the protocol between
// cash registers and card terminals in Germany, Austria and Switzerland. It is
// a pure codec for both sides: it takes bytes and returns values, opens nothing
// and waits for nothing. The driver one floor up sends commands and reads
// results; a simulated terminal does the reverse with the same types.
//
// # Layers
//
//	serial   10 02 | APDU, each 10 doubled | 10 03 | CRC     package transport/frame
//	TCP              APDU APDU APDU ...                      Stream
//	APDU     class instr length data                         AppendAPDU, ParseAPDU
//	data     [password ...] BMP BMP ... [06 TLV container]   Parse, Append: one type per command
//	BMP      number [Fx Fy [Fz]] value                       Fields
//	TLV      tag length value, nested                        TLV
//
// An authorisation over 123.45 EUR, byte by byte:
//
//	06 01                    control field: authorisation
//	0C                       12 data bytes
//	04 00 00 00 01 23 45     BMP 04, amount: 12 digits of the minor unit
//	49 09 78                 BMP 49, currency: EUR
//	19 40                    BMP 19, payment type: the terminal decides
//
// The answer to every message is 80 00 00 or 84 and a code. The result comes
// later as a [StatusInformation] 04 0F, and the end as a [Completion] 06 0F or
// [Aborted] 06 1E. A payment is final once the register has answered the
// status-information.
//
// # Words
//
//	ECR (Kasse)           the register; ToTerminal is what it sends
//	PT (Terminal)         the terminal; ToRegister is what it sends
//	APDU                  one message
//	control field         class and instruction, here Command
//	BMP (bitmap)          a numbered data field
//	tag                   the name of a TLV object
//	status-information    the result of a transaction, 04 0F
//	completion            the end of a command that went well, 06 0F
//	abort                 the end of one that did not, 06 1E; of the register, 06 B0
//	reversal (Storno)     a void: taking a payment back before the end of day
//	end of day            settlement (Kassenschnitt)
//	T3, T4                the waits for an answer and for a completion
//
// # What is strict and what is not
//
// Unknown commands, codes and tags survive and are no error. An unknown BMP is
// an [UnknownBMPError], since its length cannot be known; the receiver answers
// 84 83 00. What decides about money is strict: an amount or currency that is
// not digits, and an amount, currency, result or receipt number repeated with
// another value, is refused rather than guessed. Dates, names and other fields
// are only read when asked for, so that a terminal's odd date costs no result.
//
// # Secrets
//
// Card numbers, tracks, verification values and passwords have types that
// cannot be printed, logged or marshalled in clear; Reveal hands them out.
// Messages print themselves masked, [Explain] and [Mask] mask. fmt asks only
// exported fields how to print themselves: keep a [Password] in an exported
// field or do not print the struct that holds it.
//
// # Sources
//
// P15 is "ECR-Interface ZVT-Protocol" PA00P015 rev 13.08 (2018-05-25), P16 is
// PA00P016 rev 04 (2016-07-13), both by VdTH. Sections stand beside
// the constants. "Single source" marks what one implementation or capture
// shows, "inferred" what the documents leave open.
package zvtproto
