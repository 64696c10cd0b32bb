package pos_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
)

func TestASecretCannotBePrinted(t *testing.T) {
	const word = "134567890123456789"
	s := pos.NewSecret([]byte(word))
	r := pos.ChargeRequest{Code: s, Amount: cny(1)}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb+verb, s, &s, r, &r)
	}
	for _, v := range []any{s, &s, r, map[string]any{"s": s}} {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		out.Write(b)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "s", s, "r", r)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "s", s, "r", r)
	text := strings.ToLower(out.String())
	require.NotContains(t, text, word)
	require.NotContains(t, text, fmt.Sprintf("%x", word))
	require.NotContains(t, text, strings.Trim(fmt.Sprint([]byte(word)), "[]"))
	s.Use(func(b []byte) { require.Equal(t, word, string(b)) })
	s.Clear()
	s.Use(func(b []byte) { require.Equal(t, make([]byte, len(word)), b) })
}

func TestCardDataIsSeenAndMasked(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a Visa test number", "card 4111111111111111 ok", "card 411111******1111 ok"},
		{"in groups", "4111 1111 1111 1111", "411111******1111"},
		{"with dashes", "5500-0000-0000-0004", "550000******0004"},
		{"American Express", "378282246310005", "378282*****0005"},
		{"UnionPay", "6222021234567890128", "622202*********0128"},
		{"Mastercard 2 series", "2223003122003222", "222300******3222"},
		{"a track goes with it", "4111111111111111=25121011234500000000", "411111******1111"},
		{"a track that is not Luhn-valid", "4111111111111112=25122011234567", "411111******1112"},
		{"with its expiry date run on", "41111111111111112512", "411111******1111****"},
		{"behind a short number", "0042 4111111111111111", "0042 411111******1111"},
		{"a path of a port is no card", "serial:///tmp/4249055524/002/terminal", "serial:///tmp/4249055524/002/terminal"},
		{"with dots", "4111.1111.1111.1111", "411111******1111"},
		{"already masked", "411111******1111", "411111******1111"},
		{"not Luhn-valid", "4111111111111112", "4111111111111112"},
		{"a time stamp is no card", "20261122093000", "20261122093000"},
		{"an order number that begins like a year", "2026112212345678", "2026112212345678"},
		{"a WeChat order number is too long", "4200001111202611221234567890", "4200001111202611221234567890"},
		{"an amount", "12.80", "12.80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, pos.MaskCardData(c.in))
			require.Equal(t, c.in != c.want, pos.HoldsCardData(c.in))
			require.False(t, pos.HoldsCardData(pos.MaskCardData(c.in)))
		})
	}
}

func FuzzMaskedTextHoldsNoCardData(f *testing.F) {
	f.Add("4111 1111 1111 1111 378282246310005")
	f.Add("4111111111111111=2512 5500-0000-0000-0004D99")
	f.Fuzz(func(t *testing.T, s string) {
		if masked := pos.MaskCardData(s); pos.HoldsCardData(masked) {
			t.Errorf("%q masked as %q still holds card data", s, masked)
		}
	})
}

func TestEventsWithCardDataAreRefused(t *testing.T) {
	const pan = "4111111111111111"
	intent := &pos.Intent{Till: "t", Type: pos.TypeCharge, Reference: "r", Tender: "card", Amount: cny(1)}
	withRef := *intent
	withRef.Reference = pan
	for name, e := range map[string]pos.Event{
		"reference": {Kind: pos.EventIntent, Attempt: "a", Intent: &withRef},
		"handle":    {Kind: pos.EventArmed, Attempt: "a", Handle: pos.Handle{"x": pan}},
		"reason":    {Kind: pos.EventDoubt, Attempt: "a", Reason: "card " + pan},
		"text":      {Kind: pos.EventOutcome, Attempt: "a", Reply: &pos.Reply{Text: pan}},
		"slip":      {Kind: pos.EventOutcome, Attempt: "a", Reply: &pos.Reply{Slips: []pos.Slip{{Lines: []string{"x", pan}}}}},
		"chip":      {Kind: pos.EventOutcome, Attempt: "a", Reply: &pos.Reply{Chip: pos.Chip{Label: pan}}},
		"printed":   {Kind: pos.EventPrinted, Attempt: "a", Slip: pan},
		"order":     {Kind: pos.EventConfirm, Attempt: "a", OrderID: pan},
	} {
		require.ErrorIs(t, pos.CheckEvent(e), pos.ErrInvalid, name)
	}
	require.NoError(t, pos.CheckEvent(pos.Event{Kind: pos.EventIntent, Attempt: "a", Intent: intent}))
	long := pos.Event{Kind: pos.EventDoubt, Attempt: "a", Reason: strings.Repeat("x", pos.MaxTextLen+1)}
	require.ErrorIs(t, pos.CheckEvent(long), pos.ErrInvalid)
}

// fmt does not ask values in unexported fields how they print.
func TestASecretInsideAnotherTypeStaysHidden(t *testing.T) {
	const code = "134567890123456789"
	holder := struct{ code pos.Secret }{pos.NewSecret([]byte(code))}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%08b"} {
		for _, v := range []any{holder, &holder} {
			got := fmt.Sprintf(verb, v)
			for _, secret := range []string{code, "49 51 52", fmt.Sprintf("%x", code), "0x31, 0x33"} {
				require.NotContains(t, got, secret, verb)
			}
		}
	}
}
