package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/report"
)

// reportFlags say what a report is about and where it goes.
type reportFlags struct {
	day, zone, lane, terms string
	cutOff                 time.Duration
	csv, lines, xlsx       string
	jsonl, shop, profile   string

	operator string   // of a shift: whose; of a Z: who closes
	drawers  []string // of a shift

	number           int // of a Z that is made again
	again, carryOver bool
}

func (a *app) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "report", Short: "X, Z and shift reports, on paper and as CSV, XLSX or JSON Lines", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return usagef("name a report: x, z or shift")
		},
	}
	cmd.AddCommand(a.reportX(), a.reportZ(), a.reportShift())
	return cmd
}

// reportFlagsOf are those of every report.
func reportFlagsOf(cmd *cobra.Command, f *reportFlags) {
	fs := cmd.Flags()
	fs.StringVar(&f.zone, "zone", "Local", "`name` of the shop's time zone, such as Asia/Shanghai")
	fs.DurationVar(&f.cutOff, "cut-off", 0, "`time` of day at which a business day begins, such as 4h")
	fs.StringVar(&f.lane, "lane", "", "only this lane; default is all of the journal")
	fs.StringVar(&f.terms, "terms", "", "`file` with rates and days of payment by tender, as JSON")
	fs.StringVar(&f.csv, "csv", "", "write every attempt into this `file`")
	fs.StringVar(&f.lines, "lines", "", "write the lines of all sections into this `file`, as CSV")
	fs.StringVar(&f.xlsx, "xlsx", "", "write a workbook into this `file`")
	fs.StringVar(&f.jsonl, "jsonl", "", "write the report and every attempt into this `file`, as JSON Lines")
	fs.StringVar(&f.shop, "shop", "", "`file` with the head of the slip; see till print")
	fs.StringVar(&f.profile, "profile", "", "`kind` of printer whose width the text has; default is paper of 80 mm")
}

func (a *app) reportX() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "x", Short: "Look at the figures; nothing is changed", Args: noArgs,
		Long: `Look at the figures since the last Z, or of a business day. Reads the journal
without its lock, so it works beside a running register.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.reportLook(cmd.Context(), f, report.X) },
	}
	cmd.Flags().StringVar(&f.day, "day", "", "business `day` such as 2026-11-22; default is since the last Z")
	reportFlagsOf(cmd, &f)
	return cmd
}

func (a *app) reportShift() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "shift", Short: "What operators must hand over", Args: noArgs,
		Long: `What operators must hand over: the figures since the last Z, or of a business
day, and the cash of each drawer that is named:
  --drawer anna=200.00:512.30        200.00 put in, 512.30 counted
  --drawer max=100.00:99.50:EUR`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.reportLook(cmd.Context(), f, report.Shift) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.day, "day", "", "business `day` such as 2026-11-22; default is since the last Z")
	fs.StringVar(&f.operator, "operator", "", "only what `name` did")
	fs.StringArrayVar(&f.drawers, "drawer", nil, "`name=float:counted[:currency]` of a drawer, repeatable")
	reportFlagsOf(cmd, &f)
	return cmd
}

func (a *app) reportZ() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "z", Short: "Close the business day; numbered, and never opened again", Args: noArgs,
		Long: `Close the business day: the figures since the last Z, under the next number,
kept in the journal. What is in doubt is asked for first. Status 4 says that
the day is not closed: something is unknown or not confirmed and is named, or
the day has its Z already. With --carry-over a supervisor of --operators may
carry over what is open, by name and PIN.
With --number a Z is made again, exactly as it was; nothing is changed.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.number != 0 {
				return a.reportLook(cmd.Context(), f, report.Z)
			}
			return a.closeDay(cmd.Context(), f)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.day, "day", "", "business `day` that is closed, such as 2026-11-22; default is today's")
	fs.StringVar(&f.operator, "operator", "", "`name` of who closes the day")
	fs.IntVar(&f.number, "number", 0, "make the Z of this `number` again")
	fs.BoolVar(&f.again, "again", false, "close a day that has its Z already once more, with the next number")
	fs.BoolVar(&f.carryOver, "carry-over", false, "let a supervisor carry over what is open")
	reportFlagsOf(cmd, &f)
	return cmd
}

