package unionpay

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/transport"
)

// Keys of the handle: what a reversal, a void or a person needs.
const (
	keySTAN  = "stan"
	keyBatch = "batch"
	keyKind  = "kind"
	keyDate  = "date"   // MMDD, of the host
	keyMemo  = "sealed" // the message without tracks, PIN and MAC, sealed
	keyVouch = "voucher"
	keyAlien = "foreign" // not a UnionPay card
)

// rows are the transactions a Till can ask for.
var rows = map[Kind]cupproto.TransactionKind{
	KindSale: cupproto.Sale, KindVoid: cupproto.Void, KindRefund: cupproto.Refund, KindPreauth: cupproto.Preauth,
	KindPreauthVoid: cupproto.PreauthVoid, KindCompletion: cupproto.Completion, KindCompletionVoid: cupproto.CompletionVoid,
	KindCompletionAdvice: cupproto.CompletionAdvice, KindScan: cupproto.ScanSale, kindScanVoid: cupproto.ScanVoid, kindScanRefund: cupproto.ScanRefund,
	KindOffline: cupproto.OfflineSale,
}

// A scanned code's void and refund count like a card's, but look different.
const (
	kindScanVoid   Kind = "scan_void"
	kindScanRefund Kind = "scan_refund"
)

// Transact runs one money transaction. See pos.Driver for the rules; errors
// before BeforeSend are pos.ErrBusy, pos.ErrInvalid, pos.ErrUnsupported,
// ErrSettling, *HostError of a sign-on, the card source's, or the line's.
func (t *Terminal) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	release, err := t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	if op.Op == pos.OpReversal {
		return t.reverse(ctx, op, s)
	}
	kind, err := t.kind(op)
	if err != nil {
		return pos.Reply{}, err
	}
	if st := t.cfg.State.State().Settling; st != nil {
		return pos.Reply{}, ErrSettling
	}
	s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "connecting to the acquirer", Chinese: "正在连接收单机构"})
	if err := t.ready(ctx, s); err != nil {
		return pos.Reply{}, err
	}
	card, err := t.card(ctx, kind, op, s)
	if err != nil {
		return pos.Reply{}, err
	}
	defer card.Clear()
	return t.money(ctx, kind, op, card, s)
}

// ErrSettling: the batch is being closed; finish that first, with Settle.
var ErrSettling = errors.New("unionpay: the batch is being settled; finish the settlement first (批结算未完成)")

// kind finds the row of the table, and refuses what the host has none for.
func (t *Terminal) kind(op pos.Operation) (Kind, error) {
	if op.Amount.Currency() != t.cfg.Currency {
		return "", fmt.Errorf("unionpay: %w: %s at a terminal for %s", pos.ErrInvalid, op.Amount, t.cfg.Currency)
	}
	if op.Amount.Minor() <= 0 || op.Amount.Minor() > maxAmount {
		return "", fmt.Errorf("unionpay: %w: %s does not fit the 12 digits of an amount", pos.ErrInvalid, op.Amount)
	}
	was := Kind("")
	if op.Original != nil {
		was = Kind(op.Original.Handle[keyKind])
	}
	switch op.Op {
	case pos.OpCharge:
		if op.Code.Len() > 0 {
			return KindScan, nil
		}
		return KindSale, nil
	case pos.OpPreauth:
		return KindPreauth, nil
	case pos.OpCompletion:
		if t.cfg.Profile.CompletionAdvice {
			return KindCompletionAdvice, nil
		}
		return KindCompletion, nil
	case pos.OpVoid:
		if k, ok := map[Kind]Kind{KindSale: KindVoid, KindScan: kindScanVoid, KindPreauth: KindPreauthVoid, KindCompletion: KindCompletionVoid}[was]; ok {
			return k, nil
		}
		return "", fmt.Errorf("unionpay: %w: a %s cannot be voided", pos.ErrUnsupported, op.Original.Type)
	case pos.OpRefund:
		if was == KindScan {
			return kindScanRefund, nil
		}
		return KindRefund, nil
	}
	return "", fmt.Errorf("unionpay: %w: the host has no %s", pos.ErrUnsupported, op.Op)
}

