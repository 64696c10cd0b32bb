package register

import (
	"fmt"
	"strconv"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/receipt"
)

// job is one slip to print: of a sale, or of one attempt.
type job struct {
	sale    string
	attempt pos.AttemptID
}

// maxJobs bounds the queue of the printer: an hour of a busy till without paper.
const maxJobs = 200

// enqueue never waits: money does not wait for paper.
func (s *Shop) enqueue(j job) {
	if s.cfg.Printer == nil {
		return
	}
	select {
	case s.slips <- j:
	default:
		s.setTrouble("the queue is full; a slip was left out, print it from the list")
	}
}

// print feeds the printer, one slip after the other.
func (s *Shop) print() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case j := <-s.slips:
			s.printOne(j)
		}
	}
}

func (s *Shop) printOne(j job) {
	slip, err := s.numbered(j)
	if err == nil {
		err = s.cfg.Printer.Print(s.ctx, slip, func(waits error) { s.setTrouble(errText(waits)) })
	}
	if s.ctx.Err() == nil {
		s.setTrouble(errText(err))
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (s *Shop) setTrouble(text string) {
	s.mu.Lock()
	s.trouble = text
	s.mu.Unlock()
	s.hub.tell()
}

// numbered counts a slip durably before it is printed, so that a crash can
// cost the original but never make two of them.
func (s *Shop) numbered(j job) (receipt.Slip, error) {
	if j.sale == "" {
		n, err := s.till.Printing(s.ctx, j.attempt, pos.SlipCustomer, "")
		if err != nil {
			return receipt.Slip{}, err
		}
		return s.attemptSlip(j.attempt, n)
	}
	s.mu.Lock()
	o, ok := s.sales.get(j.sale)
	o.Printed++
	err := errNoSale
	if ok {
		err = s.sales.put(o)
	}
	s.mu.Unlock()
	if err != nil {
		return receipt.Slip{}, err
	}
	return s.saleSlip(o, o.Printed)
}

// Print prints a slip again: marked as a reprint. sale or attempt is given.
func (s *Shop) Print(sale string, attempt pos.AttemptID) error {
	if s.cfg.Printer == nil {
		return fmt.Errorf("%w: there is no printer", errRequest)
	}
	s.enqueue(job{sale, attempt})
	return nil
}

// saleSlip is the receipt of a sale.
func (s *Shop) saleSlip(o Sale, number int) (receipt.Slip, error) {
	list, err := s.till.Find(s.ctx, pos.Filter{Reference: o.Reference, Limit: receipt.MaxTenders})
	if err != nil {
		return receipt.Slip{}, err
	}
	v := receipt.Sale{Reference: o.Reference, Time: o.Opened, Till: s.cfg.Till.ID, Operator: o.Operator, Total: s.money(o.Total()), Tenders: list}
	if !o.Closed.IsZero() {
		v.Time = o.Closed
	}
	for _, i := range o.Items {
		v.Items = append(v.Items, receipt.Item{Name: i.Name, Quantity: strconv.Itoa(i.Count), Price: s.money(i.Price), Amount: s.money(i.Price * int64(i.Count))})
	}
	return s.cfg.Shop.Sale(v, receipt.Copy{Kind: pos.SlipCustomer, Number: number, Test: s.cfg.Simulation != nil})
}

// attemptSlip is the slip of one attempt, with what became of it since.
func (s *Shop) attemptSlip(id pos.AttemptID, number int) (receipt.Slip, error) {
	a, err := s.cfg.Till.Journal.Get(s.ctx, id)
	if err != nil {
		return receipt.Slip{}, err
	}
	later, err := s.till.Find(s.ctx, pos.Filter{Original: id})
	if err != nil {
		return receipt.Slip{}, err
	}
	return s.cfg.Shop.Payment(a, receipt.Copy{Kind: pos.SlipCustomer, Number: number, Test: s.cfg.Simulation != nil}, later...)
}
