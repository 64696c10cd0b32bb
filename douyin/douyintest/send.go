package douyintest

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// delivery is a webhook on its way.
type delivery struct {
	id, sign string
	body     []byte
}

// Webhook sends an event to a URL, signed, and says what was answered to each
// delivery: usually one; none if the fault reorder-webhook keeps it until the
// next; two with duplicate-webhook.
func (p *Platform) Webhook(ctx context.Context, client *http.Client, to, event string, content any) (status []int, err error) {
	inner, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	var field any = string(inner) // a string, but for the trial
	if event == "verify_webhook" {
		field = json.RawMessage(inner)
	}
	p.mu.Lock()
	message := reply{"event": event, "client_key": App, "from_user_id": "", "content": field, "log_id": p.noise(16)}
	body, err := json.Marshal(message)
	if err != nil {
		p.mu.Unlock()
		return nil, err
	}
	sum := sha1.Sum(append([]byte(Secret), body...))
	d := delivery{p.noise(12), hex.EncodeToString(sum[:]), body}
	if p.take("forged-webhook") {
		d.sign = hex.EncodeToString(make([]byte, sha1.Size))
	}
	list := []delivery{d}
	switch {
	case p.take("duplicate-webhook"):
		list = append(list, d)
	case p.held == nil && p.take("reorder-webhook"):
		p.held, list = &d, nil
	case p.held != nil:
		list, p.held = append(list, *p.held), nil
	}
	p.mu.Unlock()
	for _, d := range list {
		code, err := d.post(ctx, client, to)
		if err != nil {
			return status, err
		}
		status = append(status, code)
	}
	return status, nil
}

func (d delivery) post(ctx context.Context, client *http.Client, to string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(d.body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Msg-Id", d.id)
	req.Header.Set("X-Douyin-Signature", d.sign)
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// SPI calls a merchant's SPI at a URL, with both signatures, and returns the
// answer's data.
func (p *Platform) SPI(ctx context.Context, client *http.Client, to string, body any) (map[string]any, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	q := url.Values{"client_key": {App}, "timestamp": {fmt.Sprint(p.Now().UnixMilli())}}
	text := Secret
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range q {
			if !yield(k) {
				return
			}
		}
	}) {
		text += "&" + k + "=" + q.Get(k)
	}
	text += "&http_body=" + string(raw)
	old, sign := md5.Sum([]byte(text)), sha256.Sum256([]byte(text))
	q.Set("sign", hex.EncodeToString(old[:]))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to+"?"+q.Encode(), bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("x-life-clientkey", App)
	req.Header.Set("x-life-sign", hex.EncodeToString(sign[:]))
	req.Header.Set("X-Bytedance-Logid", "2026112200000000")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("douyintest: the SPI answered HTTP %d", resp.StatusCode)
	}
	var answer struct {
		Data map[string]any `json:"data"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, bodyMax)).Decode(&answer)
	return answer.Data, err
}
