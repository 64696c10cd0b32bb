package pos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Rules are what the shop allows (风控规则). The Till asks them once everything
// else speaks for a request, before anything of it is written or sent; pos/rules
// is an implementation that reads them from a file.
//
// A request that only repeats an earlier one is not asked about: it gets the
// first payment back. Questions, recovery and undos never are.
type Rules interface {
	// Judge says whether a request may go ahead. The lanes on one journal are
	// asked one after the other, and what is allowed is in the journal before
	// the next is asked, so that no two can use up the same limit. An error
	// denies. Judge must not wait for people: that is what ActAsk is for.
	Judge(ctx context.Context, a Ask) (Ruling, error)
}

// Observer is implemented by Rules that keep counters: they are told of every
// attempt each time something durable has happened to it. Observe must be
// quick and may be called concurrently.
type Observer interface {
	Observe(a Attempt)
}

// Act is what becomes of a request.
type Act string

// The acts of a ruling. The zero value denies.
const (
	ActAllow Act = "allow"
	ActAsk   Act = "ask" // a second person must agree: Config.Approver
	ActDeny  Act = "deny"
)

// Action is what somebody wants to do, as permissions know it.
type Action string

// The actions. Those that are attempts are asked about by the Till itself, so
// are reprints and verdicts of a person; for the others see Till.Permit.
const (
	ActionCharge     Action = "charge"      // 收款; holds and their completion too
	ActionRedeem     Action = "redeem"      // 核销
	ActionUndoRedeem Action = "undo_redeem" // 撤销核销: void or refund of a redemption
	ActionRefund     Action = "refund"      // 退款
	ActionVoid       Action = "void"        // 撤销
	ActionSettle     Action = "settle"      // 结算
	ActionReprint    Action = "reprint"     // 重印: Till.Printing, beyond the first copy
	ActionForce      Action = "force"       // 人工认定: Till.Resolve
	ActionX          Action = "x"           // X report 中途报表
	ActionZ          Action = "z"           // Z report 日结报表
	ActionConfig     Action = "config"      // 设置
)

// CodeEntry says how a code came into the register.
type CodeEntry string

// The ways a code comes in. The zero value: the register does not say.
const (
	EntryScanned CodeEntry = "scanned" // 扫码
	EntryTyped   CodeEntry = "typed"   // 手工输入
)

// Ask is a request on its way, with all that is known of it before it is sent.
type Ask struct {
	Action    Action
	Type      Type // of the attempt; empty for an action that is none
	Attempt   AttemptID
	Till      string
	Shop      string // Config.Shop
	Operator  string
	Tender    string
	Reference string
	Amount    Money
	Token     string    // stands for card or payer; see ChargeRequest
	BIN       string    // first digits of the card, if the register knows them
	Entry     CodeEntry // how Codes came in
	Codes     []Secret  // lent: they must not be kept
	Uses      int       // vouchers used up by this request
	Original  *Attempt  // of a void, refund or completion; what a reprint or verdict is about
	Sum       Money     // of a refund: with everything given back of the original before
	Time      time.Time // wall clock
	Date      string    // business date, by Config.Calendar: 2026-11-22
	// History looks attempts up in the journal, as Journal.Find does.
	History func(ctx context.Context, f Filter) ([]Attempt, error)
}

// Ruling is the word of the Rules on one request.
type Ruling struct {
	Act  Act    `json:"act"`
	Rule string `json:"rule,omitempty"` // its id; journalled
	Who  string `json:"who,omitempty"`  // of ActAsk: whose consent, such as a role
	// Text says what the rule found, Advice what the cashier should do now.
	Text          string `json:"text,omitempty"`
	Chinese       string `json:"text_zh,omitempty"`
	Advice        string `json:"advice,omitempty"`
	AdviceChinese string `json:"advice_zh,omitempty"`
	// Token replaces Ask.Token in the journal, if the Rules know a better one.
	Token string `json:"token,omitempty"`
}

// Denial is the ruling that stopped a request: the cause inside an *Error of
// class ErrDenied, or of ErrCanceled when no second person was there.
type Denial struct {
	Class  error
	Ruling Ruling
	Err    error // of the Rules, or of the second person; nil otherwise
}

// Error names the rule and what it found.
func (d *Denial) Error() string {
	by := "rule"
	if d.Class == ErrDenied {
		by = ErrDenied.Error()
	}
	return fmt.Sprintf("%s %s: %s", by, d.Ruling.Rule, d.why())
}

func (d *Denial) why() string {
	if d.Err == nil {
		return d.Ruling.Text
	}
	return d.Ruling.Text + ": " + d.Err.Error()
}

