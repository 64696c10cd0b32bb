package cupproto

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	require.NoError(t, err, s)
	return b
}

// readGolden reads a file of hexadecimal lines, each with a comment.
func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(line)
	}
	return unhex(t, digits.String())
}

// writeGolden writes a body with a line and a comment for each field.
func writeGolden(t testing.TB, name, title string, body []byte) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", title)
	line := func(part []byte, comment string) { fmt.Fprintf(&b, "%-40s # %s\n", fmt.Sprintf("%X", part), comment) }
	at := Profile{}.before()
	line(body[:TPDULen], "TPDU")
	line(body[TPDULen:at], "header")
	places, m, fault := walk(nil, body, at)
	require.Nil(t, fault)
	for _, p := range places {
		line(body[p.offset:p.offset+p.size], strings.TrimSpace(partName(p.field)+" "+m.meaning(p.field, p.value)))
		if p.field == PartMTI {
			line(body[at+mtiLen:at+mtiLen+bitmapLen], fmt.Sprintf("bitmap %v", m.bits(body[at+mtiLen:])))
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join("testdata", name), []byte(b.String()), 0o644))
}

// bits are the fields a bitmap announces.
func (m *Message) bits(b []byte) []int {
	var out []int
	for n := 1; n <= maxField; n++ {
		if b[(n-1)/8]&(0x80>>((n-1)%8)) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// What the samples hold that nobody may see.
const (
	samplePAN   = "6212345678901232"
	sampleTrack = "6212345678901232D30122019876543210987"
	samplePIN   = "\xD1\xEE\xF4\x19\xD0\xAE\x26\x09"
	sampleCode  = "6258061234567890123"
)

func samplePANOf(t testing.TB, digits string) emv.PAN {
	t.Helper()
	p, err := emv.ParsePAN([]byte(digits))
	require.NoError(t, err)
	return p
}

// sampleChip is a field 55 as a request has it, with the card number the host also
// wants from some terminals.
func sampleChip(t testing.TB) []byte {
	return unhex(t, "9F260895BBE372271DDA7C 9F270180 9F101307010103A0000001 0A010000000000ED538FE4 9F37047F9F349E 9F36020157"+
		"95050000000000 9A03190830 9C0100 9F0206000000001280 5F2A020156 82027C00 9F1A020156 9F0306000000000000 9F3303E0E1C8"+
		"9F350122 9F1E083130303030303139 8408A000000333010102 9F0902008C 9F410400000017 5A086212345678901232")
}

// sampleElements is a field 59 of a kind.
func sampleElements(kind TransactionKind) Elements {
	inner, _ := Elements{{TerminalType, []byte("04")}, {TerminalSerial, []byte("00002902100157080306")}, {TerminalFactor, []byte("901232")},
		{TerminalCipher, []byte("80424729")}, {TerminalVersion, []byte("V1.00.01")}}.Append(nil)
	l := Elements{{TagTerminal, inner}}
	switch kind {
	case ScanSale:
		l = append(l, Element{TagPayCode, []byte(sampleCode)})
	case ScanVoid, ScanRefund:
		l = append(l, Element{TagVoucher, []byte("20261122000000000001")})
	}
	return l
}

// fill sets a field to a sample value.
func fill(t testing.TB, m *Message, kind TransactionKind, field int) {
	t.Helper()
	plain := map[int]string{2: samplePAN, 3: "000000", 4: "000000001280", 11: "000017", 12: "101530", 13: "1122", 14: "3012", 15: "1123",
		22: "051", 23: "001", 25: "00", 26: "12", 32: "48220000", 35: sampleTrack, 36: sampleTrack + "0123456789", 37: "112210153001", 38: "A1B2C3",
		39: "00", 41: "10000019", 42: "850100082410002", 48: "0", 49: CNY, 52: samplePIN, 53: "2600000000000000", 62: "10000018", 63: "01 ", 64: "8F651B26"}
	switch {
	case field == 22 && strings.HasPrefix(string(kind), "scan"):
		m.SetString(22, "032")
	case field == 39 && kind == ReversalKind:
		m.SetString(39, ReasonSilence)
	case field == 48:
		fill48(t, m, kind)
	case field == 55:
		m.Set(55, sampleChip(t))
	case field == 59:
		m.SetElements(sampleElements(kind))
	case field == 60:
		tr, _ := LookupTransaction(kind)
		f := F60{MessageType: orText(tr.MessageType, "22"), Batch: 12, Network: tr.Network}
		if tr.ProcessingCode != "" {
			f.ReaderCapability, f.ICCondition = '6', '0'
		}
		m.SetF60(f)
	case field == 61:
		m.SetF61(F61{Batch: 12, STAN: 16, Date: "1122"})
	case field == 62:
		fill62(t, m, kind)
	default:
		v, ok := plain[field]
		require.True(t, ok, "a sample for field %d", field)
		m.SetString(field, v)
	}
}

func fill48(t testing.TB, m *Message, kind TransactionKind) {
	switch kind {
	case Settlement:
		m.SetTotals(Totals{Domestic: PartTotals{DebitAmount: 1280, DebitCount: 1}, Foreign: PartTotals{CreditAmount: 500, CreditCount: 2}})
	case UploadStripe:
		v, err := AppendUpload(nil, []UploadItem{{STAN: 17, PAN: samplePANOf(t, samplePAN), Amount: 1280}, {Foreign: true, STAN: 18, PAN: samplePANOf(t, samplePAN), Amount: 99}})
		m.set(48, v, err)
	case UploadEnd, UploadEndUnequal:
		m.SetString(48, "0003")
	case Tip, Adjustment:
		m.SetString(48, "000000000200")
	default:
		m.SetString(48, "0210")
	}
}

func fill62(t testing.TB, m *Message, kind TransactionKind) {
	switch kind {
	case SignOn:
		m.SetSignOnDevice(SignOnDevice{Approval: "3038", Serial: "N9000012345"})
	case StatusUpload:
		v, err := AppendParameters(nil, []Parameter{{ParameterAppKind, "60"}, {ParameterTimeout, "60"}, {ParameterRetries, "3"}})
		m.set(62, v, err)
	case CAKeyQuery, AIDQuery:
		v, err := AppendQuery(nil, 0)
		m.set(62, v, err)
	case CAKeyDownload:
		m.Set(62, unhex(t, "9F0605A000000333 9F220108"))
	case AIDDownload:
		m.Set(62, unhex(t, "9F0608A000000333010101"))
	case UploadTC, UploadTCUnequal:
		m.SetICUpload(ICUpload{Amount: 1280})
	case UploadFailed, UploadFailedUneq:
		m.SetICUpload(ICUpload{Failed: true, Foreign: true, Reason: "05", Result: "22", Amount: 1280})
	default:
		m.SetString(62, "10000018")
	}
}

// sample is a request with every field the table has for it.
func sample(t testing.TB, kind TransactionKind) *Message {
	t.Helper()
	m := Request(kind)
	tr, ok := LookupTransaction(kind)
	require.True(t, ok)
	for _, n := range tr.Fields {
		if !m.Has(n.Field) || n.Field == 60 || n.Field == 64 {
			fill(t, m, kind, n.Field)
		}
	}
	return m
}

// sampleReply is the host's answer to one.
func sampleReply(t testing.TB, kind TransactionKind) *Message {
	t.Helper()
	m := Reply(sample(t, kind))
	tr, _ := LookupTransaction(kind)
	for _, n := range []int{12, 13, 37, 39} {
		fill(t, m, kind, n)
	}
	m.SetString(39, "00")
	if tr.MAC {
		fill(t, m, kind, 64)
	}
	switch kind {
	case SignOn:
		m.Set(62, []byte(strings.Repeat("\xA5\x5A\xC3\x3C", 10)))
	case Sale:
		m.SetString(2, samplePAN)
		m.SetString(14, "0000")
		m.SetString(15, "1123")
		m.SetString(32, "48220001234")
		m.SetString(38, "654321")
		m.SetF44(F44{Issuer: "01030000", Acquirer: "48222900"})
		m.Set(55, unhex(t, "910A1122334455667788 3030 8A023030"))
		m.SetF63(F63{Code: "CUP", Issuer: "农业银行", Acquirer: "银联商务", Terminal: "交易成功"})
	case Balances:
		v, err := AppendBalances(nil, []Balance{{"10", "02", CNY, 123456}})
		m.set(54, v, err)
	case Settlement:
		m.SetTotals(Totals{Domestic: PartTotals{DebitAmount: 1280, DebitCount: 1, Result: ResultEqual}, Foreign: PartTotals{CreditAmount: 500, CreditCount: 2, Result: ResultUnequal}})
	case ParameterDownload:
		v, err := AppendParameters(nil, []Parameter{{ParameterTimeout, "60"}, {ParameterMerchant, "\xB2\xE2\xCA\xD4\xC9\xCC\xBB\xA7"}, {ParameterSwitches, "\xFF\xF8\x00\x00"}})
		m.set(62, v, err)
	case CAKeyQuery:
		m.Set(62, unhex(t, "31 9F0605A000000333 9F220108 DF05083230333031323331 9F0605A000000333 9F220109 DF050420301231"))
	case CAKeyDownload:
		k, err := CAKey{RID: unhex(t, "A000000333"), Index: 8, Expiry: "20301231", HashAlg: 1, KeyAlg: 1, Modulus: make([]byte, 144), Exponent: []byte{3}, Checksum: make([]byte, 20)}.Append(nil)
		require.NoError(t, err)
		m.Set(62, append([]byte{DownloadLast}, k...))
	case AIDDownload:
		m.Set(62, append([]byte{DownloadLast}, sampleAID(t)...))
	}
	return m
}

func sampleAID(t testing.TB) []byte {
	return unhex(t, "9F0608A000000333010101 DF010100 9F08020030 DF1105D84000A800 DF1205D84004F800 DF130500100000009F1B0400000000"+
		"DF150400000000 DF160100 DF170100 DF14039F3704 DF180101 9F7B06000000100000 DF1906000000000000 DF2006000000100000 DF2106000000030000")
}

// sampleFrame is a frame around a message.
func sampleFrame(m *Message) *Frame {
	f := &Frame{TPDU: TPDU{ID: 0x60, Destination: 6}, Header: Header{Class: ClassStripe, SpecVersion: 31, Sub: 311300}, Message: m}
	if m.MTI[2] == '1' || m.MTI[2] == '3' {
		f.TPDU = f.TPDU.Swapped()
	}
	return f
}

func body(t testing.TB, m *Message) []byte {
	t.Helper()
	b, err := Profile{}.AppendBody(nil, sampleFrame(m))
	require.NoError(t, err)
	return b
}

// goldens are the names of all golden files.
func goldens(t testing.TB) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	require.NoError(t, err)
	for i := range list {
		list[i] = filepath.Base(list[i])
	}
	require.Greater(t, len(list), 2*len(table))
	return list
}

func goldenName(kind TransactionKind, reply bool) string {
	side := ".request.txt"
	if reply {
		side = ".reply.txt"
	}
	return strings.NewReplacer(" ", "_", ",", "").Replace(string(kind)) + side
}
