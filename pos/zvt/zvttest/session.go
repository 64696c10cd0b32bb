package zvttest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
	"github.com/openecr/openecr/transport"
)

// session is one connection to a register.
type session struct {
	t      *Terminal
	link   *transport.Link
	wire   *wire
	serial bool

	twice   bool // the fault answer-twice is on
	aborted bool // the register asked to stop
}

// errRefused is a register's 84 xx to one of the terminal's messages.
type errRefused struct {
	code zvtproto.ResultCode
	data []byte
}

func (e *errRefused) Error() string { return fmt.Sprintf("register refused with %02X", byte(e.code)) }

// command answers one command of the register. An error ends the connection.
func (s *session) command(raw []byte) error {
	m, err := zvtproto.Parse(raw, zvtproto.ToTerminal)
	if m == nil {
		return err
	}
	switch m.(type) {
	case *zvtproto.PositiveResponse, *zvtproto.NegativeResponse:
		return nil // an answer to nothing
	}
	if !s.t.work.TryLock() {
		return s.refuse(zvtproto.ResultPleaseWait)
	}
	defer s.t.work.Unlock()
	s.twice, s.aborted = false, false
	var unknown *zvtproto.UnknownBMPError
	switch {
	case errors.As(err, &unknown):
		return s.refuse(zvtproto.ResultNotPossible)
	case err != nil:
		return s.refuse(0x9A) // protocol error
	}
	return s.dispatch(m)
}

func (s *session) dispatch(m zvtproto.Message) error {
	switch m := m.(type) {
	case *zvtproto.Registration:
		return s.register(m)
	case *zvtproto.LogOff:
		s.t.mu.Lock()
		s.t.config, s.t.tlv, s.t.can = zvtproto.ConfigAfterLogOff, false, zvtproto.Capabilities{}
		s.t.mu.Unlock()
		return s.accept()
	case *zvtproto.Abort:
		if s.t.cfg.NoAbort {
			return s.refuse(zvtproto.ResultNotPossible)
		}
		return s.accept()
	case *zvtproto.StatusEnquiry:
		return s.accepted(func() error {
			return s.finish(&zvtproto.StatusReport{HasVersion: true, Version: []byte("OpenECR simulated terminal"), State: zvtproto.StateReady})
		})
	case *zvtproto.RepeatReceipt:
		return s.repeat(m)
	case *zvtproto.EndOfDay:
		return s.money(pos.OpSettle, m.Password, &m.Fields)
	case *zvtproto.Authorisation:
		return s.money(pos.OpCharge, s.t.cfg.Password, &m.Fields)
	case *zvtproto.PreAuthorisation:
		return s.money(pos.OpPreauth, s.t.cfg.Password, &m.Fields)
	case *zvtproto.Refund:
		return s.money(pos.OpRefund, m.Password, &m.Fields)
	case *zvtproto.Reversal:
		return s.money(pos.OpVoid, m.Password, &m.Fields)
	case *zvtproto.PreAuthReversal:
		return s.money(pos.OpVoid, s.t.cfg.Password, &m.Fields)
	case *zvtproto.BookTotal:
		return s.money(pos.OpCompletion, s.t.cfg.Password, &m.Fields)
	case *zvtproto.PartialReversal:
		if _, ok := m.ReceiptNumber(); !ok && m.Has(zvtproto.BMPReceiptNumber) { // FFFF asks
			return s.openHolds()
		}
		return s.money(opPartialReversal, s.t.cfg.Password, &m.Fields)
	}
	return s.device(m)
}

// opPartialReversal books a hold by the amount to release.
const opPartialReversal pos.Op = "partial-reversal"

