package shouqianba

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// identity is the terminal's in use. It is replaced only after it was saved.
type identity struct {
	now   atomic.Pointer[Terminal]
	stale atomic.Bool   // the platform refused the key
	turn  chan struct{} // held while checking in
	// unsaved is a new identity that could not be written down: under turn.
	unsaved *Terminal
}

// checkInRequest is POST /terminal/checkin.
type checkInRequest struct {
	Serial   string `json:"terminal_sn"`
	DeviceID string `json:"device_id"`
}

// today is the platform's day.
func (h *Host) today() string { return h.cfg.Now().In(wallet.China).Format(time.DateOnly) }

// checkIn gets the day's key, unless it is there.
func (h *Host) checkIn(ctx context.Context) error {
	t := h.id.now.Load()
	if t.Day == h.today() && !h.id.stale.Load() {
		return nil
	}
	return h.renew(ctx, t)
}

// renew replaces the identity used by a newer one: of the store, if another Host has
// put one there, or of a check-in.
func (h *Host) renew(ctx context.Context, used *Terminal) error {
	select {
	case h.id.turn <- struct{}{}:
		defer func() { <-h.id.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if h.id.now.Load() != used && !h.id.stale.Load() {
		return nil // somebody did it while we waited
	}
	if h.id.unsaved != nil {
		return h.keep(ctx, h.id.unsaved)
	}
	old, err := h.cfg.Store.Load(ctx)
	if err != nil {
		return fmt.Errorf("shouqianba: %w", err)
	}
	if old.Day == h.today() && !sameKey(old.Key, used.Key) {
		h.use(&old)
		return nil
	}
	fresh, err := h.askKey(ctx, old)
	if err != nil {
		return err
	}
	return h.keep(ctx, &fresh)
}

// keep saves an identity and then uses it. When saving fails the platform still
// takes the key before, and only saving is tried again.
func (h *Host) keep(ctx context.Context, t *Terminal) error {
	if err := h.cfg.Store.Save(context.WithoutCancel(ctx), *t); err != nil {
		h.id.unsaved = t
		return fmt.Errorf("shouqianba: checked in, but the new key is not saved: %w", err)
	}
	h.id.unsaved = nil
	h.use(t)
	return nil
}

func (h *Host) use(t *Terminal) {
	h.id.now.Store(t)
	h.id.stale.Store(false)
}

// askKey checks in with the key that was saved last. When an answer is lost it asks once more with the
// same key, which the platform allows; a third time it would not.
//
// Source: WoSai/shouqianba-doc, zh-cn/api/Q&A-技术-Web API.md, 签到后secret丢失怎么办.
func (h *Host) askKey(ctx context.Context, old Terminal) (Terminal, error) {
	in := checkInRequest{old.Serial, h.cfg.DeviceID}
	r, err := h.line.call(ctx, "check-in", "/terminal/checkin", old.Serial, old.Key, in)
	var lost *wallet.Error
	if errors.As(err, &lost) && !lost.Unsent && ctx.Err() == nil {
		r, err = h.line.call(ctx, "check-in", "/terminal/checkin", old.Serial, old.Key, in)
	}
	if err != nil {
		return Terminal{}, err
	}
	t, err := r.terminal("check-in")
	if err != nil {
		return Terminal{}, err
	}
	if t.Serial != old.Serial {
		return Terminal{}, r.failed("check-in", fmt.Errorf("%w: terminal %q", wallet.ErrMismatch, clip(t.Serial)))
	}
	t.Day = h.today()
	return t, nil
}

func sameKey(a, b pos.Secret) (same bool) {
	a.Use(func(x []byte) { b.Use(func(y []byte) { same = bytes.Equal(x, y) }) })
	return same
}
