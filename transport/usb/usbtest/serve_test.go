package usbtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/transporttest"
	"github.com/openecr/openecr/transport/usb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is the other side of USB/IP, as small as it can be.
type host struct {
	t    testing.TB
	conn net.Conn
	seq  uint32
	done chan error
}

// wire is a connection with a buffer, as the kernel's has.
func wire(t testing.TB) (ours, theirs net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	ours, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	theirs, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

func connect(t testing.TB, d *Device) *host {
	ours, theirs := wire(t)
	h := &host{t: t, conn: ours, done: make(chan error, 1)}
	go func() { h.done <- Serve(theirs, d) }()
	t.Cleanup(func() { ours.Close(); h.done <- <-h.done })
	return h
}

func (h *host) submit(ep uint8, in bool, length int, s Setup, out []byte) uint32 {
	h.seq++
	b := make([]byte, headerLen)
	be, le := binary.BigEndian, binary.LittleEndian
	be.PutUint32(b, cmdSubmit)
	be.PutUint32(b[4:], h.seq)
	if in {
		be.PutUint32(b[12:], 1)
	}
	be.PutUint32(b[16:], uint32(ep))
	be.PutUint32(b[24:], uint32(length))
	b[40], b[41] = s.RequestType, s.Request
	le.PutUint16(b[42:], s.Value)
	le.PutUint16(b[44:], s.Index)
	le.PutUint16(b[46:], s.Length)
	_, err := h.conn.Write(append(b, out...))
	require.NoError(h.t, err)
	return h.seq
}

// answer reads one reply.
func (h *host) answer(in bool) (command, seq uint32, status int32, data []byte) {
	b := make([]byte, headerLen)
	h.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err := io.ReadFull(h.conn, b)
	require.NoError(h.t, err)
	be := binary.BigEndian
	command, seq, status = be.Uint32(b), be.Uint32(b[4:]), int32(be.Uint32(b[20:]))
	if n := be.Uint32(b[24:]); in && command == retSubmit && n > 0 {
		data = make([]byte, n)
		_, err := io.ReadFull(h.conn, data)
		require.NoError(h.t, err)
	}
	return command, seq, status, data
}

func (h *host) control(s Setup, out []byte) ([]byte, int32) {
	in := s.RequestType&0x80 != 0
	seq := h.submit(0, in, int(s.Length), s, out)
	_, got, status, data := h.answer(in)
	require.Equal(h.t, seq, got)
	return data, status
}

func (h *host) configure() {
	_, status := h.control(Setup{0, 9, 1, 0, 0}, nil)
	require.Zero(h.t, status)
}

func TestAHostEnumeratesADevice(t *testing.T) {
	a := NewACM(Identity{VendorID: 0x0B00, ProductID: 0x3070, Manufacturer: "M", Product: "P", Serial: "é1"})
	h := connect(t, a.Device)
	device, status := h.control(Setup{0x80, 6, 0x0100, 0, 64}, nil)
	require.Zero(t, status)
	config, status := h.control(Setup{0x80, 6, 0x0200, 0, 512}, nil)
	require.Zero(t, status)
	d, err := usb.ParseDescriptors(append(device, config...), 1)
	require.NoError(t, err)
	require.Equal(t, usb.ID(0x0B00), d.VendorID)
	require.Len(t, d.Interfaces, 2)
	require.Len(t, d.Interfaces[1].Endpoints, 2)
	text, status := h.control(Setup{0x80, 6, 0x0303, 0x0409, 255}, nil)
	require.Zero(t, status)
	require.Equal(t, []byte{6, 3, 0xE9, 0, '1', 0}, text)
	_, status = h.control(Setup{0x80, 6, 0x0600, 0, 10}, nil)
	require.Equal(t, int32(statusStall), status, "no device qualifier")
	_, status = h.control(Setup{0x40, 1, 0, 0, 0}, nil)
	require.Equal(t, int32(statusStall), status, "no vendor requests")
	require.False(t, a.Plugged())
	h.configure()
	require.True(t, a.Plugged())
	_, status = h.control(Setup{0x21, usb.CDCSetLineCoding, 0, 0, 7}, []byte{0x80, 0x25, 0, 0, 2, 2, 7})
	require.Zero(t, status)
	require.Equal(t, uint32(9600), a.Coding().Baud)
}

func TestTransfersUnlinksAndHalts(t *testing.T) {
	b := NewBulk(Identity{VendorID: 1, ProductID: 2})
	h := connect(t, b.Device)
	h.configure()
	peer, err := b.Port.Dial(t.Context())
	require.NoError(t, err)

	read := h.submit(DataIn&0x0F, true, 512, Setup{}, nil)
	_, err = peer.Write([]byte("hello"))
	require.NoError(t, err)
	_, seq, status, data := h.answer(true)
	require.Equal(t, read, seq)
	require.Zero(t, status)
	require.Equal(t, "hello", string(data))

	h.submit(DataOut, false, 3, Setup{}, []byte("abc"))
	_, _, status, _ = h.answer(false)
	require.Zero(t, status)
	got := make([]byte, 8)
	n, err := peer.Read(got)
	require.NoError(t, err)
	require.Equal(t, "abc", string(got[:n]))

	// A transfer that waits is taken back.
	read = h.submit(DataIn&0x0F, true, 512, Setup{}, nil)
	unlink := make([]byte, headerLen)
	binary.BigEndian.PutUint32(unlink, cmdUnlink)
	binary.BigEndian.PutUint32(unlink[4:], 1000)
	binary.BigEndian.PutUint32(unlink[20:], read)
	_, err = h.conn.Write(unlink)
	require.NoError(t, err)
	command, seq, status, _ := h.answer(false)
	require.Equal(t, []any{uint32(retUnlink), uint32(1000), int32(statusCancelled)}, []any{command, seq, status})

	b.Halt(DataOut)
	h.submit(DataOut, false, 1, Setup{}, []byte("x"))
	_, _, status, _ = h.answer(false)
	require.Equal(t, int32(statusStall), status)
	_, status = h.control(Setup{2, 1, 0, DataOut, 0}, nil)
	require.Zero(t, status)
	h.submit(DataOut, false, 1, Setup{}, []byte("x"))
	_, _, status, _ = h.answer(false)
	require.Zero(t, status)

	h.submit(DataOut, false, 0, Setup{}, nil)
	h.answer(false)
	require.Equal(t, 1, b.EmptyTransfers())
}

func TestTheCableIsCutWhereItWasTold(t *testing.T) {
	for _, deliver := range []bool{false, true} {
		b := NewBulk(Identity{VendorID: 1, ProductID: 2})
		h := connect(t, b.Device)
		h.configure()
		peer, err := b.Port.Dial(t.Context())
		require.NoError(t, err)
		b.Cut(Nth(2), deliver)
		h.submit(DataOut, false, 3, Setup{}, []byte("one"))
		h.answer(false)
		h.submit(DataOut, false, 3, Setup{}, []byte("two"))
		err = <-h.done
		require.NoError(t, err)
		h.done <- nil
		_, err = h.conn.Read(make([]byte, 1))
		require.Error(t, err, "its completion is lost")
		got, err := io.ReadAll(peer)
		require.NoError(t, err)
		require.Equal(t, map[bool]string{false: "one", true: "onetwo"}[deliver], string(got))
		require.False(t, b.Plugged())
	}
}

func TestAFullDeviceHoldsTheHostBack(t *testing.T) {
	b := NewBulk(Identity{VendorID: 1, ProductID: 2})
	h := connect(t, b.Device)
	h.configure()
	peer, err := b.Port.Dial(t.Context())
	require.NoError(t, err)
	block := make([]byte, maxQueued/4)
	for range 4 {
		h.submit(DataOut, false, len(block), Setup{}, block)
		h.answer(false)
	}
	h.submit(DataOut, false, len(block), Setup{}, block)
	h.conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	_, err = h.conn.Read(make([]byte, 1))
	require.Error(t, err, "not taken")
	done := make(chan struct{})
	go func() { defer close(done); io.CopyN(io.Discard, peer, int64(len(block))) }()
	h.answer(false)
	<-done
}

func TestOneSocketAtATime(t *testing.T) {
	b := NewBulk(Identity{VendorID: 1, ProductID: 2})
	h := connect(t, b.Device)
	h.configure()
	_, theirs := wire(t)
	require.ErrorContains(t, Serve(theirs, b.Device), "plugged in already")
}

// TestThePortIsAConn pairs two ports through a host that copies.
func TestThePortIsAConn(t *testing.T) {
	transporttest.TestConn(t, func() (a, b transport.Conn, stop func(), err error) {
		left, right := NewBulk(Identity{VendorID: 1, ProductID: 2}), NewBulk(Identity{VendorID: 1, ProductID: 3})
		p, q := startPlugging(left.Device), startPlugging(right.Device)
		ctx, cancel := context.WithCancel(context.Background())
		copied := make(chan struct{}, 2)
		for _, pair := range [][2]*plugging{{p, q}, {q, p}} {
			go func() { cross(ctx, pair[0].pipes[DataIn], pair[1].pipes[DataOut]); copied <- struct{}{} }()
		}
		a, _ = left.Port.Dial(ctx)
		b, _ = right.Port.Dial(ctx)
		return a, b, func() { cancel(); <-copied; <-copied }, nil
	})
}

func startPlugging(d *Device) *plugging {
	p := &plugging{d: d, conn: nopConn{}, ended: make(chan struct{}), pipes: map[uint8]*pipe{}, control: map[uint32]bool{}, configured: true}
	for _, e := range d.Interfaces[0].Endpoints {
		p.pipes[e.Address] = newPipe(p, e.Address)
	}
	d.plug = p
	return p
}

type nopConn struct{}

func (nopConn) Read([]byte) (int, error)    { return 0, io.EOF }
func (nopConn) Write(b []byte) (int, error) { return len(b), nil }
func (nopConn) Close() error                { return nil }

// cross carries what one device sends to another.
func cross(ctx context.Context, from, to *pipe) {
	for {
		data, news, err := from.take(maxQueued)
		if err != nil {
			return
		}
		for ok := data == nil; !ok; {
			var room <-chan struct{}
			if ok, room, err = to.put(data); err != nil {
				return
			}
			if !ok {
				select {
				case <-room:
				case <-ctx.Done():
					return
				}
			}
		}
		if data != nil {
			continue
		}
		select {
		case <-news:
		case <-ctx.Done():
			return
		}
	}
}

func FuzzServe(f *testing.F) {
	header := make([]byte, headerLen)
	binary.BigEndian.PutUint32(header, cmdSubmit)
	f.Add(header)
	binary.BigEndian.PutUint32(header[16:], DataOut)
	binary.BigEndian.PutUint32(header[24:], 4)
	f.Add(append(header, "data"...))
	binary.BigEndian.PutUint32(header, cmdUnlink)
	f.Add(header)
	f.Fuzz(func(t *testing.T, b []byte) {
		a := NewACM(Identity{VendorID: 1, ProductID: 2})
		Serve(&replay{Reader: bytes.NewReader(b)}, a.Device)
		require.False(t, a.Plugged())
	})
}

// replay is a host that speaks once and does not listen.
type replay struct{ io.Reader }

func (replay) Write(b []byte) (int, error) { return len(b), nil }
func (replay) Close() error                { return nil }
