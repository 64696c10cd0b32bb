package douyin

import (
	"errors"
	"fmt"
	"strings"
)

// The classes of error: what each means for the voucher. Decide with errors.Is.
var (
	// ErrNotSent: the request did not leave this machine. Nothing happened.
	ErrNotSent = errors.New("nothing was sent")
	// ErrInvalid: the request is wrong, here or by the platform's word. Nothing happened.
	ErrInvalid = errors.New("invalid request")
	// ErrRefused: the platform says no, for a reason of the voucher or the rules. Nothing happened.
	ErrRefused = errors.New("refused")
	// ErrPermission: app, merchant or address may not do this. Nothing happened.
	ErrPermission = errors.New("not permitted")
	// ErrToken: the platform does not take the token, even a new one. Nothing happened.
	ErrToken = errors.New("token not accepted")
	// ErrThrottled: too many calls; the platform did no work. Nothing happened.
	ErrThrottled = errors.New("too many calls")
	// ErrPending: the platform holds the voucher for review (1229), or goes on by
	// itself with a cross-order redemption. It may yet be redeemed: never treat
	// it as failed, ask later.
	ErrPending = errors.New("pending at the platform")
	// ErrPartial: some of the vouchers are redeemed and some are not; each has its verdict.
	ErrPartial = errors.New("only some are redeemed")
	// ErrDoubt: nobody knows. The request may have been carried out. Repeat the
	// very same Verification, or ask with Merchant.Outcome.
	ErrDoubt = errors.New("outcome unknown")
)

// Reason is why, independent of the platform's numbering.
type Reason uint8

// The reasons. ReasonOther stands for whatever has no name here: see the codes.
const (
	ReasonOther      Reason = iota
	AlreadyUsed             // 1208, result 2: redeemed before. After a doubt it may be our own doing, see Merchant.Outcome.
	NotFound                // 1212, 1263, 3100101, 1033000519
	InvalidCode             // 1221: the encrypted code cannot be read; prepare again
	HeldForReview           // 1229: risk control looks at it, up to 48 hours
	TooFewUses              // 1241: fewer uses left on the times-card (次卡)
	NoLongerValid           // 1250
	HasCanceled             // 1265: a cancelled voucher is among them
	WrongShop               // 3000002
	Locked                  // 2119006 being given away, 2119007 being ordered
	QRExpired               // 45005117: the customer must open the order again
	UndoWindowClosed        // 2034000910: apply for a refund instead
	BadParameter            // the caller's mistake
	NoCapability            // 2190004: the app lacks the capability (能力)
	NotAuthorised           // 2119005: the merchant has not authorised the app
	Blocked                 // app, developer or address are shut out
	Retired                 // the call no longer exists
	TooFrequent             // slow down
	QuotaUsed               // nothing more today
	PlatformBusy            // the platform's own trouble
	BadCredentials          // client_key or client_secret are wrong
	TokenExpired            // the token is old or replaced
	NotUnderstood           // the answer is not the platform's: HTML, cut, too long
	ConnectionLost          // no answer
	NotRedeemed             // by query: the voucher is as it was
	Refunded                // by query: refunded, or a refund is under way
	PlatformWorks           // by query or batch: the platform has not finished
	lastReason
)

var reasonWords = [...]string{"for a reason of the platform", "already used", "no such voucher", "code cannot be read; scan again",
	"held for review by the platform", "too few uses left", "no longer valid", "a cancelled voucher is among them",
	"not valid in this shop", "the customer is giving it away or ordering", "QR code expired; the customer must open the order again",
	"too late to undo; apply for a refund", "wrong parameter", "the app lacks this capability", "the merchant has not authorised this app",
	"app or address blocked", "the call was retired", "too frequent", "quota used up", "platform busy", "wrong client key or secret",
	"token expired", "the answer is not understood", "no answer", "not redeemed", "refunded or being refunded", "the platform has not finished"}

