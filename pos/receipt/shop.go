package receipt

import (
	"errors"
	"image"
	"strconv"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// Shop is what every slip of a shop has in common. The zero value prints
// slips without a head, in English, with times in the machine's zone.
type Shop struct {
	Name    string   // 商户名称, in large letters
	Lines   []string // below it: branch, address, telephone, tax number
	Footer  []string // at the end: opening hours, thanks
	Logo    image.Image
	Lang    pos.Lang
	Zone    *time.Location
	Welcome string // a line below the head of a sale's receipt
	// Signature leaves room for the cardholder's name on the merchant's copy
	// of a card payment.
	Signature bool
}

// Copy says which piece of paper this is.
type Copy struct {
	Kind pos.SlipKind
	// Number counts from 1, the original. Anything else is a reprint; 0 means
	// that it could not be counted, and is marked as one too.
	Number int
	// Test marks a slip that proves nothing, such as one of a demonstration.
	Test bool
}

// MaxShopLines bounds head and footer each: more would cost a roll a week.
const MaxShopLines = 20

// writer collects the blocks of one slip.
type writer struct {
	slip Slip
	shop Shop
	err  error
}

// begin starts a slip with the shop's head, its title and its copy marks.
func (s Shop) begin(title string, c Copy) *writer {
	p := &writer{slip: Slip{Title: title, Lang: s.Lang}, shop: s}
	if len(s.Lines) > MaxShopLines || len(s.Footer) > MaxShopLines {
		p.err = errors.New("receipt: head or footer of the shop has more than " + strconv.Itoa(MaxShopLines) + " lines")
		return p
	}
	if s.Logo != nil {
		p.add(Logo{s.Logo})
	}
	if s.Name != "" {
		p.add(Paragraph{Content: plain(s.Name, MaxText), Align: Center, Size: Large, Bold: true})
	}
	for _, l := range s.Lines {
		p.add(Paragraph{Content: plain(l, MaxText), Align: Center})
	}
	if len(p.slip.Blocks) > 0 {
		p.add(Rule{Double: true})
	}
	p.add(Paragraph{Content: title, Align: Center, Size: Tall, Bold: true})
	if c.Kind != "" {
		if w := p.word("copy." + string(c.Kind)); w != "" {
			p.add(Paragraph{Content: w, Align: Center})
		}
	}
	if c.Test {
		p.add(Paragraph{Content: p.word("test"), Align: Center, Bold: true, Inverse: true})
	}
	if c.Number != 1 {
		p.add(Paragraph{Content: p.reprint(c.Number), Align: Center, Bold: true, Inverse: true})
	}
	return p
}

// reprint marks a copy that is not the original. The original has number 1, so
// copy 2 is the first reprint.
func (p *writer) reprint(number int) string {
	n := "?"
	if number > 1 {
		n = strconv.Itoa(number - 1)
	}
	return strings.TrimSpace(p.word("reprint") + " " + n + " " + p.word("reprint.end"))
}

// end finishes a slip with the shop's footer.
func (p *writer) end() (Slip, error) {
	if p.err != nil {
		return Slip{}, p.err
	}
	if len(p.shop.Footer) > 0 {
		p.add(Gap{1})
		for _, l := range p.shop.Footer {
			p.add(Paragraph{Content: plain(l, MaxText), Align: Center})
		}
	}
	return p.slip, nil
}

func (p *writer) add(blocks ...Block) { p.slip.Blocks = append(p.slip.Blocks, blocks...) }

func (p *writer) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *writer) word(key string) string { return word(p.slip.Lang, key) }

func (p *writer) pick(w [2]string) string {
	if p.slip.Lang == pos.Chinese {
		return w[1]
	}
	return w[0]
}

// named is the word for a value the peer gave, or the value itself.
func (p *writer) named(group, value string) string {
	if _, ok := words[group+"."+value]; ok {
		return p.word(group + "." + value)
	}
	return plain(value, MaxText)
}

// fact is a label with its value; what is not known is not printed.
func (p *writer) fact(key, value string) {
	if value = plain(value, MaxText); value != "" {
		p.add(Pair{Label: p.word(key), Value: value})
	}
}

// money is an amount that is part of the reckoning, printed even when it is zero.
func (p *writer) money(key string, m pos.Money) {
	p.add(Pair{Label: p.word(key), Value: m.String()})
}

// moment prints a time in the shop's zone; no time prints nothing.
func (p *writer) moment(key string, t time.Time) {
	if !t.IsZero() {
		p.fact(key, p.clock(t))
	}
}

func (p *writer) clock(t time.Time) string {
	zone := p.shop.Zone
	if zone == nil {
		zone = time.Local
	}
	return t.In(zone).Format("2006-01-02 15:04:05")
}

// warn is what nobody may overlook.
func (p *writer) warn(key string) {
	p.add(Paragraph{Content: " " + p.word(key) + " ", Align: Center, Size: Large, Bold: true, Inverse: true})
}

func (p *writer) note(text string) {
	if text = plain(text, MaxText); text != "" {
		p.add(Paragraph{Content: text, Align: Center, Bold: true})
	}
}
