// Package scannertest is a scanner as a program: any symbol, prefix, suffix,
// speed and input, with faults by name.
//
//	port, err := transporttest.OpenPTY("/tmp/scanner")
//	s := scannertest.New(scannertest.Config{AIM: true, Baud: 9600})
//	s.Inject("cut")
//	s.Scan(ctx, port, scannertest.Symbol{Kind: scanner.EAN, Data: "4006381333931"})
//
// Nothing takes a *testing.T.
package scannertest
