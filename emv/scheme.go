package emv

import "fmt"

// RID is the registered provider of an application, the first five bytes of its
// AID. 0 is none.
type RID uint64

// Providers.
const (
	RIDVisa       RID = 0xA000000003
	RIDMastercard RID = 0xA000000004
	RIDAmex       RID = 0xA000000025
	RIDCB         RID = 0xA000000042
	RIDJCB        RID = 0xA000000065
	RIDDiscover   RID = 0xA000000152 // Diners too
	RIDInterac    RID = 0xA000000277
	RIDUnionPay   RID = 0xA000000333
	RIDGirocard   RID = 0xA000000359
	RIDVerve      RID = 0xA000000371
	RIDEftpos     RID = 0xA000000384
	RIDRuPay      RID = 0xA000000524
	RIDTUnion     RID = 0xA000000632 // known from one source
	RIDMir        RID = 0xA000000658
	RIDTroy       RID = 0xA000000672
	RIDGirocardDE RID = 0xD276000025 // the older AID of girocard
)

// RIDOf returns the provider of an AID, or 0 if it is shorter than five bytes.
func RIDOf(aid []byte) RID {
	if len(aid) < 5 {
		return 0
	}
	var r RID
	for _, c := range aid[:5] {
		r = r<<8 | RID(c)
	}
	return r
}

// String returns the ten hex digits.
func (r RID) String() string { return fmt.Sprintf("%010X", uint64(r)) }

// Scheme is a card scheme (卡组织). The zero value is an unknown one.
type Scheme uint8

// The schemes.
const (
	SchemeUnknown Scheme = iota
	UnionPay             // 银联
	Visa
	Mastercard
	Maestro
	Amex
	Diners
	Discover
	JCB
	Mir
	RuPay
	Verve
	Elo
	Hipercard
	Troy
	Uzcard
	Humo
	Napas
	Belkart
	InterPayment
	UATP
	TUnion // 交通联合
	Interac
	Girocard
	CartesBancaires
	Eftpos
)

// String returns the name.
func (s Scheme) String() string {
	names := [...]string{"unknown scheme", "UnionPay", "Visa", "Mastercard", "Maestro", "American Express", "Diners Club", "Discover", "JCB", "Mir", "RuPay",
		"Verve", "Elo", "Hipercard", "Troy", "Uzcard", "Humo", "Napas", "Belkart", "InterPayment", "UATP", "China T-Union", "Interac", "girocard",
		"Cartes Bancaires", "eftpos"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("scheme %d", uint8(s))
}

// Scheme returns the scheme of a provider. Discover's RID is that of Diners too.
func (r RID) Scheme() Scheme {
	switch r {
	case RIDVisa:
		return Visa
	case RIDMastercard:
		return Mastercard
	case RIDAmex:
		return Amex
	case RIDCB:
		return CartesBancaires
	case RIDJCB:
		return JCB
	case RIDDiscover:
		return Discover
	case RIDInterac:
		return Interac
	case RIDUnionPay:
		return UnionPay
	case RIDGirocard, RIDGirocardDE:
		return Girocard
	case RIDVerve:
		return Verve
	case RIDEftpos:
		return Eftpos
	case RIDRuPay:
		return RuPay
	case RIDTUnion:
		return TUnion
	case RIDMir:
		return Mir
	case RIDTroy:
		return Troy
	}
	return SchemeUnknown
}

// SchemeOfAID returns the scheme of an application: that of its RID, and Maestro
// where Mastercard's AID says so (A000000004 3060).
func SchemeOfAID(aid []byte) Scheme {
	if RIDOf(aid) == RIDMastercard && len(aid) >= 7 && aid[5] == 0x30 && aid[6] == 0x60 {
		return Maestro
	}
	return RIDOf(aid).Scheme()
}

// unionPayAIDs names the products (JR/T 0025; 06 and 08 are inferred).
var unionPayAIDs = map[string]string{
	"A000000333010101": "debit", "A000000333010102": "credit", "A000000333010103": "quasi credit",
	"A000000333010106": "electronic cash", "A000000333010108": "US common debit",
}
