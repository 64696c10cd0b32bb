package unionpay_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/pos/unionpay/cuptest"
)

// chip is a simulated chip card whose kernel has built field 55.
type chip struct {
	refuse, script bool
	heard          []bool
}

// certificate is what the chip leaves for the batch upload: a TC.
var certificate = []byte{0x9F, 0x26, 8, 8, 7, 6, 5, 4, 3, 2, 1, 0x9F, 0x27, 1, 0x40, 0x9F, 0x36, 2, 0, 1}

func (c *chip) Read(context.Context, unionpay.Ask, func(pos.Progress)) (unionpay.Card, error) {
	field, err := hex.DecodeString(strings.ReplaceAll("9F2608 0102030405060708 9F2701 80 9F1007 07000103A0A802 9F3704 11223344 9F3602 0001 9505 0000008000 "+
		"9A03 261122 9C01 00 9F0206 000000001280 5F2A02 0156 8202 3900 9F1A02 0156 9F3303 E0F8C8 9F3403 1F0302 8408 A000000333010101", " ", ""))
	card := cuptest.Cards()[1]
	expiry, _ := emv.ParseExpiry(card.Expiry)
	return unionpay.Card{Entry: unionpay.EntryChip, PAN: card.Number(), Track2: card.Track2(), Expiry: expiry, Sequence: "001", Chip: field}, err
}

func (c *chip) Finish(_ context.Context, approved bool, _ []byte) (end unionpay.Finished, err error) {
	c.heard = append(c.heard, approved)
	if c.refuse {
		return end, errors.New("AAC at the second GENERATE AC")
	}
	if c.script {
		end.Script, err = hex.DecodeString("9F3602000195050000008000DF310500000000009F2608010203040506070882023900")
	}
	end.Certificate = certificate
	return end, err
}

func TestChipCards(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	reader := &chip{}
	b.cfg.Cards = reader
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.NoError(t, err)
	require.Equal(t, "insert", a.Entry)
	require.Equal(t, "A000000333010101", a.Chip.AID)
	require.Equal(t, "0102030405060708", a.Chip.Cryptogram)

	reader.refuse = true
	refused, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(500), Reference: "2"})
	require.ErrorIs(t, err, pos.ErrDeclined)
	require.Equal(t, pos.StateReversed, refused.State, "the host approved, the card did not")
	require.EqualValues(t, 1280, b.host.Net())
	reader.refuse = false
	declined, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1051), Reference: "3"})
	require.ErrorIs(t, err, pos.ErrDeclined)
	require.Equal(t, pos.StateDeclined, declined.State)
	require.Equal(t, []bool{true, true, false}, reader.heard)

	reader.script = true
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(300), Reference: "4"})
	require.NoError(t, err)
	require.Len(t, b.state.State().Notes, 1, "the script's result waits for the next transaction")
	reader.script = false
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(400), Reference: "5"})
	require.NoError(t, err)
	require.Empty(t, b.state.State().Notes)
	require.Empty(t, b.state.State().Troubles, "the host took the script's result")
	s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.NoError(t, err)
	require.True(t, s.Equal)
	require.Equal(t, 3, b.host.Uploaded(cuptest.Terminal), "each chip's certificate, though the totals agree")
	b.agree(t, j)
}

func TestAnotherCardIsRefused(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{VoidNeedsCard: true})
	which := 0
	b.cfg.Cards = unionpay.Keyed(func(a unionpay.Ask) (unionpay.Card, error) { return card(which)(a) })
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.NoError(t, err)
	which = 1
	_, err = till.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.ErrorIs(t, err, pos.ErrInvalid)
	require.ErrorContains(t, err, "another card (622588******0007)")
	which = 0
	_, err = till.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	b.agree(t, j)
}

func TestForeignCardsAreCountedApart(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	b.cfg.Cards = card(3)
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.NoError(t, err)
	require.Equal(t, "Visa", a.Scheme)
	second, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(500), Reference: "2"})
	require.NoError(t, err)
	_, err = till.Void(t.Context(), pos.VoidRequest{Original: second.ID})
	require.NoError(t, err)
	s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.NoError(t, err)
	require.True(t, s.Equal)
	require.Equal(t, "foreign 外卡", s.Attempt.Totals[0].Name)
}

