// Package emv is the data layer of chip and stripe cards: BER-TLV, the tags and
// what they mean, data object lists, card numbers and tracks, and the data that
// goes to the host. It takes bytes and returns values; it talks to no card and
// no host.
//
//	field 55, FCI, records                         a swipe
//	      | Parse                                     |
//	   Objects --- Find, PAN, RID           Track1, Track2, PAN
//	      |    \                                      |
//	      |     Describe, Explain         Scheme, Expiry, ServiceCode, Fallback
//	      |     in words, masked
//	      |
//	      +-- TVR, AIP, CVMList, IAD, AFL ...  typed values with named bits
//	      +-- DOL.Build(source)                what a card wants to be told
//	      +-- BuildField55(list, source)       what a host wants to be told
//
//	objects, err := emv.Parse(field55, emv.Options{})
//	if err != nil { ... } // names the offset
//	value, _ := objects.Find(emv.TagTVR)
//	tvr, err := emv.DecodeTVR(value)
//	if tvr&emv.TVRFloorLimit != 0 { ... }
//	fmt.Println(emv.Explain(field55, emv.Options{}, 0)) // everything in words, masked
//
// # Words
//
// An Object is one tag with its value; a constructed one (template) holds others.
// An AID names an application of a card, its first five bytes (RID) the
// provider. TVR, TSI, AIP, AUC, CVM, CVR, CID, TTQ, CTQ and IAD are the books' own
// abbreviations; each type's comment spells its one out.
//
// # One tag, several meanings
//
// Schemes use some tags each in their own way: 9F6B is a limit with UnionPay and
// a track with Mastercard. Lookup takes the RID, LookupSized the length too.
// What may be shown never depends on the RID: the strictest meaning that fits holds.
//
// # Secrets
//
// PAN, Track1 and Track2 print as masks, whatever the verb. A PAN may be shown as first
// six and last four; a track never (PCI DSS 4.0.1, 3.3.1, 3.4.1). Object and
// Objects print masked by the dictionary; names of holders, PIN data, script
// commands and unknown tags print as their length only. Their Value is bytes,
// though: fmt does not ask the methods of values in unexported fields, so do not
// print a struct that holds an Object in one. A printed Explanation is safe.
//
// # Limits
//
// Depth, objects, tags, lengths, lists and field 55 are bounded by named
// constants. The bits of the card verification results of M/Chip, of Visa's
// formats 2 and 4, and of the common core definitions are shown raw. Currencies and countries
// are those a till is likely to meet; others are shown by number.
//
// # Concurrency
//
// Functions may be called, and values read, from several goroutines.
//
// # Sources
//
// EMV 4.3 and 4.4 Books 1 to 4 (called B1 to B4 here), EMV Contactless, ISO/IEC
// 7811 and 7813, ISO/IEC 7812, JR/T 0025 (PBOC). What is known from one public
// source only, or inferred, says so where it stands.
package emv
