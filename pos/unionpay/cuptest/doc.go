// Package cuptest is an acquirer's host that needs no acquirer: it speaks the
// UnionPay profile of ISO 8583 on a real socket, with cards and accounts, keys,
// batches, MACs, PINs, reversals, settlement and books of its own. It takes no
// *testing.T, so tests and programs use it alike.
//
//	host := cuptest.New(cuptest.Config{})
//	defer host.Close()
//	listener, _ := net.Listen("tcp", "127.0.0.1:0")
//	go host.Serve(listener)
//	host.Inject("lose-answer")
//	...
//	fmt.Println(host.Net(), host.Books())
//
// # How it works inside
//
//	conn -> 2-byte length -> cupproto -> who is it? MAC right? -> one function for each kind
//	                                                                |
//	                                                              ledger: transactions by terminal, batch, trace number
//
// It is written against the same documents as the driver and shares the codec
// and the key arithmetic with it, whose published vectors are tests.
//
// # What it decides by itself
//
// Cards lists the cards it issues, each with its balance and PIN. Any other
// number is answered 14. Amounts that end in one of the Endings are declined
// with the code beside them; one that ends in 10 fen is approved by half
// (code 10). A scanned code of 19 or 20 digits that begins with 62 pays.
//
// A reversal that arrives before its sale stays remembered: the sale is then
// refused. A trace number used twice in a batch is answered 94.
package cuptest
