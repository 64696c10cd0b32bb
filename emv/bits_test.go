package emv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

// Every bit of every table: for each byte, what bits 8 to 1 say; - is reserved.
func TestEveryBit(t *testing.T) {
	for _, c := range []struct {
		tag   emv.Tag
		rid   emv.RID
		bytes []string
	}{
		{emv.TagTVR, 0, []string{
			"authentication was not performed|SDA failed|data of the card is missing|exception file|DDA failed|CDA failed|SDA was selected|XDA was selected",
			"versions|has expired|not yet effective|service is not allowed|new card|-|biometric verification succeeded|template format",
			"verification failed|unrecognised|try limit|absent|no PIN was entered|online PIN|device not working|bypassed",
			"floor limit|lower|upper|random|merchant|biometric try limit|biometric type|XDA failed",
			"default TDOL|issuer authentication|before the final|after the final|relay resistance threshold|time limits|high bit|low bit",
		}},
		{emv.TagTSI, 0, []string{"data authentication|cardholder|card risk|issuer authentication|terminal risk|script|-|-", "-|-|-|-|-|-|-|-"}},
		{emv.TagAIP, 0, []string{"XDA|SDA|DDA|cardholder|terminal risk|EXTERNAL AUTHENTICATE|on-device|CDA", "EMV mode|mobile|contactless|-|-|-|-|relay"}},
		{emv.TagAUC, 0, []string{
			"domestic cash|international cash|domestic goods|international goods|domestic services|international services|at ATMs|other than ATMs",
			"domestic cashback|international cashback|-|-|-|-|-|-",
		}},
		{emv.TagTerminalCapabilities, 0, []string{
			"manual|magnetic|contacts|-|-|-|-|-",
			"plaintext PIN|online|signature|(RSA)|no CVM|online biometric|offline biometric|(ECC)",
			"SDA|DDA|capture|-|CDA|XDA|-|-",
		}},
		{emv.TagAdditionalCapabilities, 0, []string{
			"cash|goods|services|cashback|inquiry|transfer|payment|administrative", "deposit|-|-|-|-|-|-|-", "numeric|alphabetic|command|function|-|-|-|-",
			"prints for the attendant|prints for the cardholder|displays to the attendant|displays to the cardholder|-|-|table 10|table 9",
			"table 8|table 7|table 6|table 5|table 4|table 3|table 2|table 1",
		}},
		{emv.TagTTQ, emv.RIDUnionPay, []string{
			"stripe|contactless VSDC|EMV mode|with contacts|offline-only|online PIN|signature|for online",
			"online cryptogram|CVM required|offline PIN|-|fast|transit|-|-", "issuer update|consumer device|device, transit|-|device required|-|-|-", "fDDA|-|-|-|-|-|-|-",
		}},
		{emv.TagCTQ, 0, []string{
			"online PIN|signature|go online if offline|switch interface if|expired|for cash|for cashback|ATM", "was performed|issuer update|-|-|-|-|-|-",
		}},
	} {
		size := len(c.bytes)
		for i, text := range c.bytes {
			for j, want := range strings.Split(text, "|") {
				value := make([]byte, size)
				value[i] = 0x80 >> j
				words, err := emv.Describe(c.tag, value, c.rid)
				require.NoError(t, err)
				require.Len(t, words, 1, "%s %X", c.tag, value)
				if want == "-" {
					want = fmt.Sprintf("byte %d bit %d is set, which is reserved", i+1, 8-j)
				}
				require.Contains(t, words[0], want, "%s byte %d bit %d", c.tag, i+1, 8-j)
			}
		}
		for _, wrong := range []int{0, size - 1, size + 1} {
			_, err := emv.Describe(c.tag, make([]byte, wrong), c.rid)
			if c.tag == emv.TagTTQ && wrong != size {
				require.Error(t, err)
				continue
			}
			require.ErrorIs(t, err, emv.ErrValue, "%s of %d bytes", c.tag, wrong)
		}
		words, err := emv.Describe(c.tag, make([]byte, size), c.rid)
		require.NoError(t, err)
		require.Empty(t, words, "no bits, no words")
	}
}

