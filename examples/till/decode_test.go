package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// golden compares with a file of testdata, or rewrites it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), got, "%s; -update rewrites it", file)
}

func TestDecodeGolden(t *testing.T) {
	h := &shop{t: t}
	for _, c := range []struct {
		file   string
		args   []string
		status int
	}{
		{"authorisation.txt", []string{"zvt", "06010E 04000000001280 490156 06020700"}, statusOK},
		{"authorisation.json", []string{"zvt", "--json", "06:01:0E:04:00:00:00:00:12:80:49:01:56:06:02:07:00"}, statusOK},
		{"status.txt", []string{"zvt", "--from-terminal", "0x04 0x0F 0x1A 0x27 0x00 0x04 0x00,0x00,0x00,0x00,0x12,0x80 0x49 0x01 0x56 0x87 0x03 0x44 0x22 0xF0 0xF8 0x41 0x11 0x11 0x11 0x11 0x11 0x11 0x11"}, statusOK},
		{"declined.txt", []string{"zvt", "04 0F 02 27 6C"}, statusOK},
		{"unknown-bmp.txt", []string{"zvt", "04 0F 05 27 00 99 01 02"}, statusOther},
		{"truncated.txt", []string{"zvt", "--json", "04 0F 05 27 00"}, statusOther},
		{"serial.txt", []string{"zvt-serial", "1002800000 1003F51F 06\n100206700010 03D9F9 15"}, statusOK},
		{"serial-crc.json", []string{"zvt-serial", "--json", "10 02 80 00 00 10 03 F5 1E"}, statusOther},
	} {
		r := h.text(append([]string{"decode"}, c.args...)...)
		require.Equal(t, c.status, r.status, "%s: %s%s", c.file, r.out, r.stderr)
		require.NotContains(t, r.out, "41 11 11 11 11", "masked")
		if c.status != statusOK {
			require.Contains(t, r.stderr, "byte")
		}
		golden(t, filepath.Join("decode", c.file), r.out)
	}
	cmd := h.cmd("decode", "zvt", "-")
	cmd.Stdin = strings.NewReader("06 01\n00\n")
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "06 01")
	require.Contains(t, h.text("decode", "zvt", "06 01 0G").stderr, "character 8")
}

func TestDemoEndsWithEqualBooks(t *testing.T) {
	for lang, says := range map[string]string{"en": "Nothing was taken twice, nothing was lost.", "zh": "结果未明,请勿重复收款"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			pictures := t.TempDir()
			r := (&shop{t: t}).text("demo", "--lang", lang, "--png", pictures)
			require.Equal(t, statusOK, r.status, r.stderr)
			require.Contains(t, r.out, says)
			if runtime.GOOS == "linux" {
				golden(t, "demo-"+lang+".txt", settle(r.out))
				keepPictures(t, pictures)
			}
		})
	}
}

// settle replaces what differs from run to run by something as long.
func settle(demo string) string {
	demo = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`).ReplaceAllString(demo, "2026-11-22 12:00:00")
	return regexp.MustCompile(`demo-(\d+)-(\d+)-[0-9a-z]{7}`).ReplaceAllString(demo, "demo-$1-$2-4jjfe3a")
}

// keepPictures compares the demo's slips with those the READMEs show: each is
// there, and as large; only times and names of attempts may differ.
func keepPictures(t *testing.T, dir string) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*.png"))
	require.NoError(t, err)
	require.Len(t, list, 3)
	for _, name := range list {
		kept := filepath.Join("testdata", filepath.Base(name))
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(kept, b, 0o644))
		}
		was, err := os.ReadFile(kept)
		require.NoError(t, err)
		got, err := png.Decode(bytes.NewReader(b))
		require.NoError(t, err)
		want, err := png.Decode(bytes.NewReader(was))
		require.NoError(t, err)
		require.Equal(t, want.Bounds(), got.Bounds(), name)
		differ := 0
		for y := range got.Bounds().Dy() {
			for x := range got.Bounds().Dx() {
				if got.At(x, y) != want.At(x, y) {
					differ++
				}
			}
		}
		require.Less(t, differ, 4000, "%s is another slip than the one kept", name)
	}
}

// What the READMEs show of the demo is what it says: every line of it, in order.
func TestTheReadmesShowThisDemo(t *testing.T) {
	for readme, file := range map[string]string{"README.md": "demo-en.txt", "README.zh-CN.md": "demo-zh.txt"} {
		text, err := os.ReadFile(filepath.Join("..", "..", readme))
		require.NoError(t, err)
		said, err := os.ReadFile(filepath.Join("testdata", file))
		require.NoError(t, err)
		_, block, found := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "    $ go run ./examples/till demo")
		require.True(t, found, "%s shows the demo", readme)
		_, block, _ = strings.Cut(block, "\n")
		rest, shown := strings.ReplaceAll(string(said), "\r\n", "\n"), 0
		for line := range strings.Lines(block) {
			if strings.TrimSpace(line) == "" {
				continue
			}
			line, indented := strings.CutPrefix(line, "    ")
			if !indented {
				break // the block is over
			}
			if strings.TrimSpace(line) == "..." {
				continue
			}
			_, after, found := strings.Cut("\n"+rest, "\n"+line)
			require.True(t, found, "%s shows a line that the demo does not say, or not there: %q", readme, line)
			rest = after
			shown++
		}
		require.Greater(t, shown, 5, "%s shows some of the demo", readme)
	}
}