// device answers the commands that have to do with the terminal itself.
func (s *session) device(m zvtproto.Message) error {
	switch m := m.(type) {
	case *zvtproto.Diagnosis, *zvtproto.SelfTest, *zvtproto.Initialisation, *zvtproto.PrintSystemConfiguration, *zvtproto.SetDateTime:
		return s.accepted(func() error {
			s.status(zvtproto.Intermediate(0x0E), "please wait")
			if err := s.print(adminSlip(s.t, m.Command()), zvtproto.ReceiptAdministration, zvtproto.ConfigPrintAdmin); err != nil {
				return err
			}
			return s.finish(&zvtproto.Completion{})
		})
	case *zvtproto.ResetTerminal:
		if err := s.accept(); err != nil {
			return err
		}
		return s.reboot()
	case *zvtproto.ReadCard:
		return s.accepted(s.readCard)
	case *zvtproto.PrintLine:
		return s.accepted(func() error { s.t.paper([]string{zvtproto.CharsetCP437.Decode(m.Text)}); return nil })
	case *zvtproto.PrintText:
		return s.accepted(func() error { s.t.paper(plain(m.Lines(zvtproto.CharsetCP437))); return nil })
	case *zvtproto.DisplayText:
		return s.accepted(func() error {
			for b := zvtproto.BMP(0xF1); b <= 0xF8; b++ {
				if line, ok := m.Text(b, zvtproto.CharsetCP437); ok {
					s.t.show(line)
				}
			}
			return nil
		})
	case *zvtproto.SelectLanguage, *zvtproto.ChangeBaudRate:
		return s.accept()
	}
	return s.refuse(zvtproto.ResultNotPossible)
}

// register takes the register's settings (P15 2.1).
func (s *session) register(m *zvtproto.Registration) error {
	if m.Password != s.t.cfg.Password {
		return s.refuse(0x37) // as card complete answers a wrong password
	}
	if err := s.accept(); err != nil {
		return err
	}
	want := zvtproto.Currency(s.t.cfg.Currency.Numeric())
	if m.Currency != 0 && m.Currency != want {
		return s.finish(&zvtproto.Aborted{Result: zvtproto.ResultWrongCurrency, Currency: want})
	}
	tlv, has := m.TLV()
	s.t.mu.Lock()
	s.t.config, s.t.tlv, s.t.can, s.t.known = m.Config, has, zvtproto.ParseCapabilities(tlv), true
	s.t.mu.Unlock()
	c := &zvtproto.Completion{}
	c.SetStatusByte(0)
	err := errors.Join(c.SetTerminalID(s.t.cfg.TerminalID), c.SetCurrency(want))
	if has {
		err = errors.Join(err, c.SetTLV(zvtproto.TLV{}))
	}
	if err != nil {
		return err
	}
	return s.finish(c)
}

// accept answers 80 00.
func (s *session) accept() error { return s.send(zvtproto.AppendPositive(nil)) }

// refuse answers 84 and a code.
func (s *session) refuse(c zvtproto.ResultCode) error { return s.send(zvtproto.AppendNegative(nil, c)) }

// accepted answers 80 00 and goes on.
func (s *session) accepted(f func() error) error {
	if err := s.accept(); err != nil {
		return err
	}
	return f()
}

// send sends one APDU, twice when that is the fault.
func (s *session) send(apdu []byte) error {
	ctx, cancel := context.WithTimeout(s.t.ctx, 4*s.t.responseTime())
	defer cancel()
	err := s.link.Send(ctx, apdu)
	if err == nil && s.twice {
		err = s.link.Send(ctx, apdu)
	}
	return err
}

// tell sends a message and waits for the register's response. A register that
// does not answer within T3 has lost the dialogue. A request to stop is
// answered and noted; any other command has to wait.
func (s *session) tell(m zvtproto.Message) error {
	apdu, err := zvtproto.Encode(m)
	if err != nil {
		return err
	}
	return s.tellRaw(apdu)
}

func (s *session) tellRaw(apdu []byte) error {
	if err := s.send(apdu); err != nil {
		return err
	}
	deadline := time.Now().Add(s.t.responseTime()) // other commands do not prolong it
	for answers := 1; ; {
		left := time.Until(deadline)
		if left <= 0 {
			return transport.ErrTimeout
		}
		a, err := s.receive(left)
		if err != nil {
			return err
		}
		switch {
		case a.Class == 0x80, a.Class == 0x84 && a.Instr == 0:
			if s.twice && !s.serial && answers == 1 { // the second sending is answered too; a serial line drops it
				answers++
				continue
			}
			return nil
		case a.Class == 0x84:
			return &errRefused{code: zvtproto.ResultCode(a.Instr), data: a.Data}
		}
		if err := s.interrupted(a); err != nil {
			return err
		}
	}
}

