package escpos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/transport"
)

// Config describes a printer to talk to. Dialer and Profile are required.
type Config struct {
	// Dialer opens the connection: TCP port 9100, a serial line, USB, or a
	// device file. It is opened for each call and closed after it, so that
	// several lanes can share a printer and no old answer is ever read.
	Dialer transport.Dialer
	// Profile is the one documents are built for.
	Profile Profile
	// DrawerOpen is the level of pin 3 while the drawer is open.
	DrawerOpen DrawerLevel
	// Answer is the wait for a real-time answer; 0 means 5 s: on a serial line
	// the question stands in a queue behind two pieces, 3.6 s at 9600 baud.
	Answer time.Duration
	// LineTime is how long a line without a way back (NoStatus) is left open for
	// what the system still holds; 0 means what it takes at 9600 baud, 4.3 s at
	// most; below zero means none.
	LineTime time.Duration
	// Patience is how long a piece may take while the printer says all is well,
	// before it counts as lost; 0 means 15 s, a slow serial line with a picture.
	Patience time.Duration
	// Poll is how often a silent printer is asked why; 0 means 500 ms.
	Poll time.Duration
	// Progress is told, from within Print, of each piece confirmed and of each
	// change in what Print waits for; nil is told nothing. It must not call the
	// Printer.
	Progress func(Progress)
}

// Progress is how far a Print has come.
type Progress struct {
	Sent, Confirmed, Total int // bytes of the document
	// Waiting is what a person must put right; nil while printing goes on.
	Waiting error
	// PaperNearEnd: lay out a new roll.
	PaperNearEnd bool
}

// Printer talks to one printer. Safe for concurrent use: one call at a time,
// the others wait their turn. It starts no goroutine.
type Printer struct {
	cfg    Config
	turn   chan struct{} // held by the one who talks
	ctx    context.Context
	cancel context.CancelCauseFunc
	// confirm is what ConfirmTry has found. Guarded by turn.
	confirm Confirm
}

// New prepares a printer. It opens nothing. Errors: ErrProfile; a Dialer is required.
func New(cfg Config) (*Printer, error) {
	if cfg.Dialer == nil {
		return nil, errors.New("escpos: a printer needs a Dialer")
	}
	if err := cfg.Profile.check(); err != nil {
		return nil, err
	}
	def(&cfg.Answer, 5*time.Second)
	def(&cfg.Patience, 15*time.Second)
	def(&cfg.Poll, 500*time.Millisecond)
	p := &Printer{cfg: cfg, turn: make(chan struct{}, 1), confirm: cfg.Profile.Confirm}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	return p, nil
}

func def(d *time.Duration, v time.Duration) {
	if *d <= 0 {
		*d = v
	}
}

// String is the dialer's text.
func (p *Printer) String() string { return p.cfg.Dialer.String() }

// Close ends the call in progress and all further ones with ErrClosed. It
// returns when nobody talks to the printer any more. Closing twice is harmless.
func (p *Printer) Close() error {
	p.cancel(ErrClosed)
	p.turn <- struct{}{}
	<-p.turn
	return nil
}

// with runs one conversation.
func (p *Printer) with(ctx context.Context, do func(context.Context, *session) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(p.ctx, func() { cancel(ErrClosed) })
	defer stop()
	if p.ctx.Err() != nil {
		return ErrClosed
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.ctx.Err() != nil {
		return ErrClosed
	}
	conn, err := p.cfg.Dialer.Dial(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	s := &session{p: p, conn: conn}
	if err := do(ctx, s); err != nil {
		transport.Abort(conn) // nothing more may come out of it
		return err
	}
	conn.Close() // what was said is said
	return nil
}

// wrap names the printer.
func (p *Printer) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("escpos: %s: %w", p, err)
}

// Status asks the printer how it is, in real time: also while it prints or is
// without paper.
//
// Errors: ErrNoAnswer; errors.ErrUnsupported when the profile has no status;
// the context's. What is wrong with the printer is no error here: see Status.Err.
func (p *Printer) Status(ctx context.Context) (st Status, err error) {
	if p.cfg.Profile.Status == NoStatus {
		return st, p.wrap(fmt.Errorf("the profile %q has no status: %w", p.cfg.Profile.Name, errors.ErrUnsupported))
	}
	err = p.with(ctx, func(ctx context.Context, s *session) error {
		st, err = s.status(ctx)
		return err
	})
	return st, p.wrap(err)
}

// ID is what a printer says about itself; what it does not say is empty.
type ID struct {
	Firmware, Maker, Model, Serial string
}

// ID asks with GS I 41h to 44h. The answers are advice: cheap printers name
// the make they imitate.
//
// Errors: ErrNoAnswer when none comes, faults of the printer, the context's.
func (p *Printer) ID(ctx context.Context) (id ID, err error) {
	err = p.with(ctx, func(ctx context.Context, s *session) error {
		if p.cfg.Profile.Status != NoStatus {
			if st, err := s.status(ctx); err != nil {
				return err
			} else if err := st.Err(); err != nil {
				return err // GS I waits for what the printer waits for
			}
		}
		for i, v := range []*string{&id.Firmware, &id.Maker, &id.Model, &id.Serial} {
			text, err := s.identity(ctx, 0x41+byte(i))
			if err != nil && (!errors.Is(err, ErrNoAnswer) || i == 0) {
				return err
			}
			*v = text
		}
		return nil
	})
	return id, p.wrap(err)
}

// drawerTime is how long a drawer may take to fly open.
const drawerTime = time.Second

// OpenDrawer opens a cash drawer. Where Config.DrawerOpen is set, nil means that
// the printer has seen it open; elsewhere that the pulse was sent to a printer
// that was ready for it.
//
// Errors: ErrDrawer, with the fault of the printer where that is why;
// ErrNoAnswer; errors.ErrUnsupported; the context's.
func (p *Printer) OpenDrawer(ctx context.Context, pin Pin) error {
	if !p.cfg.Profile.Drawer {
		return p.wrap(fmt.Errorf("the profile %q has no drawer: %w", p.cfg.Profile.Name, errors.ErrUnsupported))
	}
	return p.wrap(p.with(ctx, func(ctx context.Context, s *session) error { return s.openDrawer(ctx, pin) }))
}

func (s *session) openDrawer(ctx context.Context, pin Pin) error {
	profile := &s.p.cfg.Profile
	pulse := drawerPulse(pin)
	if profile.RealTimeDrawer {
		pulse = []byte{0x10, 0x14, 0x01, byte(pin & 1), 0x01} // 100 ms
	}
	if profile.Status == NoStatus {
		_, err := s.write(ctx, pulse)
		return err
	}
	st, err := s.status(ctx)
	if err != nil {
		return errors.Join(ErrDrawer, err)
	}
	if fault := st.Err(); fault != nil && !profile.RealTimeDrawer {
		return fmt.Errorf("%w: %w", ErrDrawer, fault)
	}
	if _, err := s.write(ctx, pulse); err != nil {
		return errors.Join(ErrDrawer, err)
	}
	if s.p.cfg.DrawerOpen == LevelUnknown {
		_, err := s.realTime(ctx, 1) // it has read this far
		return err
	}
	for end := time.Now().Add(drawerTime); ; {
		st, err := s.status(ctx)
		switch {
		case err != nil:
			return errors.Join(ErrDrawer, err)
		case st.Drawer == DrawerOpen:
			return nil
		case time.Now().After(end):
			return ErrDrawer
		}
		if err := pause(ctx, drawerTime/20); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
