package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openecr/openecr/transport"
)

func TestTapShowsNoMoreThanItsMaskAllows(t *testing.T) {
	pan := []byte("\x04\x0F4111111111111111")
	digits := func(_ transport.Direction, p []byte) []byte {
		for i := 2; i < len(p)-4; i++ {
			p[i] = '*'
		}
		return p
	}
	for name, mask := range map[string]transport.Masker{"default": nil, "own": digits} {
		var text strings.Builder
		tap := transport.NewTap(&text, mask)
		keep := bytes.Clone(pan)
		tap.Frame(transport.Received, pan)
		tap.Raw(transport.Sent, pan)
		if !bytes.Equal(pan, keep) {
			t.Fatalf("%s: the mask reached the payload itself", name)
		}
		if s := strings.ReplaceAll(text.String(), " ", ""); strings.Contains(s, "31313131313131") {
			t.Errorf("%s: the card number is in\n%s", name, text.String())
		}
	}
}

func TestTranscriptOfALink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var text strings.Builder
		tap := transport.NewTap(&text, func(_ transport.Direction, p []byte) []byte { return p })
		link, peer := pair(t, &transport.Acks{}, func(c *transport.LinkConfig) { c.Tap = tap })
		go func() {
			expect(t, peer, framed(t, "pay")...)
			peer.Write([]byte{nak})
			expect(t, peer, framed(t, "pay")...)
			peer.Write([]byte{ack})
			time.Sleep(time.Second)
			peer.Write(append([]byte("noise"), framed(t, "ok")...))
			peer.Write(framed(t, "ok"))
			peer.Write(framed(t, "end"))
		}()
		if err := link.Send(t.Context(), []byte("pay")); err != nil {
			t.Fatal(err)
		}
		receive(t, link, "ok")
		receive(t, link, "end")
		link.Close()
		want := strings.Join([]string{"# openecr transcript 1",
			"+0.000000 open pipe://",
			"+0.000000 > 3 70 61 79", "+0.000000 < nak",
			"+0.000000 > 3 70 61 79", "+0.000000 < ack",
			"+1.000000 < damaged 5",
			"+1.000000 < 2 6F 6B", "+1.000000 > ack",
			"+1.000000 < repeat 2 6F 6B", "+1.000000 > ack",
			"+1.000000 < 3 65 6E 64", "+1.000000 > ack",
			"+1.000000 shut link closed", ""}, "\n")
		if text.String() != want {
			t.Errorf("got\n%s\nwant\n%s", text.String(), want)
		}
		events, err := transport.ReadTranscript(strings.NewReader(text.String()))
		if err != nil || len(events) != 13 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		got := events[7]
		if want := (transport.Event{Line: 9, At: time.Second, Kind: transport.EventAck, Dir: transport.Sent}); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestBadTranscriptsNameTheLine(t *testing.T) {
	for name, line := range map[string]string{
		"no time": "open x", "a bad time": "+x open y", "an unknown event": "+1 fly away",
		"no length": "+1 <", "a bad length": "+1 > -4 00", "too few bytes": "+1 > 3 00",
		"too many bytes": "+1 > 1 00 00 ..", "bad hex": "+1 > 1 0G", "a bare kind": "+1 > raw",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := transport.ReadTranscript(strings.NewReader("# x\n\n" + line))
			if err == nil || !strings.Contains(err.Error(), "line 3") {
				t.Errorf("%q: got %v", line, err)
			}
		})
	}
}