func TestConstantsAreTheBitsTheyName(t *testing.T) {
	tvr, err := emv.DecodeTVR(unhex(t, "0000008040"))
	require.NoError(t, err)
	require.Equal(t, emv.TVRFloorLimit|emv.TVRIssuerAuthFailed, tvr)
	require.Equal(t, "0000008040", tvr.String())
	require.Equal(t, unhex(t, "0000008040"), tvr.Append(nil))
	aip, err := emv.DecodeAIP(unhex(t, "7C00"))
	require.NoError(t, err)
	require.Equal(t, emv.AIPSDA|emv.AIPDDA|emv.AIPCVM|emv.AIPTerminalRisk|emv.AIPIssuerAuth, aip)
	ttq, err := emv.DecodeTTQ(unhex(t, "26000080"))
	require.NoError(t, err)
	require.Equal(t, emv.TTQEMVMode|emv.TTQOnlinePIN|emv.TTQSignature|emv.TTQFDDA1, ttq)
	capable, err := emv.DecodeTerminalCapabilities(unhex(t, "E0F8C8"))
	require.NoError(t, err)
	require.Equal(t, emv.CapManualKey|emv.CapMagstripe|emv.CapContact|emv.CapPlaintextPIN|emv.CapOnlinePIN|emv.CapSignature|emv.CapEncipheredPIN|emv.CapNoCVM|
		emv.CapSDA|emv.CapDDA|emv.CapCDA, capable)
	require.Equal(t, unhex(t, "E0F8C8"), capable.Append(nil))
	tsi, err := emv.DecodeTSI(unhex(t, "F800"))
	require.NoError(t, err)
	require.Equal(t, emv.TSIODA|emv.TSICVM|emv.TSICardRisk|emv.TSIIssuerAuth|emv.TSITerminalRisk, tsi)
	auc, err := emv.DecodeAUC(unhex(t, "FF00"))
	require.NoError(t, err)
	require.Len(t, auc.Describe(), 8)
	more, err := emv.DecodeAdditionalCapabilities(unhex(t, "6000F0A001"))
	require.NoError(t, err)
	require.Equal(t, emv.AddGoods|emv.AddServices|emv.AddNumericKeys|emv.AddAlphaKeys|emv.AddCommandKeys|emv.AddFunctionKeys|emv.AddPrintAttendant|
		emv.AddDisplayAttendant|emv.AddCodeTable1, more)
	ctq, err := emv.DecodeCTQ(unhex(t, "8080"))
	require.NoError(t, err)
	require.Equal(t, emv.CTQOnlinePIN|emv.CTQDeviceCVMDone, ctq)
}

func TestCID(t *testing.T) {
	for value, want := range map[byte]string{
		0x00: "AAC, declined", 0x40: "TC, approved", 0x80: "ARQC, ask the issuer", 0xC0: "reserved (3)",
		0x89: "ARQC, ask the issuer; advice required; reason: service not allowed", 0x02: "AAC, declined; reason: PIN try limit exceeded",
		0x03: "AAC, declined; reason: issuer authentication failed", 0x07: "AAC, declined; reason: 7, which is reserved", 0x70: "TC, approved; payment system's bits: 3",
	} {
		cid, err := emv.DecodeCID([]byte{value})
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(cid.Describe(), "; "), "%02X", value)
	}
	cid := emv.CID(0x88)
	require.Equal(t, emv.ARQC, cid.Answer())
	require.True(t, cid.AdviceRequired())
	require.Equal(t, "88", cid.String())
	_, err := emv.DecodeCID(nil)
	require.ErrorIs(t, err, emv.ErrValue)
}

func TestTerminalType(t *testing.T) {
	for value, want := range map[byte]string{
		0x22: "merchant, attended, offline with online capability", 0x21: "merchant, attended, online only", 0x14: "financial institution, unattended, online only",
		0x26: "merchant, unattended, offline only", 0x35: "cardholder, unattended, offline with online capability", 0x00: "reserved terminal type 00", 0x47: "reserved terminal type 47",
	} {
		v, err := emv.DecodeTerminalType([]byte{value})
		require.NoError(t, err)
		require.Equal(t, []string{want}, v.Describe())
		require.Equal(t, value&0xF >= 1 && value&0xF <= 3, v.Attended())
	}
}

// The published list of a UnionPay test card, and those of emv-utils' tests.
func TestCVMList(t *testing.T) {
	l, err := emv.DecodeCVMList(unhex(t, "0000000000000000 5E03 4203 1F00"))
	require.NoError(t, err)
	require.Equal(t, []string{
		"signature, if the terminal supports the CVM; if it fails, the next rule",
		"enciphered PIN, verified online, if the terminal supports the CVM; if it fails, the next rule",
		"no CVM required, always; if it fails, verification fails",
	}, l.Describe())
	l, err = emv.DecodeCVMList(unhex(t, "000186A0 000003E8 4201"))
	require.NoError(t, err)
	require.EqualValues(t, 100000, l.X)
	require.EqualValues(t, 1000, l.Y)
	require.Equal(t, emv.CVMOnlinePIN, l.Rules[0].Code.Method())
	require.True(t, l.Rules[0].Code.TryNext())
	require.Equal(t, unhex(t, "000186A0 000003E8 4201"), l.Append(nil))
	longest := make([]byte, 252)
	l, err = emv.DecodeCVMList(longest)
	require.NoError(t, err)
	require.Len(t, l.Rules, 122)
	for name, bad := range map[string]int{"no rule": 8, "half a rule": 11, "nothing": 0, "too long": 254} {
		_, err := emv.DecodeCVMList(make([]byte, bad))
		require.ErrorIs(t, err, emv.ErrValue, name)
	}
}

