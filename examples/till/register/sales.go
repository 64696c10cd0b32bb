package register

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/internal/durable"
	"github.com/openecr/openecr/pos"
)

// Sale is the register's own record of what one customer buys, apart from the
// journal, which knows of payments only.
type Sale struct {
	Reference string    `json:"reference"`
	Opened    time.Time `json:"opened"`
	Operator  string    `json:"operator"`
	State     SaleState `json:"state"`
	Items     []Item    `json:"items,omitempty"`
	// Next is the attempt id that the next payment will have: two clicks ask for
	// the same one, so that they pay once.
	Next     pos.AttemptID `json:"next"`
	Payments []Payment     `json:"payments,omitempty"`
	Returns  []Payment     `json:"returns,omitempty"` // voids and refunds
	Number   int           `json:"number,omitempty"`  // of the receipt
	Closed   time.Time     `json:"closed,omitzero"`
	Printed  int           `json:"printed,omitempty"` // receipts, the first is the original
}

// SaleState is where a sale stands.
type SaleState string

// The states of a sale.
const (
	SaleOpen    SaleState = "open"
	SaleParked  SaleState = "parked"  // put aside, for instance while a payment is in doubt
	SalePaid    SaleState = "paid"    // wholly, in the register's own books
	SaleDropped SaleState = "dropped" // no money of it is here
)

// Item is one line of a sale, with the price as it was then.
type Item struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Class string `json:"class,omitempty"`
	Price int64  `json:"price"`
	Count int    `json:"count"`
}

// Payment is one payment, void or refund as the register planned and booked
// it. It is written before the Till is asked.
type Payment struct {
	Attempt  pos.AttemptID `json:"attempt"`
	Kind     pos.Type      `json:"kind"`
	Tender   string        `json:"tender"`
	Amount   int64         `json:"amount"`
	Given    int64         `json:"given,omitempty"`
	Original pos.AttemptID `json:"original,omitempty"`
	Operator string        `json:"operator,omitempty"`
	// Booked is what the register has committed as its own: written before Confirm.
	Booked int64 `json:"booked,omitempty"`
}

// Total is the price of everything.
func (s Sale) Total() (sum int64) {
	for _, i := range s.Items {
		sum += i.Price * int64(i.Count)
	}
	return sum
}

// Left is what is still to pay.
func (s Sale) Left() int64 {
	left := s.Total()
	for _, p := range s.Payments {
		left -= p.Booked
	}
	for _, p := range s.Returns {
		left += p.Booked
	}
	return left
}

// payment finds a planned payment or return.
func (s *Sale) payment(id pos.AttemptID) *Payment {
	for _, list := range [][]Payment{s.Payments, s.Returns} {
		if i := slices.IndexFunc(list, func(p Payment) bool { return p.Attempt == id }); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

func (s Sale) clone() Sale {
	s.Items, s.Payments, s.Returns = slices.Clone(s.Items), slices.Clone(s.Payments), slices.Clone(s.Returns)
	return s
}

// salesBook is a file of one line a change: a checksum and the whole sale as it
// then stands; the last line on a sale counts. A line is on disk before put
// returns. What a crash tore off the end is cut away when it is opened; a line
// damaged anywhere else is an error, because a sale would be missing.
type salesBook struct {
	mu    sync.Mutex
	file  *os.File
	sales map[string]Sale
	order []string // by opening
	last  int      // receipt number
	err   error    // a failed write: nothing is booked any more
}

// salesHead is the first line.
type salesHead struct {
	Till     string       `json:"till"`
	Currency pos.Currency `json:"currency"`
}

var errBook = errors.New("the file of sales failed; start the register again")

// maxLine bounds one sale: 1,000 lines of goods.
const maxLine = 1 << 20

func openSales(path string, head salesHead) (*salesBook, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sales: %w", err)
	}
	b := &salesBook{file: f, sales: map[string]Sale{}}
	if err := b.load(head); err != nil {
		f.Close()
		return nil, fmt.Errorf("sales: %s: %w", path, err)
	}
	return b, durable.SyncDir(filepath.Dir(path))
}

// load reads every line, cuts a torn end off and writes the head of a new file.
func (b *salesBook) load(head salesHead) error {
	in := bufio.NewReader(b.file)
	var good int64
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil { // a line without its end was never acknowledged
			break
		}
		if err := b.take(n, line, head); err != nil {
			if _, more := in.Peek(1); more == nil || n == 1 {
				return fmt.Errorf("line %d: %w", n, err)
			}
			break // torn, and the last one
		}
		good += int64(len(line))
	}
	if err := b.file.Truncate(good); err != nil {
		return err
	}
	if _, err := b.file.Seek(good, io.SeekStart); err != nil {
		return err
	}
	if good == 0 {
		return b.append(head)
	}
	return b.file.Sync()
}

var errDamaged = errors.New("the line is damaged")

// take reads one line.
func (b *salesBook) take(n int, line []byte, head salesHead) error {
	sum, text, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
	if !ok || len(line) > maxLine || sum != checksum([]byte(text)) {
		return errDamaged
	}
	if n == 1 {
		var was salesHead
		if err := json.Unmarshal([]byte(text), &was); err != nil || was != head {
			return fmt.Errorf("the sales are those of till %q in %s", was.Till, was.Currency)
		}
		return nil
	}
	var s Sale
	if err := json.Unmarshal([]byte(text), &s); err != nil || s.Reference == "" {
		return errDamaged
	}
	b.keep(s)
	return nil
}

func (b *salesBook) keep(s Sale) {
	if _, known := b.sales[s.Reference]; !known {
		b.order = append(b.order, s.Reference)
	}
	b.sales[s.Reference] = s
	b.last = max(b.last, s.Number)
}

func checksum(text []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(text)) }

// append writes one line and waits for the disk.
func (b *salesBook) append(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var line bytes.Buffer
	fmt.Fprintf(&line, "%s %s\n", checksum(text), text)
	if line.Len() > maxLine {
		return fmt.Errorf("%w: the sale is too long", errRequest)
	}
	_, err = b.file.Write(line.Bytes())
	if err = errors.Join(err, b.file.Sync()); err != nil {
		b.err = fmt.Errorf("%w: %w", errBook, err)
	}
	return b.err
}

// put makes a sale durable, then true. After a failure nothing more is taken:
// the system may have dropped what it could not write.
func (b *salesBook) put(s Sale) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	s = s.clone()
	if err := b.append(s); err != nil {
		return err
	}
	b.keep(s)
	return nil
}

func (b *salesBook) get(ref string) (Sale, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.sales[ref]
	return s.clone(), ok
}

// newest lists sales that match, the newest first.
func (b *salesBook) newest(most int, match func(Sale) bool) []Sale {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Sale
	for _, ref := range slices.Backward(b.order) {
		if s := b.sales[ref]; len(out) < most && match(s) {
			out = append(out, s.clone())
		}
	}
	return out
}

// number is the next receipt's.
func (b *salesBook) number() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last + 1
}

// booked adds up what the register has committed, by tender.
func (b *salesBook) booked() map[string]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := map[string]int64{}
	for _, s := range b.sales {
		for _, p := range s.Payments {
			sum[p.Tender] += p.Booked
		}
		for _, p := range s.Returns {
			sum[p.Tender] -= p.Booked
		}
	}
	return sum
}

func (b *salesBook) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = errors.Join(b.err, errBook)
	return b.file.Close()
}
