package wallet

import (
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr"
)

// Router finds the tender of a scanned code by the code's own form: it is
// pos.Config.Route. It never guesses.
type Router struct {
	// Tenders by the name of a qr.Rule: {"wechat": "wechat", "unionpay": "card"}.
	Tenders map[string]string
	// Table tells codes apart; nil is qr.DefaultTable.
	Table qr.Table
}

// Route names the tender. Errors wrap pos.ErrInvalid: a code of nobody, of a
// wallet the shop does not take, or a product.
func (r Router) Route(code pos.Secret) (tender string, err error) {
	table := r.Table
	if table == nil {
		table = qr.DefaultTable()
	}
	code.Use(func(b []byte) {
		c := qr.NewCode(string(b))
		defer c.Clear()
		rule, cerr := table.Classify(c)
		switch to, ok := r.Tenders[rule.Name]; {
		case cerr != nil:
			err = fmt.Errorf("%w: %w", pos.ErrInvalid, cerr)
		case ok:
			tender = to
		default:
			err = fmt.Errorf("%w: this is %s, which no tender of this till takes (本店未开通该支付方式)", pos.ErrInvalid, rule.Title)
		}
	})
	return tender, err
}
