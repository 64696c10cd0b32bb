package douyin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/openecr/openecr/pos"
)

// The events a till has a use for.
const (
	EventVerifyWebhook = "verify_webhook"                     // the platform tries the address
	EventOrder         = "life_trade_order_notify"            // action pay_success
	EventCertificate   = "life_trade_certificate_notify"      // action verify, verify_cancel, refund_success
	EventAuthorized    = "life_saas_cooperate_auth_with_bind" // a merchant authorised the app
)

// Event is a webhook whose signature is right. It is a hint: order, number and
// arrival are not guaranteed, so ask the platform before acting on money.
type Event struct {
	ID   string // Msg-Id
	Name string // event
	App  string // client_key
	User string // from_user_id
	Log  string
	// Time is content.msg_time, zero if there is none.
	Time time.Time
	// Content is the event's own JSON object; Decode reads it.
	Content Hidden
}

// Decode reads the content into a struct with JSON tags, for example a
// CertificateEvent.
func (e Event) Decode(into any) (err error) {
	e.Content.Use(func(b []byte) { err = json.Unmarshal(b, into) })
	return err
}

// CertificateEvent is the content of EventCertificate.
type CertificateEvent struct {
	Action      string `json:"action"`
	Time        Time   `json:"msg_time"`
	Certificate struct {
		ID      ID     `json:"certificate_id"`
		Order   ID     `json:"order_id"`
		Account ID     `json:"account_id"`
		Code    Hidden `json:"code"` // third-party codes only
	} `json:"certificate"`
}

// OrderEvent is the content of EventOrder.
type OrderEvent struct {
	Action string `json:"action"`
	Time   Time   `json:"msg_time"`
	Order  struct {
		ID       ID   `json:"order_id"`
		Account  ID   `json:"account_id"`
		Pay      Fen  `json:"pay_amount"`
		Original Fen  `json:"original_amount"`
		Created  Time `json:"create_time"`
		Paid     Time `json:"pay_time"`
	} `json:"order"`
}

// AuthorizedEvent is the content of EventAuthorized, known from one source only.
type AuthorizedEvent struct {
	Account  ID     `json:"account_id"`
	Solution ID     `json:"solution_key"`
	OutShop  string `json:"out_shop_id"`
	POI      ID     `json:"poi_id"`
}

const (
	// webhookMax is how long a message may be.
	webhookMax = 1 << 20
	// webhookWork is how long Handle may work: the platform hangs up after 5 s.
	webhookWork = 4 * time.Second
	// FreshFor is how far a signed time may be from ours, both ways.
	FreshFor = 5 * time.Minute
	// replayKeep is how long a message is remembered, far longer than it is fresh.
	replayKeep = 24 * time.Hour
)

// Webhook takes the platform's messages (消息推送). It is an http.Handler; the
// platform wants https. Fields must not change while it serves.
//
// The signature is checked over the bytes received, before anything is parsed,
// then the challenge is answered, then app, age and repetition are checked. A
// message is 200 when Handle returned nil, or was worked on before; 401 when
// the signature is wrong; 400 when it is stale or not for this app; 503 when
// Handle failed, so that the platform sends it again.
type Webhook struct {
	// App is the client_key the messages must name.
	App string
	// Secrets are the app's client_secret, and the former one while it is changed.
	Secrets []pos.Secret
	// Handle works on a message; it has four seconds. Concurrent.
	Handle func(context.Context, Event) error
	// Seen remembers messages; nil remembers in memory.
	Seen ReplayStore
	// Now is the time, best Client.Now; nil is time.Now.
	Now func() time.Time
	// MaxAge replaces FreshFor; messages without a time are taken at any age.
	MaxAge time.Duration

	own MemoryReplays
}

// ServeHTTP implements http.Handler.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := signedBody(w, r)
	if !ok {
		return
	}
	if !anySign(h.Secrets, r.Header.Get("X-Douyin-Signature"), func(s pos.Secret) string { return SignWebhook(s, body) }) {
		http.Error(w, "signature", http.StatusUnauthorized)
		return
	}
	e, err := parseEvent(body)
	if err != nil {
		http.Error(w, "message", http.StatusBadRequest)
		return
	}
	if e.Name == EventVerifyWebhook {
		h.challenge(w, e)
		return
	}
	if h.App != "" && e.App != h.App || !h.fresh(e) {
		http.Error(w, "stale or not ours", http.StatusBadRequest)
		return
	}
	if id := r.Header.Get("Msg-Id"); id != "" && len(id) <= 256 {
		e.ID = id
	}
	if h.work(r.Context(), e, body) != nil {
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, "{}")
}

// signedBody reads what a signature covers, and answers what is no such request.
func signedBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, webhookMax))
	if err != nil {
		http.Error(w, "body", http.StatusRequestEntityTooLarge)
		return nil, false
	}
	return body, true
}

// parseEvent reads a message; its content is a JSON string or an object.
func parseEvent(body []byte) (Event, error) {
	var m struct {
		Event   string          `json:"event"`
		App     string          `json:"client_key"`
		User    string          `json:"from_user_id"`
		Log     string          `json:"log_id"`
		ID      string          `json:"msg_id"`
		Content json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return Event{}, err
	}
	content := bytes.TrimSpace(m.Content)
	if len(content) > 0 && content[0] == '"' {
		var text string
		if err := json.Unmarshal(content, &text); err != nil {
			return Event{}, err
		}
		content = []byte(text)
	}
	e := Event{ID: m.ID, Name: m.Event, App: m.App, User: m.User, Log: m.Log, Content: Hide(string(content))}
	var t struct {
		Time Time `json:"msg_time"`
	}
	if hasObject(content) {
		if err := json.Unmarshal(content, &t); err != nil {
			return Event{}, err
		}
	}
	e.Time = t.Time.Time
	return e, nil
}

// challenge answers the platform's trial with its number, type and all.
func (h *Webhook) challenge(w http.ResponseWriter, e Event) {
	var c struct {
		Challenge json.RawMessage `json:"challenge"`
	}
	if e.Decode(&c) != nil || len(c.Challenge) == 0 {
		http.Error(w, "challenge", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(c)
}

func (h *Webhook) fresh(e Event) bool {
	if e.Time.IsZero() {
		return true
	}
	now, age := time.Now, h.MaxAge
	if h.Now != nil {
		now = h.Now
	}
	if age == 0 {
		age = FreshFor
	}
	return now().Sub(e.Time).Abs() <= age
}

// work calls Handle unless the message was worked on. It is known by its id and
// by its bytes: the id is not signed, so a thief could send the bytes under another.
func (h *Webhook) work(ctx context.Context, e Event, body []byte) error {
	seen := h.Seen
	if seen == nil {
		seen = &h.own
	}
	sum := sha256.Sum256(body)
	keys := []string{"body " + hex.EncodeToString(sum[:])}
	if e.ID != "" {
		keys = append(keys, "id "+e.ID)
	}
	var claimed []string
	release := func() {
		for _, k := range claimed {
			seen.Release(context.WithoutCancel(ctx), k)
		}
	}
	for _, k := range keys {
		fresh, err := seen.Claim(ctx, k, replayKeep)
		if err != nil {
			release()
			return err
		}
		if !fresh {
			return nil
		}
		claimed = append(claimed, k)
	}
	ctx, cancel := context.WithTimeout(ctx, webhookWork)
	defer cancel()
	if h.Handle == nil {
		return nil
	}
	err := h.Handle(ctx, e)
	if err != nil {
		release()
	}
	return err
}
