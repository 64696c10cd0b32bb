package shouqianba

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/openecr/openecr/qr/wallet"
)

// Notice reads a notification of a payment (支付回调). It is not signed: whoever knows the address can send
// one, so it is a hint, and the driver asks. Errors: wallet.ErrMismatch, or what is wrong with it.
func (h *Host) Notice(_ context.Context, _ http.Header, body []byte) (wallet.Notice, error) {
	r := reply{Result: "200"}
	d := &r.Biz.Data
	if err := json.Unmarshal(body, d); err != nil || d.SN == "" || d.Number == "" || len(d.SN) > 32 || len(d.Number) > maxNumber {
		return wallet.Notice{}, errors.New("shouqianba: notification: it is no JSON with sn and client_sn")
	}
	if d.Serial != "" && d.Serial != h.id.now.Load().Serial {
		return wallet.Notice{}, fmt.Errorf("shouqianba: notification: %w: terminal %q", wallet.ErrMismatch, clip(d.Serial))
	}
	r.Biz.Result = "SUCCESS"
	a, err := h.answer("notification", &r, wallet.Order{Number: d.Number}, orderStates)
	return wallet.Notice{ID: d.SN + "/" + clip(d.OrderStatus) + "/" + clip(d.Status), Order: d.Number, Answer: a}, err
}

// Acknowledge answers "success", or makes the platform send again: after 1, 5, 30 and 600 s.
func (h *Host) Acknowledge(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, "fail", http.StatusInternalServerError)
		return
	}
	io.WriteString(w, "success")
}
