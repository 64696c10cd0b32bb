package qr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind says what a scanned code is.
type Kind string

// Kinds.
const (
	Wallet       Kind = "wallet"   // a payment code (付款码): charge it
	Voucher      Kind = "voucher"  // of a group-buy platform: redeem it (核销)
	Product      Kind = "product"  // an article number
	MerchantCode Kind = "merchant" // a merchant-presented payload: nothing to charge at a till
	ConsumerCode Kind = "consumer" // a consumer-presented payload: card data, to the acquirer
	Link         Kind = "link"     // a link a customer's app opens, such as a shop's own sticker
)

// Charset is what a code is made of.
type Charset string

// Charsets.
const (
	OfDigits  Charset = "digits"
	OfLetters Charset = "letters and digits"
	OfText    Charset = "text"
)

// Rule says how one kind of code is recognised: plain data. All that is set must fit.
type Rule struct {
	Name  string  `json:"name"`  // for routing: "wechat", "alipay", "douyin"; a tender's name
	Title string  `json:"title"` // for people
	Kind  Kind    `json:"kind"`
	Of    Charset `json:"of"`
	// Low and High are the first and last prefix, both of the same length; High ""
	// is Low alone. Text is compared without regard to case.
	Low, High string `json:"-"`
	// Min and Max are lengths in characters; Max 0 is MaxCode.
	Min, Max int `json:"-"`
	// Then stands at place At behind the prefix, such as the issuer in the code.
	Then string `json:"-"`
	At   int    `json:"-"`
	// GS1 wants a check digit at the end (GS1 General Specifications 7.9).
	GS1 bool `json:"-"`
	// Single marks what is known from one source, or inferred: confirm it with the
	// platform before relying on it.
	Single bool   `json:"single_source,omitempty"`
	Source string `json:"source,omitempty"`
}

// Table is rules in order: the first that fits holds. A shop puts its own in
// front: append(Table{mine}, DefaultTable()...).
type Table []Rule

// ErrUnknownCode: no rule fits. Never guess a wallet: ask the customer to show the code of
// another one, or extend the table.
var ErrUnknownCode = errors.New("this is no code of a known wallet, voucher platform or product")

// ErrCheckDigit: it would be an article number, were its check digit right. Scan again.
var ErrCheckDigit = errors.New("the check digit of the article number is wrong: scan again")

// ErrRule: a rule contradicts itself.
var ErrRule = errors.New("qr: rule cannot be right")

// UnknownError says how far a code could be understood. It shows nothing of it but its mask.
type UnknownError struct {
	Masked string
	Digits bool
	Len    int
	Offset int // of the first character that keeps it from being digits; Len when all are
	Err    error
}

// Error says what it is not, and its length.
func (e *UnknownError) Error() string {
	of := fmt.Sprintf("%d digits", e.Len)
	if !e.Digits {
		of = fmt.Sprintf("%d characters, the first that is no digit at byte %d", e.Len, e.Offset)
	}
	return fmt.Sprintf("qr: %s (%s)", e.Err, of)
}

// Unwrap returns ErrUnknownCode or ErrCheckDigit.
func (e *UnknownError) Unwrap() error { return e.Err }

// Classify says what a code is. Errors: *UnknownError.
func (t Table) Classify(c Code) (Rule, error) {
	text := c.bytes()
	of := charsetOf(text)
	mistyped := false
	for i := range t {
		fits, check := t[i].fits(text, of)
		if fits && check {
			return t[i], nil
		}
		mistyped = mistyped || fits
	}
	e := &UnknownError{Masked: c.String(), Digits: of == OfDigits, Len: len(text), Err: ErrUnknownCode}
	if mistyped {
		e.Err = ErrCheckDigit
	}
	e.Offset = slices.IndexFunc(text, func(b byte) bool { return !digit(b) })
	if e.Offset < 0 {
		e.Offset = len(text)
	}
	return Rule{}, e
}

