package zvtproto

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Secrets of the messages below, in every form a careless print could show:
// text, hexadecimal of the packed bytes, of the text, and decimal bytes.
const (
	secretPAN      = "4111111111111111"
	secretPassword = "975318"
	secretTrack2   = "4111111111111111D29121015432"
	secretTrack1   = "B4111111111111111^DOE/JOHN^2912"
	secretCVV      = "864"
)

func secretForms(s string) []string {
	forms := []string{s, fmt.Sprintf("%x", s), fmt.Sprintf("%X", s), fmt.Sprintf("% x", s), fmt.Sprint([]byte(s))}
	packed, ok := appendPacked(nil, s)
	if ok {
		forms = append(forms, hex.EncodeToString(packed), fmt.Sprintf("% x", packed), fmt.Sprintf("%q", packed),
			fmt.Sprint(packed), strings.Trim(fmt.Sprint(packed), "[]"), fmt.Sprintf("%#v", packed), string(packed))
	}
	return forms
}

// secretMessages holds every public type that can hold a secret.
func secretMessages(t *testing.T) map[string]any {
	t.Helper()
	status := &StatusInformation{}
	noError(t, status.SetPAN(secretPAN))
	noError(t, status.SetTrack2(secretTrack2))
	noError(t, status.SetTrack3(secretTrack2))
	status.SetTrack1(secretTrack1)
	noError(t, status.SetCVV(secretCVV))
	pin, _ := appendPacked(nil, secretPassword)
	status.Add(BMPPassword, pin)
	track, _ := appendPacked(nil, secretTrack2)
	pan, _ := appendPacked(nil, secretPAN)
	tlv := TLV{Objects: []Object{Primitive(TagTrack2, track...), Primitive(TagTrack1, []byte(secretTrack1)...),
		Primitive(TagLongPassword, pin...), Constructed(TagMerchantReceipt, Primitive(TagTextLine, []byte(secretPAN)...)),
		Primitive(0xDF01, pan...), Primitive(0x1F7F, []byte(secretPAN)...)}}
	noError(t, status.SetTLV(tlv))
	noError(t, status.SetText(BMPAdditionalText, "card "+secretPAN, CharsetCP437))
	protected := &Reversal{Protected{Password: secretPassword, Fields: status.Fields}}
	apdu, err := Encode(protected)
	noError(t, err)
	parsed, err := ParseAPDU(apdu)
	noError(t, err)
	return map[string]any{
		"PAN": PAN(secretPAN), "Track": Track(secretTrack2), "Password": Password(secretPassword), "CVV": CVV(secretCVV),
		"Opaque": Opaque(apdu), "APDU": parsed, "status": status, "status value": *status, "fields": status.Fields,
		"field": status.List[0], "list": status.List, "TLV": tlv, "object": tlv.Objects[0], "objects": tlv.Objects,
		"reversal": protected, "reversal value": *protected,
		"registration": &Registration{Password: secretPassword, Currency: EUR},
		"change":       ChangePassword{Old: secretPassword, New: secretPassword},
		"enquiry":      &StatusEnquiry{Password: secretPassword}, "reprint": &ReprintReceipts{Password: secretPassword},
		"unknown": &Unknown{Cmd: 0x0F01, Payload: Payload{Data: apdu}}, "positive": &PositiveResponse{Payload: Payload{Data: apdu}},
		"pointer in struct": struct{ M Message }{protected}, "map": map[string]Message{"a": protected},
		"explanation": Explain(apdu, ToTerminal), "masked": Mask(apdu),
		"explanation of a cut APDU": Explain(apdu[:len(apdu)-1], ToTerminal), "masked cut APDU": Mask(apdu[:len(apdu)-1]),
		"explanation of wrong direction": Explain(apdu, ToRegister),
		"error":                          Decode(apdu, &Refund{}),
	}
}

