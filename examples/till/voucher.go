package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/reconcile"
)

// redeemFlags are those of redeem.
type redeemFlags struct {
	codes, uses                                      []string
	amount, reference, due, attempt, operator, entry string
	confirm                                          bool
}

func (a *app) previewCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use: "preview --code C", Short: "Look at a voucher without using it", Args: noArgs,
		Long: "Look at a voucher without using it: title, price, expiry, uses left, and why it cannot be used now.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.preview(cmd.Context(), code) },
	}
	cmd.Flags().StringVar(&code, "code", "", "what was scanned or typed; - reads a line from stdin")
	return cmd
}

func (a *app) redeemCommand() *cobra.Command {
	var f redeemFlags
	cmd := &cobra.Command{
		Use: "redeem --code C", Short: "Use up a voucher (核销)", Args: noArgs,
		Long: `Use up vouchers (核销). Status 0 and no other says that the platform has redeemed
them. Without --use the code must have one usable voucher; "till preview" shows
them all. --code may be given several times for several orders. Without --amount
they count what they are worth; with --due they are a part of a larger bill.
"till void" takes a redemption back while the platform allows it.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.redeem(cmd.Context(), f) },
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&f.codes, "code", nil, "what was scanned or typed; - reads a line from stdin; repeatable")
	fs.StringArrayVar(&f.uses, "use", nil, "`ID[:N]`: this voucher, N times; repeatable")
	fs.StringVar(&f.amount, "amount", "", "what they count in this sale, if less than they are worth")
	fs.StringVar(&f.due, "due", "", "whole `amount` of the sale when it is split over several tenders")
	fs.StringVar(&f.reference, "reference", "", "the shop's order `number`; several attempts may share it")
	fs.StringVar(&f.attempt, "attempt", "", "`id` that makes the command repeatable; default is a new one")
	fs.StringVar(&f.operator, "operator", "", "`who` stands at the till")
	fs.StringVar(&f.entry, "entry", "", "`how` the code came in: scanned or typed, for --rules that ask")
	fs.BoolVar(&f.confirm, "confirm", false, "confirm in the same breath, for registers without a database")
	return cmd
}

// voucherTender finds the tender of a voucher's code: by the code's own form, or
// the one chosen, for codes that have none.
func (a *app) voucherTender(code pos.Secret) (string, error) {
	routed, err := a.router().Route(code)
	switch {
	case err == nil && (a.chosen == "" || a.chosen == routed):
		return routed, nil
	case err == nil:
		return "", usagef("--code: tender %q does not take this kind of code, %q does", a.chosen, routed)
	}
	name, chosen := a.choose()
	if t := a.tender(name); chosen == nil && t != nil && t.douyin != nil {
		return name, nil
	}
	return "", usagef("--code: %w", err)
}

func (a *app) voucherCodes(list []string) (codes []pos.Secret, tender string, err error) {
	if len(list) == 0 {
		return nil, "", usagef("--code is missing")
	}
	for _, text := range list {
		code, err := a.scanned(text)
		if err != nil {
			return nil, "", err
		}
		if code.Len() == 0 {
			return nil, "", usagef("--code is empty")
		}
		codes = append(codes, code)
	}
	tender, err = a.voucherTender(codes[0])
	return codes, tender, err
}

// previewLine is the line of --json.
type previewLine struct {
	Tender string `json:"tender"`
	pos.Preview
}

func (a *app) preview(ctx context.Context, code string) error {
	codes, tender, err := a.voucherCodes([]string{code})
	if err != nil {
		return err
	}
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	p, err := till.Preview(ctx, tender, codes[0])
	if err != nil {
		return err
	}
	if a.json {
		return a.object(previewLine{tender, p})
	}
	fmt.Fprintf(a.out, "%s %s %s\n", a.word("tender."+p.Platform), a.word("voucher.order"), p.Order)
	if len(p.Vouchers) == 0 {
		fmt.Fprintf(a.out, "  %s\n", a.word("voucher.none"))
	}
	for _, v := range p.Vouchers {
		a.showVoucher(v)
	}
	return nil
}

func (a *app) showVoucher(v pos.Voucher) {
	fmt.Fprintf(a.out, "  %s  %s (%s)\n", v.ID, v.Title, v.Kind)
	row := func(key, value string) {
		if value != "" {
			fmt.Fprintf(a.out, "    %s %s\n", padded(a.word(key), 18), value)
		}
	}
	row("voucher.worth", v.Worth.String())
	row("voucher.price", v.Price.String())
	if v.Receives != (pos.Money{}) {
		row("voucher.receives", v.Receives.String())
	}
	row("voucher.uses", strconv.Itoa(v.Uses))
	if !v.Expires.IsZero() {
		row("voucher.expires", v.Expires.Local().Format(time.DateTime))
	}
	if v.Usable {
		row("voucher.usable", a.word("voucher.yes"))
	} else {
		row("voucher.usable", a.word("voucher.no")+": "+v.Why)
	}
}

func (a *app) redeem(ctx context.Context, f redeemFlags) error {
	r, err := a.redeemRequest(f)
	if err != nil {
		return err
	}
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	defer a.onStop(ctx)()
	at, err := till.Redeem(ctx, r)
	if err == nil && f.confirm {
		at, err = till.Confirm(context.WithoutCancel(ctx), at.ID, "")
	}
	return a.finish(at, err)
}

// redeemRequest reads the flags; what is wrong with them is wrong use.
func (a *app) redeemRequest(f redeemFlags) (r pos.RedeemRequest, err error) {
	if err := errors.Join(attemptID(f.attempt), shopText("--reference", f.reference, pos.MaxReferenceLen), shopText("--operator", f.operator, pos.MaxTextLen)); err != nil {
		return r, err
	}
	entry, err := codeEntry(f.entry)
	if err != nil {
		return r, err
	}
	codes, tender, err := a.voucherCodes(f.codes)
	if err != nil {
		return r, err
	}
	r = pos.RedeemRequest{Tender: tender, Reference: f.reference, Attempt: pos.AttemptID(f.attempt), Operator: f.operator, Code: codes[0], Codes: codes[1:], Entry: entry}
	for _, text := range f.uses {
		u, err := voucherUse(text)
		if err != nil {
			return r, err
		}
		r.Uses = append(r.Uses, u)
	}
	for _, m := range []struct {
		flag, text string
		to         *pos.Money
	}{{"--amount", f.amount, &r.Amount}, {"--due", f.due, &r.Due}} {
		if m.text == "" {
			continue
		}
		if *m.to, err = parseAmount(m.flag, m.text, a.currencyOf(tender)); err != nil {
			return r, err
		}
	}
	a.draft = pos.Attempt{ID: r.Attempt, Till: a.tillID, Reference: f.reference, Type: pos.TypeRedeem, Tender: tender, Operator: f.operator, Amount: r.Amount}
	return r, nil
}

// voucherUse reads ID[:N]; an id that KeepID has written holds a colon itself.
func voucherUse(text string) (pos.VoucherUse, error) {
	u := pos.VoucherUse{Voucher: text, Times: 1}
	if i := strings.LastIndexByte(text, ':'); i > 0 {
		if n, err := strconv.Atoi(text[i+1:]); err == nil && n > 0 {
			u = pos.VoucherUse{Voucher: text[:i], Times: n}
		}
	}
	if u.Voucher = pos.PlainID(u.Voucher); u.Voucher == "" || u.Times > pos.MaxVouchers {
		return u, usagef("--use wants ID or ID:N with N up to %d", pos.MaxVouchers)
	}
	return u, nil
}

// voucherLines are the verdicts on an attempt's vouchers, one a line.
func (a *app) voucherLines(at pos.Attempt) []string {
	var list []string
	for _, v := range at.Vouchers {
		list = append(list, joined(a.word("voucher."+string(v.Verdict)), v.Title, v.Amount.String(), prefixed(a.word("voucher.number")+" ", v.Reference), v.Code, v.Text))
	}
	if !at.UndoUntil.IsZero() && at.State.Paid() {
		list = append(list, a.word("voucher.until")+" "+at.UndoUntil.Local().Format(time.DateTime))
	}
	return list
}

func (a *app) authorizeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "authorize TENDER", Short: "Check what a voucher platform must have granted, in its own words", Args: aTender,
		Long: `Go through all that a voucher platform must have granted before a voucher can be
redeemed: token, capability, the merchant's authorisation, the shop, and one
query that changes nothing. Status 0 says that everything is there.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.authorize(cmd.Context(), args[0]) },
	}
}

