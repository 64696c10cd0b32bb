package transporttest_test

import (
	"errors"
	"io"
	"testing"

	"go.uber.org/goleak"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPipeIsAConn(t *testing.T) {
	transporttest.TestConn(t, func() (transport.Conn, transport.Conn, func(), error) {
		a, b := transporttest.Pipe()
		return a, b, nil, nil
	})
}

func TestAbortTakesBackUnreadBytes(t *testing.T) {
	a, b := transporttest.Pipe()
	a.Write([]byte("pay 10 euros"))
	a.Abort()
	if n, err := b.Read(make([]byte, 20)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("got n=%d, %v; want nothing and EOF", n, err)
	}
}
