package emv

import "fmt"

// currencies are those a till is likely to meet (ISO 4217): number, code, digits
// behind the point.
var currencies = [...]struct {
	number int
	code   string
	digits int
}{
	{36, "AUD", 2}, {48, "BHD", 3}, {96, "BND", 2}, {104, "MMK", 2}, {116, "KHR", 2}, {124, "CAD", 2}, {152, "CLP", 0}, {156, "CNY", 2}, {170, "COP", 2},
	{203, "CZK", 2}, {208, "DKK", 2}, {344, "HKD", 2}, {348, "HUF", 2}, {352, "ISK", 0}, {356, "INR", 2}, {360, "IDR", 2}, {364, "IRR", 2}, {376, "ILS", 2},
	{392, "JPY", 0}, {398, "KZT", 2}, {400, "JOD", 3}, {404, "KES", 2}, {410, "KRW", 0}, {414, "KWD", 3}, {418, "LAK", 2}, {446, "MOP", 2}, {458, "MYR", 2},
	{484, "MXN", 2}, {496, "MNT", 2}, {512, "OMR", 3}, {554, "NZD", 2}, {566, "NGN", 2}, {578, "NOK", 2}, {586, "PKR", 2}, {604, "PEN", 2}, {608, "PHP", 2},
	{634, "QAR", 2}, {643, "RUB", 2}, {682, "SAR", 2}, {702, "SGD", 2}, {704, "VND", 0}, {710, "ZAR", 2}, {752, "SEK", 2}, {756, "CHF", 2}, {764, "THB", 2},
	{784, "AED", 2}, {788, "TND", 3}, {818, "EGP", 2}, {826, "GBP", 2}, {840, "USD", 2}, {860, "UZS", 2}, {901, "TWD", 2}, {946, "RON", 2}, {949, "TRY", 2},
	{975, "BGN", 2}, {978, "EUR", 2}, {980, "UAH", 2}, {985, "PLN", 2}, {986, "BRL", 2},
}

// countries are those a till is likely to meet (ISO 3166-1): number and code.
var countries = [...]struct {
	number int
	code   string
}{
	{32, "AR"}, {36, "AU"}, {40, "AT"}, {48, "BH"}, {56, "BE"}, {76, "BR"}, {96, "BN"}, {100, "BG"}, {104, "MM"}, {116, "KH"}, {124, "CA"}, {152, "CL"},
	{156, "CN"}, {158, "TW"}, {170, "CO"}, {191, "HR"}, {196, "CY"}, {203, "CZ"}, {208, "DK"}, {233, "EE"}, {246, "FI"}, {250, "FR"}, {276, "DE"}, {300, "GR"},
	{344, "HK"}, {348, "HU"}, {352, "IS"}, {356, "IN"}, {360, "ID"}, {372, "IE"}, {376, "IL"}, {380, "IT"}, {392, "JP"}, {398, "KZ"}, {404, "KE"}, {410, "KR"},
	{414, "KW"}, {418, "LA"}, {428, "LV"}, {440, "LT"}, {442, "LU"}, {446, "MO"}, {458, "MY"}, {470, "MT"}, {484, "MX"}, {496, "MN"}, {528, "NL"}, {554, "NZ"},
	{566, "NG"}, {578, "NO"}, {586, "PK"}, {604, "PE"}, {608, "PH"}, {616, "PL"}, {620, "PT"}, {634, "QA"}, {642, "RO"}, {643, "RU"}, {682, "SA"}, {702, "SG"},
	{703, "SK"}, {704, "VN"}, {705, "SI"}, {710, "ZA"}, {724, "ES"}, {752, "SE"}, {756, "CH"}, {764, "TH"}, {784, "AE"}, {788, "TN"}, {792, "TR"}, {804, "UA"},
	{818, "EG"}, {826, "GB"}, {840, "US"}, {860, "UZ"},
}

func currencyCode(number int) (code string, digits int, ok bool) {
	for _, c := range currencies {
		if c.number == number {
			return c.code, c.digits, true
		}
	}
	return "", 0, false
}

func countryCode(number int) (string, bool) {
	for _, c := range countries {
		if c.number == number {
			return c.code, true
		}
	}
	return "", false
}

// money says an amount, in the currency if it is known.
func money(minor uint64, currency int) string {
	code, digits, ok := currencyCode(currency)
	if !ok {
		return fmt.Sprintf("%d minor units", minor)
	}
	unit := uint64(1)
	for range digits {
		unit *= 10
	}
	if digits == 0 {
		return fmt.Sprintf("%d %s", minor, code)
	}
	return fmt.Sprintf("%d.%0*d %s", minor/unit, digits, minor%unit, code)
}
