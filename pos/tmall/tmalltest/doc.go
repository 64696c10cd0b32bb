// Package tmalltest is the Taobao/Tmall open platform (TOP), simulated as far as
// e-tickets, trades and refunds go, on two real sockets of this machine: https
// and plain http.
//
// It checks every signature and timestamp, issues tickets, has a clock and books
// of its own, and does wrong by name; see Faults. It takes no *testing.T, so
// programs use it too:
//
//	p := tmalltest.New(tmalltest.Config{})
//	defer p.Close()
//	p.Inject("lose-answer=eticket.consume")
//	ticket := p.Issue(tmalltest.Single)
//	fmt.Println(ticket.Code, p.Net())
//
// The codes of its refusals (isv.sim-…) are its own: the platform's are not published.
package tmalltest
