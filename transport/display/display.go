package display

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/internal/ctxwatch"
	"github.com/openecr/openecr/transport"
)

// Model is a family of displays by what it understands.
type Model int

// Models. There is no default: the commands of one are garbage on another.
const (
	CD5220 Model = iota + 1
	DMD
	LED8
)

// String returns the model's name.
func (m Model) String() string {
	switch m {
	case CD5220:
		return "cd5220"
	case DMD:
		return "dm-d"
	case LED8:
		return "led8"
	}
	return fmt.Sprintf("display model %d", int(m))
}

// Kind says what an amount is. On LED8 it is the lamp's number (ESC s n).
type Kind int

// Kinds of amounts.
const (
	Price  Kind = iota + 1 // 单价
	Total                  // 总计
	Paid                   // 收款
	Change                 // 找零
)

// labels are what two-line displays show above an amount.
var labels = map[Kind]string{Price: "PRICE", Total: "TOTAL", Paid: "PAID", Change: "CHANGE"}

// Errors; test with errors.Is. A display that cannot do something at all
// returns errors.ErrUnsupported.
var (
	// ErrAway: the display did not answer lately; nothing was tried.
	ErrAway = errors.New("display: away")
	// ErrAmount: the text is no amount this display can show.
	ErrAmount = errors.New("display: not an amount")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("display: closed")
)

const (
	// DefaultTimeout is what a cashier does not notice, and more than enough
	// for 60 bytes at 9600 baud (63 ms).
	DefaultTimeout = 250 * time.Millisecond
	// DefaultRetry is the pause after a failure.
	DefaultRetry = 2 * time.Second
	// Columns and Lines of a text display.
	Columns = 20
	Lines   = 2
	// MaxBrightness is the brightest; 1 is the dimmest.
	MaxBrightness = 4
)

// Config says which display there is. Dialer and Model are required.
type Config struct {
	Dialer  transport.Dialer
	Model   Model
	Charset Charset // zero is ASCII
	// Setup is sent after initialising: the selection of a code page, from the
	// display's manual. It is the only place where bytes pass unchanged.
	Setup []byte
	// Labels replace the English words above amounts.
	Labels map[Kind]string
	// Through is for a display whose cable goes through a printer: ESC = 2
	// before each message and ESC = 1 after it.
	Through bool
	Timeout time.Duration // of a call; 0 means DefaultTimeout
	Retry   time.Duration // after a failure; 0 means DefaultRetry
}

// Display is one customer display. Safe for concurrent use: calls take turns,
// within their timeouts.
type Display struct {
	cfg  Config
	turn chan struct{} // token of whoever talks
	life context.Context
	end  context.CancelFunc

	// Of whoever has the turn:
	conn   transport.Conn
	failed time.Time // of the last failure, zero if none
	why    error
	shown  [Lines]string // encoded
	level  int           // brightness asked for, 0 for none
}

