package register

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/receipt"
)

// Config is everything a register needs.
type Config struct {
	// Till is opened by the register, which adds Progress and the Approver: a
	// supervisor's name and PIN, typed on the page. Rules, calendar and drivers
	// are whatever pos.Config takes. AutoConfirm must be false: the register
	// confirms when it has booked.
	Till     pos.Config
	Currency pos.Currency
	Tenders  []Tender
	// Sales and Goods are files, made when they are not there; FirstGoods are
	// what a new file of goods begins with.
	Sales, Goods string
	FirstGoods   []Good
	Operators    *operators.Book
	Shop         receipt.Shop // head of the slips
	Printer      Printer      // nil: slips are shown only
	Simulation   Simulation   // nil: everything is real
	Logger       *slog.Logger // nil is silent
}

// Tender is a means of payment as the page offers it; cash is built in.
type Tender struct {
	Name    string // in pos.Config.Drivers
	English string
	Chinese string
	Scans   bool // takes a customer's payment code
	Shows   bool // can show a code that the customer scans
}

// Printer prints slips. Print returns when the slip is out, however long that
// takes; waiting is called with what it waits for, and with nil when it goes on.
type Printer interface {
	Print(ctx context.Context, s receipt.Slip, waiting func(error)) error
}

// Simulation is what surrounds a register that is tried out: peers that can be
// made to fail, the books they keep, and the paper their printer has printed.
type Simulation interface {
	Faults() []Fault
	// Cause makes a fault happen. Errors: the fault is unknown.
	Cause(id string) error
	Books() []Book
	// Papers is how many slips the printer has cut off, Paper one of them, from 1.
	Papers() int
	Paper(number int) (image.Image, bool)
}

// Fault is one thing that can be made to fail, or be mended.
type Fault struct {
	ID      string `json:"id"`
	Group   string `json:"group"`
	English string `json:"en"`
	Chinese string `json:"zh"`
	Mends   bool   `json:"mends,omitempty"`
}

// Book is what a peer says it holds for the shop, in minor units.
type Book struct {
	Tender string `json:"tender"`
	Net    int64  `json:"net"`
	Lines  int    `json:"lines"`
}

func (c Config) check() error {
	switch {
	case c.Operators == nil || len(c.Operators.Operators()) == 0:
		return errors.New("register: nobody may stand at this till: the book of operators is empty")
	case c.Till.AutoConfirm:
		return errors.New("register: AutoConfirm would confirm what is not booked")
	case !c.Currency.Valid():
		return errors.New("register: the currency is missing")
	case c.Sales == "" || c.Goods == "":
		return errors.New("register: the files of sales and goods are missing")
	}
	return nil
}

func (c Config) now() time.Time {
	if c.Till.Now != nil {
		return c.Till.Now()
	}
	return time.Now()
}
