package pos

import (
	"errors"
	"fmt"
	"strings"
)

// The classes of error. Each says one thing about the money; decide with
// errors.Is. A nil error is the only way to say "the money is here, in full,
// and durably recorded".
var (
	// ErrNotSent: nothing left this machine that could move money. Try again when the cause is mended.
	ErrNotSent = errors.New("nothing was sent")
	// ErrBusy: the device or sale is occupied by another attempt, named in the error. Nothing was sent.
	ErrBusy = errors.New("device busy")
	// ErrInvalid: the request itself is wrong. Nothing was sent.
	ErrInvalid = errors.New("invalid request")
	// ErrDenied: a rule of the shop forbids it. Nothing was sent.
	ErrDenied = errors.New("denied by rule")
	// ErrDeclined: the peer refused. Nothing was taken.
	ErrDeclined = errors.New("declined")
	// ErrCanceled: cashier or customer stopped it. Nothing was taken.
	ErrCanceled = errors.New("canceled")
	// ErrPartial: a part was approved and IS taken; take the rest by another tender or Abandon it.
	ErrPartial = errors.New("only a part was approved")
	// ErrConflict: it contradicts what the journal holds. Nothing was sent.
	ErrConflict = errors.New("conflict with the journal")
	// ErrNotFound: the journal knows no such attempt.
	ErrNotFound = errors.New("no such attempt")
	// ErrOutcomeUnknown: money may have moved. Do not charge again; Recover or Resolve.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrUnsupported: the device cannot do this at all. It is errors.ErrUnsupported.
	ErrUnsupported = errors.ErrUnsupported
	// ErrJournal: the journal failed. Alone it says nothing of the money; it
	// comes as the cause of ErrNotSent (before) or ErrOutcomeUnknown (after).
	ErrJournal = errors.New("journal failed")
	// ErrManual comes from a driver's Query when neither asking again nor
	// undoing can ever decide: the attempt becomes StateManual at once.
	ErrManual = errors.New("only a person can tell")
	// ErrUndo comes from a driver that has asked often enough: the payment is
	// to be undone now, whatever becomes of it meanwhile. The Till makes that
	// decision durable and asks for OpReversal at once.
	ErrUndo = errors.New("given up, to be undone")
	// ErrClosed: the Till was closed. Nothing was sent.
	ErrClosed = errors.New("till closed")
)

// Moved says whether money may have moved.
type Moved string

// The three answers.
const (
	MovedNo    Moved = "no"
	MovedMaybe Moved = "maybe"
	MovedYes   Moved = "yes"
)

// Error is every error a Till returns: what was being done, which attempt,
// what it means for the money, and the peer's own words.
type Error struct {
	Op      string  // "charge", "void", ...
	Class   error   // one of the classes above
	Attempt Attempt // as the journal holds it; zero if none was begun
	Code    string  // the peer's own code, verbatim
	Text    string  // the peer's own text
	Err     error   // the cause, if there is one besides
}

// Error names the operation, the class, the peer's words, the cause and what
// to do, in one line and each of them once.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if !e.Attempt.Amount.IsZero() {
		fmt.Fprintf(&b, " %s", e.Attempt.Amount)
	}
	if e.Attempt.ID != "" {
		fmt.Fprintf(&b, " (attempt %s)", e.Attempt.ID)
	}
	cause := ""
	if e.Err != nil {
		cause = strings.ReplaceAll(e.Err.Error(), "\n", "; ")
	}
	if !strings.Contains(cause, e.Class.Error()) {
		fmt.Fprintf(&b, ": %v", e.Class)
	}
	if said := strings.TrimSpace(e.Code + " " + e.Text); said != "" {
		fmt.Fprintf(&b, ": peer said %s", said)
	}
	if cause != "" {
		fmt.Fprintf(&b, ": %s", cause)
	}
	fmt.Fprintf(&b, "; money moved: %s. %s", e.Moved(), e.Advice(English))
	return b.String()
}

// Unwrap reaches both the class and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.Err}
}

// Moved says whether money may have moved.
func (e *Error) Moved() Moved {
	switch e.Class {
	case ErrPartial:
		return MovedYes
	case ErrOutcomeUnknown:
		return MovedMaybe
	}
	return MovedNo
}

// Lang chooses the language of texts for people.
type Lang string

// The languages.
const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// advice is what a cashier should do, by class.
var advice = map[error]map[Lang]string{
	ErrNotSent:        {English: "Nothing was taken. Mend the cause, then try again.", Chinese: "未发出,未扣款。排除故障后可重试。"},
	ErrBusy:           {English: "Nothing was taken. Wait for the other payment to end, then try again.", Chinese: "设备忙,未扣款。请等上一笔结束后再试。"},
	ErrInvalid:        {English: "Nothing was taken. Correct the request.", Chinese: "请求有误,未扣款。请更正后重试。"},
	ErrDenied:         {English: "Nothing was taken. Ask a supervisor.", Chinese: "不符合门店规则,未扣款。请联系主管。"},
	ErrDeclined:       {English: "Nothing was taken. Ask for another means of payment.", Chinese: "交易被拒,未扣款。请更换支付方式。"},
	ErrCanceled:       {English: "Nothing was taken. Start again if the customer wants to pay.", Chinese: "交易已取消,未扣款。"},
	ErrPartial:        {English: "A part is paid. Take the rest by another means, or abandon this part.", Chinese: "仅部分付款成功。请用其他方式补足,或放弃该笔。"},
	ErrConflict:       {English: "Nothing was taken now. Look the sale up before going on.", Chinese: "与记录冲突,本次未扣款。请先查询该单。"},
	ErrNotFound:       {English: "Look the payment up by day, amount or card.", Chinese: "查无此单。请按日期、金额或卡号查询。"},
	ErrOutcomeUnknown: {English: "Result not known yet: do not take another payment, do not hand over goods.", Chinese: "结果未明,请勿重复收款,请勿交付商品。"},
	ErrUnsupported:    {English: "Nothing was taken. This device cannot do that; use another way.", Chinese: "设备不支持此操作,未扣款。"},
	ErrClosed:         {English: "Nothing was taken. Open the till again.", Chinese: "收银台已关闭,未扣款。"},
}

// Advice tells a cashier what to do now: in the words of the rule, if one forbade it.
func (e *Error) Advice(lang Lang) string {
	var d *Denial
	if e.Class == ErrDenied && errors.As(e.Err, &d) {
		if text := d.Ruling.advice(lang); text != "" {
			return text
		}
	}
	return advice[e.Class][lang]
}