// maxAmount is what field 4 holds.
const maxAmount = 999_999_999_999

// card reads the card, or remembers the one the original was paid with.
func (t *Terminal) card(ctx context.Context, kind Kind, op pos.Operation, s pos.Session) (Card, error) {
	switch kind {
	case KindScan, kindScanVoid, kindScanRefund:
		return Card{Entry: EntryScan}, nil
	}
	if op.Original != nil && !t.cfg.Profile.VoidNeedsCard {
		if memo, err := t.recall(ctx, *op.Original); err == nil {
			card := cardOf(memo)
			memo.Clear()
			if !card.PAN.IsZero() {
				card.Foreign = op.Original.Handle[keyAlien] != ""
				return card, nil
			}
		}
	}
	card, err := t.cfg.Cards.Read(ctx, Ask{Op: op.Op, Amount: op.Amount, Original: op.Original}, s.Progress)
	if err != nil {
		return Card{}, fmt.Errorf("unionpay: reading the card: %w", err)
	}
	if card.PAN.IsZero() {
		card.PAN = card.Track2.PAN()
	}
	if op.Original != nil && op.Original.Card != "" && op.Original.Card != card.PAN.String() {
		err := fmt.Errorf("unionpay: %w: this is another card (%s) than the original's (%s)", pos.ErrInvalid, card.PAN, op.Original.Card)
		card.Clear()
		return Card{}, err
	}
	return card, nil
}

// cardOf is the card of an earlier message: number, expiry, sequence; keyed, as
// far as the host is concerned.
func cardOf(memo *cupproto.Message) Card {
	c := Card{Entry: Entry(memo.Text(22)[:min(2, len(memo.Text(22)))]), Sequence: memo.Text(23)}
	if v, ok := memo.Get(2); ok {
		c.PAN, _ = emv.ParsePAN(v) // what does not parse stays absent, as it was
	}
	c.Expiry, _ = emv.ParseExpiry(memo.Text(14))
	return c
}

// money builds the message, makes it durable that it leaves, and sends it.
func (t *Terminal) money(ctx context.Context, kind Kind, op pos.Operation, card Card, s pos.Session) (pos.Reply, error) {
	keys, err := t.cfg.Keys.Session(ctx)
	if err != nil {
		return pos.Reply{}, err
	}
	m, err := t.request(kind, op, card, keys)
	if err != nil {
		return pos.Reply{}, err
	}
	defer m.Clear()
	if err := t.complete(m, rows[kind]); err != nil {
		return pos.Reply{}, err
	}
	h, err := t.handle(ctx, kind, m, card)
	if err != nil {
		return pos.Reply{}, err
	}
	if _, err := t.body(m, keys); err != nil { // nothing that cannot be sent may be promised
		return pos.Reply{}, fmt.Errorf("unionpay: %w: %w", pos.ErrInvalid, err)
	}
	if err := t.connect(ctx); err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, h); err != nil {
		t.link.Drop()
		return pos.Reply{}, err
	}
	s.Progress(pos.Progress{Step: pos.StepDevice, Text: "waiting for the host", Chinese: "等待主机应答"})
	a, err := t.converse(ctx, m, keys, s)
	switch {
	case transport.NothingSent(err):
		return pos.Reply{Outcome: pos.OutcomeNotSent}, err
	case err != nil:
		return pos.Reply{}, err
	}
	return t.conclude(ctx, kind, m, a, card, h)
}

