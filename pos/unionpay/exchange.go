package unionpay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/transport"
)

// ErrNoReply: the host did not answer in time, or not in a way that can be believed.
var ErrNoReply = errors.New("unionpay: no answer of the host that can be believed")

// connect makes sure of a connection: a new one for each conversation, unless
// the host keeps one for all.
func (t *Terminal) connect(ctx context.Context) error {
	if !t.cfg.Profile.Long || t.link.Pending() {
		t.link.Drop() // what waits there belongs to a conversation that is over
	}
	if err := t.link.Connect(ctx); err != nil {
		return fmt.Errorf("unionpay: connecting: %w", err)
	}
	return nil
}

// body packs a message, authenticated where it has a field 64.
func (t *Terminal) body(m *cupproto.Message, keys cupkey.Session) ([]byte, error) {
	p := t.cfg.Profile.frame()
	class := cupproto.ClassStripe
	if m.Has(55) {
		class = cupproto.ClassChip
	}
	b, err := p.AppendBody(nil, &cupproto.Frame{TPDU: t.tpdu, Message: m,
		Header: cupproto.Header{Class: class, SpecVersion: t.cfg.Profile.SpecVersion, Sub: t.cfg.Profile.Sub}})
	if err != nil || !m.Has(64) {
		return b, err
	}
	input, err := cupproto.MACInput(b, p)
	if err != nil {
		return nil, err
	}
	mac, err := keys.MAC(input)
	if err != nil {
		return nil, err
	}
	return b, cupproto.SealMAC(b, mac[:])
}

// answer is a reply that belongs to its request and whose MAC is right.
type answer struct {
	*cupproto.Message
	code string // field 39
}

func (a answer) approved() bool { return cupproto.Approved(a.code) }

// undecided reports whether the host answered without looking at the message: it
// wants a sign-on first, is in another batch, or is not well. Nothing follows
// from it for what was sent before.
func (a answer) undecided() bool { return undecided(cupproto.LookupCode(a.code)) }

func undecided(c cupproto.Code) bool {
	return c.Advice == cupproto.AdviceSignOn || c.Advice == cupproto.AdviceLater || c.Class == cupproto.ClassSystem ||
		c.Code == codeIssuerLate || c.Code == codeUnregistered
}

// Codes that mean something of their own here.
const (
	codeIssuerLate   = "68" // 发卡方应答超时
	codeOtherBatch   = "77" // 批次号不一致
	codeDuplicate    = "94" // 重复交易: the host has seen the trace number
	codeUnregistered = "97" // 终端号未登记
)

// ask carries out a management message, which moves no money: a trace number
// where it needs one, the terminal's names, connection, reply.
func (t *Terminal) ask(ctx context.Context, m *cupproto.Message) (answer, error) {
	if err := t.name(m); err != nil {
		return answer{}, err
	}
	if err := t.connect(ctx); err != nil {
		return answer{}, err
	}
	return t.converse(ctx, m, nil, nil)
}

// name fills in who is asking: terminal, merchant, and a trace number where the
// table wants one.
func (t *Terminal) name(m *cupproto.Message) error {
	m.SetString(41, t.cfg.Terminal)
	m.SetString(42, t.cfg.Merchant)
	if k, ok := cupproto.Identify(m); ok && needs(k, 11) && !m.Has(11) {
		stan, err := t.stan()
		if err != nil {
			return err
		}
		m.SetSTAN(stan)
	}
	return nil
}

func needs(k cupproto.Transaction, field int) bool {
	for _, n := range k.Fields {
		if n.Field == field {
			return true
		}
	}
	return false
}

// converse sends one message on the open connection and returns its answer.
//
// Errors: one for which transport.NothingSent holds when no byte left; else
// ErrNoReply, with the cause. After any of them the connection is gone.
func (t *Terminal) converse(ctx context.Context, m *cupproto.Message, keys cupkey.Session, s pos.Session) (a answer, err error) {
	defer func() {
		t.used = time.Now()
		if err != nil || !t.cfg.Profile.Long {
			t.link.Drop()
		}
	}()
	b, err := t.body(m, keys)
	if err != nil {
		return answer{}, err
	}
	wctx, cancel := t.wait(ctx)
	defer cancel()
	if err := t.link.Send(wctx, b); err != nil {
		if transport.NothingSent(err) {
			return answer{}, err
		}
		return answer{}, fmt.Errorf("%w: %w", ErrNoReply, err)
	}
	return t.receive(wctx, m, keys, s)
}

