package scanner

import (
	"errors"
	"fmt"
	"strings"
)

// ErrProduct: the digits are no article number.
var ErrProduct = errors.New("not an article number")

// Product is an article number whose check digit is right.
type Product struct {
	// Digits as they were read.
	Digits string
	// GTIN is the number filled with zeros to 14 digits, which is how article
	// numbers of different lengths compare.
	GTIN string
	// Internal numbers (EAN-13 from 20 to 29) belong to the shop. They often
	// hold a weight or price, in an order every shop chooses itself: read
	// Digits by the shop's own rule.
	Internal bool
}

// ParseProduct reads EAN-8, UPC-A, EAN-13 or GTIN-14 and verifies the check
// digit. The error is ErrProduct; it does not repeat the digits, which may be
// something else. UPC-E has eight digits too, with another check: set the
// scanner to expand it.
func ParseProduct(text string) (Product, error) {
	switch len(text) {
	case 8, 12, 13, 14:
	default:
		return Product{}, fmt.Errorf("%w: %d characters, want 8, 12, 13 or 14 digits", ErrProduct, len(text))
	}
	if strings.Trim(text, "0123456789") != "" {
		return Product{}, fmt.Errorf("%w: not only digits", ErrProduct)
	}
	if CheckDigit(text[:len(text)-1]) != text[len(text)-1] {
		return Product{}, fmt.Errorf("%w: the check digit is wrong", ErrProduct)
	}
	return Product{Digits: text, GTIN: strings.Repeat("0", 14-len(text)) + text,
		Internal: len(text) == 13 && text[0] == '2'}, nil
}

// CheckDigit returns the digit that belongs after digits: weights 3 and 1 from
// the right, the sum a multiple of ten (GS1 General Specifications, 7.9). It
// serves EAN, UPC, GTIN, GLN and SSCC alike.
func CheckDigit(digits string) byte {
	sum, weight := 0, 3
	for i := len(digits) - 1; i >= 0; i-- {
		sum += weight * int(digits[i]-'0')
		weight = 4 - weight
	}
	return byte('0' + (10-sum%10)%10)
}
