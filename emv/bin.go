package emv

// binRange is a range of prefixes of equal length, for numbers of some lengths.
type binRange struct {
	digits   int // in from and to
	from, to uint32
	min, max int // digits of the card number
	scheme   Scheme
}

// bins is inferred from public notes of the schemes. The longest prefix
// wins, whatever the order.
var bins = []binRange{
	{2, 62, 62, 16, 19, UnionPay},
	{6, 810000, 817199, 16, 19, UnionPay},
	{1, 4, 4, 13, 19, Visa},
	{2, 51, 55, 16, 16, Mastercard},
	{6, 222100, 272099, 16, 16, Mastercard},
	{2, 50, 50, 12, 19, Maestro},
	{2, 56, 58, 12, 19, Maestro},
	{4, 6304, 6304, 12, 19, Maestro},
	{4, 6759, 6759, 12, 19, Maestro},
	{4, 6761, 6763, 12, 19, Maestro},
	{4, 604, 604, 12, 19, Maestro}, // 0604
	{2, 34, 34, 15, 15, Amex},
	{2, 37, 37, 15, 15, Amex},
	{3, 300, 305, 14, 19, Diners},
	{4, 3095, 3095, 14, 19, Diners},
	{2, 36, 36, 14, 19, Diners},
	{2, 38, 39, 14, 19, Diners},
	{4, 6011, 6011, 16, 19, Discover},
	{3, 644, 649, 16, 19, Discover},
	{2, 65, 65, 16, 19, Discover},
	{4, 3528, 3589, 16, 19, JCB},
	{4, 1800, 1800, 15, 15, JCB},
	{4, 2131, 2131, 15, 15, JCB},
	{4, 2200, 2204, 16, 19, Mir},
	{2, 60, 60, 16, 16, RuPay},
	{2, 81, 82, 16, 16, RuPay},
	{3, 508, 508, 16, 16, RuPay},
	{3, 353, 353, 16, 16, RuPay},
	{3, 356, 356, 16, 16, RuPay},
	{6, 506099, 506198, 16, 19, Verve},
	{6, 507865, 507964, 16, 19, Verve},
	{6, 650002, 650027, 16, 19, Verve},
	{6, 401178, 401179, 16, 16, Elo},
	{6, 438935, 438935, 16, 16, Elo},
	{6, 457631, 457632, 16, 16, Elo},
	{6, 506699, 506778, 16, 16, Elo},
	{6, 509000, 509999, 16, 16, Elo},
	{6, 636297, 636297, 16, 16, Elo},
	{6, 650405, 650439, 16, 16, Elo},
	{6, 650485, 650538, 16, 16, Elo},
	{6, 650541, 650598, 16, 16, Elo},
	{6, 650901, 650978, 16, 16, Elo},
	{6, 651652, 651679, 16, 16, Elo},
	{6, 655000, 655058, 16, 16, Elo},
	{6, 606282, 606282, 16, 16, Hipercard},
	{4, 9792, 9792, 16, 16, Troy},
	{4, 8600, 8600, 16, 16, Uzcard},
	{4, 9860, 9860, 16, 16, Humo},
	{4, 9704, 9704, 16, 19, Napas},
	{4, 9112, 9112, 16, 19, Belkart},
	{3, 636, 636, 16, 19, InterPayment},
	{1, 1, 1, 15, 15, UATP},
	{2, 31, 31, 19, 19, TUnion},
}

// Scheme guesses the scheme from the first digits and the length: good for a logo
// or a statistic. On a chip ask the RID instead; for routing, the
// acquirer's own table.
//
// Clashes: 622126 to 622925 is UnionPay here, and accepted by Discover too. RuPay
// shares 60 and 65 with Discover, 81 with UnionPay, 353 and 356 with JCB, and
// loses where the other's prefix is longer; with 65 always. Elo and Verve have
// ranges inside those of others. A co-branded card has one number and two schemes.
func (p PAN) Scheme() Scheme {
	number := p.hidden.bytes()
	best, digits := SchemeUnknown, 0
	for _, r := range bins {
		if r.digits > digits && len(number) >= r.min && len(number) <= r.max {
			if v := leading(number, r.digits); v >= r.from && v <= r.to {
				best, digits = r.scheme, r.digits
			}
		}
	}
	return best
}

func leading(number []byte, digits int) uint32 {
	var v uint32
	for _, c := range number[:digits] {
		v = v*10 + uint32(c-'0')
	}
	return v
}
