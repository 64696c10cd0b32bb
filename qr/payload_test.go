package qr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/internal/crc"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr"
)

// sum ends a payload.
func sum(text string) string {
	return text + fmt.Sprintf("6304%04X", crc.CCITT(crc.CCITTInit, text+"6304"))
}

func TestPublishedPayloadsAreReadAndWrittenAgain(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			p, err := qr.Parse(v.text, qr.Options{})
			require.Equal(t, v.lenient, err != nil, "%v", err)
			if v.lenient {
				p, err = qr.Parse(v.text, qr.Options{Lenient: true})
				require.NoError(t, err)
			}
			schemes := p.Schemes(qr.Profiles())
			if v.scheme != "" {
				require.NotEmpty(t, schemes)
				require.Equal(t, v.scheme, schemes[0].Name)
			}
			for _, s := range schemes {
				require.Empty(t, s.Problems, "%s of %s", s.Name, v.source)
			}
			m, err := p.Merchant()
			require.NoError(t, err)
			again, err := m.Encode(qr.Options{Lenient: v.lenient})
			if len(v.text) > qr.MaxPayload {
				require.ErrorIs(t, err, qr.ErrTooLong)
				return
			}
			require.NoError(t, err)
			q, err := qr.Parse(again, qr.Options{Lenient: v.lenient})
			require.NoError(t, err)
			m2, err := q.Merchant()
			require.NoError(t, err)
			require.Equal(t, m, m2)
		})
	}
}

func TestTheSampleOfEMVCoSaysWhatItSays(t *testing.T) {
	p, err := qr.Parse(emvcoSample, qr.Options{})
	require.NoError(t, err)
	require.Empty(t, p.Problems)
	amount, err := p.Amount()
	require.NoError(t, err)
	require.Equal(t, pos.FromMinor(2372, pos.CNY), amount)
	require.True(t, p.Dynamic())
	for _, c := range []struct {
		want string
		path []qr.ID
	}{
		{"BEST TRANSPORT", []qr.ID{qr.IDMerchantName}},
		{"最佳运输", []qr.ID{qr.IDLanguage, qr.IDLocalName}},
		{"北京", []qr.ID{qr.IDLanguage, qr.IDLocalCity}},
		{"1234", []qr.ID{qr.IDAdditional, qr.IDStoreLabel}},
		{qr.Ask, []qr.ID{qr.IDAdditional, qr.IDCustomerLabel}},
		{"A60086670", []qr.ID{qr.IDAdditional, qr.IDTerminalLabel}[:2]},
		{"ME", []qr.ID{qr.IDAdditional, qr.IDConsumerRequest}},
		{"D15600000000", []qr.ID{29, 0}},
		{"12345678", []qr.ID{31, 3}},
		{"12345678", []qr.ID{91, 7}},
	} {
		if c.want == "A60086670" {
			c.want = "A6008667"
		}
		got, ok := p.Find(c.path...)
		require.True(t, ok, "%v", c.path)
		require.Equal(t, c.want, got, "%v", c.path)
	}
	_, ok := p.Find(qr.IDAdditional, qr.IDLoyalty)
	require.False(t, ok)
	_, ok = p.Find(29, 7)
	require.False(t, ok, "07 is in 91, not in 29")
	_, ok = p.Find()
	require.False(t, ok)
}

// head and tail make an otherwise sound payload around what a test is about.
const (
	head = "0002010102112937" + "0016A000000677010111" + "01130066123456789" + "52045999"
	tail = "5802TH5904Shop6007Bangkok"
)

