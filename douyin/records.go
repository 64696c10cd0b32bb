package douyin

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// RecordQuery chooses redemptions (验券历史). The zero value is today's of the
// whole account.
type RecordQuery struct {
	// Shop is one shop; empty is all. One at a time, because how several are
	// written is known from contradicting sources.
	Shop       ID
	Start, End time.Time
	// Cursor goes on behind a record; empty begins.
	Cursor string
	// Size of a page, at most 20, which is also the default.
	Size int
}

const (
	recordsPage = 20
	// pagesMax ends a list that never ends.
	pagesMax = 100_000
)

// The states of a Record, inferred from answers, not documented.
const (
	RecordValid  = 1
	RecordUndone = 2
)

// Record is one redemption in the platform's history.
type Record struct {
	Verify            ID     `json:"verify_id"`
	Certificate       ID     `json:"certificate_id"`
	Time              Time   `json:"verify_time"`
	Type              Count  `json:"verify_type"`
	State             Count  `json:"status"` // RecordValid, RecordUndone
	CertificateStatus Status `json:"certificate_status"`
	CanCancel         bool   `json:"can_cancel"`
	CancelTime        Time   `json:"cancel_time"`
	Code              Hidden `json:"code"`
	Amount            Amount `json:"amount"`
	SKU               SKU    `json:"sku"`
	Shop              ID     `json:"poi_id"`
	Order             ID     `json:"order_id"`
	Cursor            string `json:"cursor"`
	Raw               Hidden `json:"-"`
}

// UnmarshalJSON reads the platform's element and keeps it in Raw.
func (r *Record) UnmarshalJSON(b []byte) error {
	type fields Record
	return keep(b, (*fields)(r), &r.Raw)
}

// RecordPage is one page of the history.
type RecordPage struct {
	Total   int64
	Records []Record
}

// RecordPage reads one page of the redemption history (验券历史查询).
func (m *Merchant) RecordPage(ctx context.Context, r RecordQuery) (*RecordPage, error) {
	if r.Size == 0 {
		r.Size = recordsPage
	}
	if r.Size < 0 || r.Size > recordsPage {
		return nil, invalid(RecordsEndpoint, "a page has 1 to %d records", recordsPage)
	}
	if r.Cursor == "" {
		r.Cursor = "0"
	}
	q := url.Values{"account_id": {string(m.account)}, "cursor": {r.Cursor}, "size": {strconv.Itoa(r.Size)}}
	setID(q, "poi_ids", r.Shop)
	setTime(q, "start_time", r.Start)
	setTime(q, "end_time", r.End)
	var reply struct {
		head
		Total   Count    `json:"total"`
		Records []Record `json:"records"`
		V2      []Record `json:"records_v2"`
	}
	if _, err := m.get(ctx, RecordsEndpoint, q, &reply); err != nil {
		return nil, err
	}
	if len(reply.V2) > 0 {
		reply.Records = reply.V2
	}
	return &RecordPage{int64(reply.Total), reply.Records}, nil
}

// Records walks the redemption history page by page. An error ends it; go on
// with the Cursor of the last record.
func (m *Merchant) Records(ctx context.Context, r RecordQuery) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for range pagesMax {
			page, err := m.RecordPage(ctx, r)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, one := range page.Records {
				if !yield(one, nil) {
					return
				}
			}
			if len(page.Records) == 0 {
				return
			}
			next := page.Records[len(page.Records)-1].Cursor
			if next == "" || next == r.Cursor {
				return
			}
			r.Cursor = next
		}
	}
}

func setID(q url.Values, name string, id ID) {
	if id != "" {
		q.Set(name, string(id))
	}
}

func setTime(q url.Values, name string, t time.Time) {
	if !t.IsZero() {
		q.Set(name, strconv.FormatInt(t.Unix(), 10))
	}
}

func setInt(q url.Values, name string, n int) {
	if n != 0 {
		q.Set(name, strconv.Itoa(n))
	}
}
