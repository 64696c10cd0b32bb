package qrtest

import (
	"net/http"
	"time"
)

// FaultName names what breaks.
type FaultName string

// The faults. Those of the line work on every front; those of words on the
// fronts that have such words, and are documented there.
const (
	LoseRequest   FaultName = "lose-request"   // the connection ends before the platform has understood
	LoseAnswer    FaultName = "lose-answer"    // it is done, and the connection ends
	LateAnswer    FaultName = "late-answer"    // it is done, the answer comes after After
	Busy429       FaultName = "429"            // too many requests: nothing is done
	Broken500     FaultName = "500"            // a server error; nothing is done
	Applied500    FaultName = "applied-500"    // a server error although it is done
	HTML          FaultName = "html"           // a page of some gateway, with status 200; nothing is done
	Empty         FaultName = "empty"          // 200 and nothing; it is done
	Forge         FaultName = "forge-answer"   // done, and the answer's signature is wrong
	Unsigned      FaultName = "unsigned"       // the platform refuses without a signature; nothing is done
	WrongAmount   FaultName = "wrong-amount"   // done, and the answer names one fen more
	WrongMerchant FaultName = "wrong-merchant" // done, and the answer names another merchant
	WrongOrder    FaultName = "wrong-order"    // done, and the answer names another order
	ClockOff      FaultName = "clock-off"      // the answer is stamped six minutes ago
	SystemError   FaultName = "system-error"   // the platform says SYSTEMERROR; nothing is done
	AppliedSystem FaultName = "applied-system" // the platform says SYSTEMERROR although it is done
	UndoAgain     FaultName = "undo-again"     // the undo must be asked again: recall=Y, retry_flag=Y
	UndoRefused   FaultName = "undo-refused"   // the platform will not undo
	RefundSlow    FaultName = "refund-slow"    // the refund is accepted and stays under way
	RefundFails   FaultName = "refund-fails"   // the refund is accepted and cannot be delivered
	NoticeLost    FaultName = "notice-lost"
	NoticeTwice   FaultName = "notice-twice"
	NoticeLate    FaultName = "notice-late" // it comes after After
	NoticeForged  FaultName = "notice-forged"
	NoticeOld     FaultName = "notice-old"   // stamped six minutes ago
	NoticeWrong   FaultName = "notice-wrong" // names one fen more
)

// FaultNames lists all, for programs.
func FaultNames() []FaultName {
	return []FaultName{LoseRequest, LoseAnswer, LateAnswer, Busy429, Broken500, Applied500, HTML, Empty, Forge, Unsigned, WrongAmount,
		WrongMerchant, WrongOrder, ClockOff, SystemError, AppliedSystem, UndoAgain, UndoRefused, RefundSlow, RefundFails,
		NoticeLost, NoticeTwice, NoticeLate, NoticeForged, NoticeOld, NoticeWrong}
}

// Call is what a request is about, in common terms.
type Call string

// Calls.
const (
	AnyCall         Call = ""
	CallPay         Call = "pay"
	CallShow        Call = "show"
	CallQuery       Call = "query"
	CallUndo        Call = "undo"
	CallClose       Call = "close"
	CallRefund      Call = "refund"
	CallQueryRefund Call = "query-refund"
	CallBill        Call = "bill"
	CallKeys        Call = "keys" // certificates, sign-in
	CallNotice      Call = "notice"
)

// Fault is one thing that will break.
type Fault struct {
	Name  FaultName
	On    Call          // AnyCall: whichever comes first
	Times int           // 0 is once
	After time.Duration // of late ones
}

// Inject queues faults.
func (b *Bank) Inject(list ...Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, list...)
}

// Clear forgets the faults that have not happened.
func (b *Bank) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}

// Requests is how many calls of a kind came, also those that broke.
func (b *Bank) Requests(c Call) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests[c]
}

// Next takes the fault of a call that has just come, and counts the call. A
// front asks once for each request.
func (b *Bank) Next(c Call) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests[c]++
	if b.broken != nil {
		return Fault{Name: Broken500}
	}
	for i := range b.faults {
		f := b.faults[i]
		if f.Name == RefundSlow || f.Name == RefundFails || f.On != c && (f.On != AnyCall || c == CallNotice) {
			continue
		}
		b.use(i)
		return f
	}
	return Fault{}
}

// take uses up a fault of that name, under the lock.
func (b *Bank) take(want Fault) bool {
	for i, f := range b.faults {
		if f.Name == want.Name {
			b.use(i)
			return true
		}
	}
	return false
}

func (b *Bank) use(i int) {
	if b.faults[i].Times > 1 {
		b.faults[i].Times--
		return
	}
	b.faults = append(b.faults[:i:i], b.faults[i+1:]...)
}

// breaks does what a fault of the line does before the platform acts. It
// reports whether the request ends here.
func (f Fault) breaks(w http.ResponseWriter) bool {
	switch f.Name {
	case LoseRequest:
		hangUp(w)
	case Busy429:
		http.Error(w, `{"code":"FREQUENCY_LIMITED","message":"too many requests"}`, http.StatusTooManyRequests)
	case Broken500:
		http.Error(w, "internal error", http.StatusInternalServerError)
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<html><body>maintenance, success, PAID</body></html>"))
	default:
		return false
	}
	return true
}

// spoils does what a fault of the line does instead of the answer. It reports
// whether the request ends here.
func (f Fault) spoils(w http.ResponseWriter) bool {
	switch f.Name {
	case LoseAnswer:
		hangUp(w)
	case Applied500:
		http.Error(w, "internal error", http.StatusInternalServerError)
	case Empty:
		w.WriteHeader(http.StatusOK)
	case LateAnswer:
		time.Sleep(f.After)
		return false
	default:
		return false
	}
	return true
}

// hangUp ends the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			c.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}