func TestWhatIsWrongIsNamedWithIDAndOffset(t *testing.T) {
	good := sum(head + "5303764" + tail)
	_, err := qr.Parse(good, qr.Options{})
	require.NoError(t, err)
	at := len(head)
	for _, c := range []struct {
		name, text string
		kind       error
		says       string
		lenient    bool // lenient reading takes it
	}{
		{"nothing", "", qr.ErrNotPayload, "byte 0", false},
		{"a link", "https://qr.alipay.com/abc", qr.ErrNotPayload, "byte 0", false},
		{"another object comes first", "5303764" + good, qr.ErrFirst, "begins with 53", false},
		{"not UTF-8", good[:50] + "\xff" + good[51:], qr.ErrText, "byte 0", false},
		{"ten kilobytes", good + strings.Repeat("0", 10000), qr.ErrTooLong, "10", false},
		{"cut off", good[:len(good)-9], qr.ErrOverrun, "object 60", false},
		{"no checksum", head + "5303764" + tail, qr.ErrLast, "missing", false},
		{"checksum wrong", strings.Replace(good, "Shop", "Shap", 1), qr.ErrCRC, fmt.Sprintf("object 63 (CRC) at byte %d", len(good)-8), false},
		{"checksum of three digits", good[:len(good)-8] + "6303ABC", qr.ErrLast, "object 63", false},
		{"checksum not hexadecimal", good[:len(good)-4] + "XYZ1", qr.ErrLast, "object 63", false},
		{"something after the checksum", good + "\r\n", qr.ErrTrailing, fmt.Sprintf("byte %d", len(good)), true},
		{"length of letters", sum(head + "53A3764" + tail), qr.ErrLength, fmt.Sprintf("object 53 (transaction currency) at byte %d", at), false},
		{"ID of letters", sum(head + "5X03764" + tail), qr.ErrID, fmt.Sprintf("byte %d", at), false},
		{"length too large", sum(head + "5399764"), qr.ErrOverrun, "object 53", false},
		{"an ID twice", sum(head + "5303764" + "5303702" + tail), qr.ErrDuplicate, fmt.Sprintf("object 53 (transaction currency) at byte %d", at+7), false},
		{"an ID twice in a template", sum(head + "5303764" + "62160104aaaa0104bbbb" + tail), qr.ErrDuplicate, "object 62-01 (bill number)", false},
		{"an empty object", sum(head + "5303764" + "6100" + tail), qr.ErrLength, "object 61 (postal code)", true},
		{"currency missing", sum(head + tail), qr.ErrMissing, "object 53 (transaction currency)", true},
		{"no account", sum("00020152045999" + "5303764" + tail), qr.ErrMissing, "02 to 51", true},
		{"currency of letters", sum(head + "5303THB" + tail), qr.ErrFormat, "not digits", true},
		{"amount of nothing", sum(head + "5303764" + "54040.00" + tail), qr.ErrFormat, fmt.Sprintf("object 54 (transaction amount) at byte %d", at+7), true},
		{"amount beginning with a point", sum(head + "5303764" + "5403.50" + tail), qr.ErrFormat, "object 54", true},
		{"amount with a comma", sum(head + "5303764" + "54041,50" + tail), qr.ErrFormat, "object 54", true},
		{"amount with two points", sum(head + "5303764" + "54051.5.0" + tail), qr.ErrFormat, "object 54", true},
		{"more decimals than the currency has", sum(head + "5303764" + "54051.505" + tail), qr.ErrFormat, "decimals", true},
		{"decimals of yen", sum(head + "5303392" + "54041.50" + tail), qr.ErrFormat, "0 decimals", true},
		{"tip unknown", sum(head + "5303764" + "550204" + tail), qr.ErrFormat, "object 55", true},
		{"fee without tip", sum(head + "5303764" + "56045.00" + tail), qr.ErrTip, "object 55", true},
		{"tip 02 without its fee", sum(head + "5303764" + "550202" + tail), qr.ErrTip, "object 55", true},
		{"both fees", sum(head + "5303764" + "55020256045.0057045.00" + tail), qr.ErrTip, "object 55", true},
		{"percentage of a hundred", sum(head + "5303764" + "5502035703100" + tail), qr.ErrFormat, "object 57", true},
		{"initiation 13", sum(strings.Replace(head, "010211", "010213", 1) + "5303764" + tail), qr.ErrFormat, "object 01", true},
		{"format 02", sum(strings.Replace(head, "000201", "000202", 1) + "5303764" + tail), qr.ErrFormat, "object 00", true},
		{"name too long", sum(head + "5303764" + "5926" + strings.Repeat("x", 26) + "5802TH6007Bangkok"), qr.ErrFormat, "26 characters", true},
		{"name not ASCII", sum(head + "5303764" + "5902商店" + "5802TH6007Bangkok"), qr.ErrFormat, "not printable ASCII", true},
		{"language without a name", sum(head + "5303764" + tail + "64060002ZH"), qr.ErrMissing, "64-01", true},
		{"consumer data that cannot be asked for", sum(head + "5303764" + tail + "62050901X"), qr.ErrFormat, "object 62-09", true},
		{"template without identifier", sum(head + "5303764" + tail + "80050101x"), qr.ErrMissing, "object 80", true},
		{"template that holds no objects", sum(head + "5303764" + tail + "8003abc"), qr.ErrTruncated, "object 80", true},
		{"a line break in a label", sum(head + "5303764" + tail + "62070303a\nb"), qr.ErrFormat, "object 62-03", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := qr.Parse(c.text, qr.Options{})
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.says)
			p, err := qr.Parse(c.text, qr.Options{Lenient: true})
			if c.lenient {
				require.NoError(t, err)
				require.NotEmpty(t, p.Problems)
				require.Equal(t, qr.Violation, p.Problems[0].Severity)
			} else {
				require.ErrorIs(t, err, c.kind)
			}
		})
	}
}

func TestEveryCutIsRefused(t *testing.T) {
	for _, v := range vectors {
		for n := range v.text {
			_, err := qr.Parse(v.text[:n], qr.Options{Lenient: true})
			require.Error(t, err, "%s cut at %d", v.name, n)
		}
	}
}

