package shouqianba

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/web"
	"github.com/openecr/openecr/qr/wallet"
)

// Activation makes a till a terminal of a shop (激活). All but Name, ClientSN, BaseURL, OS and Client are required.
type Activation struct {
	BaseURL   string // default DefaultBaseURL
	VendorSN  string // 服务商序列号
	VendorKey pos.Secret
	AppID     string // the vendor's application
	Code      string // 激活码: of one shop, for few uses and days
	DeviceID  string // the till's own, unchanging: check-in needs the same
	ClientSN  string // the till's name in the shop's own system
	Name      string // what people call the till
	OS        string // "Linux 6.1"
	Store     Store
	Client    *http.Client
}

// activateRequest is POST /terminal/activate.
type activateRequest struct {
	AppID    string `json:"app_id"`
	Code     string `json:"code"`
	DeviceID string `json:"device_id"`
	ClientSN string `json:"client_sn,omitempty"`
	Name     string `json:"name,omitempty"`
	OS       string `json:"os_info,omitempty"`
}

// activateLimit bounds the call.
const activateLimit = 30 * time.Second

// Activate asks for the terminal's number and key, and saves them. A code is good for few activations: when
// the answer is lost, or cannot be saved, a new one may be needed. When only saving failed the
// Terminal is returned beside the error, so that the caller can keep it elsewhere.
// Errors: pos.ErrInvalid, ErrActivated, ErrStore, *wallet.Error. No money is concerned.
func Activate(ctx context.Context, a Activation) (Terminal, error) {
	if err := a.check(); err != nil {
		return Terminal{}, fmt.Errorf("shouqianba: %w: %w", pos.ErrInvalid, err)
	}
	switch _, err := a.Store.Load(ctx); {
	case err == nil:
		return Terminal{}, fmt.Errorf("shouqianba: %w", ErrActivated)
	case !errors.Is(err, ErrNotActivated):
		return Terminal{}, fmt.Errorf("shouqianba: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, activateLimit)
	defer cancel()
	l := line{base: a.base(), client: web.Client(a.Client)}
	r, err := l.call(ctx, "activate", "/terminal/activate", a.VendorSN, a.VendorKey,
		activateRequest{AppID: a.AppID, Code: a.Code, DeviceID: a.DeviceID, ClientSN: a.ClientSN, Name: a.Name, OS: a.OS})
	if err != nil {
		return Terminal{}, err
	}
	t, err := r.terminal("activate")
	if err != nil {
		return Terminal{}, err
	}
	t.Day = "" // the first payment checks in
	if err := a.Store.Save(ctx, t); err != nil {
		return t, fmt.Errorf("shouqianba: activated, but not saved: %w", err)
	}
	return t, nil
}

func (a *Activation) base() string {
	if a.BaseURL == "" {
		return DefaultBaseURL
	}
	return strings.TrimSuffix(a.BaseURL, "/")
}

func (a *Activation) check() error {
	err := missing([]need{{"VendorSN", a.VendorSN != ""}, {"VendorKey", a.VendorKey.Len() > 0}, {"AppID", a.AppID != ""},
		{"Code", a.Code != ""}, {"DeviceID", a.DeviceID != ""}, {"Store", a.Store != nil}})
	if err != nil {
		return err
	}
	return web.CheckBase(a.base())
}

// terminal reads the identity that activation and check-in answer with.
func (r *reply) terminal(name string) (Terminal, error) {
	if !r.ok() {
		return Terminal{}, r.failed(name, nil)
	}
	if r.Biz.Serial == "" || len(r.Biz.Serial) > 32 || r.Biz.Key.Len() == 0 || r.Biz.Key.Len() > maxKey {
		return Terminal{}, r.failed(name, errors.New("the answer has no terminal_sn and terminal_key"))
	}
	return Terminal{Serial: r.Biz.Serial, Key: r.Biz.Key.Secret}, nil
}

// maxKey bounds a key: they have 32 characters.
const maxKey = 128

// said is what a call was refused with, for people.
func (r *reply) failed(name string, err error) error {
	code, text := r.words()
	return &wallet.Error{Wallet: walletName, Call: name, Code: code, Text: text, Err: err}
}