// New prepares a display. It connects with the first call.
func New(cfg Config) (*Display, error) {
	switch {
	case cfg.Dialer == nil:
		return nil, errors.New("display: no Dialer")
	case cfg.Model < CD5220 || cfg.Model > LED8:
		return nil, fmt.Errorf("display: %v is unknown; say which one it is", cfg.Model)
	case !cfg.Charset.known():
		return nil, fmt.Errorf("display: charset %q is unknown", string(cfg.Charset))
	case len(cfg.Setup) > maxSetup:
		return nil, fmt.Errorf("display: Setup has %d bytes, at most %d make sense", len(cfg.Setup), maxSetup)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Retry <= 0 {
		cfg.Retry = DefaultRetry
	}
	life, end := context.WithCancel(context.Background())
	return &Display{cfg: cfg, turn: make(chan struct{}, 1), life: life, end: end}, nil
}

// maxSetup bounds Config.Setup: a code page takes three bytes.
const maxSetup = 64

// Show shows two lines, cut at Columns. LED8 shows no text: errors.ErrUnsupported.
//
// Errors: ErrAway, ErrClosed, the context's, the medium's.
func (d *Display) Show(ctx context.Context, upper, lower string) error {
	if d.cfg.Model == LED8 {
		return fmt.Errorf("display: %v shows amounts only: %w", d.cfg.Model, errors.ErrUnsupported)
	}
	return d.show(ctx, [Lines]string{d.cfg.line(upper, false), d.cfg.line(lower, false)})
}

// ShowAmount shows an amount such as "12.80", digits with at most one point: on
// LED8 with its lamp, elsewhere below its label. Errors: ErrAmount, and those
// of Show.
func (d *Display) ShowAmount(ctx context.Context, kind Kind, amount string) error {
	label, ok := d.cfg.Labels[kind]
	if !ok {
		if label, ok = labels[kind]; !ok {
			return fmt.Errorf("%w: kind %d is unknown", ErrAmount, kind)
		}
	}
	most := Columns - 1
	if d.cfg.Model == LED8 {
		most = led8Digits
	}
	if err := checkAmount(amount, most); err != nil {
		return err
	}
	if d.cfg.Model == LED8 {
		return d.send(ctx, led8Amount(kind, amount))
	}
	return d.show(ctx, [Lines]string{d.cfg.line(label, false), d.cfg.line(amount, true)})
}

// Clear shows nothing. Errors: those of Show.
func (d *Display) Clear(ctx context.Context) error {
	return d.do(ctx, func() []byte {
		d.shown = [Lines]string{}
		return d.cfg.clear()
	})
}

// Brightness sets 1, dim, to MaxBrightness; LED8 cannot. What is shown stays.
// Errors: those of Show.
func (d *Display) Brightness(ctx context.Context, level int) error {
	switch {
	case d.cfg.Model == LED8:
		return fmt.Errorf("display: %v has one brightness: %w", d.cfg.Model, errors.ErrUnsupported)
	case level < 1 || level > MaxBrightness:
		return fmt.Errorf("display: brightness %d is not 1 to %d", level, MaxBrightness)
	}
	return d.do(ctx, func() []byte {
		d.level = level
		return append(d.cfg.brightness(level), d.cfg.lines(d.shown)...)
	})
}

// Close ends the connection; the display keeps what it shows. Idempotent.
func (d *Display) Close() error {
	d.end()
	d.turn <- struct{}{} // whoever talks is ended by that
	defer func() { <-d.turn }()
	return d.hangUp()
}

func (d *Display) show(ctx context.Context, lines [Lines]string) error {
	return d.do(ctx, func() []byte {
		d.shown = lines
		return d.cfg.lines(lines)
	})
}

func (d *Display) send(ctx context.Context, b []byte) error {
	return d.do(ctx, func() []byte { return b })
}

// do takes the turn, connects if need be and writes, all within the timeout.
func (d *Display) do(ctx context.Context, message func() []byte) error {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return d.failure(ctx.Err())
	}
	defer func() { <-d.turn }()
	if d.life.Err() != nil {
		return ErrClosed
	}
	b := message()
	if wait := d.cfg.Retry - time.Since(d.failed); !d.failed.IsZero() && wait > 0 {
		return fmt.Errorf("%w, tried again in %v: %w", ErrAway, wait.Round(time.Second/10), d.why)
	}
	err := d.deliver(ctx, b)
	if err == nil {
		d.failed = time.Time{}
		return nil
	}
	d.hangUp()
	d.failed, d.why = time.Now(), err
	return d.failure(err)
}

func (d *Display) failure(err error) error {
	if d.life.Err() != nil {
		return ErrClosed
	}
	return fmt.Errorf("display: %s: %w", d.cfg.Dialer, err)
}

func (d *Display) deliver(ctx context.Context, b []byte) error {
	if c, ok := d.conn.(transport.Checker); ok {
		if _, err := c.Check(); err != nil {
			d.hangUp() // gone while idle: one new try is worth it
		}
	}
	if d.conn == nil {
		conn, err := d.cfg.Dialer.Dial(ctx)
		if err != nil {
			return err
		}
		d.conn = conn
		b = append(d.setUp(), b...)
	}
	if d.cfg.Through {
		b = through(b)
	}
	d.conn.SetWriteDeadline(time.Time{})
	unwatch := ctxwatch.Watch(ctx, func() { d.conn.SetWriteDeadline(ctxwatch.Past) })
	_, err := d.conn.Write(b)
	if unwatch() && err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// setUp is what a display that may just have been switched on needs.
func (d *Display) setUp() []byte {
	b := append(d.cfg.initialise(), d.cfg.Setup...)
	if d.level > 0 {
		b = append(b, d.cfg.brightness(d.level)...)
	}
	return b
}

// hangUp throws the connection away with what it has not sent: a line that
// arrives late would show the last customer's amount.
func (d *Display) hangUp() error {
	if d.conn == nil {
		return nil
	}
	conn := d.conn
	d.conn = nil
	return transport.Abort(conn)
}
