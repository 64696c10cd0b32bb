package unionpay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/transport"
)

// Settle closes the batch (批结算): what must still reach the host, the totals,
// the upload of every item where they differ (批上送), the end, the next batch
// number. Every step is durable; a settlement that was cut goes on where it
// stopped, also under another attempt where the first one is over in the journal.
//
// Reply.Totals are the host's. Errors: ErrNoReply, *HostError, those of connecting.
func (t *Terminal) Settle(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	release, err := t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	stan, first, err := t.begin(ctx, s)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := t.connect(ctx); err != nil {
		return pos.Reply{}, err
	}
	h := pos.Handle{keySTAN: trace(stan), keyBatch: trace(t.cfg.State.State().Batch)}
	if err := s.BeforeSend(ctx, h); err != nil {
		t.link.Drop()
		return pos.Reply{}, err
	}
	if err := t.own(stan, string(op.Attempt)); err != nil {
		return pos.Reply{}, err
	}
	return t.settle(ctx, s, first)
}

// begin makes ready for a settlement, or for the rest of one that was cut.
func (t *Terminal) begin(ctx context.Context, s pos.Session) (stan uint32, first bool, err error) {
	if open := t.cfg.State.State().Settling; open != nil {
		if err := t.readyToReverse(ctx, s); err != nil && !errors.Is(err, ErrBatch) {
			return 0, false, err
		}
		return open.STAN, false, nil
	}
	if err := t.ready(ctx, s); err != nil {
		return 0, false, err
	}
	stan, err = t.stan()
	return stan, true, err
}

// own makes the settlement durable as an attempt's.
func (t *Terminal) own(stan uint32, attempt string) error {
	if t.cfg.State.State().Settling != nil {
		return t.keep(func(s *Settling) { s.Attempt = attempt })
	}
	return t.cfg.State.Keep(Change{Settling: &Settling{STAN: stan, Attempt: attempt}})
}

// resumeSettle tells what became of a settlement whose attempt is in doubt, and
// finishes it where the terminal had begun: that moves no money.
func (t *Terminal) resumeSettle(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	release, err := t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	st := t.cfg.State.State()
	switch {
	case st.Settling != nil && st.Settling.Attempt == string(a.ID):
		if err := t.readyToReverse(ctx, quiet{}); err != nil && !errors.Is(err, ErrBatch) {
			return pos.Reply{}, err
		}
		return t.settle(ctx, nil, false)
	case st.Settled != nil && st.Settled.Attempt == string(a.ID):
		return t.settled(*st.Settled), nil
	}
	return t.never() // nothing of it was sent
}

// never says that something was not done because the state does not have it. A
// write that failed may have reached the disk: then it is not said.
func (t *Terminal) never() (pos.Reply, error) {
	if err := t.cfg.State.Keep(Change{}); err != nil {
		return pos.Reply{}, err
	}
	return pos.Reply{Outcome: pos.OutcomeNotFound, Final: true}, nil
}

// quiet is a Session for what has none.
type quiet struct{ pos.Session }

func (quiet) Progress(pos.Progress) {}

// settle goes on from wherever the settlement stands. Only of its first message
// can it be said that nothing was sent, or that the host refused: what fails
// later speaks of a repetition.
func (t *Terminal) settle(ctx context.Context, s pos.Session, first bool) (pos.Reply, error) {
	err := t.steps(ctx, s)
	for err != nil {
		var no *HostError
		refused := errors.As(err, &no)
		now := t.cfg.State.State().Settling
		switch {
		case refused && no.Code.Code == codeOtherBatch && now.Ending:
			err = nil // the end message was taken, and its answer lost: the host is in the next batch
		case refused && gone(no.Code.Code) && now.Answered && now.Restarts < maxRestarts:
			// The host was restarted and has forgotten that it is settling: from the beginning.
			if err := t.keep(func(s *Settling) { s.Answered, s.Uploaded, s.Restarts = false, nil, s.Restarts+1 }); err != nil {
				return pos.Reply{}, err
			}
			first, err = false, t.steps(ctx, s)
		case first && !now.Answered && transport.NothingSent(err):
			return pos.Reply{Outcome: pos.OutcomeNotSent}, errors.Join(err, t.cfg.State.Keep(Change{Resume: true}))
		case first && !now.Answered && refused:
			return pos.Reply{Outcome: pos.OutcomeDeclined, Code: no.Code.Code, Text: no.Code.Chinese}, errors.Join(err, t.cfg.State.Keep(Change{Resume: true}))
		default:
			return pos.Reply{}, err
		}
	}
	done := *t.cfg.State.State().Settling
	if err := t.cfg.State.Keep(Change{Batch: t.cfg.State.State().Batch%maxSTAN + 1, Settled: &done}); err != nil {
		return pos.Reply{}, err
	}
	return t.settled(done), nil
}

