package qrtest

import "time"

// Customer is how somebody pays.
type Customer struct {
	does  string
	after time.Duration
}

// What a customer can do.
const (
	atOnce  = ""
	late    = "late"
	never   = "never"
	cancels = "cancels"
	atUndo  = "at undo"
	poor    = "poor"
	expired = "expired"
)

// AtOnce pays without being asked.
func AtOnce() Customer { return Customer{} }

// Late types a password and pays after d.
func Late(d time.Duration) Customer { return Customer{does: late, after: d} }

// Never looks at the phone and does nothing.
func Never() Customer { return Customer{does: never} }

// Cancels says no at the phone after d.
func Cancels(d time.Duration) Customer { return Customer{does: cancels, after: d} }

// AtUndo pays in the moment between the last question and the undo.
func AtUndo() Customer { return Customer{does: atUndo} }

// Poor has not enough money.
func Poor() Customer { return Customer{does: poor} }

// Expired shows a code that is too old.
func Expired() Customer { return Customer{does: expired} }

// Customers says who comes next, in order; after them the amounts decide again.
func (b *Bank) Customers(list ...Customer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.customers = append(b.customers, list...)
}

func (b *Bank) nextCustomer(amount int64) Customer {
	if len(b.customers) > 0 {
		c := b.customers[0]
		b.customers = b.customers[1:]
		return c
	}
	if b.cfg.Quiet {
		return AtOnce()
	}
	switch amount % 100 {
	case 61:
		return Late(b.cfg.Late)
	case 62:
		return Never()
	case 63:
		return Cancels(b.cfg.Late / 8)
	case 64:
		return AtUndo()
	case 51:
		return Poor()
	case 52:
		return Expired()
	}
	return AtOnce()
}

// act lets the customer of an order do what he does, under the lock.
func (b *Bank) act(o *Order) {
	fail := func(why string) {
		if o.State == Open {
			o.State, o.Why, o.Ended = Failed, why, b.Now()
			b.remember(o, nil)
		}
	}
	switch c := o.customer; c.does {
	case atOnce:
		b.paid(o)
	case late:
		b.later(c.after, func() { b.paid(o) })
	case cancels:
		b.later(c.after, func() { fail(cancels) })
	case poor:
		fail(poor)
	case expired:
		fail(expired)
	}
}