func TestLengthsCountCharacters(t *testing.T) {
	byChars := sum(head + "5303764" + tail + "64100002ZH0102商店")
	_, err := qr.Parse(byChars, qr.Options{})
	require.ErrorIs(t, err, qr.ErrOverrun, "10 is right for ASCII only: 4+2+4+2 are 12")
	byChars = sum(head + "5303764" + tail + "64120002ZH0102商店")
	p, err := qr.Parse(byChars, qr.Options{})
	require.NoError(t, err)
	require.Equal(t, "商店", p.Value(qr.IDLanguage, qr.IDLocalName))

	byBytes := sum(head + "5303764" + tail + "64160002ZH0106商店")
	_, err = qr.Parse(byBytes, qr.Options{})
	require.ErrorIs(t, err, qr.ErrLength)
	p, err = qr.Parse(byBytes, qr.Options{Lenient: true})
	require.NoError(t, err)
	require.Equal(t, "商店", p.Value(qr.IDLanguage, qr.IDLocalName))
	require.Contains(t, p.Problems[0].Text, "count bytes")
}

func TestWhatIsOnlyOddIsNoted(t *testing.T) {
	p, err := qr.Parse(sgqrSample, qr.Options{})
	require.NoError(t, err)
	require.Equal(t, qr.Note, p.Problems[0].Severity)
	require.ErrorIs(t, &p.Problems[0], qr.ErrTooLong)
	p, err = qr.Parse(sum(head+"5303764"+tail+"65021262051201a"), qr.Options{})
	require.NoError(t, err)
	require.Len(t, p.Problems, 2)
	for i := range p.Problems {
		require.ErrorIs(t, &p.Problems[i], qr.ErrReserved)
	}
}

func TestDecimalsAreThoseOfISO4217(t *testing.T) {
	for n := 1; n < 1000; n++ {
		c, ok := pos.CurrencyByNumber(n)
		if !ok {
			continue
		}
		amount := "1." + strings.Repeat("1", c.Exponent())
		text := func(amount string) string {
			return sum(head + fmt.Sprintf("5303%03d54%02d%s", n, len(amount), amount) + tail)
		}
		p, err := qr.Parse(text(amount), qr.Options{})
		require.NoError(t, err, c)
		m, err := p.Amount()
		require.NoError(t, err)
		require.Equal(t, strings.TrimSuffix(amount, "."), m.Digits())
		_, err = qr.Parse(text(amount+"1"), qr.Options{})
		require.ErrorIs(t, err, qr.ErrFormat, c)
	}
}

func TestAnAmountThatIsMissingIsTheCustomers(t *testing.T) {
	p, err := qr.Parse(sum(head+"5303764"+tail), qr.Options{})
	require.NoError(t, err)
	_, err = p.Amount()
	require.ErrorIs(t, err, qr.ErrNoAmount)
	p, err = qr.Parse(sum(head+"530376454034.0"+tail), qr.Options{})
	require.NoError(t, err)
	m, err := p.Amount()
	require.NoError(t, err)
	require.Equal(t, int64(400), m.Minor())
	p, err = qr.Parse(sum(head+"5303999"+"54034.0"+tail), qr.Options{})
	require.NoError(t, err)
	_, err = p.Amount()
	require.ErrorIs(t, err, qr.ErrFormat, "999 is no currency")
}

func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.text)
		f.Add(strings.Replace(v.text, "59", "58", 1))
	}
	f.Add(sum(head + "5303764" + tail + "64160002ZH0106商店"))
	f.Add("0002013099" + strings.Repeat("00", 5000))
	f.Add("000201\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := qr.Parse(text, qr.Options{})
		lenient, lenientErr := qr.Parse(text, qr.Options{Lenient: true})
		if err == nil && lenientErr != nil {
			t.Fatalf("lenient refuses what strict takes: %v", lenientErr)
		}
		if len(lenient.Objects) > len(text) || len(lenient.Problems) > 2*len(text)+8 {
			t.Fatal("more objects or problems than characters")
		}
		for _, o := range lenient.Objects {
			if text[o.Offset:o.Offset+2] != o.ID.String() || text[o.Offset+4:o.Offset+4+len(o.Value)] != o.Value {
				t.Fatalf("object %s is not at byte %d", o.ID, o.Offset)
			}
		}
		lenient.Schemes(qr.Profiles())
		if err != nil {
			return
		}
		m, err := p.Merchant()
		if err != nil {
			return
		}
		again, err := m.Encode(qr.Options{})
		if err != nil {
			return // too long, or a scheme's own rule
		}
		q, err := qr.Parse(again, qr.Options{})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%q\n%q", err, text, again)
		}
		m2, err := q.Merchant()
		if err != nil {
			t.Fatal(err)
		}
		once, _ := m2.Encode(qr.Options{})
		if once != again {
			t.Fatalf("not stable:\n%q\n%q", again, once)
		}
	})
}

// BenchmarkParse reads EMVCo's sample; x-of-2us is the room left below the 2 µs
// a parse may take.
func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, text string }{{"Chinese", emvcoSample}, {"ASCII", pixSample}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := qr.Parse(c.text, qr.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(2000*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "x-of-2us")
		})
	}
}

func TestParsingAllocatesAtMostThreeTimes(t *testing.T) {
	for _, v := range vectors {
		if v.lenient || len(v.text) > qr.MaxPayload {
			continue
		}
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
			if _, err := qr.Parse(v.text, qr.Options{}); err != nil {
				t.Fatal(err)
			}
		}), 3.0, v.name)
	}
}
