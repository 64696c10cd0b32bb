package zvtproto

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestExplainNamesWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct {
		name, apdu string
		dir        Direction
		offset     int
		want       error
	}{
		{"an unknown BMP", "04 0F 05 27 00 99 01 02", ToRegister, 5, nil},
		{"data shorter than its length", "04 0F 05 27 00", ToRegister, 5, ErrTruncated},
		{"bytes after the APDU", "80 00 00 06", ToRegister, 3, ErrTrailing},
		{"no header", "04", ToRegister, 1, ErrTruncated},
		{"nothing", "", ToRegister, 0, ErrTruncated},
		{"an amount that is none", "04 0F 07 04 00 00 00 00 00 0A", ToRegister, 3, ErrFormat},
		{"a password cut short", "06 30 02 00 00", ToTerminal, 3, ErrTruncated},
		{"a registration with a bad currency", "06 00 06 00 00 00 BE 0A 78", ToTerminal, 7, ErrFormat},
	} {
		e := Explain(hexBytes(t, c.apdu), c.dir)
		if len(e.Problems) == 0 || e.Problems[0].Offset != c.offset {
			t.Errorf("%s: got %+v", c.name, e.Problems)
			continue
		}
		if c.want != nil {
			isError(t, e.Err(), c.want, c.name)
		}
		equal(t, true, strings.Contains(e.String(), "problem at byte"), c.name)
	}
	var unknown *UnknownBMPError
	e := Explain(hexBytes(t, "04 0F 05 27 00 99 01 02"), ToRegister)
	equal(t, true, errors.As(e.Err(), &unknown) && unknown.BMP == 0x99)
	equal(t, "04 0F 05 27 00 99 ** **", e.Hex, "what could not be read is not shown")
}

// undecodedOf is the hexadecimal of what an explanation could not read.
func undecodedOf(e Explanation) string {
	for _, i := range e.Items {
		if i.Name == Undecoded {
			return i.Hex
		}
	}
	return ""
}

func TestMaskedBytesLookMasked(t *testing.T) {
	for _, c := range []struct{ name, in, want, undecoded string }{
		{"a card number keeps six and four digits", "06 01 0B 22 F0 F8 41 11 11 11 11 11 11 11", "06 01 0B 22 F0 F8 41 11 11 ** ** ** 11 11", ""},
		{"a number the terminal masked", "06 01 0B 22 F0 F8 41 11 11 EE EE EE 11 11", "06 01 0B 22 F0 F8 41 11 11 ** ** ** 11 11", ""},
		{"a track keeps its separator", "04 0F 07 23 F0 F4 41 11 D2 91", "04 0F 07 23 F0 F4 ** ** D* **", ""},
		{"a password", "06 93 03 12 34 56", "06 93 03 ** ** **", ""},
		{"a password of zeros", "06 93 03 00 00 00", "06 93 03 ** ** **", ""},
		{"an amount of zeros is shown", "06 01 07 04 00 00 00 00 00 00", "06 01 07 04 00 00 00 00 00 00", ""},
		{"an unknown command", "0F A1 02 12 34", "0F A1 02 ** **", ""},
		{"an unknown BMP", "04 0F 05 27 00 99 41 11", "04 0F 05 27 00 99 ** **", "99 ** **"},
		{"a cut amount", "06 01 07 04 00 00 12", "06 01 07 04 00 00 12", "04 00 00 12"},
		{"a cut card number", "06 01 0B 22 F0 F8 41 11 11 11", "06 01 0B 22 ** ** ** ** ** **", "22 ** ** ** ** ** **"},
		{"a cut length", "06 D3 FF 61", "06 D3 FF 61", "FF 61"},
		{"a bad currency", "06 00 06 00 00 00 BE 0A 78", "06 00 06 ** ** ** BE 0A 78", "0A 78"},
		{"bytes after the end", "80 00 00 41 11", "80 00 00 ** **", "** **"},
		{"receipt text", "06 D1 11 00 34 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31",
			"06 D1 11 00 34 31 31 31 31 31 ** ** ** ** ** ** 31 31 31 31", ""},
	} {
		e := Explain(hexBytes(t, c.in), DirectionUnknown)
		equal(t, c.want, e.Hex, c.name)
		equal(t, c.undecoded, undecodedOf(e), c.name)
		equal(t, c.undecoded != "", strings.Contains(e.String(), "undecoded: "+c.undecoded), c.name)
	}
	e := Explain(hexBytes(t, "06 93 03 00 00 00"), DirectionUnknown)
	equal(t, "** ** **", e.Items[0].Hex)
}

