package reconcile_test

import (
	"iter"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/reconcile"
)

func one[T any](v T) iter.Seq2[T, error] { return func(y func(T, error) bool) { y(v, nil) } }

// TestWhatAPersonDecided: a redemption without the platform's number is known by its voucher.
func TestWhatAPersonDecided(t *testing.T) {
	now := time.Now()
	m := pos.FromMinor(100, pos.CNY)
	for _, st := range []pos.State{pos.StateForced, pos.StateManual} {
		a := pos.Attempt{ID: "x", Type: pos.TypeRedeem, State: st, Amount: m, Approved: m, Created: now, Vouchers: []pos.VoucherVerdict{{ID: "cert", Verdict: pos.VoucherUnknown, Amount: m}}}
		r, _ := reconcile.Vouchers(one(a), one(reconcile.Record{Key: "k", Voucher: "cert", Amount: m, Time: now}), reconcile.Options{From: now.Add(-time.Hour), To: now.Add(time.Hour)})
		for _, f := range r.Findings {
			if f.Kind != reconcile.Open {
				t.Errorf("%s: %s %s", st, f.Kind, f.Act)
			}
		}
		if st == pos.StateForced && !r.Equal() {
			t.Error("a forced redemption is a difference")
		}
	}
	// forced, and the platform knows nothing: nobody is told
	a := pos.Attempt{ID: "x", Type: pos.TypeRedeem, State: pos.StateForced, Amount: m, Approved: m, Created: now, Vouchers: []pos.VoucherVerdict{{ID: "cert", Verdict: pos.VoucherUnknown, Amount: m}}}
	r, _ := reconcile.Vouchers(one(a), func(func(reconcile.Record, error) bool) {}, reconcile.Options{From: now.Add(-time.Hour), To: now.Add(time.Hour)})
	if r.Equal() {
		t.Error("1.00 forced here, nothing there, and the report says no difference:", r.Here, r.There)
	}
}
