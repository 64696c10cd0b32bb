package douyin

import (
	"context"
	"iter"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/reconcile"
)

// Reconcile holds a journal's redemptions in one shop, or with no shop in all
// of the account, against the platform's history of redemptions between two
// times, and against the ledger of those days. Nothing is changed.
//
// The ledger has a redemption an hour later at the earliest; what is younger is
// not missed there. attempts may reach beyond the times.
func (m *Merchant) Reconcile(ctx context.Context, attempts iter.Seq2[pos.Attempt, error], shop ID, from, to time.Time) (reconcile.Report, error) {
	return reconcile.Vouchers(attempts, m.redemptions(ctx, shop, from, to), reconcile.Options{From: from, To: to, Currency: pos.CNY,
		Ledger: m.ledgers(ctx, shop, from, to), LedgerUntil: m.c.Now().Add(-ledgerAfter)})
}

const (
	// ledgerAfter is how long a redemption may be missing in the ledger: an hour
	// by the documentation, and one more.
	ledgerAfter = 2 * time.Hour
	// recordsAround is how far around the time records are read, for clocks that differ.
	recordsAround = time.Hour
)

// redemptions are the platform's history as records.
func (m *Merchant) redemptions(ctx context.Context, shop ID, from, to time.Time) iter.Seq2[reconcile.Record, error] {
	return func(yield func(reconcile.Record, error) bool) {
		for r, err := range m.Records(ctx, RecordQuery{Shop: shop, Start: from.Add(-recordsAround), End: to.Add(recordsAround)}) {
			if !yield(r.record(), err) || err != nil {
				return
			}
		}
	}
}

// record is a line of the history. A state nobody knows counts by its time of undoing.
func (r Record) record() reconcile.Record {
	return reconcile.Record{Key: string(r.Verify), Voucher: string(r.Certificate), Order: string(r.Order), Title: r.SKU.Title, Shop: string(r.Shop),
		Amount: r.Amount.Original.Money(), Time: r.Time.Time, Undone: r.State == RecordUndone || !r.CancelTime.IsZero(), UndoneAt: r.CancelTime.Time}
}

// ledgers are the ledger entries of every day between two times.
func (m *Merchant) ledgers(ctx context.Context, shop ID, from, to time.Time) iter.Seq2[reconcile.Record, error] {
	return func(yield func(reconcile.Record, error) bool) {
		first := from.In(china)
		for day := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, china); day.Before(to); day = day.AddDate(0, 0, 1) {
			for l, err := range m.Ledger(ctx, day) {
				if err == nil && shop != "" && l.Shop != shop {
					continue
				}
				r := reconcile.Record{Key: string(l.Verify), Voucher: string(l.CertificateID), Order: string(l.Order), Title: l.Goods.Name, Shop: string(l.Shop),
					Amount: l.Amount["original"].Money(), Time: l.Time.Time}
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
}
