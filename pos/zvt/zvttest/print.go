package zvttest

import (
	"fmt"
	"strings"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// receipts prints the merchant's and the customer's copy.
func (s *session) receipts(r *record, code zvtproto.ResultCode) error {
	for _, kind := range []zvtproto.ReceiptType{zvtproto.ReceiptMerchant, zvtproto.ReceiptCustomer} {
		if err := s.print(s.t.slip(r, kind, code), kind, zvtproto.ConfigPrintPayment); err != nil {
			return err
		}
	}
	return nil
}

// print sends a receipt to the register's printer, as a block or line by line,
// or to the terminal's own, as the registration says. The register's refusal
// for want of paper (84 CC) is taken as printed here: the slip can be repeated.
func (s *session) print(lines []zvtproto.ReceiptLine, kind zvtproto.ReceiptType, who zvtproto.Config) error {
	s.t.mu.Lock()
	config, can := s.t.config, s.t.can
	s.t.mu.Unlock()
	if config&who == 0 {
		s.t.paper(plain(lines))
		return nil
	}
	if config&zvtproto.ConfigPrintLines == 0 {
		return nil // the register builds the receipt from the status-information
	}
	if can.Takes(zvtproto.CmdPrintText) {
		m := &zvtproto.PrintText{}
		if err := m.SetLines(lines, zvtproto.CharsetCP437); err != nil {
			return err
		}
		if err := m.SetType(kind); err != nil {
			return err
		}
		return s.finishPrint(m)
	}
	list, err := zvtproto.PrintLines(lines, zvtproto.CharsetCP437)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := s.finishPrint(m); err != nil {
			return err
		}
	}
	return nil
}

// finishPrint tells a print command; unlike a completion it must be answered.
func (s *session) finishPrint(m zvtproto.Message) error {
	err := s.tell(m)
	if r, ok := err.(*errRefused); ok && r.code == zvtproto.CodePrinter {
		return nil
	}
	return err
}

func (t *Terminal) paper(lines []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.printed = append(t.printed, lines)
	if len(t.printed) > maxDisplay {
		t.printed = t.printed[1:]
	}
}

func plain(lines []zvtproto.ReceiptLine) []string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		out = append(out, strings.Repeat(" ", l.Indent)+l.Text)
	}
	return out
}

// width of the terminal's receipts in characters.
const width = 32

func line(left, right string) zvtproto.ReceiptLine {
	gap := max(1, width-len(left)-len(right))
	return zvtproto.ReceiptLine{Text: left + strings.Repeat(" ", gap) + right}
}

func heading(s string) zvtproto.ReceiptLine { return zvtproto.ReceiptLine{Text: s, Centred: true} }

var titles = map[pos.Op]string{pos.OpCharge: "PAYMENT", pos.OpVoid: "REVERSAL", pos.OpRefund: "REFUND",
	pos.OpPreauth: "RESERVATION", pos.OpCompletion: "RESERVATION BOOKED"}

// slip is what a payment prints.
func (t *Terminal) slip(r *record, kind zvtproto.ReceiptType, code zvtproto.ResultCode) []zvtproto.ReceiptLine {
	copyOf := "-- customer copy --"
	if kind == zvtproto.ReceiptMerchant {
		copyOf = "-- merchant copy --"
	}
	lines := []zvtproto.ReceiptLine{
		heading(titles[r.kind]), heading(copyOf),
		line("Terminal", t.cfg.TerminalID), line("Receipt", fmt.Sprintf("%04d", r.receipt)), line("Trace", fmt.Sprintf("%06d", r.trace)),
		line(r.card.Name, r.card.PAN.String()),
		line("Amount", pos.FromMinor(r.amount, t.cfg.Currency).String()),
	}
	if code == 0 {
		lines = append(lines, line("Approval", r.auth), heading("APPROVED"))
	} else {
		lines = append(lines, heading("DECLINED"), heading(fmt.Sprintf("%02X %s", byte(code), code)))
	}
	lines[len(lines)-1].Last = true
	return lines
}

func adminSlip(t *Terminal, c zvtproto.Command) []zvtproto.ReceiptLine {
	return []zvtproto.ReceiptLine{heading(strings.ToUpper(c.String())), line("Terminal", t.cfg.TerminalID), {Text: "OK", Last: true}}
}

func dayEndSlip(t *Terminal, records []*record) []zvtproto.ReceiptLine {
	var sum int64
	count := 0
	for _, r := range records {
		if !r.takenBack {
			sum += r.sign() * r.amount
			count++
		}
	}
	return []zvtproto.ReceiptLine{heading("END OF DAY"), line("Terminal", t.cfg.TerminalID),
		line(fmt.Sprintf("%d transactions", count), pos.FromMinor(sum, t.cfg.Currency).String()), {Text: "", Last: true}}
}
