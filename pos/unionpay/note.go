package unionpay

import (
	"context"
	"fmt"
	"slices"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// flush sends the notes that have not been answered yet: advices, script
// results, signatures. It goes before every online transaction and before the
// settlement. A note the host does not answer stays and holds up the rest.
func (t *Terminal) flush(ctx context.Context) error {
	for _, n := range t.cfg.State.State().Notes {
		if err := t.sendNote(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// noteTries is how often a script result or a signature is sent: no money hangs
// on them, and a host that never answers one must not stop the shop (terminals'
// parameter 23). An offline sale's advice is repeated until the host has decided,
// or a person has given it up (GiveUpNote).
const noteTries = 3

// sendNote sends one. Whatever the host decides ends it; a refusal is a trouble.
func (t *Terminal) sendNote(ctx context.Context, n Note) error {
	m, err := t.open(ctx, n.Sealed, noteBatch, trace(n.STAN))
	if err != nil { // another master key was loaded: nobody can send it any more, a person must know
		n.Refused = "unreadable"
		return t.cfg.State.Keep(Change{Sent: &n, Trouble: &n})
	}
	defer m.Clear()
	keys, err := t.cfg.Keys.Session(ctx)
	if err != nil {
		return err
	}
	if err := t.connect(ctx); err != nil {
		return err
	}
	n.Tries++
	if err := t.cfg.State.Keep(Change{Note: &n}); err != nil {
		return err
	}
	if row, ok := cupproto.Identify(m); ok && row.MAC {
		m.Set(64, make([]byte, 8))
	}
	a, err := t.converse(ctx, m, keys, nil)
	if err == nil && a.undecided() {
		err = refusal("a message stored before ("+string(n.Kind)+" "+trace(n.STAN)+")", a)
	}
	switch {
	case err != nil && n.Kind != NoteAdvice && n.Tries >= noteTries:
		n.Refused = "no answer"
		return t.cfg.State.Keep(Change{Sent: &n, Trouble: &n})
	case err != nil:
		return fmt.Errorf("a message stored before (%s %s): %w", n.Kind, trace(n.STAN), err)
	}
	if !a.approved() && a.code != codeDuplicate {
		n.Refused = a.code
		return t.cfg.State.Keep(Change{Sent: &n, Trouble: &n})
	}
	return t.cfg.State.Keep(Change{Sent: &n})
}

// GiveUpNote ends a stored message that the host never answers: a person has told
// the acquirer what is in it. It becomes a trouble. Error: pos.ErrInvalid where
// there is none of that trace number.
func (t *Terminal) GiveUpNote(stan uint32) error {
	release, err := t.acquire()
	if err != nil {
		return err
	}
	defer release()
	notes := t.cfg.State.State().Notes
	i := slices.IndexFunc(notes, func(n Note) bool { return n.STAN == stan })
	if i < 0 {
		return fmt.Errorf("unionpay: %w: no stored message has trace number %s", pos.ErrInvalid, trace(stan))
	}
	n := notes[i]
	n.Refused = "given up"
	return t.cfg.State.Keep(Change{Sent: &n, Trouble: &n})
}

// noteBatch stands for the batch in what ties a note to its terminal: a note
// may outlive its batch.
const noteBatch = "note"

// store keeps a message until the host has answered it, and with it, in the
// same step, the item of the batch that it is about.
func (t *Terminal) store(ctx context.Context, kind NoteKind, m *cupproto.Message, item *Item) error {
	c := m.Clone()
	defer c.Clear()
	c.Del(64)
	b, err := t.cfg.Profile.frame().AppendBody(nil, &cupproto.Frame{Message: c})
	if err != nil {
		return err
	}
	defer clear(b)
	sealed, err := t.cfg.Keys.Seal(ctx, b, t.about(noteBatch, trace(m.STAN())))
	if err != nil {
		return err
	}
	return t.cfg.State.Keep(Change{Note: &Note{Kind: kind, STAN: m.STAN(), Sealed: sealed}, Add: item})
}

// noticeScript stores the result of an issuer's script (脚本结果通知). What goes
// wrong with it never touches the payment, which is done.
func (t *Terminal) noticeScript(ctx context.Context, m *cupproto.Message, a answer, result []byte) {
	n := cupproto.Request(cupproto.ScriptNotice)
	defer n.Clear()
	for _, f := range []int{2, 3, 4, 22, 23, 25} {
		if v, ok := m.Get(f); ok {
			n.Set(f, v)
		}
	}
	for _, f := range []int{32, 37, 38} {
		if v, ok := a.Get(f); ok {
			n.Set(f, v)
		}
	}
	stan, err := t.stan()
	if err != nil {
		return
	}
	n.SetSTAN(stan)
	n.SetString(41, t.cfg.Terminal)
	n.SetString(42, t.cfg.Merchant)
	n.Set(55, result)
	f60, err := m.F60()
	if err != nil {
		return
	}
	n.SetF60(cupproto.F60{MessageType: f60.MessageType, Batch: f60.Batch, Network: "951", ReaderCapability: f60.ReaderCapability, ICCondition: f60.ICCondition})
	n.SetF61(cupproto.F61{Batch: f60.Batch, STAN: m.STAN(), Date: a.Text(13)})
	_ = t.store(ctx, NoteScript, n, nil) // the issuer misses a notice; the payment stands
}

// Signature stores a cardholder's signature (电子签名), JBIG as the host wants it,
// for an approved attempt; it is sent before the next transaction. One message
// holds up to MaxSignature bytes.
func (t *Terminal) Signature(ctx context.Context, a pos.Attempt, image []byte) error {
	release, err := t.acquire()
	if err != nil {
		return err
	}
	defer release()
	if !a.State.Paid() || number(a.Handle[keySTAN]) == 0 {
		return fmt.Errorf("unionpay: %w: only an approved payment is signed", pos.ErrInvalid)
	}
	if len(image) == 0 || len(image) > MaxSignature {
		return fmt.Errorf("unionpay: %w: a signature of %d bytes; one message holds %d", pos.ErrInvalid, len(image), MaxSignature)
	}
	row, ok := cupproto.LookupTransaction(rows[Kind(a.Handle[keyKind])])
	if !ok {
		return fmt.Errorf("unionpay: %w: not a payment of this terminal", pos.ErrInvalid)
	}
	m := cupproto.Request(cupproto.Signature)
	defer m.Clear()
	if memo, err := t.recall(ctx, a); err == nil {
		if v, ok := memo.Get(2); ok {
			m.Set(2, v)
		}
		memo.Clear()
	}
	m.SetAmount(a.Approved.Minor())
	m.SetSTAN(number(a.Handle[keySTAN]))
	if d := a.Handle[keyDate]; d != "" {
		m.SetString(15, d)
	}
	m.SetString(37, a.RRN)
	m.SetString(41, t.cfg.Terminal)
	m.SetString(42, t.cfg.Merchant)
	m.Set(62, image)
	m.SetF60(cupproto.F60{MessageType: row.MessageType, Batch: number(a.Handle[keyBatch]), Network: "800"})
	return t.store(ctx, NoteSignature, m, nil)
}

// MaxSignature is what field 62 holds.
const MaxSignature = 512

// Offline is the same terminal as a driver of sales the issuer approved by
// telephone (离线结算): Charge needs the approval code, and is approved as soon as
// its advice is durable here. The advice is sent at once, and again before every
// later transaction until the host has answered. Give it a tender of its own.
func (t *Terminal) Offline(approval func(Ask) (authCode string, err error)) pos.Driver {
	return &offline{t, approval}
}

type offline struct {
	t        *Terminal
	approval func(Ask) (string, error)
}

// Device is the terminal's: an offline sale and an online one never overlap.
func (o *offline) Device() string { return o.t.Device() }

func (o *offline) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	if op.Op != pos.OpCharge {
		return pos.Reply{}, fmt.Errorf("unionpay: %w: offline, only a sale can be taken", pos.ErrUnsupported)
	}
	release, err := o.t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	if _, err := o.t.kind(op); err != nil {
		return pos.Reply{}, err
	}
	if o.t.cfg.State.State().Settling != nil {
		return pos.Reply{}, ErrSettling
	}
	if o.t.cfg.State.State().Batch == 0 { // it needs a batch, and no line
		if err := o.t.ready(ctx, s); err != nil {
			return pos.Reply{}, err
		}
	}
	code, err := o.approval(Ask{Op: op.Op, Amount: op.Amount})
	if err != nil {
		return pos.Reply{}, err
	}
	card, err := o.t.card(ctx, KindOffline, op, s)
	if err != nil {
		return pos.Reply{}, err
	}
	defer card.Clear()
	return o.sell(ctx, op, card, code, s)
}

// sell stores the advice; from then on the sale is made.
func (o *offline) sell(ctx context.Context, op pos.Operation, card Card, code string, s pos.Session) (pos.Reply, error) {
	t := o.t
	m, err := t.request(KindOffline, op, card, nil) // neither track nor PIN in it
	if err != nil {
		return pos.Reply{}, err
	}
	defer m.Clear()
	m.SetString(38, fmt.Sprintf("%-6s", code))
	m.SetF61(cupproto.F61{AuthMethod: "01", AuthInstitution: "00000000000", Date: "0000"})
	m.SetF63(cupproto.F63{Code: "CUP"})
	m.Del(64) // comes when it is sent
	if err := t.complete(m, cupproto.OfflineSale); err != nil {
		return pos.Reply{}, err
	}
	if _, err := t.body(m, nil); err != nil {
		return pos.Reply{}, fmt.Errorf("unionpay: %w: %w", pos.ErrInvalid, err)
	}
	h, err := t.handle(ctx, KindOffline, m, card)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, h); err != nil {
		return pos.Reply{}, err
	}
	r := pos.Reply{Outcome: pos.OutcomeApproved, Approved: op.Amount, AuthCode: code, STAN: trace(m.STAN()), Receipt: trace(m.STAN()),
		TerminalID: t.cfg.Terminal, MerchantID: t.cfg.Merchant, Card: card.PAN.String(), Entry: entryWord(card.Entry)}
	if err := t.store(ctx, NoteAdvice, m, t.item(KindOffline, m, r, card, h)); err != nil {
		return pos.Reply{}, err // what the disk says of a failed write cannot be believed: Query will tell
	}
	if err := t.ready(context.WithoutCancel(ctx), nil); err != nil {
		tell(s, "the advice follows later: "+err.Error(), "通知将稍后补送")
	}
	return r, nil
}

// Query tells from the terminal's own state: advice and item were written in
// one step, so a sale that has its item is made, and another never was.
func (o *offline) Query(_ context.Context, a pos.Attempt) (pos.Reply, error) {
	release, err := o.t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	stan, st := number(a.Handle[keySTAN]), o.t.cfg.State.State()
	for _, i := range st.Items {
		if i.STAN == stan && i.Kind == KindOffline {
			return pos.Reply{Outcome: pos.OutcomeApproved, AuthCode: i.AuthCode, STAN: trace(stan), Receipt: trace(stan)}, nil
		}
	}
	if st.Batch != number(a.Handle[keyBatch]) {
		return pos.Reply{}, fmt.Errorf("unionpay: %w: batch %s has been settled since", pos.ErrManual, a.Handle[keyBatch])
	}
	return o.t.never()
}

// Settle belongs to the terminal itself.
func (o *offline) Settle(context.Context, pos.Operation, pos.Session) (pos.Reply, error) {
	return pos.Reply{}, fmt.Errorf("unionpay: %w: settle the terminal, not its offline sales", pos.ErrUnsupported)
}

// Close leaves the terminal open: it has an owner.
func (o *offline) Close() error { return nil }

var (
	_ pos.Driver     = (*offline)(nil)
	_ pos.Identifier = (*offline)(nil)
)

// State is what the terminal remembers: the open batch, the notes that must still
// reach the host, and the troubles, which the host refused for good and a person
// must look at (不成功流水单). The slices are the caller's.
func (t *Terminal) State() State {
	s := t.cfg.State.State()
	s.Items, s.Notes, s.Troubles, s.Reasons = slices.Clone(s.Items), slices.Clone(s.Notes), slices.Clone(s.Troubles), slices.Clone(s.Reasons)
	return s
}