func TestNoVerbPrintsASecret(t *testing.T) {
	for name, v := range secretMessages(t) {
		printed := map[string]string{}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x", "%o"} {
			printed[verb] = fmt.Sprintf(verb, v)
		}
		j, err := json.Marshal(v)
		noError(t, err, name)
		printed["JSON"] = string(j)
		var text, jsonLog bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&jsonLog, nil)).Info("m", "v", v)
		printed["slog text"], printed["slog JSON"] = text.String(), jsonLog.String()
		for how, out := range printed {
			for _, secret := range []string{secretPAN, secretPassword, secretTrack2, secretTrack1, secretCVV} {
				for _, form := range secretForms(secret) {
					if len(form) > 3 && strings.Contains(strings.ToLower(out), strings.ToLower(form)) || len(secret) > 3 && strings.Contains(out, secret) {
						t.Errorf("%s printed with %s shows %q: %s", name, how, form, out)
					}
				}
			}
		}
	}
}

func TestSecretTypesMaskByThemselves(t *testing.T) {
	equal(t, "411111******1111", PAN(secretPAN).String())
	equal(t, "******7890", PAN("1234567890").String())
	equal(t, "*****", PAN("12345").String())
	equal(t, "", PAN("").String())
	for _, v := range []interface {
		json.Marshaler
		slog.LogValuer
		fmt.GoStringer
		fmt.Stringer
		MarshalText() ([]byte, error)
	}{PAN(secretPAN), Track(secretTrack2), Password(secretPassword), CVV(secretCVV), Opaque(secretPAN)} {
		j, err := v.MarshalJSON()
		noError(t, err)
		text, err := v.MarshalText()
		noError(t, err)
		for _, s := range []string{string(j), string(text), v.GoString(), v.String(), v.LogValue().String()} {
			for _, secret := range []string{secretPAN, secretTrack2, secretPassword, secretCVV} {
				if strings.Contains(s, secret) {
					t.Errorf("%T shows %q", v, s)
				}
			}
		}
	}
	equal(t, secretPAN, PAN(secretPAN).Reveal())
	equal(t, secretTrack2, Track(secretTrack2).Reveal())
	equal(t, secretPassword, Password(secretPassword).Reveal())
	equal(t, secretCVV, CVV(secretCVV).Reveal())
}

func TestMaskKeepsLengthsAndParsesAgain(t *testing.T) {
	for _, v := range vectors(t) {
		before := bytes.Clone(v.apdu)
		masked := Mask(v.apdu)
		equal(t, before, v.apdu, "Mask changed its argument", v.name)
		equal(t, len(v.apdu), len(masked), v.name)
		m, err := Parse(masked, v.dir)
		noError(t, err, v.name)
		again, err := Encode(m)
		noError(t, err, v.name)
		equal(t, masked, again, v.name)
		equal(t, masked, Mask(masked), "masking twice", v.name)
	}
}

func TestMaskReplacesWithNibbleEOrZero(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a card number keeps six and four digits", "06 01 0B 22 F0 F8 41 11 11 11 11 11 11 11", "06 01 0B 22 F0 F8 41 11 11 EE EE EE 11 11"},
		{"a track keeps its separator", "04 0F 07 23 F0 F4 41 11 D2 91", "04 0F 07 23 F0 F4 EE EE DE EE"},
		{"a password becomes zeros", "06 93 03 12 34 56", "06 93 03 00 00 00"},
		{"an unknown command keeps its length", "0F A1 02 12 34", "0F A1 02 00 00"},
		{"an unknown BMP wipes all data", "04 0F 04 27 00 99 41", "04 0F 04 00 00 00 00"},
		{"a cut long APDU keeps its header", "06 D3 FF 61 04 41 11", "06 D3 FF 61 04 00 00"},
		{"key codes and typed digits become zeros", "80 00 04 31 32 33 34", "80 00 04 00 00 00 00"},
		{"receipt text loses a card number", "06 D1 11 00 34 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31",
			"06 D1 11 00 34 31 31 31 31 31 2A 2A 2A 2A 2A 2A 31 31 31 31"},
	} {
		in := hexBytes(t, c.in)
		equal(t, c.want, spacedHex(Mask(in)), c.name)
	}
}
