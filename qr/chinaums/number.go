package chinaums

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// Lengths of numbers.
const (
	maxOrder  = 50 // merchantOrderId
	maxRefund = 49 // refundRequestId: fewer than 50
	lenPrefix = 4  // 来源编号
	maxOwn    = 28 // of a billNo, behind the prefix
)

// BillNo is the billNo of an order: the same for the same attempt. Two attempts share one with a chance of one in 2^140.
func BillNo(prefix, attempt string) string {
	if len(attempt) <= maxOwn && plain(attempt) {
		return prefix + attempt
	}
	sum := sha256.Sum256([]byte(attempt))
	return prefix + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:maxOwn])
}

func plain(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

func checkNumber(number string, most int) error {
	if number == "" || len(number) > most {
		return fmt.Errorf("chinaums: %w: the number %q: want 1 to %d characters", pos.ErrInvalid, number, most)
	}
	return nil
}

func (h *Host) billNo(o wallet.Order) string { return BillNo(h.cfg.Prefix, o.Number) }

// undoNumber names the refund that undoes a bill: the same each time.
func (h *Host) undoNumber(o wallet.Order) string { return BillNo(h.cfg.Prefix, o.Number+"-U") }
