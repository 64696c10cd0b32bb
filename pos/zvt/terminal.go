package zvt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
)

// Config describes one terminal. Dialer and Currency must be given.
type Config struct {
	// Dialer reaches the terminal; its text is the device's name.
	Dialer transport.Dialer
	// Serial chooses the serial line's framing and acknowledgements; without
	// it APDUs travel plainly, as over TCP.
	Serial bool
	// Currency of every amount; the terminal is registered with it.
	Currency pos.Currency
	// Password of the register, six digits; empty is 000000, as terminals are delivered.
	Password zvtproto.Password
	// Registration is the configuration byte of 06 00; zero is 8E: the register
	// prints and wants to see what the terminal is doing.
	Registration zvtproto.Config
	// Charset of texts; zero is CP437. Some terminals send UTF-8 whatever was agreed.
	Charset zvtproto.Charset
	// PrinterWidth in characters, told to the terminal; zero is 32.
	PrinterWidth int
	// ReleaseToComplete completes a hold with 06 23 (the amount to release)
	// instead of 06 24 (the amount used), for terminals that lack the latter.
	ReleaseToComplete bool
	// NoAbort is for terminals that forbid 06 B0. Then "not found" after a cut
	// is no proof, and the Till waits out its quarantine.
	NoAbort bool
	// T3 is the wait for a response; zero is 5 s. T4 is the wait for the next
	// message of a running command; zero is 180 s, and the terminal may change it.
	T3, T4 time.Duration
	// AbortWait bounds the wait for the final message after an abort; zero is 30 s.
	AbortWait time.Duration
	// Acks are the serial line's timers; zero fields are the documents' values.
	Acks transport.Acks
	// Tap records the conversation, masked with zvtproto.Mask; nil records nothing.
	Tap *transport.Tap
}

// The defaults of Config (PA00P015 chapter 1: T3 5 s, T4 180 s).
const (
	DefaultT3           = 5 * time.Second
	DefaultT4           = 180 * time.Second
	DefaultAbortWait    = 30 * time.Second
	DefaultPassword     = "000000"
	DefaultPrinterWidth = 32
)

// MaxT4 bounds what a terminal may ask for: the protocol's two BCD digits of minutes.
const MaxT4 = 99 * time.Minute

// Terminal drives one ZVT terminal. It does one thing at a time: a second
// caller gets pos.ErrBusy at once. Safe for concurrent use.
type Terminal struct {
	cfg  Config
	link *transport.Link

	busy       chan struct{} // holds one token while an operation runs
	registered bool          // on the present connection; guarded by busy
	suspect    bool          // an answer nobody waits for may still come; guarded by busy
	terminalID string        // that the registration was answered with; guarded by busy
	fresh      bool          // nothing but the registration has passed on it; guarded by busy

	mu     sync.Mutex
	closed bool
}

var (
	_ pos.Driver     = (*Terminal)(nil)
	_ pos.Identifier = (*Terminal)(nil)
	_ pos.LastOnly   = (*Terminal)(nil)
)

