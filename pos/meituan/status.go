package meituan

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// State is where a voucher stands.
type State int

// The states. Unsure is the zero value.
const (
	Unsure State = iota // nobody could tell
	Unused              // it is not redeemed
	Used                // it is redeemed
)

var stateNames = []string{"unsure", "unused", "used"}

// String is the state's name.
func (s State) String() string { return stateNames[s] }

// Dining's own words for a coupon's state.
const (
	wordUsed   = "已使用"
	wordUnused = "未使用"
)

// Status asks whether a code is redeemed. Only what the platform says outright
// counts: the query of redeemed codes that finds it, a Prepare that takes it as
// unused, or, if neither does, the lists of the days from since until today
// that have it or not. A frozen or refunded code is in none of them and Unsure
// or Unused.
func (s *Shop) Status(ctx context.Context, code pos.Secret, since time.Time) (State, Record, error) {
	r, state, queryErr := s.redeemed(ctx, code)
	if state != Unsure {
		return state, r, nil
	}
	_, prepareErr := s.Prepare(ctx, code)
	if prepareErr == nil {
		return Unused, Record{}, nil
	}
	if !errors.Is(queryErr, ErrRefused) || !errors.Is(prepareErr, ErrRefused) {
		return Unsure, Record{}, errors.Join(queryErr, prepareErr) // not both have been heard
	}
	return s.listed(ctx, code, since)
}

// redeemed queries the platform's record of one redeemed code (已验券码查询).
func (s *Shop) redeemed(ctx context.Context, code pos.Secret) (r Record, state State, err error) {
	if s.business == Dining {
		var d diningRecord
		err = s.call(ctx, "/tuangou/coupon/queryById", map[string]string{"couponCode": reveal(code)}, &d, code)
		r = d.record()
	} else {
		var d serviceRecord
		err = s.call(ctx, "/ddzh/tuangou/receipt/getconsumed", map[string]string{"receiptCode": reveal(code)}, &d, code)
		r = d.record()
	}
	switch {
	case err != nil:
		return r, Unsure, err
	case reveal(r.Code.Secret) != reveal(code):
		return r, Unsure, &Error{Path: "query", Class: ErrDoubt, Status: 200, Err: errors.New("the answer is about another code")}
	case s.business == Services && !r.Time.IsZero(), r.State == wordUsed:
		return r, Used, nil
	case r.State == wordUnused:
		return r, Unused, nil
	}
	return r, Unsure, &Error{Path: "query", Class: ErrRefused, Status: 200, Text: clean(r.State, nil)}
}

// daysMax bounds how many days' lists one question reads.
const daysMax = 3

// listed looks for a code in the lists of its days.
func (s *Shop) listed(ctx context.Context, code pos.Secret, since time.Time) (State, Record, error) {
	today := s.c.cfg.Clock()
	for day := range daysMax {
		at := since.AddDate(0, 0, day)
		if at.In(China).Format(time.DateOnly) > today.In(China).Format(time.DateOnly) {
			break
		}
		for r, err := range s.Records(ctx, at, 0) {
			switch {
			case err != nil:
				return Unsure, Record{}, err
			case strings.Contains(reveal(r.Code.Secret), "*"):
				return Unsure, Record{}, errors.New("meituan: the list of redemptions hides its codes")
			case reveal(r.Code.Secret) == reveal(code):
				return r.stands(), r, nil
			}
		}
	}
	return Unused, Record{}, nil
}

// stands is what a list's entry says: dining in words, services retail with
// refundStatus 0 unused, 1 used, 4 refunded unused, 6 refunded after use.
func (r Record) stands() State {
	switch r.State {
	case wordUsed, "1", "":
		return Used
	case wordUnused, "0", "4":
		return Unused
	}
	return Unsure
}
