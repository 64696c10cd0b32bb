package unionpay

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// HostError is a refusal of the host, with its own code.
type HostError struct {
	What string // what was asked for
	Code cupproto.Code
}

// Error names the request, the code verbatim and what to do.
func (e *HostError) Error() string {
	return fmt.Sprintf("unionpay: %s: the host answers %s %s (%s): %s", e.What, e.Code.Code, e.Code.Chinese, e.Code.English, e.Code.Advice)
}

func refusal(what string, a answer) error {
	return &HostError{What: what, Code: cupproto.LookupCode(a.code)}
}

// ErrBatch: the host is in another batch than this terminal, which still has
// transactions of its own. Nothing was sent; compare them with the host's list,
// then give the batch up (Terminal.GiveUpBatch).
var ErrBatch = errors.New("unionpay: the host is in another batch, and this one has transactions that are not settled (批次号不一致)")

// SignOn signs the terminal on (签到): working keys, batch number. It happens by
// itself before the first transaction of a day and when the host asks for it.
//
// Errors: *HostError, ErrNoReply, cupkey.ErrCheckValue (the old keys stay),
// ErrBatch, those of connecting. No money moves.
func (t *Terminal) SignOn(ctx context.Context) error {
	release, err := t.acquire()
	if err != nil {
		return err
	}
	defer release()
	return t.doSignOn(ctx)
}

func (t *Terminal) doSignOn(ctx context.Context) error {
	batch, err := t.newKeys(ctx)
	if err != nil {
		return err
	}
	st := t.cfg.State.State()
	day := today()
	change := Change{SignedOn: &day}
	if batch != 0 && batch != st.Batch {
		if len(st.Items) > 0 || st.Settling != nil {
			return fmt.Errorf("%w: %06d there, %06d here", ErrBatch, batch, st.Batch)
		}
		change.Batch = batch
	} else if st.Batch == 0 {
		change.Batch = 1
	}
	t.signOn = false
	return t.cfg.State.Keep(change)
}

// GiveUpBatch ends a batch that can be settled no more, because the host is in
// another one or has forgotten its settlement: a person has compared it with the
// host's list. It takes the host's batch number and returns what was given up,
// to be kept on paper. Reversals of it are manual from then on.
func (t *Terminal) GiveUpBatch(ctx context.Context) ([]Item, error) {
	release, err := t.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	items := t.cfg.State.State().Items
	batch, err := t.newKeys(ctx)
	if err != nil {
		return nil, err
	}
	if batch == 0 {
		batch = t.cfg.State.State().Batch%maxSTAN + 1
	}
	day := today()
	t.signOn = false
	return items, t.cfg.State.Keep(Change{Batch: batch, SignedOn: &day})
}

// newKeys signs on and returns the batch the host is in, 0 if it does not say.
func (t *Terminal) newKeys(ctx context.Context) (batch uint32, err error) {
	p := t.cfg.Profile
	m := cupproto.Request(cupproto.SignOn)
	m.SetF60(cupproto.F60{MessageType: "00", Batch: max(t.cfg.State.State().Batch, 1), Network: p.SignOn})
	if p.Device != "" {
		m.SetSignOnDevice(cupproto.SignOnDevice{Approval: p.TypeApproval, Serial: p.Device})
	}
	m.SetF63(cupproto.F63{Code: p.Operator + " "})
	a, err := t.ask(ctx, m)
	switch {
	case err != nil:
		return 0, fmt.Errorf("signing on: %w", err)
	case !a.approved():
		return 0, refusal("signing on 签到", a)
	}
	field, _ := a.Get(62)
	keys, err := cupkey.ParseWorkingKeys(p.SignOn, field)
	if derived := t.cfg.Keys.Install(ctx, keys); err == nil || errors.Is(derived, errors.ErrUnsupported) {
		err = derived // a store that derives its keys has nothing to install
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return 0, fmt.Errorf("unionpay: signing on 签到: %w", err)
	}
	if f60, err := a.F60(); err == nil {
		batch = f60.Batch
	}
	return batch, nil
}

func today() string { return time.Now().Format("20060102") }

// SignOff signs the terminal off (签退). The next transaction signs on again.
func (t *Terminal) SignOff(ctx context.Context) error {
	release, err := t.acquire()
	if err != nil {
		return err
	}
	defer release()
	m := cupproto.Request(cupproto.SignOff)
	m.SetF60(cupproto.F60{MessageType: "00", Batch: max(t.cfg.State.State().Batch, 1), Network: "002"})
	a, err := t.ask(ctx, m)
	if err != nil {
		return fmt.Errorf("signing off: %w", err)
	}
	if !a.approved() {
		return refusal("signing off 签退", a)
	}
	none := ""
	return t.cfg.State.Keep(Change{SignedOn: &none})
}

// Echo asks the host whether it is there (回响测试).
func (t *Terminal) Echo(ctx context.Context) error {
	release, err := t.acquire()
	if err != nil {
		return err
	}
	defer release()
	return t.doEcho(ctx)
}

func (t *Terminal) doEcho(ctx context.Context) error {
	m := cupproto.Request(cupproto.Echo)
	m.SetF60(cupproto.F60{MessageType: "00", Batch: max(t.cfg.State.State().Batch, 1), Network: "301"})
	a, err := t.ask(ctx, m)
	if err == nil && !a.approved() {
		err = refusal("echo test 回响测试", a)
	}
	return err
}

// ready makes sure of keys and batch, does what the host asked for, and sends
// what still has to reach it, before the next online transaction.
func (t *Terminal) ready(ctx context.Context, s pos.Session) error {
	st := t.cfg.State.State()
	_, err := t.cfg.Keys.Session(ctx)
	stale := !t.cfg.Profile.AlwaysSignedOn && st.SignedOn != today() || st.SignedOn == ""
	if t.signOn || stale || st.Batch == 0 || errors.Is(err, cupkey.ErrNoKeys) {
		if s != nil {
			s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "signing on", Chinese: "正在签到"})
		}
		if err := t.doSignOn(ctx); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if err := t.download(ctx); err != nil && s != nil { // asked for again next time; no customer waits for it
		s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "download failed: " + err.Error(), Chinese: "参数下载失败,下次再试"})
	}
	return t.flush(ctx)
}

// trace prints a trace or batch number as the field has it.
func trace(n uint32) string { return fmt.Sprintf("%06d", n) }

func number(s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > maxSTAN {
		return 0
	}
	return uint32(n)
}
