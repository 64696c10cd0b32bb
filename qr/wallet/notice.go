package wallet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
)

// Notifier is implemented by hosts whose platform sends notifications.
type Notifier interface {
	// Notice checks signature, merchant and freshness of one notification and
	// reads it. Errors: ErrForged, ErrStale, ErrMismatch, or what is wrong with it.
	Notice(ctx context.Context, header http.Header, body []byte) (Notice, error)
	// Acknowledge answers the platform: err nil is "received", anything else
	// makes it send again.
	Acknowledge(w http.ResponseWriter, err error)
}

// Notice is one notification, checked but not yet confirmed: a hint.
type Notice struct {
	ID     string // the platform's own, the same in every repetition
	Order  string // out_trade_no
	Refund string // out_refund_no, of a notice about a refund
	Answer Answer // what it claims
	// Shown and Began tell the order as Order does, for platforms that need them to be asked.
	Shown bool
	Began time.Time
}

// Hearing is a notification with what the platform said when it was asked.
type Hearing struct {
	Notice Notice
	// Known is set when the order is one of ours.
	Known bool
	// Again is set when the same notification was heard before.
	Again bool
	// Confirmed is the platform's own answer to a query: only it counts. Of a
	// notice about a refund it is the refund's.
	Confirmed Answer
	// Err says why the notification or its confirmation failed: ErrForged,
	// ErrStale, ErrMismatch, or no answer.
	Err error
}

// Attempt is the attempt a hearing is about, for pos.Till.Hear: the refund's of a
// notice about a refund.
func (h Hearing) Attempt() pos.AttemptID {
	if h.Notice.Refund != "" {
		return pos.AttemptID(h.Notice.Refund)
	}
	return pos.AttemptID(h.Notice.Order)
}

// Reply is what the platform confirmed, for pos.Till.Hear. Only what it said when
// it was asked counts: of a hearing with an Err it is empty.
func (h Hearing) Reply() pos.Reply {
	if h.Err != nil || h.Again {
		return pos.Reply{}
	}
	return reply(h.Confirmed)
}

// maxNotice bounds a notification: the longest known has about 4 kB.
const maxNotice = 64 << 10

// maxHeard bounds the ids kept to tell repetitions: they come for 25 hours.
const maxHeard = 100_000

// ServeHTTP takes the platform's notifications (异步通知): it checks each, asks
// the platform, wakes the payment that waits for it, and calls Config.Heard. A
// notification alone never makes anything paid. Mount it at the notify_url.
func (d *Driver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, ok := d.cfg.Host.(Notifier)
	if !ok {
		http.Error(w, "this platform sends no notifications", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNotice))
	if err != nil {
		n.Acknowledge(w, fmt.Errorf("reading the notification: %w", err))
		return
	}
	h := Hearing{}
	if h.Notice, h.Err = n.Notice(r.Context(), r.Header, body); h.Err == nil {
		d.confirm(r.Context(), &h)
	}
	if d.cfg.Heard != nil {
		d.cfg.Heard(h)
	}
	// A replayed or confirmed notice, and one of a stranger's order, is not wanted again.
	if errors.Is(h.Err, ErrMismatch) && !h.Known {
		h.Err = nil
	}
	n.Acknowledge(w, h.Err)
}

// confirm asks the platform about what a notification claims.
func (d *Driver) confirm(ctx context.Context, h *Hearing) {
	h.Known = d.knows(ctx, h.Notice.Order)
	if h.Again = d.heard.seen(h.Notice.ID); h.Again {
		return
	}
	o := Order{Number: h.Notice.Order, Amount: h.Notice.Answer.Amount, Shown: h.Notice.Shown, Began: h.Notice.Began}
	cctx, cancel := d.call(ctx)
	defer cancel()
	if h.Notice.Refund != "" {
		h.Confirmed, h.Err = d.cfg.Host.QueryRefund(cctx, Refund{Number: h.Notice.Refund, Amount: o.Amount, Order: o})
	} else {
		h.Confirmed, h.Err = d.cfg.Host.Query(cctx, o)
		h.Confirmed, h.Err = fits(h.Confirmed, h.Err, o.Amount)
	}
	if h.Err == nil {
		d.heard.add(h.Notice.ID)
		d.nudge(h.Notice.Order)
	}
}

// knows reports whether an order is ours.
func (d *Driver) knows(ctx context.Context, order string) bool {
	d.mu.Lock()
	_, waits := d.waiting[order]
	d.mu.Unlock()
	return waits || d.cfg.Known != nil && d.cfg.Known(ctx, order)
}

// wake lets a notification end a pause between two questions.
func (d *Driver) wake(order string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting[order] = c
	return c, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.waiting, order)
	}
}

func (d *Driver) nudge(order string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.waiting[order]; c != nil {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// once remembers ids, two generations of them, so that it never grows.
type once struct {
	mu       sync.Mutex
	limit    int
	new, old map[string]struct{}
}

func newOnce(limit int) *once { return &once{limit: limit, new: map[string]struct{}{}} }

func (o *once) seen(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, a := o.new[id]
	_, b := o.old[id]
	return a || b
}

func (o *once) add(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.new) >= o.limit/2 {
		o.old, o.new = o.new, map[string]struct{}{}
	}
	o.new[id] = struct{}{}
}

// MaxSkew is how far a notification's or answer's time may be from ours: five
// minutes, as WeChat's own client has it.
const MaxSkew = 5 * time.Minute

// Fresh reports whether a stamp is close enough to now.
func Fresh(stamp, now time.Time) bool {
	d := now.Sub(stamp)
	return d > -MaxSkew && d < MaxSkew
}
