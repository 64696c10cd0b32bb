package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/rules"
)

func rulesFile(t *testing.T, sections string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"version": 1, "calendar": {"zone": "Asia/Shanghai"}, "currencies": ["CNY"], `+sections+`}`), 0o600))
	return path
}

func TestATillUnderRules(t *testing.T) {
	h := newShop(t, nil, "")
	h.common = append(h.common, "--tender", "cash")
	file := rulesFile(t, `"limits": [{"id": "day", "per": "day", "by": "till", "max": "60.00 CNY"}], "refund": {"alone": ["20.00 CNY"]}`)
	staff := filepath.Join(t.TempDir(), "operators.json")
	book, err := operators.Open(staff)
	require.NoError(t, err)
	require.NoError(t, book.Set("boss", operators.Supervisor, pos.NewSecret([]byte("739146"))))
	free := h.common
	h.common = append(h.common, "--rules", file, "--operators", staff)

	paid := h.one(statusOK, "charge", "--amount", "50", "--currency", "CNY", "--reference", "o-1", "--operator", "li")
	denied := h.one(statusNotSent, "charge", "--amount", "10.01", "--currency", "CNY", "--reference", "o-2", "--operator", "li", "--attempt", "mine")
	require.Equal(t, "denied", denied.Error.Class)
	require.Equal(t, pos.MovedNo, denied.Error.Moved)
	require.Equal(t, "Take another tender, or call a supervisor.", denied.Error.Advice)
	require.Equal(t, pos.StateDenied, denied.State)
	require.Equal(t, "limit.day", denied.Rule)
	require.Equal(t, pos.AttemptID("mine"), denied.Asked)
	zh := h.text("charge", "--amount", "10.01", "--currency", "CNY", "--reference", "o-2", "--lang", "zh")
	require.Contains(t, zh.stderr, "单日限额 60.00 CNY 已用 50.00 CNY,本次 10.01 CNY 超限(规则 limit.day)")
	require.Contains(t, zh.stderr, "请更换支付方式,或联系主管。")
	require.Len(t, h.json("list", "--state", "denied").lines, 2)

	refund := func(amount, id, typed string) (int, string) {
		cmd := h.cmd("refund", string(paid.ID), "--amount", amount, "--attempt", id, "--operator", "li")
		cmd.Stdin = strings.NewReader(typed)
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	status, out := refund("20", "r-1", "")
	require.Equal(t, statusOK, status, out)
	status, out = refund("0.01", "r-2", "boss\n000000\n")
	require.Equal(t, statusNotSent, status, out)
	require.Contains(t, out, "20.01 CNY given back in sum is more than 20.00 CNY: a supervisor must agree (rule refund.alone)")
	status, out = refund("0.01", "r-2", "")
	require.Equal(t, statusDeclined, status, "nobody there: %s", out)
	status, out = refund("0.01", "r-2", "boss\n739146\n")
	require.Equal(t, statusOK, status, out)
	require.NotContains(t, out, "739146")

	h.common = free
	r := h.text("rules", "dry-run", "--json", "--rules", rulesFile(t, `"limits": [{"id": "one", "per": "payment", "max": "49.99 CNY"}], "alerts": {"off": ["alert.night"]}`))
	require.Equal(t, statusOK, r.status, r.stderr)
	var report rules.Report
	require.NoError(t, json.Unmarshal([]byte(r.out), &report))
	require.Equal(t, 3, report.Judged, "denials of then are not judged again")
	require.Equal(t, map[string]int{"limit.one": 1}, report.ByRule)
	text := h.text("rules", "dry-run", "--rules", file, "--lang", "zh")
	require.Contains(t, text.out, "共判定 3 笔:拒绝 0,需确认 1")
	require.Contains(t, text.out, "refund.alone: 累计退款 20.01 CNY 超过 20.00 CNY")
}

func TestRulesAreChecked(t *testing.T) {
	h := newShop(t, nil, "")
	r := h.text("rules", "check", "../../pos/rules/testdata/rules.json")
	require.Equal(t, statusOK, r.status, r.stderr)
	require.Contains(t, r.out, "the file can be used spring")
	bad := rulesFile(t, `"limits": [{"id": "day", "per": "day", "by": "moon", "count": 1}]`)
	for _, args := range [][]string{{"rules", "check", bad}, {"charge", "--tender", "cash", "--amount", "1", "--rules", bad}, {"rules", "dry-run", "--rules", bad}} {
		r = h.text(args...)
		require.Equal(t, statusUsage, r.status)
		require.Contains(t, r.stderr, `limits: rule 1 ("day"): by "moon"`)
	}
	require.Equal(t, statusUsage, h.text("rules", "check", "nowhere.json").status)
	require.Equal(t, statusUsage, h.text("rules", "dry-run").status)
	require.Equal(t, statusUsage, h.text("rules", "guess").status)
	roles := rulesFile(t, `"permissions": {"cashier": {"may": ["charge"]}}`)
	r = h.text("charge", "--tender", "cash", "--amount", "1", "--currency", "CNY", "--rules", roles)
	require.Equal(t, statusUsage, r.status)
	require.Contains(t, r.stderr, "no book of operators")
}
