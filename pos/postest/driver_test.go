package postest_test

import (
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// quick are intervals for tests: nothing waits for real.
var quick = pos.Times{AskEvery: time.Millisecond, AskAtMost: 50 * time.Millisecond, Quarantine: time.Millisecond}

func TestTheFakePassesTheDriverSuite(t *testing.T) {
	peer := &postest.Peer{Currency: pos.CNY, Delay: 2 * time.Millisecond}
	postest.TestDriver(t, postest.Harness{
		Open:     func(*testing.T) pos.Driver { return &postest.Fake{Peer: peer} },
		Net:      peer.Net,
		Currency: pos.CNY, Amount: 1280, Times: quick, Slow: 4 * time.Millisecond,
	})
}

func TestTheFakePassesTheDriverSuiteWithVouchers(t *testing.T) {
	peer := &postest.Peer{Currency: pos.CNY, Delay: 2 * time.Millisecond}
	postest.TestDriver(t, postest.Harness{
		Open:     func(*testing.T) pos.Driver { return &postest.Fake{Peer: peer} },
		Net:      peer.Net,
		Voucher:  func(int64) pos.Secret { return pos.NewSecret([]byte("VOUCHER-1")) },
		Currency: pos.CNY, Amount: 5000, Times: quick, Slow: 4 * time.Millisecond,
	})
}