// String is a phrase for people.
func (r Reason) String() string {
	if int(r) < len(reasonWords) {
		return reasonWords[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// Error is every error of a call: which, what it means for the voucher, why,
// and all the numbers and words of the platform. It holds no secret.
type Error struct {
	Endpoint Endpoint
	// Via is the call for a token, if that is what failed.
	Via Endpoint
	// Class is one of the classes above.
	Class  error
	Reason Reason
	// Retry says that the very same request may be repeated, after a pause.
	Retry bool
	// HTTPStatus is 0 if no answer came.
	HTTPStatus int
	// Code is data.error_code, or a voucher's result; Gateway and Sub are
	// extra.error_code and extra.sub_error_code. Verbatim.
	Code, Gateway, Sub int64
	// Text, GatewayText and SubText are the descriptions beside them, shortened,
	// with long numbers masked.
	Text, GatewayText, SubText string
	// LogID is what the platform's support asks for.
	LogID string
	// Err is the cause, if the platform is not.
	Err error
}

// Error says it in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "douyin: %s: %v", e.Endpoint, e.Class)
	if e.Reason != ReasonOther {
		fmt.Fprintf(&b, ": %s", e.Reason)
	}
	if e.Via != "" {
		fmt.Fprintf(&b, ", via %s", e.Via)
	}
	for _, part := range []struct {
		name string
		code int64
		text string
	}{{"code", e.Code, e.Text}, {"gateway", e.Gateway, e.GatewayText}, {"sub", e.Sub, e.SubText}} {
		if part.code != 0 {
			fmt.Fprintf(&b, ", %s %d %q", part.name, part.code, part.text)
		}
	}
	if e.HTTPStatus != 0 && e.HTTPStatus != 200 {
		fmt.Fprintf(&b, ", HTTP %d", e.HTTPStatus)
	}
	if e.LogID != "" {
		fmt.Fprintf(&b, ", logid %s", e.LogID)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Is matches the class.
func (e *Error) Is(target error) bool { return e.Class == target }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Unknown says that the request may have been carried out.
func (e *Error) Unknown() bool { return e.Class == ErrDoubt || e.Class == ErrPending }

// Retryable says that the very same request may be repeated, after a pause.
func (e *Error) Retryable() bool { return e.Retry }

// Definite says that nothing happened at the platform.
func (e *Error) Definite() bool { return !e.Unknown() && e.Class != ErrPartial }

// meaning of a code.
type meaning struct {
	class  error
	reason Reason
	retry  bool
}

// meanings are the platform's published tables (local-life/connect/
// returns-a-status-code, dop status-code, certificate.verify). A code that is
// missing decides nothing: it is a doubt.
var meanings = map[int64]meaning{
	1208: {ErrRefused, AlreadyUsed, false}, 2: {ErrRefused, AlreadyUsed, false},
	1212: {ErrRefused, NotFound, false}, 1033000519: {ErrRefused, NotFound, false}, 3100101: {ErrRefused, NotFound, false}, 1263: {ErrRefused, NotFound, false},
	1221:    {ErrRefused, InvalidCode, false},
	1229:    {ErrPending, HeldForReview, true},
	1241:    {ErrRefused, TooFewUses, false},
	1250:    {ErrRefused, NoLongerValid, false},
	1265:    {ErrRefused, HasCanceled, false},
	3000002: {ErrRefused, WrongShop, false},
	2119006: {ErrRefused, Locked, false}, 2119007: {ErrRefused, Locked, false},
	45005117:   {ErrRefused, QRExpired, false},
	2034000910: {ErrRefused, UndoWindowClosed, false},

	1502: {ErrInvalid, BadParameter, false}, 4000001: {ErrInvalid, BadParameter, false}, 4000002: {ErrInvalid, BadParameter, false},
	2100005: {ErrInvalid, BadParameter, false}, 2119001: {ErrInvalid, BadParameter, false}, 28001007: {ErrInvalid, BadParameter, false},
	200002: {ErrInvalid, BadParameter, false}, 10000: {ErrInvalid, BadParameter, false}, 10002: {ErrInvalid, BadParameter, false},

	2190002: {ErrToken, TokenExpired, true}, 2190008: {ErrToken, TokenExpired, true}, 28001003: {ErrToken, TokenExpired, true}, 28001008: {ErrToken, TokenExpired, true},
	10003: {ErrToken, BadCredentials, false}, 10013: {ErrToken, BadCredentials, false},

	2190004: {ErrPermission, NoCapability, false}, 28001014: {ErrPermission, NoCapability, false}, 28001018: {ErrPermission, NoCapability, false},
	2119005: {ErrPermission, NotAuthorised, false}, 1508: {ErrPermission, NotAuthorised, false}, 11006: {ErrPermission, NotAuthorised, false},
	2119008: {ErrPermission, Blocked, false}, 28001016: {ErrPermission, Blocked, false}, 2100007: {ErrPermission, Blocked, false},
	2119010: {ErrPermission, Retired, false}, 28001056: {ErrPermission, Retired, false},

	2119003: {ErrThrottled, TooFrequent, true}, 28003018: {ErrThrottled, TooFrequent, true}, 12001: {ErrThrottled, TooFrequent, true}, 10020: {ErrThrottled, TooFrequent, true},
	2190001: {ErrThrottled, QuotaUsed, false}, 28003017: {ErrThrottled, QuotaUsed, false},

	// The platform's own trouble may strike behind the redemption.
	2100001: {ErrDoubt, PlatformBusy, true}, 2100004: {ErrDoubt, PlatformBusy, true}, 2119002: {ErrDoubt, PlatformBusy, true}, 2191000: {ErrDoubt, PlatformBusy, true},
	28001005: {ErrDoubt, PlatformBusy, true}, 28001006: {ErrDoubt, PlatformBusy, true}, 6001001: {ErrDoubt, PlatformBusy, true}, 13000: {ErrDoubt, PlatformBusy, true},
	3000001: {ErrDoubt, ReasonOther, true}, 5000001: {ErrDoubt, ReasonOther, false},
}

// vague codes only say "failed"; a code beside them may say more.
var vague = map[int64]bool{3000001: true, 5000001: true}

// meaningOf decides by the most telling of several codes: sub code first, then
// the data's, then the gateway's. Codes without a meaning are doubt.
func meaningOf(codes ...int64) meaning {
	found := meaning{class: ErrDoubt, retry: true}
	any := false
	for _, code := range codes {
		m, ok := meanings[code]
		switch {
		case code == 0 || !ok:
		case !vague[code]:
			return m
		case !any:
			found, any = m, true
		}
	}
	return found
}

func invalid(ep Endpoint, format string, args ...any) *Error {
	return &Error{Endpoint: ep, Class: ErrInvalid, Reason: BadParameter, Err: fmt.Errorf(format, args...)}
}
