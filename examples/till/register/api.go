package register

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
)

func randomToken() string { return rand.Text() }

// ask is what a page sends. Codes and PINs come in a body only, never in an
// address, and become secrets at once.
type ask struct {
	Sale     string        `json:"sale"`
	Attempt  pos.AttemptID `json:"attempt"`
	Original pos.AttemptID `json:"original"`
	Tender   string        `json:"tender"`
	Amount   string        `json:"amount"`
	Given    string        `json:"given"`
	Code     secretText    `json:"code"`
	Good     string        `json:"good"`
	Count    int           `json:"count"`
	Add      bool          `json:"add"`
	Void     bool          `json:"void"`
	Approver string        `json:"approver"`
	PIN      secretText    `json:"pin"`
	Verdict  string        `json:"verdict"`
	Reason   string        `json:"reason"`
	Fault    string        `json:"fault"`
	Item     Good          `json:"item"`
}

// secretText is a JSON string that is a secret from the moment it is read.
type secretText struct{ pos.Secret }

// UnmarshalJSON reads it.
func (s *secretText) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	s.Secret = pos.NewSecret([]byte(text))
	return nil
}

// action does what a page asks for, and answers with something to say, or nil.
type action func(who operators.Operator, q ask) (any, error)

func quiet(do func(who operators.Operator, q ask) error) action {
	return func(who operators.Operator, q ask) (any, error) { return nil, do(who, q) }
}

// supervised is for supervisors only.
func supervised(do action) action {
	return func(who operators.Operator, q ask) (any, error) {
		if who.Role != operators.Supervisor {
			return nil, errRole
		}
		return do(who, q)
	}
}

// actions by path. Each is safe to ask for twice.
func (s *Server) actions() map[string]action {
	shop := s.shop
	return map[string]action{
		"put":    quiet(func(_ operators.Operator, q ask) error { return shop.Put(q.Sale, q.Good, q.Count, q.Add) }),
		"drop":   quiet(func(_ operators.Operator, q ask) error { return shop.Drop(q.Sale) }),
		"park":   quiet(func(_ operators.Operator, q ask) error { return shop.Park(q.Sale) }),
		"resume": quiet(func(_ operators.Operator, q ask) error { return shop.Resume(q.Sale) }),
		"scan": func(who operators.Operator, q ask) (any, error) {
			paying, err := shop.Scan(who.Name, q.payment())
			return map[string]bool{"paying": paying}, err
		},
		"pay":    quiet(func(who operators.Operator, q ask) error { return shop.Pay(who.Name, q.payment()) }),
		"cancel": quiet(func(_ operators.Operator, q ask) error { return shop.Cancel(q.Attempt) }),
		"return": quiet(func(who operators.Operator, q ask) error {
			return shop.Return(who.Name, ReturnRequest{Sale: q.Sale, Original: q.Original, Attempt: q.Attempt, Void: q.Void, Amount: q.Amount, Second: Second{q.Approver, q.PIN.Secret}})
		}),
		"ask":   quiet(func(operators.Operator, ask) error { shop.Ask(); return nil }),
		"print": quiet(func(_ operators.Operator, q ask) error { return shop.Print(q.Sale, q.Attempt) }),
		"decide": supervised(quiet(func(who operators.Operator, q ask) error {
			return shop.Decide(who.Name, DecideRequest{Attempt: q.Attempt, Verdict: q.Verdict, Reason: q.Reason})
		})),
		"goods":  supervised(quiet(func(_ operators.Operator, q ask) error { return shop.setGood(q.Item) })),
		"remove": supervised(quiet(func(_ operators.Operator, q ask) error { return shop.removeGood(q.Good) })),
		"fault":  quiet(func(_ operators.Operator, q ask) error { return shop.cause(q.Fault) }),
	}
}

func (q ask) payment() PayRequest {
	return PayRequest{Sale: q.Sale, Attempt: q.Attempt, Tender: q.Tender, Amount: q.Amount, Given: q.Given, Code: q.Code.Secret, Second: Second{q.Approver, q.PIN.Secret}}
}

// act checks the token of the page, reads what it asks for and does it.
func (s *Server) act(do action) func(http.ResponseWriter, *http.Request, *session) {
	return func(w http.ResponseWriter, r *http.Request, who *session) {
		if !same(who.csrf, r.Header.Get("X-Page-Token")) {
			http.Error(w, "the page's token is missing or old; load it again", http.StatusForbidden)
			return
		}
		text, err := io.ReadAll(r.Body)
		defer clear(text)
		if err != nil {
			http.Error(w, "too much", http.StatusRequestEntityTooLarge)
			return
		}
		var q ask
		if err := json.Unmarshal(text, &q); err != nil {
			s.fail(w, fmt.Errorf("%w: it cannot be read", errRequest))
			return
		}
		answer, err := do(who.who, q)
		s.json(w, answer, err)
	}
}

func (s *Shop) setGood(g Good) error {
	defer s.hub.tell()
	return s.goods.set(g)
}

func (s *Shop) removeGood(code string) error {
	defer s.hub.tell()
	return s.goods.remove(code)
}

// cause makes a fault of the simulation happen.
func (s *Shop) cause(id string) error {
	if s.cfg.Simulation == nil {
		return fmt.Errorf("%w: everything here is real", errRequest)
	}
	defer s.hub.tell()
	defer s.doubtful() // what was mended may answer now
	if err := s.cfg.Simulation.Cause(id); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	return nil
}