func TestExplanationTellsAmountsAndCodesToPrograms(t *testing.T) {
	e := Explain(hexBytes(t, "04 0F 0C 27 6C 04 00 00 00 00 12 80 49 03 92"), ToRegister)
	equal(t, "6C", e.Items[0].Code)
	equal(t, ResultAborted.String(), e.Items[0].Meaning)
	equal(t, ItemAmount{1280, "JPY"}, *e.Items[1].Amount)
	equal(t, false, e.Items[1].CurrencyAssumed)
	equal(t, true, strings.Contains(e.String(), "result code: 6C "+ResultAborted.String()))

	e = Explain(hexBytes(t, "06 01 07 04 00 00 00 00 12 80"), ToTerminal)
	equal(t, ItemAmount{1280, "EUR"}, *e.Items[0].Amount)
	equal(t, true, e.Items[0].CurrencyAssumed)
	equal(t, true, strings.Contains(e.String(), "12.80 EUR (1280 minor units), currency not named, EUR assumed"))

	e = Explain(hexBytes(t, "84 9C 00"), ToRegister)
	equal(t, "9C", e.Items[0].Code)
	e = Explain(hexBytes(t, "06 1E 01 6C"), ToRegister)
	equal(t, "6C", e.Items[0].Code)
}

func TestExplainGuessesTheDirection(t *testing.T) {
	for in, want := range map[string]Direction{
		"06 01 00": ToTerminal, "04 0F 00": ToRegister, "06 D1 01 00": ToRegister, "80 00 00": DirectionUnknown, "0F A1 00": DirectionUnknown,
	} {
		e := Explain(hexBytes(t, in), DirectionUnknown)
		noError(t, e.Err(), in)
		equal(t, want, e.Direction, in)
	}
	equal(t, true, strings.Contains(Explain(hexBytes(t, "06 01 00"), DirectionUnknown).String(), "(guessed)"))
}

func TestExplanationHasStableJSON(t *testing.T) {
	e := Explain(hexBytes(t, "06 01 0E 04 00 00 00 00 12 80 49 01 56 06 02 07 00"), DirectionUnknown)
	noError(t, e.Err())
	b, err := json.Marshal(e)
	noError(t, err)
	equal(t, `{"direction":"register to terminal","guessed":true,"command":"06 01","name":"authorisation","data_length":14,`+
		`"hex":"06 01 0E 04 00 00 00 00 12 80 49 01 56 06 02 07 00","items":[`+
		`{"offset":3,"size":7,"id":"BMP 04","name":"amount","hex":"00 00 00 00 12 80","value":"12.80 CNY (1280 minor units)","amount":{"minor":1280,"currency":"CNY"}},`+
		`{"offset":10,"size":3,"id":"BMP 49","name":"currency","hex":"01 56","value":"CNY (156)"},`+
		`{"offset":13,"size":4,"id":"BMP 06","name":"TLV container","items":[`+
		`{"offset":15,"size":2,"id":"tag 07","name":"text line","value":"\"\""}]}]}`, string(b))
}

func TestAmountsKeepCurrenciesThisPackageDoesNotKnow(t *testing.T) {
	e := Explain(hexBytes(t, "06 01 0A 04 00 00 00 00 12 80 49 00 04"), ToTerminal)
	equal(t, "1280 minor units of currency 004 (1280 minor units)", e.Items[0].Value)
	e = Explain(hexBytes(t, "06 01 0A 04 00 00 00 00 12 80 49 03 92"), ToTerminal)
	equal(t, "1280 JPY (1280 minor units)", e.Items[0].Value)
}

func TestExplainSerialRemovesStuffingAndComparesTheCRC(t *testing.T) {
	// The three check values of the documents, an ACK between, a NAK last.
	e := ExplainSerial(hexBytes(t, "10 02 80 00 00 10 03 F5 1F 06 10 02 84 9C 00 10 03 C3 41 10 02 06 70 00 10 03 D9 F9 15"))
	noError(t, e.Err())
	var kinds []string
	for _, p := range e.Parts {
		kinds = append(kinds, p.Kind)
		equal(t, p.CRCGiven, p.CRCComputed)
	}
	equal(t, "frame ACK frame frame NAK", strings.Join(kinds, " "))
	equal(t, "positive response", e.Parts[0].APDU.Name)
	equal(t, 9, e.Parts[1].Offset)

	stuffed := ExplainSerial(hexBytes(t, "10 02 06 D1 02 00 10 10 10 03 00 00"))
	equal(t, 1, len(stuffed.Parts))
	equal(t, 1, stuffed.Parts[0].Stuffed)
	equal(t, "00 00", stuffed.Parts[0].CRCGiven)
	equal(t, true, stuffed.Err() != nil && strings.Contains(stuffed.String(), "the CRC is wrong"))
	equal(t, "print line", stuffed.Parts[0].APDU.Name)
	equal(t, "06 D1 02 00 10", stuffed.Parts[0].APDU.Hex)
	_, err := json.Marshal(stuffed)
	noError(t, err)

	for name, in := range map[string]string{"noise": "FF FE", "incomplete frame": "10 02 80 00", "ECR17": "15 03 69", "nothing": ""} {
		e := ExplainSerial(hexBytes(t, in))
		equal(t, name == "nothing", e.Err() == nil, name)
		equal(t, name == "nothing", e.String() == "", name)
	}
}

func TestExplainSerialMasks(t *testing.T) {
	e := ExplainSerial(hexBytes(t, "10 02 06 01 0B 22 F0 F8 41 11 11 11 11 11 11 11 10 03 00 00"))
	equal(t, false, strings.Contains(e.String()+e.Parts[0].APDU.Hex, "41 11 11 11"))
}
