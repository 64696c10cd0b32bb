package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/report"
)

// reported runs a report with --json.
func (h *shop) reported(args ...string) (r report.Report) {
	h.t.Helper()
	out := h.text(append([]string{"report"}, append(args, "--json", "--zone", "Asia/Shanghai")...)...)
	require.Equal(h.t, statusOK, out.status, "%s%s", out.out, out.stderr)
	require.NoError(h.t, json.Unmarshal([]byte(out.out), &r))
	return r
}

func TestReportsOfADay(t *testing.T) {
	t.Parallel()
	h := newShop(t, nil, "")
	sale := []string{"charge", "--tender", "cash", "--operator", "anna", "--reference"}
	h.one(statusOK, append(sale, "A1", "--amount", "12.80", "--given", "20", "--confirm")...)
	open := h.one(statusOK, append(sale, "A2", "--amount", "5")...)

	x := h.reported("x")
	require.Equal(t, int64(1780), x.Totals[0].Net)
	require.Equal(t, x, h.reported("x"), "an X changes nothing")
	text := h.text("report", "x", "--lang", "zh")
	require.Contains(t, text.out, "X 报表")
	require.Contains(t, text.out, "按付款方式")
	require.Contains(t, text.out, "17.80 EUR")

	shift := h.reported("shift", "--operator", "anna", "--drawer", "anna=100:117.70")
	require.Equal(t, pos.FromMinor(-10, pos.EUR), shift.Drawers[0].Over)

	refused := h.json("report", "z")
	require.Equal(t, statusNotSent, refused.status)
	require.Equal(t, "conflict", refused.lines[0].Error.Class)
	require.Contains(t, refused.lines[0].Error.Text, string(open.ID), "what is open is named")
	require.Contains(t, h.text("report", "z").stderr, string(open.ID))
	h.one(statusOK, "confirm", string(open.ID), "--order", "77")
	z := h.reported("z", "--operator", "anna")
	require.Equal(t, 1, z.Number)
	require.Equal(t, x.Totals, z.Totals)
	twice := h.json("report", "z")
	require.Equal(t, statusNotSent, twice.status)
	require.Contains(t, twice.lines[0].Error.Advice, "--number 1")
	require.Equal(t, z, h.reported("z", "--number", "1"))
	require.Contains(t, h.text("report", "z", "--number", "1").out, "REPRINT")
	require.Equal(t, 2, h.reported("z", "--again").Number)
	require.Equal(t, statusOK, h.text("verify").status)
}

func TestASupervisorCarriesOver(t *testing.T) {
	t.Parallel()
	h := newShop(t, nil, "")
	people := filepath.Join(t.TempDir(), "people.json")
	typing := func(input string, args ...string) int {
		cmd := h.cmd(args...)
		cmd.Stdin = strings.NewReader(input)
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	require.Equal(t, statusOK, typing("2580\n", "operators", "set", "wu", "--role", "supervisor", "--operators", people))
	require.Equal(t, statusOK, typing("1379\n", "operators", "set", "anna", "--operators", people))
	open := h.one(statusOK, "charge", "--tender", "cash", "--amount", "5", "--reference", "A2")
	carry := []string{"report", "z", "--carry-over", "--operators", people, "--zone", "Asia/Shanghai"}
	require.Equal(t, statusNotSent, typing("wu\n0000\n", carry...), "the PIN is wrong")
	require.Equal(t, statusNotSent, typing("anna\n1379\n", carry...), "a cashier may not")
	require.Equal(t, statusNotSent, typing("", carry...), "nobody answers")
	require.Equal(t, statusUsage, typing("", "report", "z", "--carry-over"))
	require.Equal(t, statusOK, typing("wu\n2580\n", carry...))
	z := h.reported("z", "--number", "1")
	require.Equal(t, "wu", z.Supervisor)
	require.Equal(t, open.ID, z.Open[0].Attempt)
}

func TestReportFilesRepeat(t *testing.T) {
	t.Parallel()
	h := newShop(t, nil, "")
	h.one(statusOK, "charge", "--tender", "cash", "--amount", "12.80", "--reference", "0042", "--operator", "=1+1", "--confirm")
	dir := t.TempDir()
	write := func(n string) (all [][]byte) {
		var args []string
		for _, f := range []string{"csv", "lines", "xlsx", "jsonl"} {
			args = append(args, "--"+f, filepath.Join(dir, n+"."+f))
		}
		h.reported(append([]string{"x"}, args...)...)
		for i := 1; i < len(args); i += 2 {
			b, err := os.ReadFile(args[i])
			require.NoError(t, err)
			all = append(all, b)
		}
		return all
	}
	first := write("a")
	require.Equal(t, first, write("b"))
	require.Contains(t, string(first[0]), "'0042")
	require.Contains(t, string(first[0]), "'=1+1")
}

func TestReportsThatCannotBe(t *testing.T) {
	t.Parallel()
	h := newShop(t, nil, "")
	h.one(statusOK, "charge", "--tender", "cash", "--amount", "1", "--reference", "A", "--confirm")
	for _, args := range [][]string{{}, {"x", "--day", "22.11.2026"}, {"x", "--zone", "Nowhere"}, {"x", "--cut-off", "25h"}, {"shift", "--drawer", "anna"},
		{"shift", "--drawer", "anna=1:x"}, {"shift", "--drawer", "anna=-1:2"}, {"x", "--terms", "nothing.json"}, {"y"}} {
		require.Equal(t, statusUsage, h.text(append([]string{"report"}, args...)...).status, "%v", args)
	}
	require.Equal(t, statusNotSent, h.text("report", "z", "--number", "9").status)
}
