package cuptest

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
)

// ErrClosed is returned by Serve after Close.
var ErrClosed = errors.New("cuptest: host closed")

// Serve answers what comes over a listener until the host or the listener is
// closed. It closes the listener.
func (h *Host) Serve(l net.Listener) error {
	defer l.Close()
	defer context.AfterFunc(h.ctx, func() { l.Close() })()
	for {
		c, err := l.Accept()
		if err != nil {
			if h.ctx.Err() != nil {
				return ErrClosed
			}
			return err
		}
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			c.Close()
			return ErrClosed
		}
		h.open[c] = true
		h.conns.Add(1)
		h.mu.Unlock()
		go h.serve(c)
	}
}

// idleLimit ends connections nobody speaks on, as hosts do.
const idleLimit = 10 * time.Minute

func (h *Host) serve(c net.Conn) {
	defer h.conns.Done()
	defer func() {
		h.mu.Lock()
		delete(h.open, c)
		h.mu.Unlock()
		c.Close()
	}()
	for {
		c.SetReadDeadline(time.Now().Add(idleLimit))
		body, err := readBody(c)
		if err != nil {
			return
		}
		out := h.take(body)
		if out.wait > 0 {
			select {
			case <-time.After(out.wait):
			case <-h.ctx.Done():
				return
			}
		}
		c.SetWriteDeadline(time.Now().Add(time.Minute))
		if _, err := c.Write(out.bytes); err != nil || out.hangUp {
			return
		}
	}
}

func readBody(r io.Reader) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint16(head[:]))
	_, err := io.ReadFull(r, body)
	return body, err
}

func frame(body []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...)
}
