package operators_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/postest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func pin(s string) pos.Secret { return pos.NewSecret([]byte(s)) }

func open(t *testing.T) (*operators.Book, string) {
	path := filepath.Join(t.TempDir(), "operators.json")
	b, err := operators.Open(path)
	require.NoError(t, err)
	return b, path
}

func TestPINsAreCheckedAndLock(t *testing.T) {
	b, path := open(t)
	require.NoError(t, b.Set("li", operators.Supervisor, pin("739146")))
	o, err := b.Check("li", pin("739146"))
	require.NoError(t, err)
	assert.Equal(t, operators.Supervisor, o.Role)
	_, err = b.Check("wang", pin("739146"))
	require.ErrorIs(t, err, operators.ErrUnknown)

	for range operators.LockAfter - 1 {
		_, err = b.Check("li", pin("000000"))
		require.ErrorIs(t, err, operators.ErrPIN)
		require.NotErrorIs(t, err, operators.ErrLocked)
		b, err = operators.Open(path) // a restart forgives nothing
		require.NoError(t, err)
	}
	_, err = b.Check("li", pin("000000"))
	require.ErrorIs(t, err, operators.ErrLocked)
	_, err = b.Check("li", pin("739146"))
	require.ErrorIs(t, err, operators.ErrLocked, "the right PIN does not open a lock")
	assert.WithinDuration(t, time.Now().Add(operators.FirstLock), b.Operators()[0].Locked, 5*time.Second)

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "739146")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, b.Remove("li"))
	require.ErrorIs(t, b.Remove("li"), operators.ErrUnknown)
}

func TestWeakPINsAndStrangeNamesAreRefused(t *testing.T) {
	b, _ := open(t)
	for _, p := range []string{"", "123", "1234", "987654", "0000", "12a4", "1234567890123"} {
		assert.Error(t, b.Set("li", operators.Cashier, pin(p)), p)
	}
	for _, n := range []string{"", " li", strings.Repeat("x", 33), "4111 1111 1111 1111"} {
		assert.Error(t, b.Set(n, operators.Cashier, pin("739146")), n)
	}
	assert.Error(t, b.Set("li", "owner", pin("739146")))
	assert.Empty(t, b.Operators())
}

func TestFilesThatAreNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "operators.json")
	for _, text := range []string{"{", "{}", strings.Repeat(" ", 2<<20), `[{"name":"li","role":"supervisor","pin":"1234"}]`} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		b, err := operators.Open(path)
		if err == nil {
			_, err = b.Check("li", pin("1234"))
		}
		assert.Error(t, err)
	}
}

// alone lets one person give back 50.00 of a payment, in sum.
type alone struct{}

func (alone) Judge(_ context.Context, a pos.Ask) (pos.Ruling, error) {
	if a.Action == pos.ActionRefund && a.Sum.Minor() > 5000 {
		return pos.Ruling{Act: pos.ActAsk, Rule: "refund.alone"}, nil
	}
	return pos.Ruling{Act: pos.ActAllow}, nil
}

func TestLargeRefundsNeedASecondPerson(t *testing.T) {
	b, _ := open(t)
	require.NoError(t, b.Set("boss", operators.Supervisor, pin("739146")))
	require.NoError(t, b.Set("mate", operators.Cashier, pin("864209")))
	name, code, asked := "boss", "739146", 0
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: postest.NewMemoryJournal(), Drivers: map[string]pos.Driver{"card": postest.NewFake()},
		Rules: alone{}, Approver: operators.Approver{Book: b, Ask: func(_ context.Context, a pos.Approval) (string, pos.Secret, error) {
			asked++
			if name == "" {
				return "", pos.Secret{}, pos.ErrCanceled
			}
			return name, pin(code), nil
		}}})
	require.NoError(t, err)
	defer till.Close()
	sale, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(20000, pos.CNY), Reference: "sale"})
	require.NoError(t, err)
	n := 0
	refund := func(fen int64, operator string) (pos.Attempt, error) {
		n++
		return till.Refund(t.Context(), pos.RefundRequest{Original: sale.ID, Amount: pos.FromMinor(fen, pos.CNY), Operator: operator,
			Attempt: pos.AttemptID("refund-" + string(rune('a'+n)))})
	}
	a, err := refund(3000, "mate")
	require.NoError(t, err)
	assert.Empty(t, a.Approver)
	assert.Zero(t, asked, "30 of 50 may one person give back")
	a, err = refund(2001, "mate")
	require.NoError(t, err)
	assert.Equal(t, "boss", a.Approver, "50.01 in sum may not")

	for what, change := range map[string]func(){
		"nobody there":      func() { name = "" },
		"a wrong PIN":       func() { name, code = "boss", "111112" },
		"only a colleague":  func() { name, code = "mate", "864209" },
		"nobody of ours":    func() { name, code = "x", "864209" },
		"the asker himself": func() { name, code = "boss", "739146" },
	} {
		change()
		_, err = refund(100, "boss")
		want := pos.ErrDenied
		if what == "nobody there" {
			want = pos.ErrCanceled
		}
		assert.ErrorIs(t, err, want, what)
		var e *pos.Error
		require.True(t, errors.As(err, &e))
		assert.Equal(t, pos.MovedNo, e.Moved())
	}
}
