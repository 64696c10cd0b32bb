package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
)

// voucherSim is a running `posim douyin` with the codes it printed.
type voucherSim struct {
	tender string
	codes  map[string][]string
}

func startVouchers(t *testing.T, args ...string) voucherSim {
	t.Helper()
	lab := t.TempDir()
	cmd := exec.Command(posimProgram, append([]string{"douyin", "--listen", "127.0.0.1:0", "--profile", lab}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		require.NoError(t, cmd.Wait(), errs.String())
	})
	v := voucherSim{codes: map[string][]string{}}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if strings.Contains(lines.Text(), "ready on") {
			v.tender = "douyin=douyin+http://" + words[len(words)-1] + "?profile=" + filepath.Join(lab, "douyin.json")
			return v
		}
		v.codes[words[0]] = append(v.codes[words[0]], words[1])
	}
	t.Fatal("the simulator did not get ready: " + errs.String())
	return v
}

func TestVouchersAtTheTill(t *testing.T) {
	v := startVouchers(t, "--fault", "lose-answer=/verify/")
	file := filepath.Join(t.TempDir(), "till.db")
	till := func(want int, args ...string) string {
		t.Helper()
		status, out, errs := alone(t, file, append(args, "--tender", v.tender)...)
		require.Equal(t, want, status, "%v\n%s%s", args, out, errs)
		for _, list := range v.codes {
			for _, code := range list {
				require.NotContains(t, out+errs, code, "a full code is as good as money")
			}
		}
		return out + errs
	}
	require.Contains(t, till(statusOK, "authorize", "douyin"), "ok  shop")
	meal := v.codes["set-meal"][0]
	require.Contains(t, till(statusOK, "preview", "--code", meal, "--lang", "zh"), "顾客实付")
	var at result
	require.NoError(t, json.Unmarshal([]byte(firstLine(till(statusOK, "redeem", "--code", meal, "--reference", "bill", "--due", "300.00", "--json"))), &at))
	require.Equal(t, pos.VoucherRedeemed, at.Vouchers[0].Verdict)
	till(statusOK, "charge", "--tender", "cash", "--amount", "31.05", "--currency", "CNY", "--due", "300.00", "--reference", "bill")
	require.Contains(t, till(statusOK, "print", string(at.ID), "--lang", "zh"), "可撤销至")
	require.Contains(t, till(statusNotSent, "redeem", "--code", v.codes["pair"][0]), "say which")
	require.Contains(t, till(statusDeclined, "redeem", "--code", v.codes["branch-only"][0]), "3000002")
	require.Contains(t, till(statusNotSent, "redeem", "--code", v.codes["expired"][0]), "expired on")
	till(statusUsage, "redeem", "--code", meal, "--use", "")
	require.Contains(t, till(statusOK, "reconcile", "douyin"), "matched 1")
	till(statusNotSent, "void", "--code", v.codes["pair"][0])
	till(statusOK, "void", "--code", meal)
	csv := filepath.Join(t.TempDir(), "day.csv")
	require.Contains(t, till(statusOK, "reconcile", "douyin", "--csv", csv, "--lang", "zh"), "无差异")
	b, err := os.ReadFile(csv)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(b, []byte("\ufeff")))
	till(statusUsage, "reconcile", "cash")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
