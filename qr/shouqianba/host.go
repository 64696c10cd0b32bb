package shouqianba

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// Host is Shouqianba for one terminal: a wallet.Host. Safe for concurrent use.
type Host struct {
	cfg  Config
	line line
	id   identity
	good atomic.Int64 // when an answer came last, in nanoseconds since born
	born time.Time
}

var (
	_ wallet.Host     = (*Host)(nil)
	_ wallet.Readier  = (*Host)(nil)
	_ wallet.Notifier = (*Host)(nil)
)

// New checks the configuration and loads the terminal's identity. Nothing is
// sent. Errors: pos.ErrInvalid, ErrNotActivated, ErrStore.
func New(cfg Config) (*Host, error) {
	cfg.fill()
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("shouqianba: %w: %w", pos.ErrInvalid, err)
	}
	t, err := cfg.Store.Load(context.Background())
	if err != nil {
		return nil, fmt.Errorf("shouqianba: %w", err)
	}
	h := &Host{cfg: cfg, line: line{cfg.BaseURL, cfg.Client}, born: time.Now()}
	h.id.turn = make(chan struct{}, 1)
	h.id.now.Store(&t)
	return h, nil
}

// Device names the terminal.
func (h *Host) Device() string { return walletName + ":" + h.id.now.Load().Serial }

// Accepts the codes of the wallets of Shouqianba's table that have a form of their own.
func (h *Host) Accepts() []string {
	return []string{"wechat", "alipay", "unionpay", "jd", "bestpay", "qqpay"}
}

// readyFor is how long an answer shows that key and line are in order.
const readyFor = 10 * time.Minute

// Ready checks in, if it is the first payment of the day, and asks for the order unless the platform
// answered in the last ten minutes. Errors: pos.ErrInvalid, ErrStore, *wallet.Error. Nothing was sent
// that moves money.
func (h *Host) Ready(ctx context.Context, o wallet.Order) error {
	if len(o.Number) == 0 || len(o.Number) > maxNumber {
		return fmt.Errorf("shouqianba: %w: the order number %q: want 1 to %d characters", pos.ErrInvalid, o.Number, maxNumber)
	}
	if o.Shown && !o.Taken && h.cfg.Payway == "" {
		return fmt.Errorf("shouqianba: %w: codes are shown only with a Payway", pos.ErrInvalid)
	}
	if err := h.checkIn(ctx); err != nil {
		return err
	}
	if at := h.good.Load(); at != 0 && time.Since(h.born)-time.Duration(at) < readyFor {
		return ctx.Err()
	}
	_, err := h.Query(ctx, o)
	return err
}

// call makes one signed call.
func (h *Host) call(ctx context.Context, name, path string, in any) (*reply, error) {
	t := h.id.now.Load()
	r, err := h.line.call(ctx, name, path, t.Serial, t.Key, in)
	if err == nil && r.ok() {
		h.good.Store(int64(time.Since(h.born)))
	}
	return r, err
}

// illegalSign is how the platform refuses a key: nothing was done.
const illegalSign = "ILLEGAL_SIGN"

// again is call for what may be asked twice: when the key is refused, it checks in and asks once more.
func (h *Host) again(ctx context.Context, name, path string, in any) (*reply, error) {
	t := h.id.now.Load()
	r, err := h.call(ctx, name, path, in)
	if err != nil || r.Code != illegalSign {
		return r, err
	}
	if err := h.renew(ctx, t); err != nil {
		return nil, err
	}
	return h.call(ctx, name, path, in)
}