func aTender(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("give one tender, such as douyin")
	}
	return nil
}

// voucherPlatform is the tender named, if it is a voucher platform.
func (a *app) voucherPlatform(name string) (*douyinFiles, error) {
	t := a.tender(name)
	if t == nil || t.douyin == nil {
		return nil, usagef("%q is no voucher platform here: give --tender %s=douyin+https://HOST?profile=FILE", name, name)
	}
	return t.douyin, nil
}

func (a *app) authorize(ctx context.Context, name string) error {
	f, err := a.voucherPlatform(name)
	if err != nil {
		return err
	}
	d, err := f.open(nil)
	if err != nil {
		return err
	}
	defer d.Close()
	failed := 0
	for _, s := range d.Checkup(ctx) {
		if !s.OK {
			failed++
		}
		if a.json {
			if err := a.object(s); err != nil {
				return err
			}
			continue
		}
		a.showStep(s)
	}
	if failed > 0 {
		a.told = true
		return fmt.Errorf("%d things are missing", failed)
	}
	return nil
}

func (a *app) showStep(s douyin.CheckupStep) {
	name, act, mark := s.Name, s.Act, "ok"
	if a.lang() == pos.Chinese {
		name, act = s.Chinese, s.ActZH
	}
	if !s.OK {
		mark = "--"
	}
	fmt.Fprintf(a.out, "%s  %s\n", mark, name)
	if s.Found != "" {
		fmt.Fprintf(a.out, "    %s\n", oneLine(s.Found))
	}
	if act != "" {
		fmt.Fprintf(a.out, "    %s %s\n", a.word("do"), act)
	}
}

