package main

import (
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/receipt"
	"github.com/openecr/openecr/pos/report"
)

// printReport prints a report as the paper has it.
func (a *app) printReport(r report.Report, f reportFlags) error {
	shop, err := a.readShop(f.shop)
	if err != nil {
		return err
	}
	if shop.Zone, err = time.LoadLocation(f.zone); err != nil {
		return usagef("--zone %s: there is no such time zone", f.zone)
	}
	profile, err := a.profileOf(f.profile)
	if err != nil {
		return err
	}
	copyOf := receipt.Copy{Number: 1}
	if f.number != 0 {
		copyOf.Number = 0 // a Z made again is no original
	}
	slip, err := shop.Report(a.slipReport(r), copyOf)
	if err != nil {
		return err
	}
	if r.Supervisor != "" {
		slip.Blocks = append(slip.Blocks, receipt.Pair{Label: a.word("report.supervisor"), Value: r.Supervisor})
	}
	for _, d := range r.Drawers {
		slip.Blocks = append(slip.Blocks, a.drawerBlocks(d)...)
	}
	fmt.Fprint(a.out, receipt.Text(slip, profile.Columns))
	return nil
}

// slipReport puts the figures into the form of the paper.
func (a *app) slipReport(r report.Report) receipt.Report {
	out := receipt.Report{Kind: receipt.ReportKind(r.Form), Number: r.Number, Till: r.Till, Operator: r.Operator, From: r.From, To: r.To, Check: r.Check}
	if out.Till == "" {
		out.Till = a.word("report.lanes")
	}
	add := func(key string, rows []pos.Total) {
		if len(rows) > 0 {
			out.Sections = append(out.Sections, receipt.Section{Title: a.word("report." + key), Rows: rows})
		}
	}
	add("total", a.totalRows(r.Totals))
	for _, s := range []struct {
		key, words string
		lines      []report.Line
	}{{"tender", "tender.", r.Tenders}, {"channel", "channel.", r.Channels}, {"hour", "", r.Hours}, {"operator", "", r.Operators}, {"voucher", "", r.Vouchers}} {
		add(s.key, a.netRows(s.words, s.lines))
	}
	var rows []pos.Total
	for _, e := range r.Exceptions {
		rows = append(rows, pos.Total{Name: a.word("exception." + e.Kind), Count: int(e.Count), Amount: pos.FromMinor(e.Minor, e.Currency)})
	}
	add("exception", rows)
	add("forecast", a.forecastRows(r.Forecast))
	if len(r.Totals) == 1 {
		out.Total = r.Totals[0].Money(r.Totals[0].Net)
	}
	for _, i := range r.Open {
		out.Open = append(out.Open, pos.Attempt{ID: i.Attempt, Reference: i.Reference, State: i.State, Amount: i.Amount})
	}
	return out
}

// totalRows are the figures of each currency.
func (a *app) totalRows(lines []report.Line) (rows []pos.Total) {
	for _, l := range lines {
		add := func(key string, count, minor int64) {
			if count != 0 || minor != 0 {
				rows = append(rows, pos.Total{Name: a.word("report." + key), Count: int(count), Amount: l.Money(minor)})
			}
		}
		moved := l.Sales.Count + l.Refunds.Count + l.Voids.Count
		add("sales", l.Sales.Count, l.Sales.Minor)
		add("refunds", l.Refunds.Count, -l.Refunds.Minor)
		add("voids", l.Voids.Count, -l.Voids.Minor)
		add("net", moved, l.Net)
		if l.Fee != 0 {
			add("fee", moved-l.Unpriced, l.Fee)
		}
		if l.Unpriced != moved {
			add("unpriced", l.Unpriced, 0)
		}
		add("holds", l.Holds.Count, l.Holds.Minor)
	}
	return rows
}

// maxSlipRows of one section are printed; what is beyond stands in one more row.
const maxSlipRows = 60

// netRows are name, count and net of each line.
func (a *app) netRows(group string, lines []report.Line) (rows []pos.Total) {
	rest := map[pos.Currency]*report.Line{}
	var order []pos.Currency
	for i, l := range lines {
		name, count := l.Key, l.Sales.Count+l.Refunds.Count+l.Voids.Count
		if group != "" {
			name = a.word(group + l.Key)
		}
		if name == "" {
			name = a.word("report.nobody")
		}
		if i < maxSlipRows {
			rows = append(rows, pos.Total{Name: name, Count: int(count), Amount: l.Money(l.Net)})
			continue
		}
		if rest[l.Currency] == nil {
			rest[l.Currency] = &report.Line{Currency: l.Currency}
			order = append(order, l.Currency)
		}
		rest[l.Currency].Sales.Count += count
		rest[l.Currency].Net += l.Net // no more than the total, which fits
	}
	for _, c := range order {
		rows = append(rows, pos.Total{Name: a.word("report.more"), Count: int(rest[c].Sales.Count), Amount: rest[c].Money(rest[c].Net)})
	}
	return rows
}

// forecastRows are the payouts of the next days.
func (a *app) forecastRows(list []report.Payout) (rows []pos.Total) {
	for _, p := range list[:min(len(list), maxSlipRows)] {
		rows = append(rows, pos.Total{Name: string(p.Day) + " " + a.word("tender."+p.Tender), Count: int(p.Count), Amount: pos.FromMinor(p.Pays, p.Currency)})
	}
	return rows
}

// drawerBlocks are the lines of one drawer.
func (a *app) drawerBlocks(d report.Drawer) []receipt.Block {
	row := func(key string, m pos.Money) receipt.Block {
		return receipt.Pair{Label: a.word("report." + key), Value: m.String()}
	}
	return []receipt.Block{receipt.Rule{}, receipt.Paragraph{Content: a.word("report.drawer") + " " + pos.MaskCardData(d.Operator), Bold: true},
		row("float", d.Float), row("cash", d.Cash), row("expected", d.Expected), row("counted", d.Counted), row("over", d.Over)}
}