// wait bounds a conversation: the profile's time, or less once the caller has given up.
func (t *Terminal) wait(ctx context.Context) (context.Context, context.CancelFunc) {
	wctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(t.cfg.Profile.Timeout))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(time.Duration(t.cfg.Profile.CancelWait), cancel)
		context.AfterFunc(wctx, func() { timer.Stop() })
	})
	return wctx, func() { stop(); cancel() }
}

// maxStrays bounds the answers to other questions that are read over.
const maxStrays = 50

// receive waits for the reply to a request. Answers to anything else are late or
// somebody else's: they are shown as strays and dropped.
func (t *Terminal) receive(ctx context.Context, m *cupproto.Message, keys cupkey.Session, s pos.Session) (answer, error) {
	p := t.cfg.Profile.frame()
	for range maxStrays {
		b, err := t.link.Receive(ctx)
		if err != nil {
			return answer{}, fmt.Errorf("%w: %w", ErrNoReply, err)
		}
		f, err := p.ParseBody(b)
		if err != nil {
			return answer{}, fmt.Errorf("%w: %w", ErrNoReply, err)
		}
		if err := t.belongs(m, f.Message); err != nil {
			stray(s, f.Message)
			continue
		}
		// Before anything else in it is believed.
		if err := t.authentic(m, b, f.Message, keys); err != nil {
			t.signOn = true
			if row, ok := cupproto.Identify(m); ok && row.Silence == cupproto.Reverse && m.MTI != "0400" {
				err = errors.Join(err, t.because(m.STAN(), cupproto.ReasonMAC))
			}
			return answer{}, fmt.Errorf("%w: %w", ErrNoReply, err)
		}
		t.wanted(f.Header.Request)
		a := answer{f.Message, f.Message.Text(39)}
		if cupproto.LookupCode(a.code).Advice == cupproto.AdviceSignOn {
			t.signOn = true
		}
		return a, nil
	}
	return answer{}, fmt.Errorf("%w: %d answers to other questions", ErrNoReply, maxStrays)
}

// belongs compares the reply with the request, the batch included.
func (t *Terminal) belongs(m, reply *cupproto.Message) error {
	if err := cupproto.Match(m, reply); err != nil {
		return err
	}
	asked, err := m.F60()
	if err != nil {
		return nil
	}
	got, err := reply.F60()
	if err == nil && got.Batch != 0 && asked.Batch != 0 && got.Batch != asked.Batch && asked.Network != t.cfg.Profile.SignOn {
		return cupproto.ErrMismatch
	}
	return nil
}

// authentic checks the MAC of a reply to an authenticated request.
func (t *Terminal) authentic(m *cupproto.Message, b []byte, reply *cupproto.Message, keys cupkey.Session) error {
	mac, signed := reply.Get(64)
	switch {
	case !m.Has(64):
		return nil
	case !signed && t.cfg.Profile.Unsigned:
		return nil
	case !signed:
		return fmt.Errorf("%w: the answer (%s) has none", cupkey.ErrMAC, reply.Text(39))
	}
	input, err := cupproto.MACInput(b, t.cfg.Profile.frame())
	if err != nil {
		return err
	}
	return keys.CheckMAC(input, mac)
}

// wanted notes what the host asks for in a header; it is done before the next
// transaction, never during one.
func (t *Terminal) wanted(r cupproto.HostRequest) {
	switch r {
	case cupproto.RequestNone:
	case cupproto.RequestSignOn:
		t.signOn = true
	default:
		for _, have := range t.asked {
			if have == r {
				return
			}
		}
		t.asked = append(t.asked, r)
	}
}

func stray(s pos.Session, m *cupproto.Message) {
	if s != nil {
		s.Progress(pos.Progress{Step: pos.StepStray, Code: m.Text(39), Text: "late or foreign answer " + m.MTI + " " + m.Text(11),
			Chinese: "迟到或不相干的应答 " + m.MTI + " " + m.Text(11)})
	}
}