func (a *app) reconcileCommand() *cobra.Command {
	var day, file string
	cmd := &cobra.Command{
		Use: "reconcile TENDER --day D", Short: "Hold a day's redemptions against the platform's history and ledger", Args: aTender,
		Long: `Hold the journal's redemptions of a day against the platform's history and, once it
is there, its ledger. Nothing is changed. Status 0 says that both agree, 1 that
they differ; every difference has its evidence and what to do.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.reconcile(cmd.Context(), args[0], day, file) },
	}
	cmd.Flags().StringVar(&day, "day", "", "`date` such as 2026-11-22, in local time; default today")
	cmd.Flags().StringVar(&file, "csv", "", "write the differences into this `file` for a spreadsheet")
	return cmd
}

func (a *app) reconcile(ctx context.Context, name, day, file string) error {
	f, err := a.voucherPlatform(name)
	if err != nil {
		return err
	}
	from := time.Now()
	if day != "" {
		if from, err = time.ParseInLocation(time.DateOnly, day, time.Local); err != nil {
			return usagef("--day %q is not a date such as 2026-11-22", day)
		}
	}
	from = time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.Local)
	m, err := f.merchant()
	if err != nil {
		return err
	}
	j, err := a.openJournal(ctx, true)
	if err != nil {
		return err
	}
	defer j.Close()
	r, err := m.Reconcile(ctx, attemptsOf(ctx, j, name, from.AddDate(0, 0, -reviewDays)), douyin.ID(f.Shop), from, from.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	return a.reconciled(r, file)
}

// reviewDays is how much earlier than its redemption an attempt may have begun: the platform
// holds vouchers for review for 48 hours.
const reviewDays = 3

// attemptsOf streams a tender's attempts from a time on: a void may come days later.
func attemptsOf(ctx context.Context, j pos.Journal, tender string, from time.Time) iter.Seq2[pos.Attempt, error] {
	return func(yield func(pos.Attempt, error) bool) {
		f := pos.Filter{Tender: tender, Types: []pos.Type{pos.TypeRedeem, pos.TypeVoid}, From: from}
		for {
			page, err := j.Find(ctx, f)
			if err != nil {
				yield(pos.Attempt{}, err)
				return
			}
			for _, at := range page {
				if !yield(at, nil) {
					return
				}
			}
			if len(page) < pos.DefaultFindLimit {
				return
			}
			f.AfterSeq = page[len(page)-1].Seq
		}
	}
}

// reconciled shows a report and passes the verdict on.
func (a *app) reconciled(r reconcile.Report, file string) error {
	if file != "" {
		out, err := os.Create(file)
		if err != nil {
			return usagef("--csv: %w", err)
		}
		if err := errors.Join(r.WriteCSV(out), out.Close()); err != nil {
			return fmt.Errorf("--csv: %w", err)
		}
	}
	var err error
	if a.json {
		err = a.object(r)
	} else {
		err = r.WriteText(a.out, a.lang())
	}
	if err == nil && !r.Equal() {
		a.told = true
		err = fmt.Errorf("%d differences", len(r.Findings)+r.More)
	}
	return err
}

// voucherWords are the words of vouchers, in English and Chinese.
var voucherWords = map[string][2]string{
	"tender.douyin": {"Douyin", "抖音团购"}, "voucher.order": {"order", "平台订单"}, "voucher.none": {"nothing of it can be redeemed", "没有可核销的券"},
	"voucher.worth": {"counts", "抵扣金额"}, "voucher.price": {"customer paid", "顾客实付"}, "voucher.receives": {"merchant receives", "商家应收(佣金前)"},
	"voucher.uses": {"uses left", "剩余次数"}, "voucher.expires": {"expires", "有效期至"}, "voucher.usable": {"can be used", "可核销"}, "voucher.yes": {"yes", "是"},
	"voucher.no": {"NO", "否"}, "voucher.redeemed": {"redeemed", "已核销"}, "voucher.refused": {"NOT redeemed", "未核销"}, "voucher.pending": {"held for review, NOT redeemed yet", "平台审核中,尚未核销"},
	"voucher.unknown": {"not known", "结果未明"}, "voucher.undone": {"undone", "已撤销"}, "voucher.number": {"no.", "核销编号"}, "voucher.until": {"can be undone until", "可撤销至"},
	"voucher": {"voucher", "券"},
}
