package douyin

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// LedgerRecord is what one redemption earns (账单). It exists an hour after the
// redemption at the earliest.
type LedgerRecord struct {
	ID            ID     `json:"id"`
	Ledger        ID     `json:"ledger_id"`
	Order         ID     `json:"order_id"`
	SKUOrder      ID     `json:"sku_order_id"`
	ItemOrder     ID     `json:"item_order_id"`
	Verify        ID     `json:"verify_id"`
	Shop          ID     `json:"poi_id"`
	Account       ID     `json:"account_id"`
	Status        Count  `json:"status"`
	Time          Time   `json:"ledger_time"`
	ReceiptBill   string `json:"receipt_bill_key"`
	CertificateID ID     `json:"certificate_id"`
	Certificate   struct {
		ID   ID     `json:"certificate_id"`
		Code Hidden `json:"code"`
	} `json:"certificate"`
	Goods struct {
		Name      string `json:"group_name"`
		SKU       ID     `json:"sku_id"`
		SoldStart Time   `json:"sold_start_time"`
	} `json:"goods"`
	// Amount in fen by the platform's names: original, pay, coupon_pay,
	// merchant_ticket, goods, actual_insured; in LedgerDetail also
	// talent_commission, total_merchant_platform_service and so on.
	Amount map[string]Fen `json:"amount"`
	// FundAmount is the split where the platform calls it so.
	FundAmount map[string]Fen `json:"fund_amount"`
	// Source says where it was sold: a live room (直播间), a video. The platform
	// spells the field order_attrribute.
	Source struct {
		Source string `json:"source"`
		Room   ID     `json:"room_id"`
		Video  ID     `json:"video_id"`
	} `json:"order_attrribute"`
	Raw Hidden `json:"-"`
}

// UnmarshalJSON reads the platform's element and keeps it in Raw.
func (l *LedgerRecord) UnmarshalJSON(b []byte) error {
	type fields LedgerRecord
	if err := keep(b, (*fields)(l), &l.Raw); err != nil {
		return err
	}
	if l.CertificateID == "" {
		l.CertificateID = l.Certificate.ID
	}
	return nil
}

const (
	ledgerPage = 50
	// ledgerCertificates is how many LedgerOf takes at once.
	ledgerCertificates = 50
)

// china is the platform's day: it has no summer time.
var china = time.FixedZone("UTC+8", 8*60*60)

// Ledger walks the ledger of the day of redemption (账单查询); day is read in
// China's time.
func (m *Merchant) Ledger(ctx context.Context, day time.Time) iter.Seq2[LedgerRecord, error] {
	return m.ledger(ctx, LedgerEndpoint, day)
}

// LedgerDetail walks the same day with the full split (账单详细查询). It is for
// merchants' own apps (商家自研) only, and for exactly this account.
func (m *Merchant) LedgerDetail(ctx context.Context, day time.Time) iter.Seq2[LedgerRecord, error] {
	return m.ledger(ctx, LedgerDetailEndpoint, day)
}

type ledgerReply struct {
	head
	HasMore bool           `json:"has_more"`
	Cursor  ID             `json:"cursor"`
	Records []LedgerRecord `json:"ledger_records"`
	Plain   []LedgerRecord `json:"records"`
}

func (m *Merchant) ledger(ctx context.Context, ep Endpoint, day time.Time) iter.Seq2[LedgerRecord, error] {
	return func(yield func(LedgerRecord, error) bool) {
		q := url.Values{"account_id": {string(m.account)}, "bill_date": {day.In(china).Format(time.DateOnly)},
			"cursor": {"0"}, "size": {strconv.Itoa(ledgerPage)}}
		for range pagesMax {
			var reply ledgerReply
			if _, err := m.get(ctx, ep, q, &reply); err != nil {
				yield(LedgerRecord{}, err)
				return
			}
			for _, one := range append(reply.Records, reply.Plain...) {
				if !yield(one, nil) {
					return
				}
			}
			if !reply.HasMore || reply.Cursor == "" || string(reply.Cursor) == q.Get("cursor") {
				return
			}
			q.Set("cursor", string(reply.Cursor))
		}
	}
}

// LedgerOf reads the ledger of single vouchers (分账明细查询), at most 50. Two
// rows of one Verify belong together (universal vouchers): add them.
func (m *Merchant) LedgerOf(ctx context.Context, certificates ...ID) ([]LedgerRecord, error) {
	if n := len(certificates); n == 0 || n > ledgerCertificates {
		return nil, invalid(LedgerByCertEndpoint, "%d certificates, 1 to %d", n, ledgerCertificates)
	}
	var reply ledgerReply
	_, err := m.get(ctx, LedgerByCertEndpoint, url.Values{"certificate_ids": {joinIDs(certificates)}}, &reply)
	return append(reply.Records, reply.Plain...), err
}
