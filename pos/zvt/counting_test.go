package zvt_test

import (
	"context"
	"sync/atomic"

	"github.com/openecr/openecr/transport"
)

// counting counts the bytes of all connections of a dialer.
type counting struct{ sent, received atomic.Int64 }

func (c *counting) dialer(d transport.Dialer) transport.Dialer {
	return transport.DialFunc(d.String(), func(ctx context.Context) (transport.Conn, error) {
		conn, err := d.Dial(ctx)
		if err != nil {
			return nil, err
		}
		return &countingConn{conn, c}, nil
	})
}

type countingConn struct {
	transport.Conn
	c *counting
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.c.received.Add(int64(n))
	return n, err
}

func (c *countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.c.sent.Add(int64(n))
	return n, err
}