// maxRestarts bounds how often a settlement begins again because the host forgot it.
const maxRestarts = 5

// steps are the settlement's, in order; those that are done return at once.
func (t *Terminal) steps(ctx context.Context, s pos.Session) error {
	for _, step := range []func(context.Context, pos.Session) error{t.compare, t.upload, t.end} {
		if err := step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// keep makes one step of the settlement durable.
func (t *Terminal) keep(change func(*Settling)) error {
	s := *t.cfg.State.State().Settling
	s.Uploaded = slices.Clone(s.Uploaded)
	change(&s)
	return t.cfg.State.Keep(Change{Settling: &s})
}

// compare sends our totals and keeps the host's verdict.
func (t *Terminal) compare(ctx context.Context, s pos.Session) error {
	st := t.cfg.State.State()
	if st.Settling.Answered {
		return nil
	}
	tell(s, "settling with the acquirer", "正在批结算")
	m := cupproto.Request(cupproto.Settlement)
	m.SetSTAN(st.Settling.STAN)
	ours := totals(st.Items)
	m.SetTotals(ours)
	m.SetF60(cupproto.F60{MessageType: "00", Batch: st.Batch, Network: "201"})
	m.SetF63(cupproto.F63{Code: t.cfg.Profile.Operator + " "})
	a, err := t.ask(ctx, m)
	if err != nil {
		return err
	}
	host, err := a.Totals()
	if !a.approved() && a.code != "95" || err != nil { // 95: the totals differ, field 48 says which
		return errors.Join(refusal("settlement 批结算", a), err)
	}
	for _, p := range []struct{ host, ours *cupproto.PartTotals }{{&host.Domestic, &ours.Domestic}, {&host.Foreign, &ours.Foreign}} {
		if p.host.Result == cupproto.ResultEqual {
			result := p.host.Result
			*p.host = *p.ours // some hosts echo, some send zeros: equal is equal
			p.host.Result = result
		}
	}
	return t.keep(func(s *Settling) { s.Answered, s.Host = true, host })
}

// totals adds the batch up as the host does.
func totals(items []Item) cupproto.Totals {
	var all cupproto.Totals
	for _, i := range items {
		p := &all.Domestic
		if i.Foreign {
			p = &all.Foreign
		}
		switch i.Kind {
		case KindSale, KindScan, KindCompletion, KindCompletionAdvice, KindOffline:
			p.DebitAmount += i.Amount
			p.DebitCount++
		case KindRefund, KindVoid, KindCompletionVoid:
			p.CreditAmount += i.Amount
			p.CreditCount++
		}
	}
	return all
}

// upload sends the items of each part that differs: stripe items by eights, chip
// items and advices one by one. Where the totals agree only the chips' TCs go.
func (t *Terminal) upload(ctx context.Context, s pos.Session) error {
	st := t.cfg.State.State()
	var stripes []Item
	for _, i := range st.Items {
		differs := st.Settling.part(i.Foreign).Result != cupproto.ResultEqual
		if slices.Contains(st.Settling.Uploaded, i.STAN) || i.Kind == KindPreauth || i.Kind == KindPreauthVoid {
			continue
		}
		switch {
		case i.TC: // its certificate goes in any case
			if err := t.uploadChip(ctx, s, i, differs); err != nil {
				return err
			}
		case !differs:
		case i.Kind == KindRefund || i.Kind == KindCompletionAdvice || i.Kind == KindOffline || !t.named(ctx, i):
			if err := t.uploadAdvice(ctx, s, i); err != nil {
				return err
			}
		default:
			if stripes = append(stripes, i); len(stripes) == cupproto.MaxUploadItems {
				if err := t.uploadStripes(ctx, s, stripes); err != nil {
					return err
				}
				stripes = nil
			}
		}
	}
	return t.uploadStripes(ctx, s, stripes)
}

// named reports whether a card number was kept for an item; one without cannot
// stand in a list of stripe items.
func (t *Terminal) named(ctx context.Context, i Item) bool {
	memo, err := t.open(ctx, i.Sealed, trace(t.cfg.State.State().Batch), trace(i.STAN))
	if err != nil {
		return false
	}
	defer memo.Clear()
	return memo.Has(2)
}

func (s *Settling) part(foreign bool) cupproto.PartTotals {
	if foreign {
		return s.Host.Foreign
	}
	return s.Host.Domestic
}

func (t *Terminal) uploaded(items ...Item) error {
	var c Change
	for _, i := range items {
		c.Uploaded = append(c.Uploaded, i.STAN)
	}
	return t.cfg.State.Keep(c)
}

// take counts items as uploaded that the host has taken, or that it refuses
// for good: then a person must look, but the day can be closed. Where it refuses
// more than can be kept for a person, the settlement stays open.
func (t *Terminal) take(err error, items ...Item) error {
	var no *HostError
	if errors.As(err, &no) && !gone(no.Code.Code) && !undecided(no.Code) {
		st := t.cfg.State.State()
		if st.refusedUploads()+len(items) > maxTroubles {
			return fmt.Errorf("more than %d items of the batch were refused: %w", maxTroubles, err)
		}
		for _, i := range items {
			n := Note{Kind: NoteUpload, STAN: i.STAN, Batch: st.Batch, Refused: no.Code.Code}
			if err := t.cfg.State.Keep(Change{Trouble: &n}); err != nil {
				return err
			}
		}
		err = nil
	}
	if err != nil {
		return err
	}
	return t.uploaded(items...)
}

// gone are the answers of a host that knows nothing of the settlement any more.
func gone(code string) bool { return code == "12" || code == "25" }

// repeat asks until the host has decided; batch upload may be resent as often as needed.
func (t *Terminal) repeat(ctx context.Context, m *cupproto.Message, what string) (err error) {
	for range uploadTries {
		var a answer
		switch a, err = t.ask(ctx, m); {
		case err != nil:
		case a.approved() || a.code == codeDuplicate:
			return nil
		default:
			if err = refusal(what, a); !a.undecided() {
				return err
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return err
}

// uploadTries is how often one message of the batch upload is sent in one go.
const uploadTries = 3

func (t *Terminal) uploadStripes(ctx context.Context, s pos.Session, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	tell(s, fmt.Sprintf("uploading %d items of the batch", len(items)), fmt.Sprintf("正在批上送 %d 笔", len(items)))
	var list []cupproto.UploadItem
	for _, i := range items {
		u := cupproto.UploadItem{Foreign: i.Foreign, STAN: i.STAN, Amount: i.Amount}
		if memo, err := t.open(ctx, i.Sealed, trace(t.cfg.State.State().Batch), trace(i.STAN)); err == nil {
			if v, ok := memo.Get(2); ok {
				u.PAN, _ = emv.ParsePAN(v)
			}
			memo.Clear()
		}
		list = append(list, u)
	}
	m := cupproto.Request(cupproto.UploadStripe)
	m.SetF60(cupproto.F60{MessageType: "00", Batch: t.cfg.State.State().Batch, Network: "201"})
	field, err := cupproto.AppendUpload(nil, list)
	if err != nil {
		return err
	}
	m.Set(48, field)
	return t.take(t.repeat(ctx, m, "batch upload 批上送"), items...)
}

// uploadChip sends one chip transaction with its certificate.
func (t *Terminal) uploadChip(ctx context.Context, s pos.Session, i Item, differs bool) error {
	tell(s, "uploading a chip transaction", "正在上送 IC 卡交易")
	memo, err := t.open(ctx, i.Sealed, trace(t.cfg.State.State().Batch), trace(i.STAN))
	if err != nil {
		return t.uploaded(i) // nothing was kept to send: the host's own record stands
	}
	defer memo.Clear()
	kind, network := cupproto.UploadTC, "203"
	if differs {
		kind, network = cupproto.UploadTCUnequal, "205"
	}
	m := cupproto.Request(kind)
	for _, n := range []int{2, 4, 22, 23, 55} {
		if v, ok := memo.Get(n); ok {
			m.Set(n, v)
		}
	}
	defer m.Clear()
	m.SetSTAN(i.STAN)
	m.SetF60(cupproto.F60{MessageType: "00", Batch: t.cfg.State.State().Batch, Network: network})
	m.SetICUpload(cupproto.ICUpload{Foreign: i.Foreign, Amount: i.Amount})
	return t.take(t.repeat(ctx, m, "chip upload IC卡批上送"), i)
}

// uploadAdvice repeats a refund or advice with its own trace number.
func (t *Terminal) uploadAdvice(ctx context.Context, s pos.Session, i Item) error {
	tell(s, "uploading an advice", "正在上送通知类交易")
	memo, err := t.open(ctx, i.Sealed, trace(t.cfg.State.State().Batch), trace(i.STAN))
	if err != nil {
		return t.uploaded(i)
	}
	defer memo.Clear()
	m := memo.Clone()
	defer m.Clear()
	m.MTI = "0320"
	m.Del(55, 64)
	if i.RRN != "" {
		m.SetString(37, i.RRN)
	}
	if i.AuthCode != "" {
		m.SetString(38, i.AuthCode)
	}
	return t.take(t.repeat(ctx, m, "advice upload 通知类批上送"), i)
}

// end closes the batch at the host; it is needed with no items as well.
func (t *Terminal) end(ctx context.Context, s pos.Session) error {
	st := t.cfg.State.State()
	if st.Settling.Done {
		return nil
	}
	if err := t.keep(func(s *Settling) { s.Ending = true }); err != nil {
		return err
	}
	kind, network := cupproto.UploadEnd, "207"
	if st.Settling.Host.Domestic.Result != cupproto.ResultEqual || st.Settling.Host.Foreign.Result != cupproto.ResultEqual {
		kind, network = cupproto.UploadEndUnequal, "202"
	}
	m := cupproto.Request(kind)
	m.Set(48, fmt.Appendf(nil, "%04d", len(st.Settling.Uploaded)%10000))
	m.SetF60(cupproto.F60{MessageType: "00", Batch: st.Batch, Network: network})
	if err := t.repeat(ctx, m, "end of batch upload 批上送结束"); err != nil {
		return err
	}
	return t.keep(func(s *Settling) { s.Done = true })
}

// settled is what the Till hears: the host's totals, as one line for each side.
func (t *Terminal) settled(s Settling) pos.Reply {
	r := pos.Reply{Outcome: pos.OutcomeApproved, STAN: trace(s.STAN), TerminalID: t.cfg.Terminal, MerchantID: t.cfg.Merchant}
	line := func(name string, count int, amount int64) {
		if count != 0 || amount != 0 {
			r.Totals = append(r.Totals, pos.Total{Name: name, Count: count, Amount: pos.FromMinor(amount, t.cfg.Currency)})
		}
	}
	line("UnionPay 内卡", s.Host.Domestic.DebitCount, s.Host.Domestic.DebitAmount)
	line("UnionPay 内卡 back 退", s.Host.Domestic.CreditCount, -s.Host.Domestic.CreditAmount)
	line("foreign 外卡", s.Host.Foreign.DebitCount, s.Host.Foreign.DebitAmount)
	line("foreign 外卡 back 退", s.Host.Foreign.CreditCount, -s.Host.Foreign.CreditAmount)
	return r
}

func tell(s pos.Session, english, chinese string) {
	if s != nil {
		s.Progress(pos.Progress{Step: pos.StepDevice, Text: english, Chinese: chinese})
	}
}