// Check refuses rules that could not fit anything, or everything. Errors: ErrRule.
func (t Table) Check() error {
	for i, r := range t {
		wrong := ""
		switch {
		case r.Name == "" || r.Kind == "":
			wrong = "it has no name or kind"
		case r.Of != OfDigits && r.Of != OfLetters && r.Of != OfText:
			wrong = "it does not say what the code is made of"
		case r.High != "" && len(r.High) != len(r.Low):
			wrong = "its prefixes differ in length"
		case r.High != "" && r.High < r.Low:
			wrong = "its last prefix is before its first"
		case r.Max != 0 && r.Max < r.Min, r.Min < 0, r.At < 0:
			wrong = "no length fits"
		case r.Low == "" && r.Then == "" && !r.GS1 && r.Max == 0:
			wrong = "it fits everything"
		}
		if wrong != "" {
			return fmt.Errorf("%w: rule %d (%s): %s", ErrRule, i+1, r.Name, wrong)
		}
	}
	return nil
}

func charsetOf(text []byte) Charset {
	of := OfDigits
	for _, b := range text {
		switch {
		case digit(b):
		case b|0x20 >= 'a' && b|0x20 <= 'z':
			of = OfLetters
		default:
			return OfText
		}
	}
	return of
}

// fits reports whether a rule holds, and whether the check digit does.
func (r *Rule) fits(text []byte, of Charset) (fits, check bool) {
	longest := r.Max
	if longest == 0 {
		longest = MaxCode
	}
	switch {
	case len(text) == 0 || len(text) < r.Min || len(text) > longest || len(text) < len(r.Low):
		return false, false
	case r.Of == OfDigits && of != OfDigits, r.Of == OfLetters && of == OfText:
		return false, false
	}
	if !r.prefix(text[:len(r.Low)]) {
		return false, false
	}
	if at := len(r.Low) + r.At; r.Then != "" && (len(text) < at+len(r.Then) || string(text[at:at+len(r.Then)]) != r.Then) {
		return false, false
	}
	return true, !r.GS1 || gs1(text)
}

func (r *Rule) prefix(p []byte) bool {
	if r.High == "" {
		return strings.EqualFold(string(p), r.Low)
	}
	return string(p) >= r.Low && string(p) <= r.High
}

// gs1 checks the last digit: weights 3 and 1 from the right, sum to ten.
func gs1(digits []byte) bool {
	sum := 0
	for i, b := range digits {
		n := int(b - '0')
		if (len(digits)-1-i)%2 == 1 {
			n *= 3
		}
		sum += n
	}
	return sum%10 == 0
}