// complete refuses a message that lacks what the host must have; field 64 comes last.
func (t *Terminal) complete(m *cupproto.Message, kind cupproto.TransactionKind) error {
	row, _ := cupproto.LookupTransaction(kind)
	missing := slices.DeleteFunc(row.Missing(m), func(n int) bool { return n == 64 })
	if len(missing) > 0 {
		return fmt.Errorf("unionpay: %w: a %s (%s) without fields %v cannot be sent", pos.ErrInvalid, kind, row.Chinese, missing)
	}
	return nil
}

// request fills the table's row with what this transaction is about.
func (t *Terminal) request(kind Kind, op pos.Operation, card Card, keys cupkey.Session) (*cupproto.Message, error) {
	row, _ := cupproto.LookupTransaction(rows[kind])
	m := cupproto.Request(rows[kind])
	m.SetAmount(op.Amount.Minor())
	stan, err := t.stan()
	if err != nil {
		return nil, err
	}
	m.SetSTAN(stan)
	m.SetString(41, t.cfg.Terminal)
	m.SetString(42, t.cfg.Merchant)
	m.SetString(22, string(card.Entry)+map[bool]string{true: "1", false: "2"}[t.hasPIN(card) && needs(row, 52)])
	m.SetF60(t.f60(row, card))
	if err := t.setCard(m, row, card, keys); err != nil {
		return nil, err
	}
	if kind == KindScan {
		op.Code.Use(func(code []byte) { m.SetElements(cupproto.Elements{{Tag: cupproto.TagPayCode, Value: code}}) })
	}
	if op.Original != nil {
		t.setOriginal(m, row, *op.Original)
	}
	if kind == KindRefund {
		m.SetF63(cupproto.F63{Code: "000"})
	}
	return m, nil
}

func (t *Terminal) f60(row cupproto.Transaction, card Card) cupproto.F60 {
	f := cupproto.F60{MessageType: row.MessageType, Batch: t.cfg.State.State().Batch, Network: row.Network,
		ReaderCapability: t.cfg.Profile.Reader[0], ICCondition: '0'}
	if card.Entry == EntryFallback {
		f.ICCondition = '2'
	}
	return f
}

func (t *Terminal) hasPIN(c Card) bool { return len(c.PINBlock) > 0 || !c.PIN.IsZero() }

// setCard puts the card data into the fields the row has.
func (t *Terminal) setCard(m *cupproto.Message, row cupproto.Transaction, card Card, keys cupkey.Session) error {
	swiped := card.Entry == EntrySwipe || card.Entry == EntryFallback
	track := swiped && !card.Track2.IsZero() && needs(row, 35) // then the host takes the number from it
	if !card.PAN.IsZero() && needs(row, 2) && !track {
		card.PAN.Use(func(d []byte) { m.Set(2, d) })
	}
	if card.Expiry != (emv.Expiry{}) && needs(row, 14) {
		m.SetString(14, card.Expiry.String())
	}
	if card.Sequence != "" && needs(row, 23) {
		m.SetString(23, card.Sequence)
	}
	if len(card.Chip) > 0 && needs(row, 55) {
		m.Set(55, card.Chip)
	}
	security := []byte("0" + t.cfg.Profile.SecurityDigit + "00000000000000")
	if !card.Track2.IsZero() && needs(row, 35) {
		if err := t.setTrack(m, card.Track2, keys); err != nil {
			return err
		}
		security[2] = map[bool]byte{true: '1', false: '0'}[t.cfg.Profile.EncryptTrack]
	}
	if t.hasPIN(card) && needs(row, 52) {
		if err := t.setPIN(m, card, keys); err != nil {
			return err
		}
		security[0] = map[bool]byte{true: '1', false: '2'}[t.cfg.Profile.PINWithoutPAN]
	}
	if needs(row, 53) && (m.Has(35) || m.Has(52) || t.cfg.Profile.SM4) {
		m.Set(53, security)
	}
	return nil
}

