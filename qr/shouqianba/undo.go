package shouqianba

import (
	"context"

	"github.com/openecr/openecr/qr/wallet"
)

// Undo takes an order back: by revoke (手动撤单) when it is known to be paid, by cancel (自动撤单,
// 冲正) after a doubt. Both work until midnight, for the whole amount, and not after a refund.
func (h *Host) Undo(ctx context.Context, o wallet.Order) (wallet.Answer, error) {
	name := "cancel"
	if o.Taken {
		name = "revoke"
	}
	r, err := h.again(ctx, name, "/upay/v2/"+name, h.about(o))
	if err != nil {
		return wallet.Answer{}, err
	}
	if !r.ok() {
		return wallet.Answer{}, r.failed(name, nil)
	}
	if r.Biz.Code == invalidUndo {
		return h.whyNot(ctx, r, o)
	}
	if a, ok := byCode(r, undoCodes, unknownOrder); ok {
		return a, nil
	}
	a, err := h.answer(name, r, o, undoStates)
	return settled(a, r), err
}

// whyNot asks which state of an order does not allow its undo.
func (h *Host) whyNot(ctx context.Context, r *reply, o wallet.Order) (wallet.Answer, error) {
	a, err := h.Query(ctx, o)
	if err != nil {
		return wallet.Answer{}, err
	}
	code, text := r.words()
	switch a.State {
	case wallet.Closed, wallet.Refused:
		a.State = wallet.Closed
		return a, nil
	case wallet.Paid, wallet.Partly:
		return wallet.Answer{State: wallet.Refused, Code: code, Text: text, Trade: a.Trade}, nil
	}
	return wallet.Answer{State: wallet.Waiting, Code: code, Text: text}, nil
}
