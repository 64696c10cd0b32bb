// Package emv is where the EMV data layer will live: BER-TLV, tags, DOLs and
// card data, without I/O. It holds nothing yet.
package emv