// DefaultTable returns the rules known here, a fresh copy each time. Douyin's
// payment codes have no published prefix, so they are in nobody's: a shop whose
// contract names one adds it.
func DefaultTable() Table {
	const regexps = "a collection of regular expressions (APP.Utility RegexHelper)"
	return Table{
		{Name: "emvco", Title: "EMVCo merchant-presented payload", Kind: MerchantCode, Of: OfText, Low: "0002", Min: 40, Then: "0", Source: "EMVCo MPM 1.1"},
		{Name: "emvco-consumer", Title: "EMVCo consumer-presented payload", Kind: ConsumerCode, Of: OfText, Low: "hQVDUFYwM", Min: 12, Source: "EMVCo CPM 1.1"},

		{Name: "wechat", Title: "WeChat Pay 微信支付", Kind: Wallet, Of: OfDigits, Low: "10", High: "15", Min: 18, Max: 18, Source: "WeChat Pay, micropay, 5.1"},
		{Name: "alipay", Title: "Alipay 支付宝", Kind: Wallet, Of: OfDigits, Low: "25", High: "30", Min: 16, Max: 24, Source: "Alipay, alipay.trade.pay"},
		{Name: "alipay", Title: "Alipay face payment 支付宝刷脸", Kind: Wallet, Of: OfLetters, Low: "fp", Min: 35, Max: 35, Single: true, Source: "Alipay, alipay.trade.pay, scene security_code"},
		{Name: "ccb", Title: "CCB Long Pay 龙支付", Kind: Wallet, Of: OfDigits, Low: "622", High: "627", Then: "0105", Min: 19, Max: 19, Single: true, Source: regexps},
		{Name: "unionpay", Title: "UnionPay 云闪付", Kind: Wallet, Of: OfDigits, Low: "62", Min: 19, Max: 19, Source: "jeepay; several acquirers"},
		{Name: "jd", Title: "JD Pay 京东支付", Kind: Wallet, Of: OfDigits, Low: "18", Min: 18, Max: 18, Single: true, Source: regexps},
		{Name: "bestpay", Title: "BestPay 翼支付", Kind: Wallet, Of: OfDigits, Low: "51", Min: 18, Max: 18, Single: true, Source: regexps},
		{Name: "ecny", Title: "e-CNY 数字人民币", Kind: Wallet, Of: OfDigits, Low: "01", Min: 19, Max: 19, Single: true, Source: regexps},
		{Name: "qqpay", Title: "QQ Wallet QQ钱包", Kind: Wallet, Of: OfDigits, Low: "91", Min: 18, Max: 18, Single: true, Source: "inferred"},

		{Name: "douyin", Title: "Douyin voucher 抖音团购券", Kind: Voucher, Of: OfText, Low: "https://v.douyin.com/", Min: 22, Source: "Douyin, certificate.prepare"},
		{Name: "wechat-link", Title: "WeChat Pay link 微信收款码", Kind: Link, Of: OfText, Low: "weixin://wxpay/", Min: 16, Source: "WeChat Pay, native"},
		{Name: "wechat-link", Title: "WeChat personal code 微信收款码", Kind: Link, Of: OfText, Low: "wxp://", Min: 7, Source: "WeChat"},
		{Name: "alipay-link", Title: "Alipay link 支付宝收款码", Kind: Link, Of: OfText, Low: "https://qr.alipay.com/", Min: 23, Source: "Alipay, precreate"},
		{Name: "unionpay-link", Title: "UnionPay link 银联收款码", Kind: Link, Of: OfText, Low: "https://qr.95516.com/", Min: 22, Source: "UnionPay"},

		{Name: "ean-13", Title: "EAN-13 商品条码", Kind: Product, Of: OfDigits, GS1: true, Min: 13, Max: 13, Source: "GS1 General Specifications"},
		{Name: "ean-8", Title: "EAN-8 商品条码", Kind: Product, Of: OfDigits, GS1: true, Min: 8, Max: 8, Source: "GS1 General Specifications"},
		{Name: "gtin-14", Title: "GTIN-14 箱码", Kind: Product, Of: OfDigits, GS1: true, Min: 14, Max: 14, Source: "GS1 General Specifications"},
		// Typed voucher codes have twelve digits, and so have American article
		// numbers (UPC-A): a right check digit makes it an article, which one voucher in
		// ten has by chance. A shop without such articles puts VoucherCodes in front.
		{Name: "upc-a", Title: "UPC-A 商品条码", Kind: Product, Of: OfDigits, GS1: true, Min: 12, Max: 12, Source: "GS1 General Specifications"},
		{Name: "douyin", Title: "Douyin voucher code 抖音券码", Kind: Voucher, Of: OfDigits, Min: 12, Max: 12, Source: "Douyin, origin_code"},
		{Name: "douyin", Title: "Douyin voucher code 抖音券码", Kind: Voucher, Of: OfDigits, Min: 15, Max: 15, Source: "Douyin, samples"},
	}
}

// VoucherCodes are rules for shops that sell nothing with a twelve-digit
// article number: put them in front of DefaultTable.
func VoucherCodes(name, title string) Table {
	return Table{{Name: name, Title: title, Kind: Voucher, Of: OfDigits, Min: 12, Max: 12}}
}