// Unwrap reaches the class and the cause.
func (d *Denial) Unwrap() []error {
	if d.Err == nil {
		return []error{d.Class}
	}
	return []error{d.Class, d.Err}
}

// advice is what the rule tells the cashier, if it does.
func (r Ruling) advice(lang Lang) string {
	if lang == Chinese {
		return r.AdviceChinese
	}
	return r.Advice
}

// RulesFailed is the rule id of a denial for which no rule could be asked.
const RulesFailed = "rules.failed"

// Calendar says to which business date (营业日) a moment belongs.
type Calendar struct {
	Zone   *time.Location // nil is the machine's own
	CutOff time.Duration  // until this time of the day it is still the day before; below 24 h
}

// Date returns the business date of a moment, such as 2026-11-22.
func (c Calendar) Date(at time.Time) string {
	zone := c.Zone
	if zone == nil {
		zone = time.Local
	}
	at = at.In(zone)
	h, m, s := at.Clock()
	if time.Duration(h)*time.Hour+time.Duration(m)*time.Minute+time.Duration(s)*time.Second < c.CutOff {
		at = at.AddDate(0, 0, -1)
	}
	return at.Format(time.DateOnly)
}

// maxConsents bounds how often people are asked about one request: what they
// agreed to may have changed while they were thinking.
const maxConsents = 3

// ruled lets an order go ahead if the rules do, or a second person does where
// they want one. begin is called while no other request is judged. A denial is
// journalled as an attempt of its own, so that the id asked for stays free.
func (t *Till) ruled(ctx context.Context, o *order, begin func() (Attempt, error)) (Attempt, error) {
	if t.cfg.Rules == nil {
		return begin()
	}
	agreed := ""
	for range maxConsents {
		a, open, err := t.judged(ctx, o, agreed, begin)
		if open == nil {
			return a, err
		}
		if err := t.consent(ctx, o, *open); err != nil {
			return t.deny(ctx, o, *open, err)
		}
		agreed = open.Rule
	}
	return t.deny(ctx, o, Ruling{Rule: agreed, Text: "things changed while a second person was asked"}, nil)
}

// judged asks the rules, and begins what they allow. A ruling comes back if
// somebody must agree first.
func (t *Till) judged(ctx context.Context, o *order, agreed string, begin func() (Attempt, error)) (Attempt, *Ruling, error) {
	select {
	case t.desk.judging <- struct{}{}:
		defer func() { <-t.desk.judging }()
	case <-ctx.Done():
		return Attempt{}, nil, ctx.Err()
	}
	r, err := t.judgeRules(ctx, o)
	if errors.Is(err, ErrJournal) || ctx.Err() != nil {
		return Attempt{}, nil, errors.Join(err, ctx.Err())
	}
	if err != nil {
		a, err := t.deny(ctx, o, Ruling{Rule: RulesFailed, Text: "the rules cannot be asked", Chinese: "规则无法执行",
			Advice: "Nothing was taken. Call whoever looks after the register.", AdviceChinese: "未扣款。请联系系统管理员。"}, err)
		return a, nil, err
	}
	if r.Token != "" {
		o.intent.Token = r.Token
	}
	switch {
	case r.Act == ActAllow:
		o.intent.Approver = ""
	case r.Act == ActAsk && r.Rule == agreed && o.intent.Approver != "":
	case r.Act == ActAsk:
		return Attempt{}, &r, nil
	default:
		a, err := t.deny(ctx, o, r, nil)
		return a, nil, err
	}
	o.intent.Rule = r.Rule
	a, err := begin()
	return a, nil, err
}

// judgeRules makes the Ask of an order and has it judged.
func (t *Till) judgeRules(ctx context.Context, o *order) (Ruling, error) {
	now := t.cfg.Now()
	in := &o.intent
	a := Ask{Action: o.action(), Type: in.Type, Attempt: o.id, Till: in.Till, Shop: t.cfg.Shop, Operator: in.Operator,
		Tender: in.Tender, Reference: in.Reference, Amount: in.Amount, Token: in.Token, BIN: o.bin, Entry: o.entry,
		Uses: in.Uses, Original: o.orig, Time: now, Date: t.cfg.Calendar.Date(now), History: t.cfg.Journal.Find}
	if o.code.Len() > 0 {
		a.Codes = append([]Secret{o.code}, o.codes...)
	}
	if in.Type == TypeRefund {
		sum, err := t.givenBack(ctx, *o)
		if err != nil {
			return Ruling{}, err
		}
		a.Sum = sum
	}
	return t.cfg.Rules.Judge(ctx, a)
}

