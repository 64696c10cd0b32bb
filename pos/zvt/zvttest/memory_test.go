package zvttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/transport"
)

// register speaks to a terminal as a register would, answering 80 00 to all.
type register struct {
	t    *testing.T
	link *transport.Link
	// deaf makes it fall silent at the status-information.
	deaf bool
}

func connect(t *testing.T, terminal *zvttest.Terminal) *register {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = terminal.Serve(l) }()
	link := transport.NewLink(transport.LinkConfig{Framing: zvtproto.Stream{},
		Dialer: transport.DialFunc("terminal", func(context.Context) (transport.Conn, error) { return net.Dial("tcp", l.Addr().String()) })})
	t.Cleanup(func() { link.Close(); terminal.Close() })
	require.NoError(t, link.Connect(t.Context()))
	r := &register{t: t, link: link}
	r.do(&zvtproto.Registration{Password: "000000", Config: zvtproto.ConfigRegisterPrints, Currency: zvtproto.EUR})
	return r
}

// do sends a command and returns the status-information and the last message.
func (r *register) do(m zvtproto.Message) (si *zvtproto.StatusInformation, end zvtproto.Message) {
	r.t.Helper()
	apdu, err := zvtproto.Encode(m)
	require.NoError(r.t, err)
	require.NoError(r.t, r.link.Send(r.t.Context(), apdu))
	for {
		raw, err := r.link.Receive(r.t.Context())
		require.NoError(r.t, err)
		m, err := zvtproto.Parse(raw, zvtproto.ToRegister)
		require.NoError(r.t, err)
		switch m := m.(type) {
		case *zvtproto.PositiveResponse:
			continue
		case *zvtproto.NegativeResponse:
			return si, m
		case *zvtproto.StatusInformation:
			if si = m; r.deaf {
				return si, nil
			}
		}
		require.NoError(r.t, r.link.Send(r.t.Context(), zvtproto.AppendPositive(nil)))
		switch m.(type) {
		case *zvtproto.Completion, *zvtproto.Aborted:
			return si, m
		}
	}
}

func (r *register) pay(a zvtproto.Amount) (*zvtproto.StatusInformation, zvtproto.Message) {
	m := &zvtproto.Authorisation{}
	require.NoError(r.t, m.SetAmount(a))
	return r.do(m)
}

// last is the last result, as 06 20 says it.
func (r *register) last() *zvtproto.StatusInformation {
	m := &zvtproto.RepeatReceipt{}
	m.Password = "000000"
	m.SetServiceByte(zvtproto.RepeatStatusInformation | zvtproto.RepeatNoPrint)
	si, _ := r.do(m)
	return si
}

// remembering is a Config whose memory goes through JSON into a slice.
func remembering(t *testing.T, memory *[]zvttest.Entry) zvttest.Config {
	return zvttest.Config{Remember: func(e zvttest.Entry) error {
		b, err := json.Marshal(e)
		require.NoError(t, err)
		var again zvttest.Entry
		require.NoError(t, json.Unmarshal(b, &again))
		*memory = append(*memory, again)
		return nil
	}}
}

func TestRestoredTerminalIsTheSame(t *testing.T) {
	var memory []zvttest.Entry
	cfg := remembering(t, &memory)
	cfg.TerminalID = "12345678"
	first := zvttest.New(cfg)
	require.NoError(t, first.Restore(nil))
	r := connect(t, first)
	paid, _ := r.pay(1280)
	r.pay(9005)
	said := r.last()
	require.NoError(t, first.Close())

	cfg.TerminalID = ""
	second := zvttest.New(cfg)
	require.NoError(t, second.Restore(memory))
	require.Equal(t, "12345678", second.TerminalID())
	require.Equal(t, int64(1280), second.Net())
	require.Len(t, second.Books(), len(first.Books()))
	r = connect(t, second)
	require.Equal(t, said, r.last(), "the last result, to the byte")
	n, _ := paid.ReceiptNumber()
	void := &zvtproto.Reversal{}
	void.Password = "000000"
	require.NoError(t, void.SetReceiptNumber(n))
	si, _ := r.do(void)
	receipt, _ := si.ReceiptNumber()
	require.Equal(t, n+2, receipt, "the decline had a number too")
	require.Zero(t, second.Net())
	require.NoError(t, second.Close())

	third := zvttest.New(cfg)
	require.NoError(t, third.Restore(memory))
	_, end := connect(t, third).do(void)
	require.IsType(t, &zvtproto.Aborted{}, end, "voided once is voided")
	require.Zero(t, third.Net())
}

func TestPowerCutBeforeTheAcknowledgementTakesBack(t *testing.T) {
	var memory []zvttest.Entry
	cfg := remembering(t, &memory)
	first := zvttest.New(cfg)
	require.NoError(t, first.Restore(nil))
	r := connect(t, first)
	r.deaf = true
	paid, _ := r.pay(500) // the status-information is on the register's side of the line
	at := append([]zvttest.Entry(nil), memory...)

	second := zvttest.New(cfg)
	require.NoError(t, second.Restore(at))
	books := second.Books()
	require.Len(t, books, 2)
	require.Equal(t, "reversal", books[1].Kind)
	require.Zero(t, second.Net())
	si := connect(t, second).last()
	code, _ := si.ResultCode()
	require.Equal(t, zvtproto.ResultAborted, code)
	was, _ := paid.ReceiptNumber()
	is, _ := si.ReceiptNumber()
	require.Equal(t, was, is)
}

func TestDayEndEmptiesTheStoreForGood(t *testing.T) {
	var memory []zvttest.Entry
	cfg := remembering(t, &memory)
	first := zvttest.New(cfg)
	require.NoError(t, first.Restore(nil))
	r := connect(t, first)
	paid, _ := r.pay(500)
	end := &zvtproto.EndOfDay{}
	end.Password = "000000"
	r.do(end)
	require.NoError(t, first.Close())

	second := zvttest.New(cfg)
	require.NoError(t, second.Restore(memory))
	n, _ := paid.ReceiptNumber()
	void := &zvtproto.Reversal{}
	void.Password = "000000"
	require.NoError(t, void.SetReceiptNumber(n))
	_, how := connect(t, second).do(void)
	require.IsType(t, &zvtproto.Aborted{}, how)
	require.Equal(t, int64(500), second.Net())
}

func TestRestoreRefusesWhatIsNoMemory(t *testing.T) {
	now := time.Now()
	for name, memory := range map[string][]zvttest.Entry{
		"another currency":      {{Event: zvttest.EventTerminal, Currency: pos.CNY}},
		"an event of nothing":   {{Event: "dream"}},
		"final of nothing":      {{Event: zvttest.EventFinal, Trace: 7}},
		"a result in no bytes":  {{Event: zvttest.EventApproved, Time: now, Info: "zz"}},
		"a void of nothing":     {{Event: zvttest.EventApproved, Kind: pos.OpVoid, Original: 9, Info: "040f022700"}},
		"another message as it": {{Event: zvttest.EventDayEnd, Info: "060f00"}},
	} {
		require.ErrorIs(t, zvttest.New(zvttest.Config{}).Restore(memory), zvttest.ErrMemory, name)
	}
	broken := errors.New("disk full")
	terminal := zvttest.New(zvttest.Config{Remember: func(zvttest.Entry) error { return broken }})
	require.ErrorIs(t, terminal.Restore(nil), broken)
	_, end := connect(t, terminal).pay(500)
	require.IsType(t, &zvtproto.Aborted{}, end, "what cannot be remembered is declined")
	require.Zero(t, terminal.Net())
}
