package douyin

import (
	"context"
	"net/url"

	"github.com/openecr/openecr/pos"
)

// PrepareRequest names a voucher the customer shows.
type PrepareRequest struct {
	// EncryptedData is what a Resolver found behind the QR code; Code is a typed
	// or printed code. One of the two.
	EncryptedData, Code pos.Secret
	// Shop (门店 poi_id) is where it is to be redeemed. Money is settled by shop,
	// so it is needed here although the platform lets it be left out.
	Shop ID
}

// Prepared is what could be redeemed: unused vouchers of the whole order. It
// goes with one Verify. Preparing changes no voucher.
type Prepared struct {
	Token        Hidden // verify_token
	Order        ID
	Certificates []Certificate
	LogID        string
}

// Prepare asks what a code stands for (验券准备). No voucher changes. An empty
// list is no error: nothing can be redeemed now.
//
// Errors: any class but ErrPending and ErrPartial; whichever, no voucher was
// touched. Refused with QRExpired: the customer opens the order again.
func (m *Merchant) Prepare(ctx context.Context, r PrepareRequest) (*Prepared, error) {
	data, code := Hidden{r.EncryptedData}, Hidden{r.Code}
	switch {
	case data.IsZero() == code.IsZero():
		return nil, invalid(PrepareEndpoint, "either encrypted data or a code is needed")
	case r.Shop == "":
		return nil, invalid(PrepareEndpoint, "the shop is needed")
	}
	q := url.Values{"poi_id": {string(r.Shop)}}
	if code.IsZero() {
		q.Set("encrypted_data", data.text())
	} else {
		q.Set("code", code.text())
	}
	var reply struct {
		Token Hidden `json:"verify_token"`
		Order ID     `json:"order_id"`
		certificates
	}
	a, err := m.get(ctx, PrepareEndpoint, q, &reply, data, code)
	if err != nil {
		return nil, err
	}
	list, err := reply.all(PrepareEndpoint, a.logID)
	if err != nil {
		return nil, err
	}
	return &Prepared{Token: reply.Token, Order: reply.Order, Certificates: list, LogID: a.logID}, nil
}
