package tcp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/openecr/openecr/transport"
)

const (
	// DefaultTimeout bounds Dial, handshake included, where the context does
	// not: a cashier waits no longer to learn that a terminal is switched off.
	DefaultTimeout = 10 * time.Second

	// DefaultKeepAlive finds a terminal that lost its power or its Wi-Fi in
	// about four times this time.
	DefaultKeepAlive = 15 * time.Second

	keepAliveProbes = 3
)

// Dialer opens connections to Addr. Only Addr is required. It may be used by
// many goroutines at once; do not change it meanwhile.
type Dialer struct {
	// Addr is host:port.
	Addr string
	// Timeout bounds Dial, TLS handshake included; 0 means DefaultTimeout.
	Timeout time.Duration
	// KeepAlive is the idle time before and between probes; 0 means
	// DefaultKeepAlive, negative switches them off.
	KeepAlive time.Duration
	// LocalAddr chooses the network card by its address; empty leaves it to
	// the system. Shops keep terminals in a network of their own.
	LocalAddr string
	// TLS switches TLS on. MinVersion is raised to TLS 1.2, ServerName
	// defaults to the host of Addr. Nil means plain TCP.
	TLS *tls.Config
	// Pins are SHA-256 sums of acceptable public keys (SubjectPublicKeyInfo).
	// With pins the key decides, and the chain and dates of the certificate
	// are not looked at. They need TLS.
	Pins [][32]byte
}

var _ transport.Dialer = (*Dialer)(nil)

// ErrPin is the error of a peer whose key is none of Pins. Nothing was sent to
// it but the handshake.
var ErrPin = errors.New("tcp: the peer's key is none of the pinned ones")

// String returns tcp://host:port or tls://host:port.
func (d *Dialer) String() string {
	if d.TLS != nil {
		return "tls://" + d.Addr
	}
	return "tcp://" + d.Addr
}

// Dial connects, with TCP_NODELAY, keep-alive and, for TLS, the handshake done.
// The Conn is a *Conn. Safe for concurrent use.
func (d *Dialer) Dial(ctx context.Context) (transport.Conn, error) {
	if len(d.Pins) > 0 && d.TLS == nil {
		return nil, errors.New("tcp: pins need TLS")
	}
	timeout := d.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dialer, err := d.netDialer()
	if err != nil {
		return nil, err
	}
	raw, err := dialer.DialContext(ctx, "tcp", d.Addr)
	if err != nil {
		return nil, fmt.Errorf("tcp: %w", err)
	}
	sock := newSocket(raw.(*net.TCPConn))
	if d.TLS == nil {
		return &Conn{sock: sock, stream: sock}, nil
	}
	secure := tls.Client(sock, d.tlsConfig())
	if err := secure.HandshakeContext(ctx); err != nil {
		sock.abort()
		return nil, fmt.Errorf("tcp: TLS with %s: %w", d.Addr, err)
	}
	return &Conn{sock: sock, stream: secure, secure: secure}, nil
}

func (d *Dialer) netDialer() (*net.Dialer, error) {
	idle := d.KeepAlive
	if idle == 0 {
		idle = DefaultKeepAlive
	}
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: idle > 0, Idle: idle, Interval: idle, Count: keepAliveProbes,
	}}
	if idle < 0 {
		dialer.KeepAlive = -1
	}
	if d.LocalAddr != "" {
		local, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(d.LocalAddr, "0"))
		if err != nil {
			return nil, fmt.Errorf("tcp: local address: %w", err)
		}
		dialer.LocalAddr = local
	}
	return dialer, nil
}
