package zvttest

import (
	"encoding/hex"

	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// endOfDay adds up, tells the totals, and empties the turnover store (P15 2.x, 06 50).
func (s *session) endOfDay(fault fault) error {
	s.status(zvtproto.Intermediate(0x0F), "automatic end of day")
	if err := s.think(s.t.cfg.Think); err != nil {
		return err
	}
	if fault.name == "decline" {
		return s.abort(zvtproto.ResultCode(fault.value))
	}
	si := s.t.totals()
	settled, err := s.t.settle(si)
	if err != nil {
		return s.abort(zvtproto.ResultSystemError)
	}
	switch fault.name {
	case "lose-answer":
		return s.drop()
	case "reboot":
		return s.reboot()
	}
	if err := s.finish(si); err != nil {
		return err
	}
	if err := s.print(dayEndSlip(s.t, settled), zvtproto.ReceiptAdministration, zvtproto.ConfigPrintAdmin); err != nil {
		return err
	}
	return s.finish(&zvtproto.Completion{})
}

// settle empties the turnover store and returns what was in it.
func (t *Terminal) settle(si *zvtproto.StatusInformation) ([]*record, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	info, err := zvtproto.Encode(si)
	if err == nil {
		err = t.remember(Entry{Event: EventDayEnd, Trace: t.trace, Info: hex.EncodeToString(info)})
	}
	if err != nil {
		return nil, err
	}
	settled := t.records
	t.records, t.dayEnd = nil, si
	return settled, nil
}

// totals builds the status-information of the end of day: 04 60 0B 0C 0D.
func (t *Terminal) totals() *zvtproto.StatusInformation {
	t.mu.Lock()
	defer t.mu.Unlock()
	totals := zvtproto.Totals{FirstReceipt: zvtproto.NoReceipt, LastReceipt: zvtproto.NoReceipt}
	groups := map[zvtproto.CardType]*zvtproto.Total{5: &totals.Girocard, 14: &totals.JCB, 6: &totals.Mastercard,
		8: &totals.Amex, 10: &totals.Visa, 12: &totals.Diners}
	sums := map[*zvtproto.Total]int64{}
	for _, r := range t.records {
		if r.takenBack {
			continue
		}
		if totals.FirstReceipt == zvtproto.NoReceipt {
			totals.FirstReceipt = r.receipt
		}
		totals.LastReceipt = r.receipt
		g, ok := groups[r.card.Type]
		if !ok {
			g = &totals.Others
		}
		if g.Count < 255 {
			g.Count++
		}
		sums[g] += r.sign() * r.amount
	}
	var sum int64
	for g, n := range sums {
		g.Sum = zvtproto.Amount(max(n, 0))
		sum += n
	}
	t.trace = t.trace%999999 + 1
	si := &zvtproto.StatusInformation{}
	si.SetResultCode(0)
	if err := si.SetAmount(zvtproto.Amount(max(sum, 0))); err != nil {
		panic("zvttest: " + err.Error())
	}
	if err := si.SetTotals(totals); err != nil {
		panic("zvttest: " + err.Error())
	}
	if err := si.SetTrace(t.trace); err != nil {
		panic("zvttest: " + err.Error())
	}
	return si
}

// repeat answers 06 20: the last result again, with a status-information when
// the service byte asks for it and without paper when it forbids it.
func (s *session) repeat(m *zvtproto.RepeatReceipt) error {
	if m.Password != s.t.cfg.Password {
		return s.refuse(0x37)
	}
	if err := s.accept(); err != nil {
		return err
	}
	service, _ := m.ServiceByte()
	s.t.mu.Lock()
	last, info := s.t.last, s.t.dayEnd
	s.t.mu.Unlock()
	tlv, _ := m.TLV()
	ofDay := false
	if v, ok := tlv.Value(zvtproto.TagReceiptID); ok && len(v) == 1 && v[0] == 4 {
		ofDay = true
	} else if info = nil; last != nil {
		info = last.info
	}
	if info == nil {
		return s.abort(0x64)
	}
	if service&zvtproto.RepeatStatusInformation != 0 && !s.t.cfg.NoRepeat {
		if err := s.finish(info); err != nil {
			return err
		}
	}
	if service&zvtproto.RepeatNoPrint == 0 && !ofDay {
		code, _ := info.ResultCode()
		if err := s.receipts(last, code); err != nil {
			return err
		}
	}
	return s.finish(&zvtproto.Completion{})
}
