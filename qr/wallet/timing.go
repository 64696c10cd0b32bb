package wallet

import "time"

// Timing is how long the driver is patient. Zero fields take the defaults;
// all is measured on the monotonic clock.
type Timing struct {
	Poll         time.Duration // between two questions while the user is paying
	Limit        time.Duration // of asking for a code payment, then it is undone
	ReverseAfter time.Duration // a code payment is not undone earlier than this after it was sent
	Show         time.Duration // how long a shown code may be paid
	Quarantine   time.Duration // since sending, before "no such order" is believed
	Call         time.Duration // one call of a host
	Refund       time.Duration // waiting for a refund to be more than accepted
}

// Defaults of Timing. WeChat: ask every 3 to 5 s, 45 s in all (its own servers revoke
// unpaid code payments then), reverse 15 s after the charge at the earliest.
// Alipay: 3 to 6 s, 30 to 60 s. Shouqianba: 3 to 5 s, 40 to 50 s.
const (
	DefaultPoll         = 4 * time.Second
	DefaultLimit        = 45 * time.Second
	DefaultReverseAfter = 15 * time.Second
	DefaultShow         = 3 * time.Minute
	DefaultCall         = 10 * time.Second
	DefaultRefund       = 5 * time.Second
	// DefaultQuarantine is the deadline of a call and 30 s (a request that lingers in a network).
	DefaultQuarantine = DefaultCall + 30*time.Second
)

func (t Timing) withDefaults() Timing {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&t.Poll, DefaultPoll)
	def(&t.Limit, DefaultLimit)
	def(&t.ReverseAfter, DefaultReverseAfter)
	def(&t.Show, DefaultShow)
	def(&t.Call, DefaultCall)
	def(&t.Refund, DefaultRefund)
	def(&t.Quarantine, DefaultQuarantine)
	return t
}
