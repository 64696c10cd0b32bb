// Package qr reads and writes what payment codes hold: EMVCo merchant-presented
// payloads (the customer scans the shop, 主扫), consumer-presented payloads and
// payment codes (the shop scans the customer, 被扫). It takes text and returns
// values; pictures are in qrimage, wallets in a folder each.
//
//	what a scanner read
//	      | Table.Classify
//	      +-- payment code (付款码) ---- which wallet takes it
//	      +-- voucher, product, link -- who else does
//	      +-- consumer-presented ------ ParseConsumer: card data, masked
//	      +-- merchant-presented ------ Parse: Payload, Merchant, Schemes
//
//	what the shop shows
//	      Merchant.Encode --> text --> qrimage.Encode --> PNG, SVG, paper
//
//	p, err := qr.Parse(text, qr.Options{})
//	if err != nil { ... } // qr: object 54 (transaction amount) at byte 59: ...
//	amount, err := p.Amount()
//
// # Words
//
// A data object is an ID of two digits, a length of two digits and a value. A
// template is an object whose value is objects again. A profile (方案) is how one
// country or scheme uses a template, recognised by its globally unique
// identifier (GUID) in object 00 of the template.
//
// # Strict and lenient
//
// Strict, the default, is EMVCo QRCPS-MPM 1.1. Lenient reads what is in the field:
// PromptPay and VietQR codes without 52, 59 and 60, DuitNow's format 02, lengths
// that count bytes, empty objects, spaces behind the end. Both refuse what could
// send money astray: a checksum that is wrong or missing, lengths that run over,
// an ID that comes twice. Problems name the ID and the byte where it begins,
// counted from 0 in UTF-8.
//
// Lengths count characters (Unicode code points), not bytes.
//
// # Secrets
//
// A payment code is money until it is used: Code prints masked under every verb
// and comes out through Use only. Card numbers of consumer-presented payloads
// are emv.PAN and emv.Track2, masked too. Merchant-presented payloads hang on the
// wall and are not secret.
//
// # Sources
//
// EMVCo QR Code Specification for Payment Systems, Merchant-Presented Mode 1.1
// (called MPM here) and Consumer-Presented Mode 1.1 (CPM); the national
// documents named at each Profile. Prefixes of payment codes are from the
// wallets' own documents where they publish them; Rule.Single marks those known
// from one source only.
package qr
