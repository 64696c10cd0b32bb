package alipay

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/openecr/openecr/qr/wallet"
)

// envelope is an answer before it is believed: the signed bytes as they came.
type envelope struct {
	inner  json.RawMessage
	sign   string
	serial string // alipay_cert_sn, in certificate mode
}

// said is how an answer begins. Sub codes say what happened.
type said struct {
	Code    string `json:"code"`
	Msg     string `json:"msg"`
	SubCode string `json:"sub_code"`
	SubMsg  string `json:"sub_msg"`
}

// Codes of the gateway (公共错误码).
const (
	codeOK      = "10000"
	codePaying  = "10003" // the order is made, the user is paying: never paid
	codeFailed  = "40004" // business failed: the sub code says what
	codeUnknown = "20000" // service unavailable: nothing is known
)

// ok reports whether the call did what it is for.
func (s said) ok() bool { return s.Code == codeOK }

// code is the platform's most telling code, verbatim.
func (s said) code() string {
	if s.SubCode != "" {
		return clip(s.SubCode)
	}
	return clip(s.Code)
}

func (s said) text() string {
	if s.SubMsg != "" {
		return clip(s.SubMsg)
	}
	return clip(s.Msg)
}

// gateway reports whether a signed answer is a refusal by the gateway itself, which then
// passed nothing on: 20001 token, 40001 and 40002 parameters and signature, 40003 and 40006
// permissions, 40005 too many calls.
func (s said) gateway() bool {
	switch s.Code {
	case "20001", "40001", "40002", "40003", "40005", "40006":
		return true
	}
	return false
}

// maxWords bounds what is kept of the platform's words.
const maxWords = 256

func clip(s string) string {
	if len(s) > maxWords {
		return strings.ToValidUTF8(s[:maxWords], "")
	}
	return s
}

// printable keeps hostile text out of terminals.
func printable(s string) string { return strconv.Quote(s[:min(len(s), 64)]) }

// parseAnswer takes an answer apart. The inner object keeps its bytes, escapes included,
// because they are what is signed.
//
// Source: Alipay open platform, 同步返回验签; an answer of the gateway itself is an error_response.
func parseAnswer(method string, body []byte) (envelope, error) {
	var outer map[string]json.RawMessage
	if json.Unmarshal(body, &outer) != nil {
		return envelope{}, fmt.Errorf("%w: it is no JSON object", wallet.ErrForged)
	}
	e := envelope{inner: outer[strings.ReplaceAll(method, ".", "_")+"_response"]}
	if len(e.inner) == 0 {
		e.inner = outer["error_response"]
	}
	if len(e.inner) == 0 || e.inner[0] != '{' {
		return envelope{}, fmt.Errorf("%w: it does not answer %s", wallet.ErrForged, method)
	}
	for name, field := range map[string]*string{"sign": &e.sign, "alipay_cert_sn": &e.serial} {
		if raw := outer[name]; len(raw) > 0 && json.Unmarshal(raw, field) != nil {
			return e, fmt.Errorf("%w: its %s is no text", wallet.ErrForged, name)
		}
	}
	return e, nil
}

// words reads what an answer says of itself; of no JSON, nothing.
func (e envelope) words() (s said) {
	if json.Unmarshal(e.inner, &s) != nil {
		return said{}
	}
	return s
}

// read puts the inner object into out.
func (e envelope) read(out any) error {
	if json.Unmarshal(e.inner, out) != nil {
		return errors.New("the answer is no JSON of that kind")
	}
	return nil
}
