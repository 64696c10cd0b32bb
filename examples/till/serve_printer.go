package main

import (
	"context"
	"sync"

	"github.com/openecr/openecr/pos/receipt"
	"github.com/openecr/openecr/transport/escpos"
)

// pagePrinter prints the register's slips and says what the printer waits for.
type pagePrinter struct {
	out     *escpos.Printer
	profile escpos.Profile

	mu      sync.Mutex
	waiting func(error)
}

func newPagePrinter(cfg escpos.Config) (p *pagePrinter, err error) {
	p = &pagePrinter{profile: cfg.Profile}
	cfg.Progress = p.progress
	p.out, err = escpos.New(cfg)
	return p, err
}

func (p *pagePrinter) progress(g escpos.Progress) {
	p.mu.Lock()
	tell := p.waiting
	p.mu.Unlock()
	if tell != nil {
		tell(g.Waiting)
	}
}

// Print prints one slip. The register prints one at a time.
func (p *pagePrinter) Print(ctx context.Context, s receipt.Slip, waiting func(error)) error {
	doc, err := receipt.ESCPOS(s, p.profile)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.waiting = waiting
	p.mu.Unlock()
	return p.out.Print(ctx, doc)
}