func TestGuessProtocol(t *testing.T) {
	cases := []struct{ first, want string }{
		{"\x15\x03\x69", "ECR17 (a NAK frame)"},
		{"\x06\x03\x7A", "ECR17 (an ACK frame)"},
		{"\x01PLEASE WAIT", "ECR17 (a progress frame)"},
		{"\x15\x03\x01\x00\x02\x02\x46", "TLS"},
		{"\x15\x03\x03\x00\x02\x02\x46", "TLS"},
		{"\x16\x03\x03\x00\x7a", "TLS"},
		{"HTTP/1.1 400 Bad Request", "HTTP"},
		{"<!DOCTYPE html><html>", "HTTP"},
		{"<!doctype HTML PUBLIC", "HTTP"},
		{"\r\n<HTML><HEAD>", "HTTP"},
		{"<htm", "XML"},
		{"SSH-2.0-OpenSSH_9.2", "SSH"},
		{"CZ0040300CJ012", "Concert V3"},
		{"{\"SaleToPOIRequest\":", "JSON"},
		{"<?xml version", "XML"},
		{"\x00\x00\x02\x1F<?xml version", "XML or text behind a four byte length (OPI)"},
		{"\x00\x10READY V1.2", "text behind a two byte length"},
		{"\x02T01\x1c1.35\x1c", "PAX POSLINK"},
		{"\x020210|00|", "a frame of STX, ETX and LRC (ECR17, Concert E+, Transbank, NCCC)"},
		{"\x02\n{\"message\"", "UPA (STX, LF, JSON)"},
		{"\x55\xAA\x00\x01", "PayCloud serial JSON"},
		{"\x10\x02\x80\x00\x00", "ZVT over a serial line"},
		{"\x80\x00\x00", "ZVT"},
		{"READY\r\n", "plain text"},
		{"", ""},
		{"\xFF\xFF\xFF\xFF", ""},
	}
	for _, c := range cases {
		if got := transport.GuessProtocol([]byte(c.first)); got != c.want {
			t.Errorf("% X: got %q, want %q", c.first, got, c.want)
		}
		for n := range len(c.first) {
			transport.GuessProtocol([]byte(c.first[:n]))
		}
	}
}

func TestNothingSentNeedsProof(t *testing.T) {
	sent := func(op string, n int) error { return &transport.LinkError{Op: op, Sent: n, Err: transport.ErrLost} }
	cases := []struct {
		name string
		err  error
		want bool
	}{
		{"no error", nil, false},
		{"somebody else's error", errors.New("x"), false},
		{"a failed connect", sent(transport.OpConnect, 0), true},
		{"a send of nothing", sent(transport.OpSend, 0), true},
		{"a send of one byte", sent(transport.OpSend, 1), false},
		{"a receive", sent(transport.OpReceive, 0), false},
		{"wrapped", fmt.Errorf("zvt: %w", sent(transport.OpSend, 0)), true},
		{"joined with a send of more", errors.Join(sent(transport.OpSend, 0), sent(transport.OpSend, 9)), false},
		{"joined with a receive", errors.Join(sent(transport.OpSend, 0), sent(transport.OpReceive, 0)), false},
	}
	for _, c := range cases {
		if got := transport.NothingSent(c.err); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRedialPausesLongerEachTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		tries := 0
		link := transport.NewLink(transport.LinkConfig{
			Dialer: transport.DialFunc("nowhere://", func(context.Context) (transport.Conn, error) {
				tries++
				return nil, errors.New("no route")
			}),
			Framing: fakeFraming{}, Backoff: transport.Backoff{First: time.Second, Max: 4 * time.Second, Attempts: 5},
		})
		defer link.Close()
		begun := time.Now()
		err := link.Redial(t.Context())
		took := time.Since(begun)
		if !transport.NothingSent(err) || tries != 5 || took < 8*time.Second || took > 11*time.Second {
			t.Errorf("%d tries in %v: %v", tries, took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		begun = time.Now()
		if err := link.Redial(ctx); err == nil || time.Since(begun) != 2500*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
	})
}

func TestCloseEndsADialInProgress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link := transport.NewLink(transport.LinkConfig{
			Dialer: transport.DialFunc("slow://", func(ctx context.Context) (transport.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}),
			Framing: fakeFraming{},
		})
		result := make(chan error)
		go func() { result <- link.Connect(t.Context()) }()
		synctest.Wait()
		link.Close()
		if err := <-result; !errors.Is(err, transport.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

type fakeFraming struct{}

func (fakeFraming) AppendFrame(dst, p []byte) ([]byte, error) { return append(dst, p...), nil }
func (fakeFraming) Split(buf []byte) ([]byte, int, error)     { return buf, len(buf), nil }

func TestSchemesNameWhatIsWrongAndRepeatNoSecret(t *testing.T) {
	media := transport.Schemes{"tcp": func(u *url.URL) (transport.Dialer, error) {
		return transport.DialFunc(u.Host, nil), nil
	}}
	for text, want := range map[string]string{
		"10.0.0.8:20007":      "lacks its scheme",
		"ftp://u:secret@h":    "unknown scheme \"ftp\" (want one of tcp://)",
		"tcp://u:secret@%zz/": "not a URL",
	} {
		if _, err := media.Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", text, err)
		}
	}
	if d, err := media.Parse("tcp://h:1"); err != nil || d.String() != "h:1" {
		t.Errorf("got %v, %v", d, err)
	}
}
