package operators

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/pos"
)

// Approver is the second person as pos.Config wants it: a supervisor with a PIN.
type Approver struct {
	Book *Book
	// Ask shows the request to people and returns who answers, with the PIN. An
	// error ends it; nobody there is pos.ErrCanceled.
	Ask func(ctx context.Context, a pos.Approval) (name string, pin pos.Secret, err error)
}

var _ pos.Approver = Approver{}

// Approve asks, and checks name, PIN and role. Errors: those of Ask, ErrUnknown,
// ErrPIN, ErrLocked, ErrRole.
func (p Approver) Approve(ctx context.Context, a pos.Approval) (string, error) {
	name, pin, err := p.Ask(ctx, a)
	if err != nil {
		return "", err
	}
	defer pin.Clear()
	o, err := p.Book.Check(name, pin)
	if err != nil {
		return "", err
	}
	if o.Role != Supervisor {
		return "", fmt.Errorf("%w: %s is a %s", ErrRole, o.Name, o.Role)
	}
	return o.Name, nil
}