func TestCVMWords(t *testing.T) {
	codes := map[byte]string{0: "fail", 1: "plaintext PIN", 2: "online", 3: "and signature", 4: "enciphered PIN, verified by the card", 5: "enciphered PIN, verified by the card, and signature",
		6: "offline biometric: face", 7: "online biometric: face", 8: "offline biometric: finger", 0x0B: "online biometric: palm", 0x0C: "offline biometric: iris", 0x0F: "online biometric: voice",
		0x10: "reserved method 10", 0x1E: "signature", 0x1F: "no CVM", 0x20: "identity document", 0x2F: "payment system's method 2F", 0x30: "issuer's method 30", 0x3F: "no CVM performed", 0x5E: "signature"}
	for code, want := range codes {
		require.Contains(t, emv.CVMCode(code).String(), want, "%02X", code)
	}
	conditions := map[byte]string{0: "always", 1: "if unattended", 2: "if not", 3: "supports", 4: "manual", 5: "cashback", 6: "under X", 7: "over X", 8: "under Y", 9: "over Y", 0x0A: "reserved condition 0A", 0x80: "payment system's condition 80"}
	for code, want := range conditions {
		require.Contains(t, emv.CVMCondition(code).String(), want, "%02X", code)
	}
	require.Contains(t, emv.CVMRule{Code: 0x80}.String(), "reserved bit 8")
	for value, want := range map[string]string{
		"5E0300": "signature, if the terminal supports the CVM; result: unknown", "3F0000": "no CVM performed; result: unknown", "3F0001": "no CVM performed; result: failed",
		"1F0002": "no CVM required, always; result: successful", "020009": "enciphered PIN, verified online, always; result: reserved result 09",
	} {
		r, err := emv.DecodeCVMResults(unhex(t, value))
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(r.Describe(), "; "))
		require.Equal(t, unhex(t, value), r.Append(nil))
	}
	_, err := emv.DecodeCVMResults(nil)
	require.ErrorIs(t, err, emv.ErrValue)
}

func TestAFL(t *testing.T) {
	l, err := emv.DecodeAFL(unhex(t, "08010300 10010501 20010100"))
	require.NoError(t, err)
	require.Equal(t, emv.AFL{{1, 1, 3, 0}, {2, 1, 5, 1}, {4, 1, 1, 0}}, l)
	require.Equal(t, []string{"SFI 1, records 1 to 3", "SFI 2, records 1 to 5, 1 signed", "SFI 4, record 1"}, l.Describe())
	require.Equal(t, unhex(t, "080103001001050120010100"), l.Append(nil))
	many, err := emv.DecodeAFL([]byte(strings.Repeat("\x08\x01\x01\x00", 63)))
	require.NoError(t, err)
	require.Len(t, many, 63)
	for name, bad := range map[string]string{
		"half a group": "0801", "file 0": "00010100", "file 31": "F8010100", "lower bits": "09010100", "record 0": "08000100", "backwards": "08020100",
		"more signed than there are": "08010203", "64 groups": strings.Repeat("08010100", 64),
	} {
		_, err := emv.DecodeAFL(unhex(t, bad))
		require.ErrorIs(t, err, emv.ErrValue, name)
	}
}

