package qr

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openecr/openecr/internal/crc"
	"github.com/openecr/openecr/pos"
)

// Initiation says for how many payments a code is.
type Initiation string

// Points of initiation; the zero value leaves 01 out, which is legal.
const (
	Static  Initiation = "11" // many payments: a sticker on the counter
	Dynamic Initiation = "12" // one payment: on the display, on the slip
)

// Tip says who pays what besides the amount.
type Tip string

// Tips; the zero value is none.
const (
	TipAsk     Tip = "01" // the app asks the customer
	TipFixed   Tip = "02" // Merchant.FixedFee
	TipPercent Tip = "03" // Merchant.PercentFee
)

// Field is one object to write: a value, or the fields of a template.
type Field struct {
	ID     ID      `json:"id"`
	Value  string  `json:"value,omitempty"`
	Fields []Field `json:"fields,omitempty"`
}

// Merchant is what a merchant-presented payload says, apart from how. Fields of
// 26 to 51, 62 and 80 to 99 are templates. Amount and Currency agree; Currency
// may be left out where there is an Amount.
type Merchant struct {
	Format     string // 00; "" means 01
	Initiation Initiation
	Accounts   []Field      // 02 to 51
	Category   string       // 52, ISO 18245; "" means 0000 unless encoding is lenient
	Currency   pos.Currency // 53
	Amount     pos.Money    // 54; zero lets the customer type it
	Tip        Tip
	FixedFee   pos.Money // 56
	PercentFee string    // 57, such as "2.5"
	Country    string    // 58, ISO 3166-1 alpha-2
	Name       string    // 59, at most 25 characters
	City       string    // 60, at most 15 characters
	PostalCode string    // 61
	Additional []Field   // 62
	Language   []Field   // 64
	Other      []Field   // 65 to 99
}

// Merchant returns what the payload says, to be changed and written again. What
// cannot be an amount or currency is an error, see Amount and Currency.
func (p *Payload) Merchant() (Merchant, error) {
	m := Merchant{
		Format: p.Value(IDFormat), Initiation: Initiation(p.Value(IDInitiation)),
		Category: p.Value(IDCategory), Tip: Tip(p.Value(IDTip)), PercentFee: p.Value(IDPercentFee),
		Country: p.Value(IDCountry), Name: p.Value(IDMerchantName), City: p.Value(IDMerchantCity), PostalCode: p.Value(IDPostalCode),
	}
	var err error
	if m.Currency, err = p.Currency(); err != nil {
		return m, err
	}
	if m.Amount, err = p.Amount(); err != nil && err != ErrNoAmount {
		return m, err
	}
	if fee, ok := p.Find(IDFixedFee); ok {
		if m.FixedFee, err = pos.ParseMoney(strings.TrimSuffix(fee, "."), m.Currency); err != nil {
			return m, fmt.Errorf("qr: object 56 (fixed fee): %w", err)
		}
	}
	for i, o := range p.Objects {
		switch {
		case o.Depth > 0:
		case o.ID.account():
			m.Accounts = append(m.Accounts, p.field(i))
		case o.ID == IDAdditional:
			m.Additional = p.field(i).Fields
		case o.ID == IDLanguage:
			m.Language = p.field(i).Fields
		case o.ID > IDLanguage:
			m.Other = append(m.Other, p.field(i))
		}
	}
	return m, nil
}

// field is an object with what it holds.
func (p *Payload) field(i int) Field {
	o := p.Objects[i]
	f := Field{ID: o.ID}
	for j, in := range p.Inside(i) {
		if in.Depth == o.Depth+1 {
			f.Fields = append(f.Fields, p.field(i+1+j))
		}
	}
	if f.Fields == nil {
		f.Value = o.Value
	}
	return f
}

// Encode writes the payload, checksum included, in ascending order of IDs. What
// comes out is what Parse takes with the same options, and what the profiles it
// uses allow; at most MaxPayload characters. Errors: *Problem.
//
// Lenient leaves mandatory objects out that are empty here, as PromptPay and
// VietQR do.
func (m Merchant) Encode(o Options) (string, error) {
	b, err := m.append(make([]byte, 0, MaxPayload), o)
	if err != nil {
		return "", err
	}
	text := string(b)
	if n := utf8.RuneCountInString(text); n > MaxPayload {
		return "", &Problem{Err: ErrTooLong, Text: says(ErrTooLong, "%d characters of %d", n, MaxPayload)}
	}
	p, err := Parse(text, o)
	if err != nil {
		return "", err
	}
	for _, s := range p.Schemes(Profiles()) {
		for i := range s.Problems {
			if s.Problems[i].Severity < Note {
				return "", &s.Problems[i]
			}
		}
	}
	return text, nil
}

