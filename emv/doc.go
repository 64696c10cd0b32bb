// Package emv is the data layer of chip and stripe cards: BER-TLV, card
// numbers and tracks. It takes bytes and returns values; it talks to no card and no host.
//
//	field 55, FCI, records                   a swipe
//	      | TLV                                 |
//	   Objects                            Track2, PAN
//
//	objects, err := emv.Parse(field55, emv.Options{})
//	if err != nil { ... } // names the offset
//	tvr, ok := objects.Find(0x95)
//
// # Words
//
// An Object is one tag with its value; a constructed one (template) holds others.
//
// # Secrets
//
// PAN and Track2 print as masks, whatever the verb. A PAN may be shown as first
// six and last four; a track never (PCI DSS 4.0.1, 3.3.1, 3.4.1).
//
// # Sources
//
// EMV 4.3 and 4.4 Books 1 to 4 (called B1 to B4 here), EMV Contactless, ISO/IEC
// 7811 and 7813, ISO/IEC 7812, JR/T 0025 (PBOC). What is known from one public
// source only says so where it stands.
package emv