// reports makes the book of reports over a journal.
func (f reportFlags) reports(j report.Journal) (*report.Book, error) {
	zone, err := time.LoadLocation(f.zone)
	if err != nil {
		return nil, usagef("--zone %s: there is no such time zone", f.zone)
	}
	cfg := report.Config{Journal: j, Till: f.lane, Zone: zone, CutOff: f.cutOff}
	if f.terms != "" {
		text, err := readLimited(f.terms, maxTermsFile)
		if err != nil {
			return nil, fileError("--terms", f.terms, err)
		}
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.DisallowUnknownFields()
		if err := d.Decode(&cfg.Terms); err != nil {
			return nil, usagef("--terms %s: %v", f.terms, err)
		}
	}
	b, err := report.New(cfg)
	if err != nil {
		return nil, &usageError{err}
	}
	if _, _, err := b.Bounds(report.Day(f.day)); f.day != "" && err != nil {
		return nil, usagef("--day %q is not a day such as 2026-11-22", f.day)
	}
	return b, nil
}

// maxTermsFile bounds --terms: some hundred tenders with their holidays.
const maxTermsFile = 1 << 20

// reportLook makes a report that changes nothing.
func (a *app) reportLook(ctx context.Context, f reportFlags, form report.Form) error {
	drawers, err := a.drawersOf(f.drawers)
	if err != nil {
		return err
	}
	j, err := a.openJournal(ctx, true)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := j.Poisoned(); err != nil {
		a.say("till: what could be read: %v", err)
	}
	b, err := f.reports(j)
	if err != nil {
		return err
	}
	var r report.Report
	w := report.Window{Day: report.Day(f.day)}
	switch form {
	case report.X:
		r, err = b.X(ctx, w)
	case report.Shift:
		r, err = b.Shift(ctx, report.ShiftRequest{Window: w, Operator: f.operator, Drawers: drawers})
	default:
		if r, err = b.Numbered(ctx, f.number); errors.Is(err, report.ErrCheck) {
			a.say("till: %v", err)
			return errors.Join(a.deliverReport(ctx, b, r, f), err)
		}
	}
	if err != nil {
		return err
	}
	return a.deliverReport(ctx, b, r, f)
}

// drawersOf reads --drawer name=float:counted[:currency].
func (a *app) drawersOf(list []string) (drawers []report.Drawer, err error) {
	for _, text := range list {
		name, rest, ok := strings.Cut(text, "=")
		part := strings.Split(rest, ":")
		if !ok || len(part) < 2 || len(part) > 3 {
			return nil, usagef("--drawer %q: want name=float:counted, such as anna=200.00:512.30", text)
		}
		currency := a.currencyOf(pos.Cash)
		if len(part) == 3 {
			currency = pos.Currency(part[2])
		}
		d := report.Drawer{Operator: name}
		var err1, err2 error
		d.Float, err1 = pos.ParseMoney(part[0], currency)
		d.Counted, err2 = pos.ParseMoney(part[1], currency)
		if err := errors.Join(err1, err2); err != nil || d.Float.Minor() < 0 || d.Counted.Minor() < 0 {
			return nil, usagef("--drawer %q: want two amounts that are not below zero", text)
		}
		drawers = append(drawers, d)
	}
	return drawers, nil
}

