package cupproto

// Balance is an amount of field 54 (附加金额): what is left on a card.
type Balance struct {
	AccountType string // two digits
	AmountType  string // two digits
	Currency    string // three digits: "156"
	Amount      int64  // minor units; negative if the account owes (D)
}

// ParseBalances reads field 54: 20 characters each. Errors: *Error.
func ParseBalances(v []byte) ([]Balance, error) {
	r := reader{field: 54, v: v}
	var out []Balance
	for r.left() > 0 && r.fault == nil {
		b := Balance{AccountType: r.text(2), AmountType: r.text(2), Currency: r.text(3)}
		sign := r.text(1)
		if b.Amount = r.number(12); sign == "D" {
			b.Amount = -b.Amount
		} else if sign != "C" {
			r.fail(malformed("the sign is neither C nor D"))
		}
		out = append(out, b)
	}
	if r.fault != nil {
		return nil, r.fault
	}
	return out, nil
}

// AppendBalances appends field 54. Errors: *Error.
func AppendBalances(dst []byte, list []Balance) ([]byte, error) {
	w := writer{field: 54}
	for _, b := range list {
		w.digits("account type", b.AccountType, 2)
		w.digits("amount type", b.AmountType, 2)
		w.digits("currency", b.Currency, 3)
		if b.Amount < 0 {
			w.b, b.Amount = append(w.b, 'D'), -b.Amount
		} else {
			w.b = append(w.b, 'C')
		}
		w.number("amount", b.Amount, 12)
	}
	return w.done(dst)
}
