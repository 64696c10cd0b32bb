package transport

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"sort"
	"strings"
	"time"
)

// Conn is an open byte stream to a device or host. Every net.Conn is one.
//
// Deadlines mean what they mean in net.Conn: they are absolute, they end calls
// that already wait, the error then matches os.ErrDeadlineExceeded, and the
// zero time means none. Read and Write may run at the same time from two
// goroutines. Close may be called from any goroutine, more than once, and ends
// a blocked Read and a blocked Write at once.
//
// The count Write returns is the largest number of bytes that can have left
// this machine: a Link builds "nothing was sent" on it.
type Conn interface {
	io.Reader
	io.Writer
	io.Closer
	SetDeadline(t time.Time) error
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// Aborter is a Conn that can also be thrown away: Abort closes it and discards
// what Write has accepted but the peer has not been given yet. A payment
// request must not reach a terminal after the till has given up on it.
type Aborter interface {
	Abort() error
}

// Abort ends c without delivering unsent bytes where the medium can do that
// (see Aborter), and closes it plainly elsewhere.
func Abort(c Conn) error {
	if a, ok := c.(Aborter); ok {
		return a.Abort()
	}
	return c.Close()
}

// Checker is a Conn that can tell, without reading or waiting, whether bytes
// of its peer wait to be read, and, as the error, that the peer has hung up. A
// Link asks before it sends: terminals close idle sockets, and a request
// written into a dead one would be a payment in doubt for nothing.
type Checker interface {
	Check() (pending bool, err error)
}

// Dialer opens connections to one place.
//
// Dial may be called again after an earlier connection has ended; it honours
// ctx. String is the connection text, "tcp://10.0.0.8:20007", without secrets:
// it goes into errors, logs and transcripts.
type Dialer interface {
	Dial(ctx context.Context) (Conn, error)
	String() string
}

// DialFunc makes a Dialer from a function and the text that names its target.
func DialFunc(name string, dial func(ctx context.Context) (Conn, error)) Dialer {
	return dialFunc{name, dial}
}

type dialFunc struct {
	name string
	dial func(ctx context.Context) (Conn, error)
}

func (d dialFunc) Dial(ctx context.Context) (Conn, error) { return d.dial(ctx) }
func (d dialFunc) String() string                         { return d.name }

// Schemes maps the scheme of a connection text to what opens it. There is no
// registry: a program lists the media it wants and links no others.
//
//	media := transport.Schemes{
//		"tcp":    transport.Scheme(tcp.Parse),
//		"tls":    transport.Scheme(tcp.Parse),
//		"serial": transport.Scheme(serial.Parse),
//	}
//	dialer, err := media.Parse("serial:///dev/ttyUSB0?baud=9600&stop=2")
type Schemes map[string]func(*url.URL) (Dialer, error)

// Scheme adapts a medium's own Parse, which returns its own type, to Schemes.
func Scheme[D Dialer](parse func(*url.URL) (D, error)) func(*url.URL) (Dialer, error) {
	return func(u *url.URL) (Dialer, error) {
		d, err := parse(u)
		if err != nil {
			return nil, err
		}
		return d, nil
	}
}

// Parse reads a connection text. It opens nothing. The error names the part
// that is wrong and the schemes there are; it does not repeat the text, which
// may hold a password.
func (s Schemes) Parse(text string) (Dialer, error) {
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return nil, fmt.Errorf("transport: connection text lacks its scheme (one of %s)", s.names())
	}
	open, ok := s[strings.ToLower(scheme)]
	if !ok {
		return nil, fmt.Errorf("transport: unknown scheme %q (want one of %s)", scheme, s.names())
	}
	u, err := parseURL(text)
	if err != nil {
		return nil, fmt.Errorf("transport: %s connection text is not a URL", scheme)
	}
	return open(u)
}

// parseURL is url.Parse, which takes what follows a colon for a decimal port;
// the numbers of a USB device, usb://2fb8:225e, are hexadecimal.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err == nil {
		return u, nil
	}
	scheme, rest, _ := strings.Cut(text, "://")
	numbers := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		numbers = rest[:end]
	}
	if numbers == "" || strings.Trim(numbers, "0123456789abcdefABCDEF:") != "" {
		return nil, err
	}
	if u, err = url.Parse(scheme + "://" + rest[len(numbers):]); err != nil {
		return nil, err
	}
	u.Host = numbers
	return u, nil
}

func (s Schemes) names() string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name+"://")
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
