package unionpay

import (
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/transport"
)

// Config describes one terminal at one acquirer. Dialer, Terminal, Merchant,
// Currency, Keys, State and Cards must be given.
type Config struct {
	// Dialer reaches the acquirer's host.
	Dialer transport.Dialer
	// Terminal (终端号, 8 characters) and Merchant (商户号, 15) as the acquirer assigned them.
	Terminal, Merchant string
	// Currency of every amount; UnionPay's domestic profile knows CNY.
	Currency pos.Currency
	// Keys does what needs keys; State remembers trace number, batch and its items.
	// The terminal uses both from one goroutine at a time and closes State.
	Keys  cupkey.Store
	State Store
	// Cards reads cards.
	Cards CardSource
	// Profile is what differs from acquirer to acquirer.
	Profile Profile
	// Downloads takes what the host sends at sign-on or when asked; nil takes nothing.
	Downloads Downloads
	// Tap records the conversation, masked with cupproto.Mask; nil records nothing.
	Tap *transport.Tap
}

// Profile is what must be settled with the acquirer; the package comment has
// the table. The zero value is the commonest domestic form. Its JSON is what
// `till` reads from a file.
type Profile struct {
	// Frame is how bodies look: TPDU, header, formats of fields.
	NoTPDU   bool   `json:"no_tpdu,omitempty"`
	NoHeader bool   `json:"no_header,omitempty"`
	TPDU     string `json:"tpdu,omitempty"` // ten digits; default 6000000000
	// SpecVersion and Sub of the header; defaults 31 and 310001.
	SpecVersion int `json:"spec_version,omitempty"`
	Sub         int `json:"sub_version,omitempty"`
	// Long keeps one connection for all transactions; without it each has its
	// own, as most domestic hosts want. KeepAlive is how long a long connection
	// may be idle before an echo test; 0 means none.
	Long      bool     `json:"long,omitempty"`
	KeepAlive Duration `json:"keep_alive,omitempty"`
	// Timeout is the wait for an answer; default 60 s. CancelWait is how much of
	// it remains once the caller has given up; default 10 s.
	Timeout    Duration `json:"timeout,omitempty"`
	CancelWait Duration `json:"cancel_wait,omitempty"`
	// SignOn is the network code of the sign-on: 001, 003 (default), 004, 006.
	SignOn string `json:"sign_on,omitempty"`
	// Device is the serial number of field 62 at sign-on, TypeApproval its approval
	// number; empty sends no field 62.
	Device       string `json:"device,omitempty"`
	TypeApproval string `json:"type_approval,omitempty"`
	// Operator of field 63, two digits; default 01.
	Operator string `json:"operator,omitempty"`
	// Reader is 60.4: '2' stripe only, '5' contact chips (default), '6' contactless too.
	Reader string `json:"reader,omitempty"`
	// PINLength is field 26; default 12, some hosts want 06.
	PINLength string `json:"pin_length,omitempty"`
	// SM4 says that PIN blocks have 16 bytes and travel in field 59 (A1), with
	// field 52 of zeros. SecurityDigit is the second digit of field 53: 6 for TDES
	// (default), 0 for DES, 3 or 4 for SM4.
	SM4           bool   `json:"sm4,omitempty"`
	SecurityDigit string `json:"security_digit,omitempty"`
	// PINWithoutPAN makes PIN blocks without the card number (53.1 = 1).
	PINWithoutPAN bool `json:"pin_without_pan,omitempty"`
	// EncryptTrack encrypts tracks with the track key (53.3 = 1).
	EncryptTrack bool `json:"encrypt_track,omitempty"`
	// Unsigned believes answers to financial requests that carry no MAC. Only
	// where the acquirer says so: anybody on the line could send one.
	Unsigned bool `json:"unsigned,omitempty"`
	// VoidNeedsCard reads the card again for voids, refunds and completions.
	// Without it the sealed number of the original is used.
	VoidNeedsCard bool `json:"void_needs_card,omitempty"`
	// ForgetCards keeps no sealed card data: reversals go without a card number,
	// voids need the card, and batch upload names no cards.
	ForgetCards bool `json:"forget_cards,omitempty"`
	// CompletionAdvice completes holds by advice (0220) instead of request (0200).
	CompletionAdvice bool `json:"completion_advice,omitempty"`
	// RefundsRepeat says that the host answers a refund whose trace number it has
	// seen as it did the first time, or with 94, but never refunds twice. Then a
	// refund without an answer is repeated; without it, a person must look.
	RefundsRepeat bool `json:"refunds_repeat,omitempty"`
	// ReversalClosed are the answers that end a reversal; default 00, 12, 25.
	// AnyCloses ends it with any answer by which the host decided, as some terminals
	// do because a repeat gives the same; 96, 90, 68, 98 and the like are none.
	ReversalClosed []string `json:"reversal_closed,omitempty"`
	AnyCloses      bool     `json:"any_answer_closes_reversal,omitempty"`
	// AlwaysSignedOn does not sign on anew each day.
	AlwaysSignedOn bool `json:"always_signed_on,omitempty"`
}

// Duration is a time.Duration that JSON writes as "60s".
type Duration time.Duration

// UnmarshalText reads "60s".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err == nil && v < 0 {
		err = fmt.Errorf("%s is negative", v)
	}
	*d = Duration(v)
	return err
}

// MarshalText writes "1m0s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Defaults of Profile (unionpay terminal parameter 12: 60 s).
const (
	DefaultTimeout    = 60 * time.Second
	DefaultCancelWait = 10 * time.Second
	defaultTPDU       = "6000000000"
	defaultSpec       = 31
	defaultSub        = 310001
)

func (p *Profile) fill() {
	def(&p.TPDU, defaultTPDU)
	def(&p.SpecVersion, defaultSpec)
	def(&p.Sub, defaultSub)
	def(&p.Timeout, Duration(DefaultTimeout))
	def(&p.CancelWait, Duration(DefaultCancelWait))
	def(&p.SignOn, cupkey.KeysTripleDES)
	def(&p.Operator, "01")
	def(&p.Reader, "5")
	def(&p.PINLength, "12")
	def(&p.SecurityDigit, "6")
	if p.ReversalClosed == nil {
		p.ReversalClosed = []string{"00", "12", "25"}
	}
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// check refuses a configuration that cannot be right before any money moves.
func (c *Config) check() error {
	switch {
	case c.Dialer == nil || c.Keys == nil || c.State == nil || c.Cards == nil:
		return errors.New("unionpay: Config needs Dialer, Keys, State and Cards")
	case len(c.Terminal) != 8 || len(c.Merchant) != 15:
		return errors.New("unionpay: a terminal number has 8 characters and a merchant number 15")
	case c.Currency != pos.CNY:
		return fmt.Errorf("unionpay: %w: currency %q; the domestic profile knows CNY only", pos.ErrInvalid, string(c.Currency))
	case len(c.Profile.Reader) != 1 || len(c.Profile.Operator) > 2 || len(c.Profile.SecurityDigit) != 1 || len(c.Profile.PINLength) != 2:
		return errors.New("unionpay: profile: reader and security_digit have one character, pin_length two, operator up to two")
	}
	_, err := cupproto.ParseTPDU(c.Profile.TPDU)
	return err
}

func (p *Profile) frame() cupproto.Profile {
	return cupproto.Profile{NoTPDU: p.NoTPDU, NoHeader: p.NoHeader}
}
