package cuptest

import (
	"fmt"
	"time"

	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// totals adds up what the ledger holds of a terminal's batch.
func (l *lane) totals() cupproto.Totals {
	var all cupproto.Totals
	for _, t := range l.ledger {
		if !t.approved || t.reversed {
			continue
		}
		p := &all.Domestic
		if t.foreign {
			p = &all.Foreign
		}
		switch t.kind {
		case cupproto.Sale, cupproto.ScanSale, cupproto.OfflineSale, cupproto.Completion, cupproto.CompletionAdvice:
			p.DebitAmount += t.amount
			p.DebitCount++
		case cupproto.Void, cupproto.ScanVoid, cupproto.Refund, cupproto.ScanRefund, cupproto.CompletionVoid:
			p.CreditAmount += t.amount
			p.CreditCount++
		}
	}
	return all
}

// settle compares the totals.
func (h *Host) settle(r *request) *result {
	theirs, err := r.Totals()
	if err != nil {
		return &result{code: "30"}
	}
	if r.f60.Batch != r.lane.batch {
		return &result{code: "77"}
	}
	ours := r.lane.totals()
	if _, lie := h.strikes("unbalanced"); lie {
		ours.Domestic.DebitAmount += 100
	}
	judge := func(ours *cupproto.PartTotals, theirs cupproto.PartTotals) {
		theirs.Result, ours.Result = 0, 0
		equal := *ours == theirs
		if ours.Result = cupproto.ResultUnequal; equal {
			ours.Result = cupproto.ResultEqual
		}
	}
	judge(&ours.Domestic, theirs.Domestic)
	judge(&ours.Foreign, theirs.Foreign)
	r.lane.settling, r.lane.uploaded = true, 0
	h.log("%s settles batch %06d: %c %c", r.lane.number, r.lane.batch, ours.Domestic.Result, ours.Foreign.Result)
	return &result{code: "00", set: func(m *cupproto.Message) { m.SetTotals(ours) }}
}

// upload takes items of a batch that does not agree, and chip certificates.
func (h *Host) upload(r *request) *result {
	if !r.lane.settling {
		return &result{code: "12"}
	}
	if r.row.Kind == cupproto.UploadStripe {
		v, _ := r.Get(48)
		items, err := cupproto.ParseUpload(v)
		if err != nil {
			return &result{code: "30"}
		}
		r.lane.uploaded += len(items)
	} else {
		r.lane.uploaded++
	}
	return &result{code: "00"}
}

// uploadEnd begins the next batch. A repeated end of the batch before is answered again.
func (h *Host) uploadEnd(r *request) *result {
	l := r.lane
	if !l.settling {
		if r.f60.Batch%999_999+1 == l.batch {
			return &result{code: "00"}
		}
		return &result{code: "12"}
	}
	next := l.batch%999_999 + 1
	e := Entry{Terminal: l.number, Batch: next, STAN: r.STAN(), Kind: "batch", Time: time.Now().UTC()}
	if h.cfg.Remember != nil {
		if err := h.cfg.Remember(e); err != nil {
			return &result{code: "96"}
		}
	}
	h.books = append(h.books, e)
	h.log("%s begins batch %06d; %d items were uploaded", l.number, next, l.uploaded)
	l.batch, l.settling, l.ledger = next, false, map[string]*transaction{}
	return &result{code: "00"}
}

// Uploaded is how many items of the batch a terminal has sent since it began to settle.
func (h *Host) Uploaded(terminal string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lanes[terminal].uploaded
}

// What the host has to download: a CA key that signs nothing, two applications
// and a few parameters.
var (
	caKeys = []cupproto.CAKey{
		{RID: []byte{0xA0, 0, 0, 3, 0x33}, Index: 0x02, Expiry: "20301231", HashAlg: 1, KeyAlg: 1, Modulus: bytesOf(0xC1, 128), Exponent: []byte{3}, Checksum: bytesOf(0x5C, 20)},
		{RID: []byte{0xA0, 0, 0, 3, 0x33}, Index: 0x03, Expiry: "20301231", HashAlg: 1, KeyAlg: 1, Modulus: bytesOf(0xD3, 176), Exponent: []byte{3}, Checksum: bytesOf(0x6C, 20)},
	}
	aids = []cupproto.AID{
		{AID: []byte{0xA0, 0, 0, 3, 0x33, 1, 1, 1}, Selection: []byte{0}, Version: []byte{0, 0x20}, TACDefault: bytesOf(0xFC, 5), TACOnline: bytesOf(0xFC, 5),
			TACDenial: bytesOf(0, 5), FloorLimit: bytesOf(0, 4), Threshold: bytesOf(0, 4), MaxPercent: []byte{0x99}, TargetPercent: []byte{0x99}, DDOL: []byte{0x9F, 0x37, 4}},
		{AID: []byte{0xA0, 0, 0, 3, 0x33, 1, 1, 2}, Selection: []byte{0}, Version: []byte{0, 0x20}},
	}
	parameters = []cupproto.Parameter{{Tag: cupproto.ParameterTimeout, Value: "60"}, {Tag: cupproto.ParameterRetries, Value: "3"}}
)

func bytesOf(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}

// download answers the questions about keys, applications and parameters.
func (h *Host) download(r *request) *result {
	field, err := h.list(r)
	if err != nil {
		h.log("download: %v", err)
		return &result{code: "30"}
	}
	return &result{code: "00", set: func(m *cupproto.Message) { m.Set(62, field) }}
}

func (h *Host) list(r *request) ([]byte, error) {
	v, _ := r.Get(62)
	d := cupproto.Download{Flag: cupproto.DownloadLast}
	var err error
	switch r.row.Kind {
	case cupproto.ParameterDownload:
		return cupproto.AppendParameters(nil, parameters)
	case cupproto.CAKeyQuery:
		for _, k := range caKeys {
			if d.TLV, err = (cupproto.CAKey{RID: k.RID, Index: k.Index}).Append(d.TLV); err != nil {
				return nil, err
			}
		}
	case cupproto.AIDQuery:
		for _, a := range aids {
			if d.TLV, err = (cupproto.AID{AID: a.AID}).Append(d.TLV); err != nil {
				return nil, err
			}
		}
	case cupproto.CAKeyDownload:
		asked, err := cupproto.ParseCAKeys(v)
		if err != nil || len(asked) != 1 {
			return nil, fmt.Errorf("which key? %w", err)
		}
		d.Flag = cupproto.DownloadNone
		for _, k := range caKeys {
			if string(k.RID) == string(asked[0].RID) && k.Index == asked[0].Index {
				d.Flag = cupproto.DownloadLast
				if d.TLV, err = k.Append(nil); err != nil {
					return nil, err
				}
			}
		}
	case cupproto.AIDDownload:
		asked, err := cupproto.ParseAIDs(v)
		if err != nil || len(asked) != 1 {
			return nil, fmt.Errorf("which application? %w", err)
		}
		d.Flag = cupproto.DownloadNone
		for _, a := range aids {
			if string(a.AID) == string(asked[0].AID) {
				d.Flag = cupproto.DownloadLast
				if d.TLV, err = a.Append(nil); err != nil {
					return nil, err
				}
			}
		}
	}
	return d.Append(nil)
}