func (t *Terminal) setTrack(m *cupproto.Message, track emv.Track2, keys cupkey.Session) (err error) {
	track.Use(func(d []byte) {
		if t.cfg.Profile.EncryptTrack {
			d, err = keys.Track(d)
		}
		if err == nil {
			m.Set(35, d)
		}
	})
	return err
}

func (t *Terminal) setPIN(m *cupproto.Message, card Card, keys cupkey.Session) error {
	block := card.PINBlock
	if len(block) == 0 {
		pan := card.PAN
		if t.cfg.Profile.PINWithoutPAN {
			pan = emv.PAN{}
		}
		var err error
		if block, err = keys.PINBlock(card.PIN, pan); err != nil {
			return err
		}
	}
	m.SetString(26, t.cfg.Profile.PINLength)
	if !t.cfg.Profile.SM4 {
		m.Set(52, block)
		return nil
	}
	m.Set(52, make([]byte, 8))
	m.SetElements(cupproto.Elements{{Tag: cupproto.TagPINBlockSM4, Value: block}})
	return nil
}

// setOriginal points at the transaction this one is about.
func (t *Terminal) setOriginal(m *cupproto.Message, row cupproto.Transaction, o pos.Attempt) {
	if o.RRN != "" && needs(row, 37) {
		m.SetString(37, o.RRN)
	}
	if o.AuthCode != "" && needs(row, 38) {
		m.SetString(38, o.AuthCode)
	}
	if needs(row, 61) {
		f := cupproto.F61{Batch: number(o.Handle[keyBatch]), STAN: number(o.Handle[keySTAN])}
		if row.Kind != cupproto.Void && row.Kind != cupproto.ScanVoid {
			f.Date = o.Handle[keyDate]
		}
		m.SetF61(f)
	}
	if needs(row, 59) && o.Handle[keyVouch] != "" {
		m.SetElements(cupproto.Elements{{Tag: cupproto.TagVoucher, Value: []byte(o.Handle[keyVouch])}})
	}
}

// handle is what must be durable before the message leaves. The memo holds the
// card number and is sealed; the journal never sees it.
func (t *Terminal) handle(ctx context.Context, kind Kind, m *cupproto.Message, card Card) (pos.Handle, error) {
	f60, err := m.F60()
	if err != nil {
		return nil, err
	}
	h := pos.Handle{keySTAN: trace(m.STAN()), keyBatch: trace(f60.Batch), keyKind: string(kind)}
	if card.Foreign {
		h[keyAlien] = "1"
	}
	memo, err := t.memo(ctx, m, card.PAN)
	if err != nil {
		return nil, err
	}
	if len(memo) > 0 {
		h[keyMemo] = base64.StdEncoding.EncodeToString(memo)
	}
	return h, nil
}

// about ties sealed data to its terminal and message.
func (t *Terminal) about(batch, stan string) []byte {
	return []byte(t.cfg.Terminal + " " + t.cfg.Merchant + " " + batch + " " + stan)
}

// memo is the message without tracks, PIN and MAC, sealed. Where nothing may be
// kept, or the key store cannot seal, the card's own data is left out as well.
func (t *Terminal) memo(ctx context.Context, m *cupproto.Message, pan emv.PAN) ([]byte, error) {
	c := m.Clone()
	defer c.Clear()
	c.Del(26, 35, 36, 48, 52, 53, 62, 64)
	if l, err := c.Elements(); err != nil || t.cfg.Profile.SM4 {
		c.Del(59)
	} else if _, pin := l.Find(cupproto.TagPINBlockSM4); pin {
		c.Del(59)
	}
	if !c.Has(2) && !pan.IsZero() { // a swiped card names itself in its track only
		pan.Use(func(d []byte) { c.Set(2, d) })
	}
	f60, err := c.F60()
	if err != nil {
		return nil, err
	}
	seal := func() ([]byte, error) {
		b, err := t.cfg.Profile.frame().AppendBody(nil, &cupproto.Frame{Message: c})
		if err != nil {
			return nil, err
		}
		defer clear(b)
		return t.cfg.Keys.Seal(ctx, b, t.about(trace(f60.Batch), trace(c.STAN())))
	}
	if t.cfg.Profile.ForgetCards {
		c.Del(2, 14, 23, 55)
	}
	b, err := seal()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	return b, err
}

