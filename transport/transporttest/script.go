package transporttest

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/openecr/openecr/transport"
)

// Step is one line of a Script; exactly one field is set.
type Step struct {
	Expect []byte        // these bytes must arrive
	Send   []byte        // these bytes are written
	Wait   time.Duration // nothing happens
	Do     func() error  // anything else
}

// Expect, Send and Wait write scripts that read as conversations.
func Expect(p ...byte) Step { return Step{Expect: p} }

// Send is the step of writing p.
func Send(p ...byte) Step { return Step{Send: p} }

// Wait is the step of doing nothing for d.
func Wait(d time.Duration) Step { return Step{Wait: d} }

// Script is a peer that does one step after the other.
//
//	script := transporttest.Script{Expect(request...), Send(0x06), Send(answer...)}
//	go func() { result <- script.Run(peer) }()
type Script []Step

// stepPatience bounds one Expect where the conn has no deadline of its own.
const stepPatience = 30 * time.Second

// Run performs the steps on c and leaves c open. The error names the step that
// failed and what came instead.
func (s Script) Run(c transport.Conn) error {
	for i, step := range s {
		if err := step.run(c); err != nil {
			return fmt.Errorf("transporttest: step %d: %w", i+1, err)
		}
	}
	return nil
}

func (s Step) run(c transport.Conn) error {
	time.Sleep(s.Wait)
	if s.Do != nil {
		return s.Do()
	}
	if len(s.Expect) > 0 {
		c.SetReadDeadline(time.Now().Add(stepPatience))
		got := make([]byte, len(s.Expect))
		n, err := io.ReadFull(c, got)
		c.SetReadDeadline(time.Time{})
		if !bytes.Equal(got[:n], s.Expect) {
			return fmt.Errorf("got % X, want % X (%v)", got[:n], s.Expect, err)
		}
	}
	for rest := s.Send; len(rest) > 0; {
		n, err := c.Write(rest)
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}
