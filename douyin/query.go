package douyin

import (
	"context"
	"net/url"
)

// Certificate asks for one voucher by its encrypted code (券状态查询).
func (m *Merchant) Certificate(ctx context.Context, encrypted Hidden) (*Certificate, error) {
	if encrypted.IsZero() {
		return nil, invalid(GetEndpoint, "the encrypted code is needed")
	}
	q := url.Values{"encrypted_code": {encrypted.text()}}
	if m.account != "" {
		q.Set("account_id", string(m.account))
	}
	var reply struct {
		head
		Certificate *Certificate `json:"certificate"`
	}
	a, err := m.get(ctx, GetEndpoint, q, &reply, encrypted)
	if err != nil {
		return nil, err
	}
	if reply.Certificate == nil {
		return nil, &Error{Endpoint: GetEndpoint, Class: ErrRefused, Reason: NotFound, LogID: a.logID, HTTPStatus: 200}
	}
	return reply.Certificate, nil
}

// CertificateQuery names vouchers by one of the two.
type CertificateQuery struct {
	Encrypted Hidden
	Order     ID
}

// Certificates asks for the vouchers of an order, or for one by its encrypted
// code (券状态批量查询). It knows third-party codes as well, and is the documented
// way out after a broken connection.
func (m *Merchant) Certificates(ctx context.Context, c CertificateQuery) ([]Certificate, error) {
	if c.Encrypted.IsZero() == (c.Order == "") {
		return nil, invalid(QueryEndpoint, "either the order or an encrypted code is needed")
	}
	q := url.Values{}
	if c.Order != "" {
		q.Set("order_id", string(c.Order))
	} else {
		q.Set("encrypted_code", c.Encrypted.text())
	}
	if m.account != "" {
		q.Set("account_id", string(m.account))
	}
	var reply certificates
	a, err := m.get(ctx, QueryEndpoint, q, &reply, c.Encrypted)
	if err != nil {
		return nil, err
	}
	return reply.all(QueryEndpoint, a.logID)
}