func (m Merchant) append(b []byte, o Options) ([]byte, error) {
	if m.Currency == "" {
		m.Currency = m.Amount.Currency()
	}
	currency, amount, fee, err := m.money()
	if err != nil {
		return nil, err
	}
	if m.Format == "" {
		m.Format = "01"
	}
	if m.Category == "" && !o.Lenient {
		m.Category = "0000"
	}
	fields := []Field{{ID: IDFormat, Value: m.Format}, {ID: IDInitiation, Value: string(m.Initiation)}}
	fields = append(fields, byID(m.Accounts)...)
	fields = append(fields,
		Field{ID: IDCategory, Value: m.Category}, Field{ID: IDCurrency, Value: currency}, Field{ID: IDAmount, Value: amount},
		Field{ID: IDTip, Value: string(m.Tip)}, Field{ID: IDFixedFee, Value: fee}, Field{ID: IDPercentFee, Value: m.PercentFee},
		Field{ID: IDCountry, Value: m.Country}, Field{ID: IDMerchantName, Value: m.Name}, Field{ID: IDMerchantCity, Value: m.City},
		Field{ID: IDPostalCode, Value: m.PostalCode}, Field{ID: IDAdditional, Fields: byID(m.Additional)},
		Field{ID: IDLanguage, Fields: byID(m.Language)})
	fields = append(fields, byID(m.Other)...)
	for _, f := range fields {
		if f.Value == "" && f.Fields == nil {
			continue
		}
		if b, err = appendField(b, f, "", 0); err != nil {
			return nil, err
		}
	}
	b = append(b, "6304"...)
	return fmt.Appendf(b, "%04X", crc.CCITT(crc.CCITTInit, b)), nil
}

// money writes currency, amount and fixed fee.
func (m Merchant) money() (currency, amount, fee string, err error) {
	wrong := func(id ID, detail string, args ...any) error {
		return &Problem{ID: id.String(), Name: id.name(), Err: ErrFormat, Text: says(ErrFormat, detail, args...)}
	}
	if !m.Currency.Valid() {
		return "", "", "", wrong(IDCurrency, "%q is no currency of ISO 4217", string(m.Currency))
	}
	currency = fmt.Sprintf("%03d", m.Currency.Numeric())
	for _, part := range []struct {
		id  ID
		m   pos.Money
		out *string
	}{{IDAmount, m.Amount, &amount}, {IDFixedFee, m.FixedFee, &fee}} {
		switch {
		case part.m == pos.Money{}:
		case part.m.Currency() != m.Currency:
			return "", "", "", wrong(part.id, "it is in %s, the payload in %s", part.m.Currency(), m.Currency)
		case part.m.Minor() <= 0:
			return "", "", "", wrong(part.id, "an amount is above zero")
		default:
			*part.out = m.written(part.m)
		}
	}
	return currency, amount, fee, nil
}

// written leaves the decimals out where a scheme wants whole units and there
// are none.
func (m Merchant) written(amount pos.Money) string {
	digits := amount.Digits()
	whole, fraction, _ := strings.Cut(digits, ".")
	if m.Currency == "IDR" && strings.Trim(fraction, "0") == "" {
		return whole // QRIS
	}
	return digits
}

func byID(fields []Field) []Field {
	sorted := slices.Clone(fields)
	slices.SortStableFunc(sorted, func(a, b Field) int { return int(a.ID) - int(b.ID) })
	return sorted
}

// maxDepth: the deepest templates known are VietQR's, in an account.
const maxDepth = 3

// appendField writes one object. Errors: *Problem.
func appendField(b []byte, f Field, within string, depth int) ([]byte, error) {
	path := within + f.ID.String()
	wrong := func(kind error, detail string, args ...any) ([]byte, error) {
		return nil, &Problem{ID: path, Offset: len(b), Err: kind, Text: says(kind, detail, args...)}
	}
	value := []byte(f.Value)
	switch {
	case f.ID > 99:
		return wrong(ErrID, "")
	case depth == maxDepth:
		return wrong(ErrFormat, "templates nest %d deep at most", maxDepth)
	case f.Value != "" && f.Fields != nil:
		return wrong(ErrFormat, "it has a value and fields")
	case !utf8.ValidString(f.Value):
		return wrong(ErrText, "")
	}
	for _, in := range byID(f.Fields) {
		var err error
		if value, err = appendField(value, in, path+"-", depth+1); err != nil {
			return nil, err
		}
	}
	n := utf8.RuneCount(value)
	if n == 0 || n > 99 {
		return wrong(ErrLength, "%d characters", n)
	}
	return append(fmt.Appendf(b, "%02d%02d", uint8(f.ID), n), value...), nil
}
