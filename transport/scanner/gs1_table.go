package scanner

// identifier is one line of the table of application identifiers.
type identifier struct {
	digits   string // what it begins with
	title    string
	min, max int // characters of the value
	numeric  int // so many of the first must be digits
	point    int // 1: a further digit says where the decimal point stands
	checked  int // the check digit is the character of this number
	currency bool
	date     bool
}

// predefined are the lengths that need no FNC1, by the first two digits (GS1
// General Specifications, figure 7.8.5-2).
var predefined = map[string]bool{
	"00": true, "01": true, "02": true, "03": true, "04": true, "11": true, "12": true, "13": true, "14": true, "15": true,
	"16": true, "17": true, "18": true, "19": true, "20": true, "31": true, "32": true, "33": true, "34": true, "35": true,
	"36": true, "41": true,
}

func (ai identifier) predefined() bool { return predefined[ai.digits[:2]] }

// identifiers by what they begin with.
var identifiers = byDigits(gs1Table())

func byDigits(table []identifier) map[string][]identifier {
	m := make(map[string][]identifier, len(table))
	for _, ai := range table {
		m[ai.digits] = append(m[ai.digits], ai)
	}
	return m
}

// gs1Table follows the GS1 General Specifications, chapter 3, as commonly known.
func gs1Table() []identifier {
	all := 1 << 10 // every character is a digit
	list := []identifier{
		{digits: "00", title: "SSCC", min: 18, max: 18, numeric: all, checked: 18},
		{digits: "01", title: "GTIN", min: 14, max: 14, numeric: all, checked: 14},
		{digits: "02", title: "CONTENT", min: 14, max: 14, numeric: all, checked: 14},
		{digits: "03", title: "MTO GTIN", min: 14, max: 14, numeric: all, checked: 14},
		{digits: "10", title: "BATCH/LOT", min: 1, max: 20},
		{digits: "11", title: "PROD DATE", min: 6, max: 6, numeric: all, date: true},
		{digits: "12", title: "DUE DATE", min: 6, max: 6, numeric: all, date: true},
		{digits: "13", title: "PACK DATE", min: 6, max: 6, numeric: all, date: true},
		{digits: "15", title: "BEST BEFORE", min: 6, max: 6, numeric: all, date: true},
		{digits: "16", title: "SELL BY", min: 6, max: 6, numeric: all, date: true},
		{digits: "17", title: "EXPIRY", min: 6, max: 6, numeric: all, date: true},
		{digits: "20", title: "VARIANT", min: 2, max: 2, numeric: all},
		{digits: "21", title: "SERIAL", min: 1, max: 20},
		{digits: "22", title: "CPV", min: 1, max: 20},
		{digits: "235", title: "TPX", min: 1, max: 28},
		{digits: "240", title: "ADDITIONAL ID", min: 1, max: 30},
		{digits: "241", title: "CUST. PART No.", min: 1, max: 30},
		{digits: "242", title: "MTO VARIANT", min: 1, max: 6, numeric: all},
		{digits: "243", title: "PCN", min: 1, max: 20},
		{digits: "250", title: "SECONDARY SERIAL", min: 1, max: 30},
		{digits: "251", title: "REF. TO SOURCE", min: 1, max: 30},
		{digits: "253", title: "GDTI", min: 13, max: 30, numeric: 13, checked: 13},
		{digits: "254", title: "GLN EXTENSION", min: 1, max: 20},
		{digits: "255", title: "GCN", min: 13, max: 25, numeric: all, checked: 13},
		{digits: "30", title: "VAR. COUNT", min: 1, max: 8, numeric: all},
		{digits: "37", title: "COUNT", min: 1, max: 8, numeric: all},
		{digits: "390", title: "AMOUNT", min: 1, max: 15, numeric: all, point: 1},
		{digits: "391", title: "AMOUNT", min: 4, max: 18, numeric: all, point: 1, currency: true},
		{digits: "392", title: "PRICE", min: 1, max: 15, numeric: all, point: 1},
		{digits: "393", title: "PRICE", min: 4, max: 18, numeric: all, point: 1, currency: true},
		{digits: "394", title: "PRCNT OFF", min: 4, max: 4, numeric: all, point: 1},
		{digits: "395", title: "PRICE/UoM", min: 6, max: 6, numeric: all, point: 1},
		{digits: "400", title: "ORDER NUMBER", min: 1, max: 30},
		{digits: "401", title: "GINC", min: 1, max: 30},
		{digits: "402", title: "GSIN", min: 17, max: 17, numeric: all, checked: 17},
		{digits: "403", title: "ROUTE", min: 1, max: 30},
		{digits: "420", title: "SHIP TO POST", min: 1, max: 20},
		{digits: "421", title: "SHIP TO POST", min: 4, max: 12, numeric: 3},
		{digits: "422", title: "ORIGIN", min: 3, max: 3, numeric: all},
		{digits: "423", title: "COUNTRY - INITIAL PROCESS.", min: 3, max: 15, numeric: all},
		{digits: "424", title: "COUNTRY - PROCESS.", min: 3, max: 3, numeric: all},
		{digits: "425", title: "COUNTRY - DISASSEMBLY", min: 3, max: 15, numeric: all},
		{digits: "426", title: "COUNTRY - FULL PROCESS", min: 3, max: 3, numeric: all},
		{digits: "427", title: "ORIGIN SUBDIVISION", min: 1, max: 3},
		{digits: "7001", title: "NSN", min: 13, max: 13, numeric: all},
		{digits: "7002", title: "MEAT CUT", min: 1, max: 30},
		{digits: "7003", title: "EXPIRY TIME", min: 10, max: 10, numeric: all},
		{digits: "7004", title: "ACTIVE POTENCY", min: 1, max: 4, numeric: all},
		{digits: "7006", title: "FIRST FREEZE DATE", min: 6, max: 6, numeric: all, date: true},
		{digits: "7007", title: "HARVEST DATE", min: 6, max: 12, numeric: all},
		{digits: "8001", title: "DIMENSIONS", min: 14, max: 14, numeric: all},
		{digits: "8002", title: "CMT No.", min: 1, max: 20},
		{digits: "8003", title: "GRAI", min: 14, max: 30, numeric: 14},
		{digits: "8004", title: "GIAI", min: 1, max: 30},
		{digits: "8005", title: "PRICE PER UNIT", min: 6, max: 6, numeric: all},
		{digits: "8006", title: "ITIP", min: 18, max: 18, numeric: all},
		{digits: "8007", title: "IBAN", min: 1, max: 34},
		{digits: "8008", title: "PROD TIME", min: 8, max: 12, numeric: all},
		{digits: "8010", title: "CPID", min: 1, max: 30},
		{digits: "8011", title: "CPID SERIAL", min: 1, max: 12, numeric: all},
		{digits: "8017", title: "GSRN - PROVIDER", min: 18, max: 18, numeric: all, checked: 18},
		{digits: "8018", title: "GSRN - RECIPIENT", min: 18, max: 18, numeric: all, checked: 18},
		{digits: "8019", title: "SRIN", min: 1, max: 10, numeric: all},
		{digits: "8020", title: "REF No.", min: 1, max: 25},
		{digits: "8110", title: "COUPON", min: 1, max: 70},
		{digits: "8111", title: "POINTS", min: 4, max: 4, numeric: all},
		{digits: "8112", title: "COUPON", min: 1, max: 70},
		{digits: "8200", title: "PRODUCT URL", min: 1, max: 70},
		{digits: "90", title: "INTERNAL", min: 1, max: 30},
	}
	for n := byte('1'); n <= '9'; n++ {
		list = append(list, identifier{digits: "9" + string(n), title: "INTERNAL", min: 1, max: 90})
	}
	for n := byte('0'); n <= '7'; n++ {
		list = append(list, identifier{digits: "41" + string(n), title: "GLN", min: 13, max: 13, numeric: all, checked: 13})
	}
	for n := byte('0'); n <= '5'; n++ {
		list = append(list, identifier{digits: "71" + string(n), title: "NHRN", min: 1, max: 20})
	}
	// Measures: three digits, one for the point, six for the number.
	for _, m := range []struct{ digits, title string }{
		{"310", "NET WEIGHT (kg)"}, {"311", "LENGTH (m)"}, {"312", "WIDTH (m)"}, {"313", "HEIGHT (m)"}, {"314", "AREA (m2)"},
		{"315", "NET VOLUME (l)"}, {"316", "NET VOLUME (m3)"}, {"320", "NET WEIGHT (lb)"}, {"330", "GROSS WEIGHT (kg)"},
		{"337", "KG PER m2"}, {"340", "GROSS WEIGHT (lb)"}, {"356", "NET WEIGHT (t oz)"}, {"357", "NET VOLUME (oz)"},
	} {
		list = append(list, identifier{digits: m.digits, title: m.title, min: 6, max: 6, numeric: all, point: 1})
	}
	named := byDigits(list)
	for tens := 32; tens <= 36; tens++ {
		for n := byte('0'); n <= '9'; n++ {
			digits := string([]byte{'3', byte('0' + tens%10), n})
			if named[digits] == nil {
				list = append(list, identifier{digits: digits, title: "MEASURE", min: 6, max: 6, numeric: all, point: 1})
			}
		}
	}
	return list
}
