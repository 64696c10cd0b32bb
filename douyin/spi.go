package douyin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// SPI takes the platform's calls (SPI) of one app: it checks their signature and
// age and hands them to a function. Fields must not change while it serves.
type SPI struct {
	// Secrets are the app's client_secret, and the former one while it is changed.
	Secrets []pos.Secret
	// AllowOld takes the MD5 signature where the new one is missing: apps that
	// were never moved to the service-provider platform have only that.
	AllowOld bool
	// Now is the time, best Client.Now; nil is time.Now.
	Now func() time.Time
	// MaxAge replaces FreshFor.
	MaxAge time.Duration
}

// ErrSPI: the call is not the platform's, or too old.
var ErrSPI = errors.New("douyin: SPI call refused")

// spiWork is how long a function may work: the platform hangs up after 8 s.
const spiWork = 7 * time.Second

// The platform's numbers for what becomes of an SPI call.
const (
	spiSystemError = 100 // try again; in the documentation of scenic spots (景区)
	spiMax         = 999_999
)

// SPIError is a refusal the platform reads: Code 1 to 999999 and a description.
// An error of any other type becomes 100, to be tried again, and its words stay here.
type SPIError struct {
	Code int
	Text string
}

// Error names the code.
func (e *SPIError) Error() string { return "douyin: SPI error " + strconv.Itoa(e.Code) + ": " + e.Text }

// SPICall is a call whose signature is right.
type SPICall struct {
	App   string // client_key of the address
	LogID string
	Query url.Values
	// Body is the JSON as it came; Decode reads it.
	Body Hidden
}

// Decode reads the body.
func (c SPICall) Decode(into any) (err error) {
	c.Body.Use(func(b []byte) { err = json.Unmarshal(b, into) })
	return err
}

// Check verifies the signature and age of a call with this body. Both signatures
// usually come along; the new one decides.
func (s *SPI) Check(r *http.Request, body []byte) error {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ErrSPI
	}
	sign, how := r.Header.Get("X-Life-Sign"), SignSPI
	if sign == "" && s.AllowOld {
		sign, how = q.Get("sign"), SignSPIOld
	}
	if sign == "" || !anySign(s.Secrets, sign, func(k pos.Secret) string { return how(k, q, body) }) {
		return ErrSPI
	}
	stamp, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	if err != nil || !s.fresh(moment(stamp)) {
		return ErrSPI
	}
	return nil
}

func (s *SPI) fresh(at time.Time) bool {
	now, age := time.Now, s.MaxAge
	if s.Now != nil {
		now = s.Now
	}
	if age == 0 {
		age = FreshFor
	}
	return now().Sub(at).Abs() <= age
}

// Handler serves one SPI. f is called again for every repetition of a call, as
// the platform repeats until it is content: the same order must get the same
// answer. What f returns is written as data beside error_code 0.
func (s *SPI) Handler(f func(context.Context, SPICall) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := signedBody(w, r)
		if !ok {
			return
		}
		if err := s.Check(r, body); err != nil {
			http.Error(w, "signature", http.StatusUnauthorized)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), spiWork)
		defer cancel()
		data, err := f(ctx, SPICall{App: r.URL.Query().Get("client_key"), LogID: words(r.Header.Get("X-Bytedance-Logid"), nil),
			Query: r.URL.Query(), Body: Hide(string(body))})
		writeSPI(w, data, err)
	})
}

// writeSPI answers in the platform's shape: everything within data, no extra.
func writeSPI(w http.ResponseWriter, data any, err error) {
	code, text := 0, "success"
	var refusal *SPIError
	switch {
	case errors.As(err, &refusal) && refusal.Code > 0 && refusal.Code <= spiMax:
		code, text = refusal.Code, refusal.Text
	case err != nil:
		code, text = spiSystemError, "system error"
	}
	payload, marshalErr := json.Marshal(data)
	if marshalErr != nil {
		code, text, payload = spiSystemError, "system error", nil
	}
	head, marshalErr := json.Marshal(map[string]any{"error_code": code, "description": text})
	if marshalErr != nil {
		http.Error(w, "answer", http.StatusInternalServerError)
		return
	}
	if code == 0 && len(payload) > 2 && payload[0] == '{' {
		head = append(append(bytes.TrimSuffix(head, []byte("}")), ','), payload[1:]...)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(append([]byte(`{"data":`), head...), '}'))
}