// recall opens the memo of an earlier attempt.
func (t *Terminal) recall(ctx context.Context, a pos.Attempt) (*cupproto.Message, error) {
	sealed, err := base64.StdEncoding.DecodeString(a.Handle[keyMemo])
	if err != nil || len(sealed) == 0 {
		return nil, cupkey.ErrSealed
	}
	return t.open(ctx, sealed, a.Handle[keyBatch], a.Handle[keySTAN])
}

func (t *Terminal) open(ctx context.Context, sealed []byte, batch, stan string) (*cupproto.Message, error) {
	b, err := t.cfg.Keys.Open(ctx, sealed, t.about(batch, stan))
	if err != nil {
		return nil, err
	}
	defer clear(b)
	f, err := t.cfg.Profile.frame().ParseBody(b)
	if err != nil {
		return nil, err
	}
	return f.Message, nil
}

// conclude turns the host's answer into a Reply. What counts in the batch is
// durable before the Till hears of it.
func (t *Terminal) conclude(ctx context.Context, kind Kind, m *cupproto.Message, a answer, card Card, h pos.Handle) (pos.Reply, error) {
	code := cupproto.LookupCode(a.code)
	r := pos.Reply{Outcome: pos.OutcomeDeclined, Code: a.code, Text: code.Chinese, RRN: strings.TrimSpace(a.Text(37)), AuthCode: strings.TrimSpace(a.Text(38)),
		STAN: trace(m.STAN()), Receipt: trace(m.STAN()), TerminalID: t.cfg.Terminal, MerchantID: t.cfg.Merchant, Card: card.PAN.String(),
		Entry: entryWord(card.Entry), PeerTime: hostTime(a.Text(13), a.Text(12)), Handle: pos.Handle{}}
	if f63, err := a.F63(); err == nil {
		r.Scheme = schemeWord(f63.Code)
	}
	if d := a.Text(13); d != "" {
		r.Handle[keyDate] = d
	}
	if l, err := a.Elements(); err == nil {
		if v, ok := l.Find(cupproto.TagVoucher); ok {
			r.Handle[keyVouch] = string(v)
		}
	}
	end, err := t.finish(ctx, a, card)
	if err != nil {
		// The card refused what the host approved: it must be taken back.
		if err := t.because(m.STAN(), cupproto.ReasonOther); err != nil {
			return pos.Reply{}, err
		}
		return pos.Reply{}, fmt.Errorf("unionpay: the card did not agree to the host's answer: %w", err)
	}
	if !a.approved() {
		return r, nil
	}
	r.Outcome = pos.OutcomeApproved
	if amount, ok := a.Amount(); ok {
		r.Approved = pos.FromMinor(amount, t.cfg.Currency)
	}
	r.Chip = chipSlip(card.Chip, a)
	item := t.item(kind, m, r, card, h)
	if len(end.Certificate) > 0 {
		if err := t.certify(ctx, m, card, item, end.Certificate); err != nil {
			return pos.Reply{}, err
		}
	}
	if err := t.cfg.State.Keep(Change{Add: item}); err != nil {
		// Booked at the host, but not in the batch here: the undo is safe, a hole
		// in the batch is not.
		return pos.Reply{}, fmt.Errorf("unionpay: the batch could not be written: %w", err)
	}
	if len(end.Script) > 0 {
		t.noticeScript(ctx, m, a, end.Script)
	}
	return r, nil
}

