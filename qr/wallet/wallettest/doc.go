/*
Package wallettest is what every wallet.Host passes, against its simulated platform:
postest.TestDriver for scanned and for shown codes, every fault on every call, the
rows of the crash table, and the two golden conversations of a code payment.

	wallettest.TestHost(t, wallettest.Harness{
		Open: func(t *testing.T, b *qrtest.Bank) (wallet.Host, error) { ... },
		Code: func(n int) string { return fmt.Sprintf("13%016d", n) },
	})
*/
package wallettest
