// Package meituantest is Meituan's voucher gateway (美团技术服务合作中心), simulated,
// on two real sockets of this machine: https and plain http.
//
// It checks every signature and timestamp, sells vouchers of every kind, has a
// clock and books of its own, and does wrong by name; see Faults. It takes no
// *testing.T, so programs use it too:
//
//	p := meituantest.New(meituantest.Config{})
//	defer p.Close()
//	p.Inject("lose-answer=consume")
//	v := p.Sell(meituantest.Dining, meituantest.SetMeal)
//	fmt.Println(v.Code, p.Net())
//
// The codes of its refusals (SIM_…) are its own: the platform's are not published.
package meituantest