func TestIAD(t *testing.T) {
	for _, c := range []struct {
		name, value string
		rid         emv.RID
		format      emv.IADFormat
		words       string
	}{
		{"UnionPay, of a published trace", "07000103A0A80201", 0, emv.IADUnionPay,
			"UnionPay (PBOC); key index 00, cryptogram version 01; algorithm 01, 3DES; first cryptogram: ARQC, ask the issuer; second cryptogram: not requested; " +
				"the last online transaction was not completed; velocity counters exceeded; issuer authentication failed in the last online transaction; DDA was performed"},
		{"its second cryptogram", "0700010360AC0201", emv.RIDUnionPay, emv.IADUnionPay,
			"UnionPay (PBOC); key index 00, cryptogram version 01; algorithm 01, 3DES; first cryptogram: ARQC, ask the issuer; second cryptogram: TC, approved; " +
				"the last online transaction was not completed; velocity counters exceeded; issuer authentication failed in the last online transaction; " +
				"issuer authentication was not performed after an online authorisation; DDA was performed"},
		{"UnionPay with the issuer's data and SM4", "07010103A00000040A010000000000AABBCCDD", 0, emv.IADUnionPay,
			"UnionPay (PBOC); key index 01, cryptogram version 01; algorithm 04, SM4; first cryptogram: ARQC, ask the issuer; second cryptogram: not requested; issuer's data 010000000000AABBCCDD"},
		{"Visa, cryptogram version 10", "06010A03A0A800", 0, emv.IADVisa,
			"Visa format 0, 1 or 3; key index 01, cryptogram version 0A; first cryptogram: ARQC, ask the issuer; second cryptogram: not requested; " +
				"the last online transaction was not completed; velocity counters exceeded; issuer authentication failed in the last online transaction"},
		{"Visa, 32 bytes", "1F2201A00000000000000000000000000000000000000000000000000000000000", emv.RIDVisa, emv.IADUnknown, ""},
		{"Visa format 2", "1F2201A000000000" + strings.Repeat("00", 24), emv.RIDVisa, emv.IADVisa2, ""},
		{"M/Chip", "0110A50003020000" + "DAC1" + "0000000000000000", emv.RIDMastercard, emv.IADMChip, ""},
		{"M/Chip without its RID", "0110A50003020000" + "DAC1" + "0000000000000000", 0, emv.IADUnknown, "unknown format"},
		{"common core", "0FA501A000000000" + "1122334455667788" + "0F" + strings.Repeat("00", 15), 0, emv.IADCCD, ""},
		{"nothing", "", 0, emv.IADUnknown, "unknown format"},
		{"UnionPay's form under Mastercard", "07000103A0A80201", emv.RIDMastercard, emv.IADUnknown, "unknown format"},
	} {
		t.Run(c.name, func(t *testing.T) {
			value := unhex(t, c.value)
			iad, err := emv.DecodeIAD(value, c.rid)
			if len(value) > 32 {
				require.ErrorIs(t, err, emv.ErrValue)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.format, iad.Format)
			require.Equal(t, strings.ToUpper(c.value), fmt.Sprintf("%X", iad.Append(nil)), "written as it was read")
			if c.words != "" {
				require.Equal(t, c.words, strings.Join(iad.Describe(), "; "))
			}
		})
	}
	iad, err := emv.DecodeIAD(unhex(t, "07000103A0A80201"), 0)
	require.NoError(t, err)
	cvr, ok := iad.CVR()
	require.True(t, ok)
	require.Equal(t, emv.ARQC, cvr.First())
	require.Equal(t, emv.CVRDDA, cvr&emv.CVRDDA)
	require.Equal(t, unhex(t, "A0A802"), cvr.Append(nil))
	require.Equal(t, "A0A802", cvr.String())
}

func TestEveryBitOfTheCVR(t *testing.T) {
	want := []string{
		"", "", "", "", "issuer authentication failed", "verification performed", "verification failed", "unable to go online",
		"not completed", "try limit", "velocity", "new card", "in the last online", "not performed after", "blocked", "SDA failed",
		"processed: 8", "processed: 4", "processed: 2", "processed: 1", "script failed", "DDA failed", "DDA was performed", "byte 3 bit 1 is set",
	}
	for i, w := range want {
		c := emv.CVR(1 << (23 - i))
		words := c.Describe()
		if w == "" {
			require.Len(t, words, 2)
			continue
		}
		require.Len(t, words, 3, "%s", c)
		require.Contains(t, words[2], w, "%s", c)
		require.Equal(t, i >= 16 && i < 20, c.Scripts() > 0)
	}
	require.Equal(t, emv.TC, emv.CVR(0x400000).Second())
	require.Equal(t, emv.TC, emv.CVR(0x100000).First())
}

func TestScriptResults(t *testing.T) {
	in := unhex(t, "20 00000001 13 AABBCCDD 0F 00000000")
	list, err := emv.DecodeScriptResults(in)
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, "script 00000001 performed", list[0].String())
	require.Equal(t, "script AABBCCDD failed at command 3", list[1].String())
	require.Equal(t, "script 00000000 not performed at command 15 or later", list[2].String())
	var out []byte
	for _, r := range list {
		out = r.Append(out)
	}
	require.Equal(t, in, out)
	_, err = emv.DecodeScriptResults(in[:7])
	require.ErrorIs(t, err, emv.ErrValue)
	require.Contains(t, emv.ScriptResult{Outcome: 9}.String(), "reserved outcome 9")
}