// finish lets the chip hear the answer.
func (t *Terminal) finish(ctx context.Context, a answer, card Card) (end Finished, err error) {
	f, ok := t.cfg.Cards.(Finisher)
	if !ok || len(card.Chip) == 0 {
		return Finished{}, nil
	}
	field, _ := a.Get(55)
	end, err = f.Finish(ctx, a.approved(), field)
	if !a.approved() {
		err = nil // declined is declined, whatever the chip says to it
	}
	return end, err
}

// certify seals the chip's certificate with the item, for the batch upload.
func (t *Terminal) certify(ctx context.Context, m *cupproto.Message, card Card, item *Item, certificate []byte) error {
	c := m.Clone()
	defer c.Clear()
	c.Set(55, certificate)
	sealed, err := t.memo(ctx, c, card.PAN)
	if err == nil && len(sealed) > 0 && !t.cfg.Profile.ForgetCards {
		item.Sealed, item.TC = sealed, true
	}
	return err
}

// because keeps why a payment must be reversed.
func (t *Terminal) because(stan uint32, code string) error {
	return t.cfg.State.Keep(Change{Reason: &Reason{STAN: stan, Code: code}})
}

func (t *Terminal) item(kind Kind, m *cupproto.Message, r pos.Reply, card Card, h pos.Handle) *Item {
	switch kind {
	case kindScanVoid:
		kind = KindVoid
	case kindScanRefund:
		kind = KindRefund
	}
	amount := r.Approved.Minor()
	if amount == 0 {
		amount, _ = m.Amount()
	}
	sealed, _ := base64.StdEncoding.DecodeString(h[keyMemo]) // our own
	return &Item{STAN: m.STAN(), Kind: kind, Amount: amount, RRN: r.RRN, AuthCode: r.AuthCode, Entry: m.Text(22), Sequence: m.Text(23),
		Foreign: card.Foreign, Sealed: sealed}
}

// hostTime joins MMDD and hhmmss with the year that makes it nearest to now;
// hosts are in China.
func hostTime(date, clock string) time.Time {
	if len(date) != 4 || len(clock) != 6 {
		return time.Time{}
	}
	zone := time.FixedZone("CST", 8*3600)
	now := time.Now().In(zone)
	at, err := time.ParseInLocation("20060102150405", fmt.Sprintf("%04d%s%s", now.Year(), date, clock), zone)
	if err != nil {
		return time.Time{}
	}
	const half = 183 * 24 * time.Hour
	switch d := at.Sub(now); {
	case d > half:
		at = at.AddDate(-1, 0, 0)
	case d < -half:
		at = at.AddDate(1, 0, 0)
	}
	return at
}

func entryWord(e Entry) string {
	switch e {
	case EntryKeyed:
		return "manual"
	case EntrySwipe, EntryFallback:
		return "swipe"
	case EntryScan:
		return "code"
	case EntryChip:
		return "insert"
	case EntryContactless:
		return "tap"
	}
	return ""
}

// schemeWord is field 63.1 in words; what it does not know stays as it is.
func schemeWord(code string) string {
	switch code = strings.TrimSpace(code); code {
	case "CUP":
		return "UnionPay"
	case "VIS":
		return "Visa"
	case "MCC":
		return "Mastercard"
	case "MAE":
		return "Maestro"
	case "JCB", "DCC":
		return code
	case "AMX":
		return "American Express"
	}
	return code
}

// chipSlip is what a chip card's slip must show.
func chipSlip(request []byte, a answer) pos.Chip {
	objects, err := emv.Parse(request, emv.Options{})
	if err != nil || len(request) == 0 {
		return pos.Chip{}
	}
	hexOf := func(tag emv.Tag) string {
		v, _ := objects.Find(tag)
		return fmt.Sprintf("%X", v)
	}
	label, _ := objects.Find(0x50)
	aid := hexOf(0x84)
	return pos.Chip{AID: aid, Label: string(label), Cryptogram: hexOf(0x9F26), TVR: hexOf(0x95), TSI: hexOf(0x9B), ATC: hexOf(0x9F36), CVM: hexOf(0x9F34)}
}
