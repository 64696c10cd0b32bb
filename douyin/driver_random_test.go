package douyin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
)

// histories is how many random histories run; OPENECR_SEED repeats one.
const histories = 100

// Random work under random faults and restarts: in the end journal and platform
// hold the same, and no voucher was redeemed more often than it has uses.
func TestRandomHistories(t *testing.T) {
	first, last := uint64(1), uint64(histories)
	if text := os.Getenv("OPENECR_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		first, last = seed, seed
	}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { history(t, seed) })
	}
}

var randomFaults = []string{"lose-request", "lose-answer", "cut-answer", "http-500", "http-500-after", "html", "html-after", "busy", "busy-after",
	"unknown-code", "token-expired", "http-429", "error-in-data"}

func history(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	s := newCounter(t, douyintest.Config{Seed: seed, Slow: time.Millisecond})
	var sold []douyintest.Ready
	var paid []pos.Attempt
	for n := range 12 {
		for range rng.IntN(4) {
			s.p.Inject(randomFaults[rng.IntN(len(randomFaults))])
		}
		switch rng.IntN(6) {
		case 0:
			s.restart()
		case 1:
			if len(paid) > 0 {
				if a := paid[rng.IntN(len(paid))]; rng.IntN(2) == 0 {
					s.Void(context.Background(), pos.VoidRequest{Original: a.ID})
				} else {
					s.Abandon(context.Background(), a.ID, "random")
				}
			}
		default:
			r := s.p.Sell([]douyintest.Kind{douyintest.SetMeal, douyintest.TimesCard, douyintest.CashVoucher}[rng.IntN(3)])
			sold = append(sold, r)
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+rng.IntN(20))*time.Millisecond)
			uses := []pos.VoucherUse{{Voucher: r.Certificate, Times: 1 + rng.IntN(r.Uses)}}
			a, err := s.Redeem(ctx, pos.RedeemRequest{Reference: fmt.Sprint("r", n), Code: secret(r.Code), Uses: uses})
			cancel()
			if err == nil {
				paid = append(paid, a)
			}
		}
	}
	for s.p.Armed() > 0 { // let what is still armed strike a question
		s.m.Shops(context.Background(), douyin.ShopQuery{})
	}
	s.mend()
	for _, r := range sold {
		require.LessOrEqual(t, s.p.Redeemed(r.Certificate), r.Uses)
	}
	s.agree()
	if r := s.reconcile(); !r.Equal() {
		t.Errorf("%+v", r.Findings)
	}
}
