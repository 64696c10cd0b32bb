package zvt

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// Status is a terminal's answer to a status enquiry.
type Status struct {
	Ready   bool   `json:"ready"`
	Code    string `json:"code"` // the terminal's own, two hex digits
	Text    string `json:"text"`
	Version string `json:"version,omitempty"` // of its software
}

// Status asks the terminal how it is (05 01). No money is involved. Errors are
// those of the line, pos.ErrBusy, and *ResultError for a refusal.
func (t *Terminal) Status(ctx context.Context) (Status, error) {
	m := &zvtproto.StatusEnquiry{}
	end, err := t.admin(ctx, m)
	if err != nil {
		return Status{}, err
	}
	if end.report == nil {
		return Status{Ready: true, Code: "00", Text: zvtproto.StateReady.String()}, nil
	}
	r := end.report
	return Status{Ready: r.State == zvtproto.StateReady, Code: fmt.Sprintf("%02X", byte(r.State)),
		Text: r.State.String(), Version: printable(r.Version)}, nil
}

// Diagnose makes the terminal call its host (06 70) and returns the slip it
// prints. No money is involved. Errors as for Status.
func (t *Terminal) Diagnose(ctx context.Context) ([]pos.Slip, error) {
	end, err := t.admin(ctx, &zvtproto.Diagnosis{})
	return end.slips.done(), err
}

// Reprint returns the slips of the terminal's last receipt once more (06 20
// with printing). No money is involved. Errors as for Status.
func (t *Terminal) Reprint(ctx context.Context) ([]pos.Slip, error) {
	m := &zvtproto.RepeatReceipt{}
	m.Password = t.cfg.Password
	end, err := t.admin(ctx, m)
	return end.slips.done(), err
}

// OpenHolds lists the receipt numbers of pre-authorisations that are neither
// completed nor reversed (06 23 with 87 FFFF). Errors as for Status.
func (t *Terminal) OpenHolds(ctx context.Context) ([]string, error) {
	release, err := t.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	end, err := t.converse(ctx, zvtproto.NewOpenPreAuthQuery(), nil)
	if err != nil {
		t.drop()
		return nil, err
	}
	if !end.aborted || end.code != zvtproto.ResultOpenPreAuths {
		return nil, fmt.Errorf("zvt: open pre-authorisations: %w", end.refusal())
	}
	var list []string
	tlv, _ := end.fields.TLV()
	open, _ := tlv.Find(zvtproto.TagPreAuthList)
	for _, o := range open.Children {
		if o.Tag == zvtproto.TagReceiptNumber && len(o.Value) == 2 {
			list = append(list, fmt.Sprintf("%x", o.Value))
		}
	}
	if n, ok := end.fields.ReceiptNumber(); ok && len(list) == 0 {
		list = append(list, formatReceipt(n))
	}
	return list, nil
}

// admin runs a command without money, from connecting to its completion.
func (t *Terminal) admin(ctx context.Context, m zvtproto.Message) (ending, error) {
	release, err := t.acquire()
	if err != nil {
		return ending{}, err
	}
	defer release()
	if err := t.ready(ctx); err != nil {
		return ending{}, err
	}
	end, err := t.converse(ctx, m, nil)
	if err != nil {
		t.drop()
		return end, err
	}
	if !end.completed {
		return end, fmt.Errorf("zvt: %v: %w", m.Command(), end.refusal())
	}
	return end, nil
}