// New prepares a terminal. Nothing is sent until it is used.
func New(cfg Config) (*Terminal, error) {
	if cfg.Dialer == nil {
		return nil, errors.New("zvt: Config.Dialer is missing")
	}
	if !cfg.Currency.Valid() {
		return nil, fmt.Errorf("zvt: currency %q is not in ISO 4217", string(cfg.Currency))
	}
	setDefault(&cfg.Password, DefaultPassword)
	setDefault(&cfg.Registration, zvtproto.ConfigRegisterPrints)
	setDefault(&cfg.Charset, zvtproto.CharsetCP437)
	setDefault(&cfg.PrinterWidth, DefaultPrinterWidth)
	setDefault(&cfg.T3, DefaultT3)
	setDefault(&cfg.T4, DefaultT4)
	setDefault(&cfg.AbortWait, DefaultAbortWait)
	lc := transport.LinkConfig{Dialer: cfg.Dialer, Framing: zvtproto.Stream{}, Tap: cfg.Tap}
	if cfg.Serial {
		lc.Framing, lc.Acks = frame.DLE{}, &cfg.Acks
	}
	return &Terminal{cfg: cfg, link: transport.NewLink(lc), busy: make(chan struct{}, 1)}, nil
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Device names the terminal by its connection text: "zvt+tcp://10.0.0.8:20007".
func (t *Terminal) Device() string { return "zvt+" + t.cfg.Dialer.String() }

// LastOnly is true: Repeat Receipt tells of the last receipt only.
func (t *Terminal) LastOnly() bool { return true }

// Close ends the connection and waits for a running operation to end. Closing
// twice is harmless.
func (t *Terminal) Close() error {
	t.mu.Lock()
	first := !t.closed
	t.closed = true
	t.mu.Unlock()
	var err error
	if first {
		err = t.link.Close()
	}
	t.busy <- struct{}{}
	<-t.busy
	return err
}

// acquire takes the terminal for one operation, or says pos.ErrBusy.
func (t *Terminal) acquire() (release func(), err error) {
	select {
	case t.busy <- struct{}{}:
	default:
		return nil, fmt.Errorf("zvt: %w: the terminal is at work on something else", pos.ErrBusy)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		<-t.busy
		return nil, fmt.Errorf("zvt: %w", transport.ErrClosed)
	}
	return func() { <-t.busy }, nil
}

// drop ends the connection after anything went wrong: what the terminal still
// has to say belongs to a dialogue that is over (PA00P016: after a T3
// violation the socket is closed).
func (t *Terminal) drop() {
	t.registered, t.suspect = false, false
	t.link.Drop()
}

// ready connects and registers if that has not been done on this connection.
func (t *Terminal) ready(ctx context.Context) error {
	if t.suspect || t.link.Pending() {
		t.drop() // said in answer to nothing: it belongs to an old dialogue
	}
	if !t.link.Connected() {
		t.registered = false
		if err := t.link.Connect(ctx); err != nil {
			return fmt.Errorf("zvt: connecting: %w", err)
		}
		if t.cfg.Serial {
			t.silence(ctx)
		}
	}
	if t.fresh = !t.registered; t.registered {
		return nil
	}
	if err := t.register(ctx); err != nil {
		t.drop()
		return err
	}
	t.registered = true
	return nil
}

// settleSerial is how long a serial line that was just opened must be silent:
// the frames of a dialogue that was given up follow each other closely.
const settleSerial = 20 * time.Millisecond

// silence throws away what the terminal still says of an old dialogue on a
// line that was just opened. Taken for answers to the next command, such
// messages could make one payment look like another.
func (t *Terminal) silence(ctx context.Context) {
	for range maxStrays {
		rctx, cancel := context.WithTimeout(ctx, settleSerial)
		_, err := t.link.Receive(rctx)
		cancel()
		if err != nil {
			return
		}
	}
}

// register sends 06 00 with everything the driver understands, so that the
// terminal may send text blocks, authentication kinds and long traces.
func (t *Terminal) register(ctx context.Context) error {
	m := &zvtproto.Registration{Password: t.cfg.Password, Config: t.cfg.Registration,
		Currency: zvtproto.Currency(t.cfg.Currency.Numeric())}
	can := zvtproto.Capabilities{Commands: []zvtproto.Command{zvtproto.CmdPrintLine, zvtproto.CmdPrintText},
		PrinterWidth: t.cfg.PrinterWidth, MaxAPDU: zvtproto.MaxData}
	tlv, err := can.TLV()
	if err == nil {
		err = m.SetTLV(tlv)
	}
	if err != nil {
		return fmt.Errorf("zvt: registration: %w", err)
	}
	var end ending
	for deadline := time.Now().Add(t.cfg.T3); ; {
		if end, err = t.converse(ctx, m, nil); err != nil {
			return fmt.Errorf("zvt: registration: %w", err)
		}
		if end.code != zvtproto.ResultPleaseWait || time.Now().After(deadline) {
			break
		}
		// The terminal is finishing with the connection before.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(registrationPause):
		}
	}
	if !end.completed {
		return fmt.Errorf("zvt: registration refused: %w", end.refusal())
	}
	t.terminalID, _ = end.fields.TerminalID()
	return nil
}

// registrationPause is the wait before a registration is sent again that the
// terminal answered with "please wait" (84 9C), for at most T3. Nothing that
// moves money has been sent then.
const registrationPause = 50 * time.Millisecond
