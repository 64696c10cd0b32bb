package zvt

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// MaxDialogueMessages bounds one command's dialogue: a chatty terminal sends
// a status every second for three minutes and a few hundred receipt lines.
const MaxDialogueMessages = 5000

// maxStrays bounds how many messages of an earlier dialogue are skipped while
// a response is awaited.
const maxStrays = 100

// ending is how a dialogue ended.
type ending struct {
	completed bool                // 06 0F
	aborted   bool                // 06 1E
	refused   bool                // 84 xx instead of 80 00
	code      zvtproto.ResultCode // of the abort or refusal
	vendor    string              // tags 1F16 and 1F17, if the terminal gave them
	fields    zvtproto.Fields     // of the abort or completion
	report    *zvtproto.StatusReport

	result *zvtproto.StatusInformation // the last 04 0F that was accepted
	slips  slipCollector
}

// refusal is the terminal's no as an error.
func (e ending) refusal() error {
	err := &ResultError{Code: e.code, Vendor: e.vendor}
	if e.code == zvtproto.ResultPleaseWait {
		return errors.Join(err, pos.ErrBusy)
	}
	return err
}

// ResultError is a terminal's refusal with its own code.
type ResultError struct {
	Code   zvtproto.ResultCode
	Vendor string // the terminal's own words (tags 1F16, 1F17), if any
}

// Error gives the code verbatim and its meaning.
func (e *ResultError) Error() string {
	if e.Vendor != "" {
		return fmt.Sprintf("terminal says %02X %v (%s)", byte(e.Code), e.Code, e.Vendor)
	}
	return fmt.Sprintf("terminal says %02X %v", byte(e.Code), e.Code)
}

// dialogue is one command from its request to 06 0F or 06 1E.
type dialogue struct {
	t        *Terminal
	progress func(pos.Progress)
	// judge looks at a status-information before it is acknowledged; an error
	// makes the driver refuse it, and the terminal takes the payment back.
	judge func(*zvtproto.StatusInformation) verdict

	end           ending
	t4            time.Duration
	abortAnswered bool
	aborted       atomic.Bool // an abort is under way, its response may still come
}

// verdict on a status-information.
type verdict int

const (
	accept verdict = iota
	stale          // of an earlier dialogue: acknowledged and forgotten
	refuse         // not what was asked for: the terminal must take it back
)

// converse runs a command that moves no money.
func (t *Terminal) converse(ctx context.Context, m zvtproto.Message, progress func(pos.Progress)) (ending, error) {
	d := &dialogue{t: t, progress: progress, t4: t.cfg.T4}
	if err := d.request(ctx, m); err != nil {
		return d.end, err
	}
	if d.end.refused {
		return d.end, nil
	}
	return d.end, d.follow(ctx)
}

// request sends the command and waits for its response. A terminal's messages
// that arrive before it belong to a dialogue that was given up: they are not
// answered, so that what they report is taken back or found by asking.
func (d *dialogue) request(ctx context.Context, m zvtproto.Message) error {
	apdu, err := zvtproto.Encode(m)
	if err != nil {
		return fmt.Errorf("zvt: %v: %w", m.Command(), err)
	}
	if err := d.t.link.Send(ctx, apdu); err != nil {
		return fmt.Errorf("zvt: sending %v: %w", m.Command(), err)
	}
	rctx, cancel := context.WithTimeout(ctx, d.t.cfg.T3)
	defer cancel()
	for range maxStrays {
		raw, err := d.t.link.Receive(rctx)
		if err != nil {
			return fmt.Errorf("zvt: waiting for the response to %v (T3 %v): %w", m.Command(), d.t.cfg.T3, err)
		}
		a, err := zvtproto.ParseAPDU(raw)
		if err != nil {
			return fmt.Errorf("zvt: response to %v: %w", m.Command(), err)
		}
		switch {
		case isPositive(a):
			return nil
		case a.Class == 0x84:
			d.end.refused, d.end.code = true, zvtproto.ResultCode(a.Instr)
			return nil
		}
		d.stray(a)
	}
	return fmt.Errorf("zvt: waiting for the response to %v: %w", m.Command(), errTooMany)
}

var errTooMany = errors.New("the terminal sends without end")

// isPositive knows both positive responses: 80 00 and 84 00 (P15 chapter 1).
func isPositive(a zvtproto.APDU) bool {
	return a.Class == 0x80 && a.Instr == 0 || a.Class == 0x84 && a.Instr == 0
}

func (d *dialogue) stray(a zvtproto.APDU) {
	d.show(pos.Progress{Step: pos.StepStray, Code: fmt.Sprintf("%04X", uint16(a.Command())),
		Text: fmt.Sprintf("a message of an earlier dialogue: %v", a.Command())})
}

// follow answers the terminal, which is master now, until the command ends.
// T4 starts anew with every 04 FF and 04 0F.
func (d *dialogue) follow(ctx context.Context) error {
	deadline := time.Now().Add(d.t4)
	for range MaxDialogueMessages {
		rctx, cancel := context.WithDeadline(ctx, deadline)
		raw, err := d.t.link.Receive(rctx)
		cancel()
		if err != nil {
			return fmt.Errorf("zvt: waiting for the terminal (T4 %v): %w", d.t4, err)
		}
		a, err := zvtproto.ParseAPDU(raw)
		if err != nil {
			return fmt.Errorf("zvt: message of the terminal: %w", err)
		}
		if a.Class == 0x80 || a.Class == 0x84 {
			if d.aborted.Load() && !d.abortAnswered {
				d.abortAnswered = true
			} else {
				d.stray(a) // nobody asked: an answer given twice
			}
			continue
		}
		done, err := d.answer(ctx, a, raw)
		if err != nil {
			return err
		}
		if done {
			return nil
		}
		if c := a.Command(); c == zvtproto.CmdIntermediateStatus || c == zvtproto.CmdStatusInformation {
			deadline = time.Now().Add(d.t4)
		}
	}
	return fmt.Errorf("zvt: %w", errTooMany)
}

