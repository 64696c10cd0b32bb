// Package cupproto reads and writes the messages between a terminal and an
// acquirer of China UnionPay (银联 POS, 直联): its profile of ISO 8583:1987. It is a
// pure codec for both sides: bytes in, values out, no I/O. The driver one floor up
// uses one half, a simulated host the other.
//
//	length  2 bytes, binary    frame.Length{} of transport/frame: not part of a body
//	TPDU    5 bytes            60, destination, source; a reply has them swapped
//	header  6 bytes            class, spec version, state, what the host wants
//	MTI     2 bytes            0200, 0210, ...
//	bitmap  8 bytes            fields 2 to 64
//	fields  ...                see FieldName; 64 is the MAC, if there is one
//
// A sale of 12.80, keyed in:
//
//	m := cupproto.Request(cupproto.Sale)
//	m.SetString(2, "6212345678901232")
//	m.SetAmount(1280)
//	m.SetSTAN(17)
//	m.SetString(22, "012")
//	m.SetString(41, "12345678")
//	m.SetString(42, "123456789012345")
//	m.SetF60(cupproto.F60{MessageType: "22", Batch: 1, Network: "000"})
//	body, err := cupproto.Profile{}.AppendBody(nil, &cupproto.Frame{Message: m})
//	input, err := cupproto.MACInput(body, cupproto.Profile{})
//	err = cupproto.SealMAC(body, mac) // of input, see package cupkey
//
// # Values
//
// A [Message] holds values as people write them: digits in ASCII for n and z fields
// (a track with D as separator; an encrypted one holds A to F anywhere), the bytes
// themselves for all others. Numbers are packed in nibbles, two a byte; an odd one
// ends in a filler nibble (left aligned), field 23 begins with one. Length prefixes
// count digits or bytes, never packed bytes. Filler is sent as 0; 0 and F are accepted.
//
// What hides in a field has a type of its own: [F44], [Totals], [UploadItem],
// [Balance], [Elements] (59), [F60], [F61], [SignOnDevice], [Download], [CAKey], [AID],
// [Parameter], [ICUpload] (62) and [F63].
//
// # Words
//
//	STAN (流水号)          field 11, the terminal's counter, 000001 to 999999
//	RRN (检索参考号)        field 37, what the host calls the transaction
//	batch (批次号)          60.2: what is settled together
//	void 撤销, refund 退货, reversal 冲正, advice 通知, settlement 批结算, batch upload 批上送
//	network code 网络管理码  60.3: which management message it is
//
// # Built over moov-io/iso8583
//
// MTI, bitmap and the walk over the fields are that library's, with its MessageSpec.
// The fields themselves are a type of this package: the library's BCD encoder
// refuses the D of a track and the F of a filler, and builds a table for every
// value, which makes it ten times slower (see the benchmarks). The library ignores
// bytes behind the last field and bit 1; ParseBody does not. It does not compile for 32
// bits: there, and to explain damaged messages, a walk of this package takes its
// place; fuzzing compares the two.
//
// # Secrets
//
// Messages and elements print themselves masked, whatever the verb; [Describe] and
// [Mask] mask; errors never quote a value. fmt asks only exported struct fields how to
// print themselves: keep a [Message] in an exported field, or do not print the
// struct that holds it. [Message.Get] and Text hand out what is there; Clear wipes it.
//
// # Sources and doubts
//
// The official text (Q/CUP 009) is not public and every acquirer changes details.
// The tables here are what several independent implementations and captured
// messages agree on. What differs is a [Profile], with [NewLayout] for formats of
// fields. Known from one source only: the layout of IC batch upload in field 62,
// sign-on code 006 of SM4, header request 7 and 9, the parts 801 to 809 of an e-slip,
// elements of field 59 with two digits of length (a captured message; three are usual).
// Inferred: header request 8, terminal state 1, and the length (1) of the states 01 to 05 in a
// status upload. A query of scan payments has no common form and no kind here.
package cupproto
