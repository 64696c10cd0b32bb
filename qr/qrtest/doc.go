/*
Package qrtest has the wallets' platforms as simulators: real HTTP sockets, real
signatures, customers who pay at once, late, never or cancel, faults by name, and books
of their own. It takes no testing.T, so it runs in a test and as posim.

	bank := qrtest.NewBank(qrtest.BankConfig{})
	host, err := qrtest.NewWeChat(bank, qrtest.WeChatConfig{})
	defer host.Close()
	... wechat.New(host.Client()) ...            a client's configuration that fits
	bank.Customers(qrtest.Late(18 * time.Second)) the next customer types a password
	bank.Inject(qrtest.Fault{Name: qrtest.LoseAnswer, On: qrtest.CallPay})
	bank.Net()                                   what the merchant holds, in fen

One [Bank] keeps the money of one merchant: orders, refunds, customers. A front such
as [WeChat] speaks one platform's protocol over it. Several fronts may share a bank.

# Who pays how

Without Customers, the last two digits of an amount decide:

	.61  types a password and pays after BankConfig.Late (8 s)
	.62  never pays
	.63  cancels at the phone
	.64  pays in the very moment the order is undone
	.51  has not enough money: refused
	.52  shows a code that has expired: refused
	else pays at once

A customer who scans a code shown to him does the same, BankConfig.Scan after
it was shown.
*/
package qrtest
