package zvtproto

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the explanations in testdata")

// vector is one file of testdata.
type vector struct {
	name string
	dir  Direction
	apdu []byte
}

// hexBytes reads hexadecimal in lines with comments.
func hexBytes(t testing.TB, text string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	noError(t, err, text)
	return b
}

func vectors(t testing.TB) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/*.hex")
	noError(t, err)
	if len(files) == 0 {
		t.Fatal("no testdata")
	}
	var out []vector
	for _, f := range files {
		text, err := os.ReadFile(f)
		noError(t, err)
		v := vector{name: strings.TrimSuffix(filepath.Base(f), ".hex"), dir: ToTerminal, apdu: hexBytes(t, string(text))}
		if strings.Contains(string(text), "direction: to register") {
			v.dir = ToRegister
		}
		out = append(out, v)
	}
	return out
}

func vectorNamed(t testing.TB, name string) []byte {
	t.Helper()
	for _, v := range vectors(t) {
		if v.name == name {
			return v.apdu
		}
	}
	t.Fatalf("no vector %s", name)
	return nil
}

func TestGoldenMessagesSurviveDecodingAndEncoding(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			m, err := Parse(v.apdu, v.dir)
			noError(t, err)
			if _, unknown := m.(*Unknown); unknown {
				t.Fatal("unknown command")
			}
			got, err := Encode(m)
			noError(t, err)
			equal(t, spacedHex(v.apdu), spacedHex(got))
			again := m
			noError(t, Decode(v.apdu, again))
			equal(t, m, again)
		})
	}
}

func TestGoldenMessagesAreExplained(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			e := Explain(v.apdu, v.dir)
			noError(t, e.Err(), e.String())
			file := filepath.Join("testdata", v.name+".txt")
			if *update {
				noError(t, os.WriteFile(file, []byte(e.String()), 0o644))
			}
			want, err := os.ReadFile(file)
			noError(t, err)
			equal(t, string(want), e.String())
		})
	}
}

func TestEveryTruncationIsAnErrorAndNoPanic(t *testing.T) {
	for _, v := range vectors(t) {
		for n := range len(v.apdu) {
			cut := bytes.Clone(v.apdu[:n])
			_, err := Parse(cut, v.dir)
			isError(t, err, ErrTruncated, v.name, n)
			if Explain(cut, v.dir).Err() == nil {
				t.Fatalf("%s cut to %d bytes: no problem found", v.name, n)
			}
			equal(t, n, len(Mask(cut)))
			if n < 3 {
				continue
			}
			// The same cut with a length that agrees, so that the data is
			// read: what Parse refuses, Explain must name, and the reverse.
			whole, err := AppendAPDU(nil, APDU{Class: cut[0], Instr: cut[1], Data: cut[3:]})
			noError(t, err)
			_, parseErr := Parse(whole, v.dir)
			explainErr := Explain(whole, v.dir).Err()
			equal(t, parseErr == nil, explainErr == nil, spacedHex(whole), parseErr, explainErr)
		}
	}
}

func TestTrailingGarbageIsAnError(t *testing.T) {
	for _, v := range vectors(t) {
		long := append(bytes.Clone(v.apdu), 0x00)
		_, err := Parse(long, v.dir)
		isError(t, err, ErrTrailing, v.name)
		isError(t, Explain(long, v.dir).Err(), ErrTrailing, v.name)
	}
}