// closeDay makes a Z.
func (a *app) closeDay(ctx context.Context, f reportFlags) error {
	a.draft = pos.Attempt{Till: a.tillID, Type: pos.TypeSettle, Operator: f.operator, Tender: report.ZTender}
	if err := shopText("--operator", f.operator, pos.MaxTextLen); err != nil {
		return err
	}
	q := report.ZRequest{Day: report.Day(f.day), Again: f.again, Operator: f.operator}
	if f.carryOver {
		if a.ruling.operators == "" {
			return usagef("--carry-over needs --operators, the file that says who is a supervisor")
		}
		people, err := operators.Open(a.ruling.operators)
		if err != nil {
			return &usageError{err}
		}
		q.CarryOver = func(_ context.Context, open []pos.Attempt) (string, error) { return a.askSupervisor(people, open) }
	}
	_, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	b, err := f.reports(a.book)
	if err != nil {
		return err
	}
	r, err := b.Z(ctx, q)
	var open *report.OpenError
	var closed *report.ClosedError
	switch {
	case errors.As(err, &open):
		return a.notClosed(err, open.Open, a.word("report.open"))
	case errors.As(err, &closed):
		return a.notClosed(err, nil, fmt.Sprintf(a.word("report.closed"), closed.Closing.Number))
	case err != nil:
		return err
	}
	return a.deliverReport(ctx, b, r, f)
}

// askSupervisor shows what is open and takes a supervisor's name and PIN.
func (a *app) askSupervisor(people *operators.Book, open []pos.Attempt) (string, error) {
	a.say("%s", a.word("report.carry"))
	a.sayOpen(open)
	name, err := a.readLine(a.word("approve.name"))
	if err != nil {
		return "", err
	}
	pin, err := a.readSecret("PIN: ")
	if err != nil {
		return "", err
	}
	defer pin.Clear()
	o, err := people.Check(name, pin)
	if err != nil {
		return "", err
	}
	if o.Role != operators.Supervisor {
		return "", fmt.Errorf("%w: %s is a %s", operators.ErrRole, o.Name, o.Role)
	}
	return o.Name, nil
}

func (a *app) sayOpen(open []pos.Attempt) {
	for _, at := range open {
		a.say("  %s  %s %s (%s): %s  %s", at.ID, a.word("type."+string(at.Type)), at.Amount, at.Tender, a.word("state."+string(at.State)), a.openAdvice(at))
	}
}

// openLine is the object of --json for a day that is not closed.
type openLine struct {
	result
	Open []pos.Attempt `json:"open,omitempty"`
}

// notClosed says why there is no Z. It has status 4, whatever the supervisor answered.
func (a *app) notClosed(cause error, open []pos.Attempt, advice string) error {
	a.told = true
	err := &pos.Error{Op: "close the day", Class: pos.ErrConflict, Err: cause}
	r := failed(a.draft, err, a.lang())
	r.Error.Text, r.Error.Advice = oneLine(cause.Error()), advice
	if a.json {
		if e := a.object(openLine{r, open}); e != nil {
			return e
		}
	}
	a.say("%s\n  %s %s", a.word("class.conflict"), a.word("why"), a.why(err))
	a.sayOpen(open)
	a.say("  %s %s", a.word("do"), advice)
	return err
}

// deliverReport prints a report and writes its files.
func (a *app) deliverReport(ctx context.Context, b *report.Book, r report.Report, f reportFlags) error {
	for _, e := range []struct {
		flag, file string
		write      func(io.Writer) error
	}{
		{"--csv", f.csv, func(w io.Writer) error { return b.CSV(ctx, w, r) }},
		{"--lines", f.lines, func(w io.Writer) error { return report.LinesCSV(w, r) }},
		{"--xlsx", f.xlsx, func(w io.Writer) error { return b.XLSX(ctx, w, r) }},
		{"--jsonl", f.jsonl, func(w io.Writer) error { return b.JSONL(ctx, w, r) }},
	} {
		if e.file == "" {
			continue
		}
		if err := writeFile(e.flag, e.file, e.write); err != nil {
			return err
		}
	}
	if a.json {
		return a.object(r)
	}
	return a.printReport(r, f)
}
