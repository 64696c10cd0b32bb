package register

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/openecr/openecr/internal/durable"
	"github.com/openecr/openecr/pos"
)

// Good is one thing the shop sells.
type Good struct {
	Code  string `json:"code"` // what the scanner reads: EAN, or the shop's own
	Name  string `json:"name"`
	Class string `json:"class,omitempty"` // 类别
	Price int64  `json:"price"`           // minor units
	// Shelf life (保质期) in days from Made, a date such as 2026-11-22. Zero days keep for ever.
	ShelfDays int    `json:"shelf_days,omitempty"`
	Made      string `json:"made,omitempty"`
}

// Limits of the list.
const (
	maxGoods     = 2000
	maxGoodText  = 120 // bytes of a name, class or code
	maxPrice     = 100_000_000
	maxShelfDays = 36_500
	maxGoodsFile = 4 << 20
)

// Freshness says how a good stands against its shelf life.
type Freshness string

// The freshnesses.
const (
	Keeps   Freshness = ""        // no shelf life, or far from its end
	Soon    Freshness = "soon"    // the last day, or the one before
	Expired Freshness = "expired" // may not be sold
)

// Fresh judges a good at a moment, in that moment's own zone.
func (g Good) Fresh(now time.Time) Freshness {
	made, err := time.ParseInLocation(time.DateOnly, g.Made, now.Location())
	if g.ShelfDays == 0 || err != nil {
		return Keeps
	}
	end := made.AddDate(0, 0, g.ShelfDays)
	switch {
	case !now.Before(end):
		return Expired
	case !now.Before(end.AddDate(0, 0, -2)):
		return Soon
	}
	return Keeps
}

func (g Good) check() error {
	for _, s := range []string{g.Code, g.Name, g.Class} {
		if len(s) > maxGoodText || !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
			return fmt.Errorf("%w: a name, class or code is one line of at most %d bytes", errRequest, maxGoodText)
		}
	}
	switch {
	case g.Code == "" || g.Name == "":
		return fmt.Errorf("%w: a good needs a code and a name", errRequest)
	case pos.HoldsCardData(g.Name): // a code may look like one: that is how article numbers are
		return fmt.Errorf("%w: this looks like a card number", errRequest)
	case g.Price <= 0 || g.Price > maxPrice:
		return fmt.Errorf("%w: the price is not above zero, or too high", errRequest)
	case g.ShelfDays < 0 || g.ShelfDays > maxShelfDays:
		return fmt.Errorf("%w: a shelf life has 0 to %d days", errRequest, maxShelfDays)
	}
	if _, err := time.Parse(time.DateOnly, g.Made); g.ShelfDays > 0 && err != nil {
		return fmt.Errorf("%w: a shelf life needs the day it was made, such as 2026-11-22", errRequest)
	}
	return nil
}

// goodsList is the file of goods. Safe for concurrent use.
type goodsList struct {
	path string

	mu   sync.Mutex
	list []Good
}

// openGoods reads the file; one that is not there begins with some goods.
func openGoods(path string, first []Good) (*goodsList, error) {
	g := &goodsList{path: path}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return g, g.write(first)
	}
	if err != nil || info.Size() > maxGoodsFile {
		return nil, fmt.Errorf("goods: %s cannot be read, or is too long: %w", path, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("goods: %w", err)
	}
	if err := json.Unmarshal(text, &g.list); err != nil || len(g.list) > maxGoods {
		return nil, fmt.Errorf("goods: %s is no list of goods", path)
	}
	for _, one := range g.list {
		if err := one.check(); err != nil {
			return nil, fmt.Errorf("goods: %s: %q: %w", path, one.Code, err)
		}
	}
	return g, nil
}

func (g *goodsList) all() []Good {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.list)
}

func (g *goodsList) find(code string) (Good, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.list, func(o Good) bool { return o.Code == code })
	if i < 0 {
		return Good{}, false
	}
	return g.list[i], true
}

// set adds a good, or changes the one of its code.
func (g *goodsList) set(n Good) error {
	if err := n.check(); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	next := slices.Clone(g.list)
	if i := slices.IndexFunc(next, func(o Good) bool { return o.Code == n.Code }); i >= 0 {
		next[i] = n
	} else {
		next = append(next, n)
	}
	if len(next) > maxGoods {
		return fmt.Errorf("%w: a list holds %d goods", errRequest, maxGoods)
	}
	return g.write(next)
}

// remove takes a good off the list; sales that hold it keep their own copy.
func (g *goodsList) remove(code string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.write(slices.DeleteFunc(slices.Clone(g.list), func(o Good) bool { return o.Code == code }))
}

// write makes the new list durable, then true.
func (g *goodsList) write(next []Good) error {
	text, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return fmt.Errorf("goods: %w", err)
	}
	if err := durable.Replace(g.path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("goods: %w", err)
	}
	g.list = next
	return nil
}