// answer handles one message of the terminal and responds to it; done says
// that it was the last.
func (d *dialogue) answer(ctx context.Context, a zvtproto.APDU, raw []byte) (done bool, err error) {
	m, perr := zvtproto.Parse(raw, zvtproto.ToRegister)
	reply := zvtproto.AppendPositive(nil)
	switch m := m.(type) {
	case *zvtproto.IntermediateStatus:
		d.intermediate(m)
	case *zvtproto.StatusInformation:
		switch {
		case perr != nil:
			// Not understood is not accepted: the terminal takes it back and says so (P15 3.1).
			d.show(pos.Progress{Step: pos.StepStray, Code: "040F", Text: "a result that cannot be read was refused: " + perr.Error()})
			reply = zvtproto.AppendNegative(nil, zvtproto.ResultNotPossible)
		case d.weigh(m) == refuse:
			d.show(pos.Progress{Step: pos.StepStray, Code: "040F", Text: "a result for another amount or currency was refused"})
			reply = zvtproto.AppendNegative(nil, zvtproto.ResultAborted)
		}
	case *zvtproto.PrintLine:
		d.end.slips.line(m, d.t.cfg.Charset)
	case *zvtproto.PrintText:
		d.end.slips.block(m, d.t.cfg.Charset)
	case *zvtproto.SetTime:
	case *zvtproto.Completion:
		d.end.completed, d.end.fields, done = true, m.Fields, true
	case *zvtproto.StatusReport:
		d.end.completed, d.end.report, done = true, m, true
	case *zvtproto.Aborted:
		d.end.aborted, d.end.code, done = true, m.Result, true
		d.end.vendor, d.end.fields = vendorText(&m.Fields), m.Fields
	default:
		// Input, menus, displays and files are not offered at registration.
		reply = zvtproto.AppendNegative(nil, zvtproto.ResultNotPossible)
	}
	if err := d.respond(ctx, reply); err != nil {
		if done {
			return true, nil // the terminal has said how it ended; its hang-up changes nothing
		}
		return false, fmt.Errorf("zvt: answering %v: %w", a.Command(), err)
	}
	return done, nil
}

// respond sends a response. A caller who gave up must not stop it: an
// unanswered 04 0F is taken back by the terminal.
func (d *dialogue) respond(ctx context.Context, apdu []byte) error {
	sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.t.cfg.T3+d.t.ackTime())
	defer cancel()
	return d.t.link.Send(sctx, apdu)
}

// ackTime is how long a serial line may take to acknowledge one frame, repeats included.
func (t *Terminal) ackTime() time.Duration {
	if !t.cfg.Serial {
		return 0
	}
	t2 := t.cfg.Acks.T2
	setDefault(&t2, 5*time.Second)
	return 3 * t2
}

func (d *dialogue) weigh(m *zvtproto.StatusInformation) verdict {
	v := accept
	if d.judge != nil {
		v = d.judge(m)
	}
	if v == accept {
		keep := *m
		keep.Fields = m.Clone()
		d.end.result = &keep
	}
	return v
}

// intermediate shows what the terminal is waiting for and takes over a new T4.
func (d *dialogue) intermediate(m *zvtproto.IntermediateStatus) {
	if m.HasTimeout && m.TimeoutMinutes > 0 {
		d.t4 = min(time.Duration(m.TimeoutMinutes)*time.Minute, MaxT4)
	}
	text, chinese := m.Status.String(), m.Status.Chinese()
	if own := displayText(m, d.t.cfg.Charset); own != "" {
		text, chinese = own, own
	}
	d.show(pos.Progress{Step: pos.StepDevice, Code: fmt.Sprintf("%02X", byte(m.Status)), Text: text, Chinese: chinese})
}

func (d *dialogue) show(p pos.Progress) {
	if d.progress != nil {
		d.progress(p)
	}
}

// abortOn asks the terminal to stop when ctx ends, and gives it AbortWait to
// say how it ended; then the running receive is cut short. The returned
// context is for that receive; stop must be called.
func (d *dialogue) abortOn(ctx context.Context) (running context.Context, stop func()) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(done)
		d.show(pos.Progress{Step: pos.StepAborting, Text: "asking the terminal to stop", Chinese: "正在请求终端取消"})
		if !d.t.cfg.NoAbort {
			d.aborted.Store(true)
			if apdu, err := zvtproto.Encode(&zvtproto.Abort{}); err == nil {
				_ = d.respond(ctx, apdu) // a failed abort shows in the receive
			}
		}
		select {
		case <-running.Done():
		case <-time.After(d.t.cfg.AbortWait):
			cancel()
		}
	})
	return running, func() {
		cancel()
		if !unwatch() {
			<-done
		}
	}
}

func vendorText(f *zvtproto.Fields) string {
	tlv, ok := f.TLV()
	if !ok {
		return ""
	}
	code, _ := tlv.Value(zvtproto.TagErrorCode)
	text, _ := tlv.Value(zvtproto.TagErrorText)
	if len(code) == 0 && len(text) == 0 {
		return ""
	}
	return fmt.Sprintf("%X %s", code, printable(text))
}