// action is the order's name in permissions.
func (o *order) action() Action {
	switch {
	case o.intent.Type == TypePreauth, o.intent.Type == TypeCompletion:
		return ActionCharge
	case o.intent.Type.takesBack() && o.orig != nil && o.orig.Type == TypeRedeem:
		return ActionUndoRedeem
	}
	return Action(o.intent.Type)
}

// deny journals a denial and returns it. Somebody who went away is no denial.
func (t *Till) deny(ctx context.Context, o *order, r Ruling, cause error) (Attempt, error) {
	if r.Text == "" {
		r.Text, r.Chinese = "it is not allowed", "不允许"
	}
	d := &Denial{Class: classOfConsent(cause), Ruling: r, Err: cause}
	if d.Class != ErrDenied {
		return Attempt{}, d
	}
	in := o.intent
	in.Rule, in.Approver, in.Asked = r.Rule, "", o.id
	wctx, cancel := t.orderly(ctx)
	defer cancel()
	a, err := t.append(wctx, Event{Kind: EventDenied, Attempt: t.NewAttempt(), Intent: &in, Reason: clip(MaskCardData(d.why()), MaxTextLen)})
	if err != nil {
		t.cfg.Logger.Error("a denial could not be journalled", "attempt", o.id, "rule", r.Rule, "err", err)
	}
	return a, d
}

// wouldBegin looks whether the journal would admit an order. What it would not
// is answered as if there were no rules: with the first payment of a repeat, say.
func (t *Till) wouldBegin(ctx context.Context, o *order) error {
	if t.cfg.Rules == nil {
		return nil // the journal itself will say
	}
	related, err := t.cfg.Journal.Find(ctx, Filter{Reference: o.intent.Reference, Limit: everything})
	if err != nil {
		return err
	}
	if first, err := t.cfg.Journal.Get(ctx, o.id); err == nil {
		related = append(related, first)
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	if o.intent.Device != "" {
		live, err := t.cfg.Journal.Find(ctx, Filter{Device: o.intent.Device, States: LiveStates(), Limit: everything})
		if err != nil {
			return err
		}
		related = append(related, live...)
	}
	if o.orig != nil {
		related = append(related, *o.orig)
	}
	return Admit(o.id, o.intent, related)
}

// begin writes the first events of an order, its intent among them, once the rules allow it.
func (t *Till) begin(ctx context.Context, o *order, events ...Event) (Attempt, error) {
	if err := t.wouldBegin(ctx, o); err != nil {
		return Attempt{}, err
	}
	return t.ruled(ctx, o, func() (Attempt, error) { return t.append(ctx, events...) })
}

// PermitRequest asks whether somebody may do what is no attempt.
type PermitRequest struct {
	Action   Action
	Operator string
	// Attempt it is about, if it is about one.
	Attempt AttemptID
}

// Permit asks the rules, and a second person where they want one, about an
// action of the register itself: a report, a setting. It returns who agreed,
// if somebody was asked. A denial is journalled. Without Rules all is permitted.
//
// Errors: ErrDenied, ErrCanceled, ErrNotFound, ErrInvalid, ErrNotSent.
func (t *Till) Permit(ctx context.Context, r PermitRequest) (approver string, err error) {
	leave, err := t.enter()
	if err != nil {
		return "", &Error{Op: string(r.Action), Class: ErrClosed}
	}
	defer leave()
	var about *Attempt
	if r.Attempt != "" {
		a, err := t.cfg.Journal.Get(ctx, r.Attempt)
		if err != nil {
			return "", refused(string(r.Action), Attempt{ID: r.Attempt}, err)
		}
		about = &a
	}
	return t.permit(ctx, r.Action, r.Operator, about)
}

func (t *Till) permit(ctx context.Context, action Action, operator string, about *Attempt) (string, error) {
	if t.cfg.Rules == nil {
		return "", nil
	}
	o := &order{id: t.NewAttempt(), orig: about, intent: Intent{Till: t.cfg.ID, Type: Type(action), Operator: operator}}
	if about != nil {
		o.intent.Reference, o.intent.Tender, o.intent.Original, o.intent.Amount = about.Reference, about.Tender, about.ID, about.Amount
	}
	t.name(o)
	if err := CheckEvent(Event{Kind: EventDenied, Attempt: o.id, Intent: &o.intent}); err != nil {
		return "", &Error{Op: string(action), Class: ErrInvalid, Err: err}
	}
	a, err := t.ruled(ctx, o, func() (Attempt, error) { return Attempt{}, nil })
	if err != nil {
		return "", refused(string(action), a, err)
	}
	return o.intent.Approver, nil
}

// observe tells Rules that keep counters.
func (t *Till) observe(a Attempt) {
	if w, ok := t.cfg.Rules.(Observer); ok {
		w.Observe(a)
	}
}
