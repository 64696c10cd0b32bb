package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A sale with its MAC, and the reply to another; made for this test.
const (
	cupSale = "6000060000 603100311300 0200 7024048020C09811 166212345678901232 000000 000000001280 000017 3012 0220 00 376212345678901232D301220198765432109870" +
		"3130303030303139 383530313030303832343130303032 313536 D1EEF419D0AE2609 2600000000000000 0013 22000001000600 3846363531423236"
	cupReply = "6000000006 603103311300 0210 303A00800AC08011 000000 000000001280 000017 101530 1122 1123 00 313132323130313533303031 3531 3130303030303139" +
		"383530313030303832343130303032 313536 0011 220000010000 3846363531423236"
)

func TestDecodeCup(t *testing.T) {
	h := &shop{t: t}
	for _, c := range []struct {
		file   string
		args   []string
		status int
		says   string
	}{
		{"cup-sale.txt", []string{cupSale}, statusOK, "621234******1232"},
		{"cup-sale.json", []string{"--json", cupSale}, statusOK, `"kind":"sale"`},
		{"cup-reply.txt", []string{cupReply}, statusOK, "sign on again 重新签到"},
		{"cup-truncated.txt", []string{strings.ReplaceAll(cupSale, " ", "")[:110]}, statusOther, "field 35"},
		{"cup-nothing.txt", []string{"01 02 03"}, statusOther, "no message type"},
	} {
		r := h.text(append([]string{"decode", "cup"}, c.args...)...)
		require.Equal(t, c.status, r.status, "%s: %s%s", c.file, r.out, r.stderr)
		require.Contains(t, r.out+r.stderr, c.says, c.file)
		for _, secret := range []string{"6212345678901232", "9876543210987", "D1EEF419D0AE2609"} {
			require.NotContains(t, r.out+r.stderr, secret, c.file)
		}
		if c.status != statusOK {
			require.Contains(t, r.stderr, "not valid at byte", c.file)
		}
		golden(t, filepath.Join("decode", c.file), r.out)
	}
	for name, front := range map[string]string{"with the length": "007E", "as it is": ""} {
		r := h.text("decode", "cup", "--json", front+strings.ReplaceAll(cupSale, " ", ""))
		require.Equal(t, statusOK, r.status, "%s: %s", name, r.stderr)
		var e struct {
			Prefixed bool   `json:"length_prefix"`
			MTI      string `json:"mti"`
			Fields   []any  `json:"fields"`
		}
		require.NoError(t, json.Unmarshal([]byte(r.out), &e))
		require.Equal(t, front != "", e.Prefixed, name)
		require.Equal(t, "0200", e.MTI)
		require.NotEmpty(t, e.Fields)
	}
	r := h.text("decode", "cup", strings.ReplaceAll(cupSale, " ", "")[22:])
	require.Equal(t, statusOK, r.status, "without TPDU and header: %s", r.stderr)
	require.NotEqual(t, statusOK, h.text("decode", "cup").status)
}
