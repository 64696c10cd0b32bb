package scanner_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/scanner"
	"github.com/openecr/openecr/transport/usb"
)

// TestReportsAreThoseOfUSB compares both packages that know these reports.
func TestReportsAreThoseOfUSB(t *testing.T) {
	for _, text := range []string{"4006381333931", strings.Repeat("x", 56), strings.Repeat("y", 57), strings.Repeat("z", 500)} {
		var got []byte
		b := scanner.AppendReports(nil, "]Q1", []byte(text))
		for len(b) > 0 {
			part, err := usb.DecodePOSScan(b[:scanner.ReportSize])
			require.NoError(t, err)
			require.Equal(t, "]Q1", part.AIM)
			got = append(got, part.Data...)
			b = b[scanner.ReportSize:]
			require.Equal(t, len(b) > 0, part.More)
		}
		require.Equal(t, text, string(got))
	}
	const typed = "ABC-abc 0123456789 ]E0 /.,;'[]=\\`~!@#$%^&*()_+{}|:\"<>?\t\r"
	reports, ok := scanner.KeyReports(typed)
	require.True(t, ok)
	var before []byte
	got := ""
	for _, r := range reports {
		text, err := usb.DecodeKeyboard(before, r)
		require.NoError(t, err)
		got, before = got+text, r
	}
	require.Equal(t, typed, got)
}

// FuzzReport: what is accepted is written the same way.
func FuzzReport(f *testing.F) {
	f.Add(scanner.AppendReports(nil, "]E0", []byte(article)))
	f.Fuzz(func(t *testing.T, in []byte) {
		aim, data, more, err := scanner.ParseReport(in)
		if err != nil {
			require.ErrorIs(t, err, scanner.ErrDamaged)
			return
		}
		again, same, _, err := scanner.ParseReport(scanner.AppendReports(nil, aim, data))
		require.NoError(t, err)
		require.Equal(t, aim, again)
		require.True(t, bytes.Equal(data, same))
		_ = more
	})
}

// BenchmarkSplitter cuts lines that arrive in the crumbs of a serial line, and
// compares with the fastest one.
func BenchmarkSplitter(b *testing.B) {
	const fastest = 921600 / 10 // bytes a second
	in := []byte(strings.Repeat("]Q1"+payment+"\r\n", 100))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	var s scanner.Splitter
	for b.Loop() {
		for rest := in; len(rest) > 0; {
			n := min(16, len(rest))
			s.Add(rest[:n])
			rest = rest[n:]
			for {
				if _, _, ok := s.Next(); !ok {
					break
				}
			}
		}
	}
	b.ReportMetric(float64(len(in)*b.N)/b.Elapsed().Seconds()/fastest, "x-921600-baud")
}
