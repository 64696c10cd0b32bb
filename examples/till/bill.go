package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

func (a *app) billCommand() *cobra.Command {
	var f billFlags
	cmd := &cobra.Command{
		Use: "bill --tender NAME=URL --day D", Short: "Download a wallet's bill of a day, and hold it against the journal", Args: noArgs,
		Long: `Download a wallet's trade bill (对账单) of a day in China and hold it against the journal. The
bill comes on the next day, after ten o'clock. Each line that has no payment,
each payment that has no line, and each other amount is named. Status 0 says that both agree.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.bill(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.day, "day", "", "`day` such as 2026-11-22; default is yesterday")
	cmd.Flags().StringVar(&f.csv, "csv", "", "write the bill's lines into this `file`")
	cmd.Flags().StringVar(&f.from, "from", "", "read the bill from this `file` instead: downloaded at the platform's console")
	cmd.Flags().StringVar(&f.columns, "columns", "", "JSON `file` that says what the columns of --from are called, see wallet.BillFile")
	return cmd
}

type billFlags struct{ day, csv, from, columns string }

// billBreak is one difference.
type billBreak struct {
	Kind    string        `json:"break"` // missing_in_bill, missing_in_journal, amount, twice_in_bill, not_undone
	Order   string        `json:"order"`
	Attempt pos.AttemptID `json:"attempt,omitempty"`
	Journal pos.Money     `json:"journal,omitzero"`
	Bill    pos.Money     `json:"bill,omitzero"`
	Line    int           `json:"line,omitempty"`
	Do      string        `json:"do"`
}

func (a *app) bill(ctx context.Context, f billFlags) error {
	at := time.Now().In(wallet.China).AddDate(0, 0, -1)
	if f.day != "" {
		var err error
		if at, err = time.ParseInLocation(time.DateOnly, f.day, wallet.China); err != nil {
			return usagef("--day %q: want a day such as 2026-11-22", f.day)
		}
	}
	name, err := a.choose()
	if err != nil {
		return err
	}
	t := a.tender(name)
	if t == nil || t.wallet == nil {
		return usagef("tender %q is no wallet", name)
	}
	var lines []wallet.BillLine
	sum, err := t.billOf(ctx, at, f, func(l wallet.BillLine) error { lines = append(lines, l); return nil })
	if err != nil && !errors.Is(err, wallet.ErrNoBill) {
		return err
	}
	if errors.Is(err, wallet.ErrNoBill) {
		a.say("  %v", err)
	}
	if f.csv != "" {
		if err := writeFile("--csv", f.csv, func(w io.Writer) error { return billCSV(w, lines) }); err != nil {
			return err
		}
	}
	breaks, err := a.matchBill(ctx, name, at, lines)
	if err != nil {
		return err
	}
	return a.tellBill(name, at, sum, breaks)
}

// billOf reads the bill from a file, or downloads it.
func (t *tender) billOf(ctx context.Context, day time.Time, f billFlags, each func(wallet.BillLine) error) (wallet.BillSum, error) {
	if (f.from == "") != (f.columns == "") {
		return wallet.BillSum{}, usagef("--from and --columns belong together")
	}
	if f.from != "" {
		text, err := readLimited(f.columns, maxProfileFile)
		if err != nil {
			return wallet.BillSum{}, usagef("--columns: %w", err)
		}
		var columns wallet.BillFile
		if err := json.Unmarshal(text, &columns); err != nil {
			return wallet.BillSum{}, usagef("--columns: %w", err)
		}
		file, err := os.Open(f.from)
		if err != nil {
			return wallet.BillSum{}, usagef("--from: %w", err)
		}
		defer file.Close()
		return columns.Read(file, each)
	}
	d, err := t.wallet.open()
	if err != nil {
		return wallet.BillSum{}, err
	}
	defer d.Close()
	biller, ok := d.(*wallet.Driver).Host().(wallet.Biller)
	if !ok {
		return wallet.BillSum{}, fmt.Errorf("%w: this platform has no call for its bill; download it at its console and give it with --from", pos.ErrUnsupported)
	}
	return biller.Bill(ctx, day, each)
}

// billKey is what one movement of money is known by on both sides.
type billKey struct {
	kind  wallet.LineKind
	order string
}

// matchBill holds lines against the attempts of that day.
func (a *app) matchBill(ctx context.Context, tender string, day time.Time, lines []wallet.BillLine) ([]billBreak, error) {
	j, err := a.openJournal(ctx, true)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	list, err := j.Find(ctx, pos.Filter{Limit: maxBillAttempts})
	if err != nil {
		return nil, err
	}
	from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, wallet.China)
	here := map[billKey]pos.Attempt{}
	for _, at := range list {
		if at.Tender != tender {
			continue
		}
		for _, k := range billKeys(at) {
			here[k] = at
		}
	}
	var breaks []billBreak
	seen := map[billKey]bool{}
	for _, l := range lines {
		k := billKey{l.Kind, l.Order}
		if l.Kind == wallet.LineRefund {
			k.order = l.Refund
		}
		at, ok := here[k]
		b := billBreak{Order: k.order, Attempt: at.ID, Bill: l.Amount, Line: l.Number}
		switch {
		case seen[k]:
			b.Kind, b.Do = "twice_in_bill", a.word("do.twice")
		case !ok:
			b.Kind, b.Do = "missing_in_journal", a.word("do.foreign")
		case at.Amount != l.Amount:
			b.Kind, b.Journal, b.Do = "amount", at.Amount, a.word("do.amount")
		}
		if seen[k] = true; b.Kind != "" {
			breaks = append(breaks, b)
		}
	}
	for _, at := range list {
		if at.Tender == tender {
			breaks = append(breaks, a.notInBill(at, seen, from)...)
		}
	}
	return breaks, nil
}

// notInBill is what an attempt should have left in the bill of the day and has not.
func (a *app) notInBill(at pos.Attempt, seen map[billKey]bool, from time.Time) []billBreak {
	on := at.PeerTime
	if on.IsZero() {
		on = at.Changed
	}
	today := !on.Before(from) && on.Before(from.AddDate(0, 0, 1))
	keys := billKeys(at)
	has := func(k billKey) bool { return seen[k] }
	switch {
	case at.State == pos.StateReversed && at.Type == pos.TypeCharge:
		paid := billKey{wallet.LinePay, string(at.ID)}
		if seen[paid] && !slices.ContainsFunc(undoneKeys(string(at.ID)), has) {
			do := a.word("do.undone")
			if !today {
				do = a.word("do.undone.other")
			}
			return []billBreak{{Kind: "not_undone", Order: string(at.ID), Attempt: at.ID, Bill: at.Amount, Do: do}}
		}
	case at.State.Paid() && today && len(keys) > 0 && !slices.ContainsFunc(keys, has):
		return []billBreak{{Kind: "missing_in_bill", Order: keys[0].order, Attempt: at.ID, Journal: at.Amount, Do: a.word("do.missing")}}
	}
	return nil
}

// maxBillAttempts bounds what is held against one bill.
const maxBillAttempts = 1_000_000

// undoneKeys are the lines by which the undo of an order may stand in a bill.
func undoneKeys(order string) []billKey {
	return []billKey{{wallet.LineUndo, order}, {wallet.LineRefund, wallet.UndoNumber(order)}}
}

// billKeys are the lines by which an attempt may stand in a bill. One that was
// undone may have been paid before, and then has a line each way.
func billKeys(at pos.Attempt) []billKey {
	switch {
	case at.Type == pos.TypeCharge && at.State.Paid():
		return []billKey{{wallet.LinePay, string(at.ID)}}
	case at.Type == pos.TypeCharge && at.State == pos.StateReversed:
		return append(undoneKeys(string(at.ID)), billKey{wallet.LinePay, string(at.ID)})
	case at.Type == pos.TypeRefund && at.State.Paid():
		return []billKey{{wallet.LineRefund, string(at.ID)}}
	case at.Type == pos.TypeVoid && at.State.Paid():
		return undoneKeys(string(at.Original))
	}
	return nil
}

func (a *app) tellBill(name string, day time.Time, sum wallet.BillSum, breaks []billBreak) error {
	if a.json {
		if err := a.object(map[string]any{"tender": name, "day": day.Format(time.DateOnly), "sum": sum, "breaks": breaks}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.out, "%s %s: %d, +%s, -%s\n", name, day.Format(time.DateOnly), sum.Lines, sum.In, sum.Back)
		for _, b := range breaks {
			fmt.Fprintf(a.out, "  %-18s %s  %s / %s  %s\n", b.Kind, b.Order, b.Journal, b.Bill, b.Do)
		}
	}
	if len(breaks) > 0 {
		a.told = true
		return fmt.Errorf("%d differences between the bill and the journal", len(breaks))
	}
	return nil
}

// billCSV writes lines for a spreadsheet: a byte order mark, ids as text.
func billCSV(w io.Writer, lines []wallet.BillLine) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	c.Write([]string{"time", "kind", "order", "refund", "trade", "fen", "fee_fen", "state"})
	for _, l := range lines {
		c.Write([]string{l.Time.In(wallet.China).Format(time.DateTime), string(l.Kind), cell(l.Order), cell(l.Refund), cell(l.Trade),
			strconv.FormatInt(l.Amount.Minor(), 10), strconv.FormatInt(l.Fee.Minor(), 10), cell(l.State)})
	}
	c.Flush()
	return c.Error()
}

// cell keeps a text from becoming a formula or a rounded number.
func cell(s string) string {
	if s == "" {
		return ""
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil || s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@' || s[0] == '\t' || s[0] == '\r' {
		return "'" + s
	}
	return s
}
