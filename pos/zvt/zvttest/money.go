package zvttest

import (
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// money runs one command that moves money, or ends the day, with its fault.
func (s *session) money(kind pos.Op, password zvtproto.Password, f *zvtproto.Fields) error {
	fault := s.t.nextFault()
	switch fault.name {
	case "lose-request":
		return nil
	case "busy":
		return s.refuse(zvtproto.ResultPleaseWait)
	case "nak":
		s.wire.corrupt.Store(fault.value)
	case "drop-after":
		s.wire.left.Store(fault.value)
	case "answer-twice":
		s.twice = true
	}
	if password != s.t.cfg.Password {
		return s.refuse(0x37)
	}
	s.t.mu.Lock()
	known := s.t.known
	s.t.mu.Unlock()
	if !known {
		return s.refuse(zvtproto.ResultNotRegistered)
	}
	if err := s.accept(); err != nil {
		return err
	}
	if kind == pos.OpSettle {
		return s.endOfDay(fault)
	}
	r, code := s.begin(kind, f)
	if code != 0 {
		return s.abort(code)
	}
	return s.pay(r, fault)
}

// begin checks a command and makes its record.
func (s *session) begin(kind pos.Op, f *zvtproto.Fields) (*record, zvtproto.ResultCode) {
	amount, _ := f.Amount()
	if c, ok := f.Currency(); ok && int(c) != s.t.cfg.Currency.Numeric() {
		return nil, zvtproto.ResultWrongCurrency
	}
	r := &record{kind: kind, amount: int64(amount), card: s.t.card()}
	switch kind {
	case pos.OpCharge, pos.OpPreauth:
	case pos.OpRefund:
		r.card = s.t.richest()
	default:
		n, _ := f.ReceiptNumber()
		orig := s.t.find(n)
		if code := s.original(r, orig); code != 0 {
			return nil, code
		}
		r.original, r.card = orig, orig.card
	}
	if r.amount <= 0 {
		return nil, 0xC8 // amount too small
	}
	return r, 0
}

// original checks what a void or completion works on, and sets the amount.
func (s *session) original(r, orig *record) zvtproto.ResultCode {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	switch {
	case orig == nil || orig.takenBack:
		return 0xB5 // reversal not possible
	case orig.voided || orig.done:
		return zvtproto.ResultAlreadyReversed
	}
	switch r.kind {
	case pos.OpVoid:
		if orig.kind == pos.OpVoid || orig.kind == pos.OpRefund {
			return 0xB5
		}
		r.amount = orig.amount
	case pos.OpCompletion, opPartialReversal:
		if orig.kind != pos.OpPreauth {
			return 0xB8
		}
		if r.kind == opPartialReversal {
			r.kind, r.amount = pos.OpCompletion, orig.amount-r.amount
		}
		if r.amount > orig.amount {
			return 0xB7 // pre-authorisation amount wrong
		}
	}
	return 0
}

// pay takes a record from the card to the last acknowledgement.
func (s *session) pay(r *record, fault fault) error {
	for _, step := range []struct {
		code zvtproto.Intermediate
		text string
	}{{zvtproto.IntermediateInsertCard, "insert card"}, {zvtproto.IntermediateWatchPINPad, "watch PIN pad"}} {
		s.status(step.code, step.text)
		if err := s.think(s.t.cfg.Think); err != nil {
			return err
		}
		if s.aborted {
			return s.decline(nil, zvtproto.ResultAborted)
		}
	}
	s.status(zvtproto.IntermediateWaitingHost, "connecting to the host")
	if err := s.think(s.t.cfg.Think); err != nil {
		return err
	}
	if code := s.hostSays(r, fault); code != 0 {
		return s.decline(r, code)
	}
	s.t.mu.Lock()
	previous := s.t.last
	s.t.number(r)
	r.auth = fmt.Sprintf("%06d", s.t.rng.IntN(1_000_000))
	s.t.mu.Unlock()
	r.info = s.t.statusInformation(r, 0)
	if err := s.t.commit(r); err != nil {
		return s.decline(r, zvtproto.ResultSystemError)
	}
	s.t.show("approved")
	return s.deliver(r, previous, fault)
}

// hostSays decides, and may change the amount.
func (s *session) hostSays(r *record, fault fault) zvtproto.ResultCode {
	switch fault.name {
	case "decline":
		return zvtproto.ResultCode(fault.value)
	case "unknown-result":
		return 0xBC
	case "partial":
		r.amount /= 2
	case "over":
		r.amount++
	}
	if r.original == nil && r.kind != pos.OpRefund {
		if r.amount%10_000 == partialEnding {
			r.amount /= 2
		}
		return Endings[r.amount%10_000]
	}
	return 0
}

// decline tells a no and ends the command. A payment that never got as far as
// the host leaves no receipt.
func (s *session) decline(r *record, code zvtproto.ResultCode) error {
	s.t.show("declined: " + code.String())
	si := &zvtproto.StatusInformation{}
	si.SetResultCode(code)
	if r != nil {
		if r.receipt == 0 {
			s.t.mu.Lock()
			s.t.number(r)
			s.t.mu.Unlock()
		}
		si = s.t.statusInformation(r, code)
		r.info = si
		if err := s.t.declined(r); err != nil {
			s.t.show("the memory cannot be written: " + err.Error()) // a no without a memory of it harms nobody
		}
	}
	if err := s.finish(si); err != nil {
		return err
	}
	if r != nil {
		if err := s.receipts(r, code); err != nil {
			return err
		}
	}
	return s.abort(code)
}

func (s *session) abort(code zvtproto.ResultCode) error {
	return s.finish(&zvtproto.Aborted{Result: code})
}

// deliver brings an approval to the register. What the register does not
// acknowledge, with all its receipts, is taken back.
func (s *session) deliver(r, previous *record, fault fault) error {
	switch fault.name {
	case "lose-answer":
		return errors.Join(s.t.final(r), s.drop())
	case "reboot":
		s.takeBack(r)
		return s.reboot()
	case "answer-late":
		if err := s.think(s.t.cfg.Late); err != nil {
			s.takeBack(r)
			return err
		}
	case "answer-previous":
		if previous != nil && previous.info != nil {
			if err := s.tell(previous.info); err != nil {
				s.takeBack(r)
				return err
			}
		}
	}
	if err := s.tellResult(r, fault); err != nil {
		s.takeBack(r)
		var refused *errRefused
		if !errors.As(err, &refused) {
			return err
		}
		if err := s.finish(r.info); err != nil {
			return err
		}
		return s.abort(zvtproto.ResultAborted)
	}
	if fault.name == "lose-ack" {
		s.takeBack(r)
		return s.drop()
	}
	if err := s.printed(r, fault); err != nil {
		s.takeBack(r)
		return err
	}
	if err := s.t.final(r); err != nil {
		s.takeBack(r)
		return err
	}
	return s.finish(&zvtproto.Completion{})
}

// takeBack takes a record back; that its books cannot be written is shown.
func (s *session) takeBack(r *record) {
	if err := s.t.takeBack(r); err != nil {
		s.t.show("not taken back: " + err.Error())
	}
}

// tellResult sends the status-information, bent as the fault says, and lets a
// vending register take its time with the goods (P15 3.1: 84 9C, 84 9D).
func (s *session) tellResult(r *record, fault fault) error {
	si := &zvtproto.StatusInformation{Fields: r.info.Clone()}
	switch fault.name {
	case "wrong-currency":
		if err := si.SetCurrency(840); err != nil {
			return err
		}
	case "unknown-bmp":
		apdu, err := zvtproto.Encode(si)
		if err != nil {
			return err
		}
		a, err := zvtproto.ParseAPDU(apdu)
		if err != nil {
			return err
		}
		apdu, err = zvtproto.AppendAPDU(nil, zvtproto.APDU{Class: a.Class, Instr: a.Instr, Data: append(a.Data, 0x50, 0x01)})
		if err != nil {
			return err
		}
		return s.tellRaw(apdu)
	case "garbage":
		if _, err := s.wire.Write([]byte{0xDE, 0xAD, 0xBE, 0xEF}); err != nil {
			return err
		}
		return s.drop()
	}
	for range maxGoodsQuestions {
		err := s.tell(si)
		var refused *errRefused
		if !errors.As(err, &refused) || refused.code != zvtproto.CodeNotIssuedYet {
			return err
		}
		if err := s.think(goodsPause); err != nil {
			return err
		}
	}
	return &errRefused{code: zvtproto.ResultAborted}
}

// The pause between two questions whether goods were issued (P15 3.1), and an end to them.
const (
	goodsPause        = 2 * time.Second
	maxGoodsQuestions = 60
)

// printed prints the receipts, unless that is what fails.
func (s *session) printed(r *record, fault fault) error {
	if fault.name == "print-fails" {
		return s.drop()
	}
	return s.receipts(r, 0)
}

// card takes a card out of a customer's pocket.
func (t *Terminal) card() Card {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Cards[t.rng.IntN(len(Cards))]
}

// richest is the card whose scheme has brought in most today, so that a refund
// does not turn a total negative, which BMP 60 cannot say.
func (t *Terminal) richest() Card {
	t.mu.Lock()
	defer t.mu.Unlock()
	best, most := Cards[0], int64(-1)
	for _, c := range Cards {
		if sum := t.sumOf(c.Type); sum > most {
			best, most = c, sum
		}
	}
	return best
}

func (t *Terminal) sumOf(scheme zvtproto.CardType) (sum int64) {
	for _, r := range t.records {
		if r.card.Type == scheme && !r.takenBack {
			sum += r.sign() * r.amount
		}
	}
	return sum
}

// statusInformation builds 04 0F for a record.
func (t *Terminal) statusInformation(r *record, code zvtproto.ResultCode) *zvtproto.StatusInformation {
	si := &zvtproto.StatusInformation{}
	si.SetResultCode(code)
	err := errors.Join(
		si.SetAmount(zvtproto.Amount(r.amount)), si.SetCurrency(zvtproto.Currency(t.cfg.Currency.Numeric())),
		si.SetTrace(r.trace), si.SetReceiptNumber(r.receipt), si.SetTerminalID(t.cfg.TerminalID), si.SetVUNumber(t.cfg.MerchantID),
		si.SetPAN(r.card.PAN), si.SetCardType(r.card.Type), si.SetCardName(r.card.Name), si.SetExpiry(r.card.Expiry[0], r.card.Expiry[1]))
	si.SetPaymentType(zvtproto.PaidOnline)
	at := r.at
	si.Set(zvtproto.BMPTime, []byte{bcd(at.Hour()), bcd(at.Minute()), bcd(at.Second())})
	si.Set(zvtproto.BMPDate, []byte{bcd(int(at.Month())), bcd(at.Day())})
	if r.original != nil {
		err = errors.Join(err, si.SetOriginalTrace(r.original.trace))
	}
	if r.auth != "" {
		err = errors.Join(err, si.SetAuthorisationID(r.auth))
	}
	t.mu.Lock()
	tlv := t.tlv
	t.mu.Unlock()
	if tlv {
		err = errors.Join(err, si.SetTLV(zvtproto.TLV{Objects: []zvtproto.Object{
			zvtproto.Constructed(zvtproto.TagPaymentType, zvtproto.Primitive(zvtproto.TagTechnology, r.card.Entry))}}))
	}
	if err != nil {
		panic("zvttest: " + err.Error()) // the simulator's own numbers are always in range
	}
	return si
}

func bcd(n int) byte { return byte(n/10<<4 | n%10) }