func TestOfflineSalesReachTheHostOnce(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	term := b.open(t) // the card is swiped; the advice has no track, so it must carry the number
	j := postest.NewMemoryJournal()
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Times: quick, Drivers: map[string]pos.Driver{
		"phone": term.Offline(func(unionpay.Ask) (string, error) { return "A12345", nil })}})
	require.NoError(t, err)
	defer term.Close()
	defer till.Close()
	for i, fault := range []string{"", "lose-answer", "lose-request", "wrong-mac"} {
		if fault != "" {
			require.Empty(t, b.host.Inject(fault))
		}
		a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000 + int64(i)), Reference: fmt.Sprint(i)})
		require.NoError(t, err, "the sale was approved by telephone, whatever the line does: %s", fault)
		require.Equal(t, "A12345", a.AuthCode)
	}
	require.Len(t, b.state.State().Notes, 3, "their advices have no answer yet")
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(2000), Reference: "flushes"})
	require.NoError(t, err)
	require.Empty(t, b.state.State().Notes)
	require.Empty(t, term.State().Troubles)
	b.agree(t, j)
}

// sink keeps what was downloaded.
type sink struct {
	keys       []cupproto.CAKey
	aids       []cupproto.AID
	parameters []cupproto.Parameter
}

func (s *sink) CAKeys(_ context.Context, k []cupproto.CAKey) error { s.keys = k; return nil }
func (s *sink) AIDs(_ context.Context, a []cupproto.AID) error     { s.aids = a; return nil }
func (s *sink) Parameters(_ context.Context, p []cupproto.Parameter) error {
	s.parameters = p
	return nil
}

func TestManagement(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{Device: "SN0001", TypeApproval: "3112"})
	into := &sink{}
	term := b.open(t)
	defer term.Close()
	require.NoError(t, term.SignOn(t.Context()))
	require.NoError(t, term.Echo(t.Context()))
	require.NoError(t, term.Download(t.Context(), into))
	require.Len(t, into.keys, 2)
	require.Len(t, into.keys[1].Modulus, 176)
	require.Len(t, into.aids, 2)
	require.Len(t, into.aids[0].TACDefault, 5)
	require.NotEmpty(t, into.parameters)
	left, err := term.Balance(t.Context(), nil)
	require.NoError(t, err)
	require.EqualValues(t, 1_000_000_00, left[0].Amount)
	require.NoError(t, term.SignOff(t.Context()))
	require.Empty(t, b.state.State().SignedOn)
	_, err = term.Balance(t.Context(), nil)
	require.NoError(t, err, "it signs on by itself")
	b.cfg.Merchant = "000000000000000"
	stranger, err := unionpay.New(b.cfg)
	require.NoError(t, err)
	defer stranger.Close()
	var no *unionpay.HostError
	require.ErrorAs(t, stranger.SignOn(t.Context()), &no)
	require.Equal(t, "97", no.Code.Code)
}

func TestSignatures(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	term := b.open(t)
	j := postest.NewMemoryJournal()
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Drivers: map[string]pos.Driver{"card": term}, Times: quick})
	require.NoError(t, err)
	defer till.Close()
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.NoError(t, err)
	require.NoError(t, term.Signature(t.Context(), a, make([]byte, 200)))
	require.ErrorIs(t, term.Signature(t.Context(), a, make([]byte, unionpay.MaxSignature+1)), pos.ErrInvalid)
	require.Len(t, b.state.State().Notes, 1)
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "2"})
	require.NoError(t, err)
	require.Empty(t, b.state.State().Notes)
}

func TestNothingSecretReachesTheJournal(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.NoError(t, err)
	said := fmt.Sprintf("%+v", a)
	require.NotEmpty(t, a.Handle["sealed"])
	for _, secret := range []string{"6212345678901232", "D3012", "123456"} {
		require.NotContains(t, strings.NewReplacer(cuptest.Merchant, "", cuptest.Terminal, "").Replace(said), secret)
	}
}

func TestConfigurationsThatCannotBeRight(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	for name, change := range map[string]func(*unionpay.Config){
		"no dialer":      func(c *unionpay.Config) { c.Dialer = nil },
		"no keys":        func(c *unionpay.Config) { c.Keys = nil },
		"no state":       func(c *unionpay.Config) { c.State = nil },
		"no cards":       func(c *unionpay.Config) { c.Cards = nil },
		"short terminal": func(c *unionpay.Config) { c.Terminal = "1" },
		"short merchant": func(c *unionpay.Config) { c.Merchant = "1" },
		"another money":  func(c *unionpay.Config) { c.Currency = pos.EUR },
		"bad TPDU":       func(c *unionpay.Config) { c.Profile.TPDU = "60" },
		"bad reader":     func(c *unionpay.Config) { c.Profile.Reader = "55" },
		"bad PIN length": func(c *unionpay.Config) { c.Profile.PINLength = "1" },
		"long operator":  func(c *unionpay.Config) { c.Profile.Operator = "123" },
	} {
		cfg := b.cfg
		change(&cfg)
		_, err := unionpay.New(cfg)
		require.Error(t, err, name)
	}
}
