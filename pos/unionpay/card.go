package unionpay

import (
	"context"

	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
)

// Entry says how card data came in: the first two digits of field 22.
type Entry string

// Entries.
const (
	EntryKeyed       Entry = "01" // 手工输入
	EntrySwipe       Entry = "02" // 刷卡
	EntryScan        Entry = "03" // 扫码
	EntryChip        Entry = "05" // 插卡
	EntryContactless Entry = "07" // 挥卡 (qPBOC)
	EntryFallback    Entry = "80" // 降级: a stripe because the chip failed
)

// Card is what a reader gave for one transaction. Clear it as soon as the
// message is built; the driver does.
type Card struct {
	Entry    Entry
	PAN      emv.PAN
	Track2   emv.Track2 // of a stripe, or the chip's equivalent (tag 57)
	Expiry   emv.Expiry
	Sequence string // tag 5F34, three digits
	// Chip is field 55 of the request: BER-TLV as the kernel built it.
	Chip []byte
	// PIN is clear in laboratories only; a PIN pad gives PINBlock instead,
	// encrypted under the PIN key it was loaded with.
	PIN      cupkey.PIN
	PINBlock []byte
	// Foreign says that the card is not UnionPay's: settlement counts it apart.
	Foreign bool
}

// Clear wipes what can be wiped.
func (c *Card) Clear() {
	c.PAN.Clear()
	c.Track2.Clear()
	c.PIN.Clear()
	clear(c.Chip)
	clear(c.PINBlock)
}

// Ask is what a driver wants a card for.
type Ask struct {
	Op     pos.Op
	Amount pos.Money
	// Original is the attempt a void or completion works on; its masked card
	// number lets a reader refuse another card.
	Original *pos.Attempt
}

// CardSource reads cards: a stripe reader, a chip kernel, a keyboard in a
// laboratory. Read returns when there is a card, ctx has ended, or the customer
// or cashier pressed stop (pos.ErrCanceled). progress shows people what it waits for.
type CardSource interface {
	Read(ctx context.Context, ask Ask, progress func(pos.Progress)) (Card, error)
}

// Finisher is a CardSource whose chip wants to know what the host said: the
// second GENERATE AC. approved is the host's word, answer its field 55. An
// error says that the card refused: the transaction is then reversed (reason 06).
type Finisher interface {
	Finish(ctx context.Context, approved bool, answer []byte) (Finished, error)
}

// Finished is what the chip said last; both may be empty.
type Finished struct {
	// Certificate is field 55 with the transaction certificate (TC: 9F27 is 40),
	// for the batch upload.
	Certificate []byte
	// Script is field 55 of the script result notice 脚本结果通知.
	Script []byte
}

// Keyed is a CardSource of typed or fixed data, for laboratories: it gives the
// same card every time. A function can choose one for each amount.
type Keyed func(Ask) (Card, error)

// Read implements CardSource.
func (k Keyed) Read(ctx context.Context, ask Ask, _ func(pos.Progress)) (Card, error) {
	if err := ctx.Err(); err != nil {
		return Card{}, err
	}
	return k(ask)
}
