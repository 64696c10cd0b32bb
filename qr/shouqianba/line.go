package shouqianba

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/web"
	"github.com/openecr/openecr/qr/wallet"
)

// walletName begins every error.
const walletName = "shouqianba"

// reply is an answer: the three layers of every call.
type reply struct {
	Result string `json:"result_code"` // 200, 400, 500
	Code   string `json:"error_code"`
	Text   string `json:"error_message"`
	Biz    struct {
		Result string  `json:"result_code"`
		Code   string  `json:"error_code"`
		Text   string  `json:"error_message"`
		Data   order   `json:"data"`
		Serial string  `json:"terminal_sn"`  // of activation and check-in
		Key    keyText `json:"terminal_key"` // of activation and check-in
	} `json:"biz_response"`
}

// keyText is a key on its way in.
type keyText struct{ pos.Secret }

// UnmarshalJSON takes a string.
func (k *keyText) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return errors.New("a key is no string")
	}
	k.Secret = pos.NewSecret([]byte(s))
	return nil
}

// ok reports whether the platform took the request up.
func (r *reply) ok() bool { return r.Result == "200" }

// words are the platform's own, of the innermost layer that has some, clipped.
func (r *reply) words() (code, text string) {
	switch {
	case r.Code != "":
		return clip(r.Code), clip(r.Text)
	case r.Biz.Code != "":
		return clip(r.Biz.Code), clip(r.Biz.Text)
	case r.Biz.Data.OrderStatus != "":
		return clip(r.Biz.Data.OrderStatus), clip(r.Biz.Text)
	case r.Biz.Result != "":
		return clip(r.Biz.Result), clip(r.Biz.Text)
	}
	return clip(r.Result), clip(r.Text)
}

// maxWords bounds what is kept of the platform's words.
const maxWords = 256

func clip(s string) string {
	if len(s) > maxWords {
		return s[:maxWords]
	}
	return s
}

// line is the way to the platform.
type line struct {
	base   string
	client *http.Client
}

// call signs, sends and reads. An error means that nothing is known; every JSON
// object with a result_code is an answer.
func (l line) call(ctx context.Context, name, path, serial string, key pos.Secret, in any) (*reply, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, &wallet.Error{Wallet: walletName, Call: name, Unsent: true, Err: err}
	}
	head := http.Header{"Authorization": {Authorization(serial, body, key)}, "Content-Type": {"application/json"},
		"Accept": {"application/json"}, "User-Agent": {"openecr"}}
	a, unsent, err := web.Do(ctx, web.Call{Client: l.client, Method: http.MethodPost, URL: l.base + path, Header: head, Body: body})
	if err != nil {
		return nil, &wallet.Error{Wallet: walletName, Call: name, Unsent: unsent, Err: err}
	}
	r, err := parse(a.Body)
	if a.Status != http.StatusOK || err != nil {
		return nil, &wallet.Error{Wallet: walletName, Call: name, Status: a.Status, Err: err}
	}
	return r, nil
}

// parse reads an answer.
func parse(body []byte) (*reply, error) {
	var r reply
	if err := json.Unmarshal(body, &r); err != nil || r.Result == "" {
		return nil, errors.New("the answer is no JSON with a result_code")
	}
	return &r, nil
}
