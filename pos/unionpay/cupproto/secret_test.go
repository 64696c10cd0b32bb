package cupproto

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// secretForms are the forms a careless print could show a secret in.
func secretForms(secret string) []string {
	b := []byte(secret)
	forms := []string{secret, hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), fmt.Sprintf("% x", b), fmt.Sprintf("% X", b), strings.Trim(fmt.Sprint(b), "[]"), fmt.Sprintf("%#v", b)}
	if packed, at := appendDigits(nil, b, false, true); at < 0 && len(b) > 3 {
		forms = append(forms, string(packed), hex.EncodeToString(packed), fmt.Sprintf("% X", packed), strings.Trim(fmt.Sprint(packed), "[]"), fmt.Sprintf("%#v", packed))
	}
	return forms
}

// secretMessage holds a secret wherever there can be one. It is no message any
// terminal sends.
func secretMessage(t testing.TB) (m *Message, secrets []string) {
	t.Helper()
	m = sample(t, Sale)
	m.SetElements(append(sampleElements(ScanSale), Element{TagPINBlockSM4, []byte("SM4PINBLOCKSM4PB")}, Element{"ZZ", []byte("privatezz")}))
	m.SetString(36, "99"+samplePAN+"=112233445566778")
	m.SetString(40, "private40")
	m.SetString(47, "private47")
	m.SetString(44, "card "+samplePAN)
	m.SetString(48, samplePAN+"0")
	m.SetString(58, "purse58data")
	m.Set(62, []byte("92CV003864SF006123456TX1113800138000"))
	m.SetString(63, "01 "+samplePAN+" refused")
	chip := append(sampleChip(t), unhex(t, "5713 6212345678901232D30122019876543210987F 5F200A484F4C4445522F4A4F45 DF7F03434343")...)
	m.Set(55, chip)
	return m, []string{samplePAN, samplePAN[6:], samplePAN[4:14], sampleTrack, sampleTrack[16:], "9876543210987", samplePIN, sampleCode, sampleCode[3:], "SM4PINBLOCKSM4PB", "privatezz",
		"private40", "private47", "purse58data", "CV003864", "864SF", "13800138000", "123456TX", "HOLDER/JOE", "901232", "80424729", "112233445566778"}
}

func TestNothingPrintsASecret(t *testing.T) {
	m, secrets := secretMessage(t)
	frame := sampleFrame(m)
	b := body(t, m)
	keys := sampleReply(t, SignOn)
	workingKeys, _ := keys.Get(62)
	secrets = append(secrets, string(workingKeys), string(workingKeys[:8]))
	upload := sample(t, UploadStripe)
	elements := must(m.Elements())
	items := must(ParseUpload([]byte(upload.Text(48))))
	things := map[string]any{"message": m, "value": *m, "frame": frame, "frame value": *frame, "elements": elements, "element": elements[0], "in a struct": struct{ M *Message }{m},
		"list": []*Message{m}, "map": map[string]*Message{"a": m}, "keys": keys, "upload": upload, "items": items, "item": items[0], "explanation": Describe(b), "of keys": Describe(body(t, keys)),
		"of upload": Describe(body(t, upload)), "masked": Mask(b), "masked keys": Mask(body(t, keys)), "masked upload": Mask(body(t, upload)), "text": Describe(b).String()}
	for n := 0; n < len(b); n += 7 {
		_, err := Profile{}.ParseBody(b[:n])
		things[fmt.Sprintf("error of %d bytes", n)] = err
		things[fmt.Sprintf("explanation of %d bytes", n)] = Describe(b[:n])
		things[fmt.Sprintf("mask of %d bytes", n)] = Mask(b[:n])
	}
	for n, v := range m.all() {
		bad := &Message{MTI: "0200"}
		bad.Set(n, append(append([]byte{}, v...), []byte(strings.Repeat("x", 1000))...))
		_, err := Profile{}.AppendBody(nil, sampleFrame(bad))
		things[fmt.Sprintf("error of field %d", n)] = err
	}
	forms := map[string]string{}
	for _, s := range secrets {
		for _, form := range secretForms(s) {
			forms[form] = s
		}
	}
	for name, v := range things {
		printed := map[string]string{}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x"} {
			printed[verb] = fmt.Sprintf(verb, v)
		}
		j, err := json.Marshal(v)
		require.NoError(t, err, name)
		printed["json"] = string(j)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		printed["slog"] = log.String()
		for how, text := range printed {
			for form, s := range forms {
				if strings.Contains(text, form) {
					t.Fatalf("%s printed with %s shows %q as %q", name, how, s, form)
				}
			}
		}
	}
	require.Contains(t, m.String(), "621234******1232")
	require.Contains(t, fmt.Sprintf("%+v", items), "621234******1232")
}

func TestAMaskedBodyHasTheSameLengthAndIsReadable(t *testing.T) {
	for _, name := range goldens(t) {
		b := readGolden(t, name)
		masked := Mask(b)
		require.Len(t, masked, len(b), name)
		was, err := Profile{}.ParseBody(b)
		require.NoError(t, err)
		f, err := Profile{}.ParseBody(masked)
		require.NoError(t, err, name)
		require.Equal(t, was.Message.Fields(), f.Message.Fields(), name)
		for _, n := range []int{3, 4, 11, 37, 38, 39, 41, 42, 60, 61, 64} {
			require.Equal(t, was.Message.Text(n), f.Message.Text(n), "%s field %d", name, n)
		}
		require.Equal(t, masked, Mask(masked), "%s: masked twice", name)
		require.NotContains(t, string(masked), "\x62\x12\x34\x56\x78\x90\x12\x32")
		withLength := append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)
		require.Equal(t, masked, Mask(withLength)[LengthPrefix:], name)
		for n := range b {
			require.LessOrEqual(t, len(Mask(b[:n])), n, "%s cut to %d", name, n)
		}
	}
	f, err := Profile{}.ParseBody(Mask(body(t, sample(t, Sale))))
	require.NoError(t, err)
	require.Equal(t, "6212340000001232", f.Message.Text(2), "first six and last four stay")
	require.Equal(t, strings.Repeat("0", len(sampleTrack)), f.Message.Text(35))
	require.Nil(t, Mask(nil))
	require.Nil(t, Mask([]byte("GET / HTTP/1.1\r\n\r\n")))
}