func (s *session) receive(wait time.Duration) (zvtproto.APDU, error) {
	ctx, cancel := context.WithTimeout(s.t.ctx, wait)
	defer cancel()
	raw, err := s.link.Receive(ctx)
	if err != nil {
		return zvtproto.APDU{}, err
	}
	return zvtproto.ParseAPDU(raw)
}

// interrupted answers a command that comes in the middle of another.
func (s *session) interrupted(a zvtproto.APDU) error {
	if a.Command() != zvtproto.CmdAbort {
		return s.refuse(zvtproto.ResultPleaseWait)
	}
	if s.t.cfg.NoAbort {
		return s.refuse(zvtproto.ResultNotPossible)
	}
	s.aborted = true
	return s.accept()
}

// think lets the customer, PIN pad or host take their time, and listens for an abort.
func (s *session) think(d time.Duration) error {
	deadline := time.Now().Add(d)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			left = time.Microsecond
		}
		a, err := s.receive(left)
		switch {
		case errors.Is(err, transport.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
			return nil
		case err != nil:
			return err
		case a.Class != 0x80 && a.Class != 0x84:
			if err := s.interrupted(a); err != nil {
				return err
			}
		}
	}
}

// finish ends a command; the register's response is waited for, its absence
// changes nothing.
func (s *session) finish(m zvtproto.Message) error {
	err := s.tell(m)
	var refused *errRefused
	if errors.As(err, &refused) || errors.Is(err, transport.ErrTimeout) {
		return nil
	}
	return err
}

// status shows a step, and tells the register if it wants to know.
func (s *session) status(code zvtproto.Intermediate, text string) {
	s.t.show(text)
	s.t.mu.Lock()
	wanted := s.t.config&zvtproto.ConfigIntermediateStatus != 0
	s.t.mu.Unlock()
	if wanted {
		_ = s.tell(&zvtproto.IntermediateStatus{Status: code}) // a register that is gone shows at the result
	}
}

// drop breaks the connection; on a serial line, which cannot break, the
// terminal falls silent and forgets the dialogue.
func (s *session) drop() error {
	s.link.Drop()
	return errDropped
}

// reboot breaks the connection and answers nobody for a while.
func (s *session) reboot() error {
	s.t.mu.Lock()
	s.t.awayTill = time.Now().Add(s.t.cfg.Away)
	s.t.mu.Unlock()
	s.t.show("restarting")
	if s.serial {
		select {
		case <-s.t.ctx.Done():
		case <-time.After(s.t.cfg.Away):
		}
	}
	return s.drop()
}

// readCard answers 06 C0 with the card's data and nothing after it.
func (s *session) readCard() error {
	s.status(zvtproto.IntermediateInsertCard, "insert card")
	if err := s.think(s.t.cfg.Think); err != nil {
		return err
	}
	si := &zvtproto.StatusInformation{}
	if s.aborted {
		si.SetResultCode(zvtproto.ResultAborted)
		return s.finish(si)
	}
	card := s.t.card()
	if err := errors.Join(si.SetPAN(card.PAN), si.SetCardType(card.Type)); err != nil {
		return err
	}
	return s.finish(si)
}

// openHolds lists holds that are neither completed nor released (P15 2.x, 06 23).
func (s *session) openHolds() error {
	list := zvtproto.Object{Tag: zvtproto.TagPreAuthList}
	first := zvtproto.NoReceipt
	s.t.mu.Lock()
	for _, r := range s.t.records {
		if r.kind == pos.OpPreauth && !r.done && !r.takenBack {
			if first == zvtproto.NoReceipt {
				first = r.receipt
			}
			list.Children = append(list.Children, zvtproto.Primitive(zvtproto.TagReceiptNumber,
				byte(r.receipt/1000%10<<4|r.receipt/100%10), byte(r.receipt/10%10<<4|r.receipt%10)))
		}
	}
	s.t.mu.Unlock()
	return s.accepted(func() error {
		m := &zvtproto.Aborted{Result: zvtproto.ResultOpenPreAuths}
		err := m.SetReceiptNumber(first)
		if len(list.Children) > 0 {
			err = errors.Join(err, m.SetTLV(zvtproto.TLV{Objects: []zvtproto.Object{list}}))
		}
		if err != nil {
			return err
		}
		return s.finish(m)
	})
}
