package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/journal"
)

// A journal outlives its process: what was approved is found again.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "till.db")

	j, err := journal.Open(ctx, journal.Config{Path: path})
	if err != nil {
		panic(err) // no till may charge
	}
	now := time.Now()
	for _, e := range []pos.Event{
		{Kind: pos.EventIntent, Attempt: "lane-3-1-1-k7q", Time: now, Intent: &pos.Intent{
			Till: "lane-3", Type: pos.TypeCharge, Reference: "order-42", Tender: "card", Device: "terminal-1", Amount: pos.FromMinor(1280, pos.CNY)}},
		{Kind: pos.EventArmed, Attempt: "lane-3-1-1-k7q", Time: now, Handle: pos.Handle{"receipt": "343"}},
		{Kind: pos.EventOutcome, Attempt: "lane-3-1-1-k7q", Time: now, Reply: &pos.Reply{Outcome: pos.OutcomeApproved, Card: "621234******7890"}},
	} {
		if _, err := j.Append(ctx, e); err != nil {
			panic(err)
		}
	}
	if err := j.Close(); err != nil {
		panic(err)
	}

	if j, err = journal.Open(ctx, journal.Config{Path: path}); err != nil {
		panic(err)
	}
	defer j.Close()
	list, err := j.Find(ctx, pos.Filter{LastFour: "7890", Amount: pos.FromMinor(1280, pos.CNY)})
	if err != nil {
		panic(err)
	}
	for _, a := range list {
		fmt.Println(a.ID, a.Amount, a.State, "epoch", a.Epoch, "of", j.Epoch())
	}
	// Output: lane-3-1-1-k7q 12.80 CNY approved epoch 1 of 2
}

// A second till program on the same journal is told who has it.
func ExampleOpen_locked() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	cfg := journal.Config{Path: filepath.Join(dir, "till.db")}
	j, err := journal.Open(ctx, cfg)
	if err != nil {
		panic(err)
	}
	defer j.Close()

	_, err = journal.Open(ctx, cfg)
	var e *journal.Error
	fmt.Println(errors.Is(err, journal.ErrLocked), errors.As(err, &e) && e.PID == os.Getpid())
	// Output: true true
}

// Every record can be exported, each checked against the one before it.
func ExampleJournal_Records() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	j, err := journal.Open(ctx, journal.Config{Path: filepath.Join(dir, "till.db")})
	if err != nil {
		panic(err)
	}
	defer j.Close()
	_, err = j.Append(ctx, pos.Event{Kind: pos.EventIntent, Attempt: "a-1", Intent: &pos.Intent{
		Till: "lane-3", Type: pos.TypeCharge, Reference: "order-42", Tender: "card", Amount: pos.FromMinor(1280, pos.CNY)}})
	if err != nil {
		panic(err)
	}
	err = j.Records(ctx, 1, func(r journal.Record) error {
		fmt.Printf("%d %s %q\n", r.Seq, r.Kind, r.Attempt)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 1 epoch ""
	// 2 intent "a-1"
	// <nil>
}
