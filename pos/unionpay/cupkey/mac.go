package cupkey

import (
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
)

// MACAlgorithm says how messages are authenticated.
type MACAlgorithm int

// Algorithms of message authentication. All give eight bytes of field 64: the
// first eight upper-case hex digits of the result.
const (
	// MACECB is UnionPay's own: blocks of the message xored together, the result
	// as hex digits encrypted twice. Confirmed by seven code bases.
	MACECB MACAlgorithm = iota
	// MACX99 is DES CBC with zero padding (ANSI X9.9; ISO 9797-1 algorithm 1).
	MACX99
	// MACX919 is the retail MAC (ANSI X9.19; ISO 9797-1 algorithm 3), for keys of 16 bytes.
	MACX919
	// MACCBC is CBC with whatever cipher the key is for, such as SM4 (GB/T 15852.1, 1).
	MACCBC
	// MACCMAC is CMAC with whatever cipher the key is for (NIST SP 800-38B; ANSI
	// X9.24-3 uses it with AES DUKPT).
	MACCMAC
)

// MACLen is the length of field 64.
const MACLen = 8

// ErrMAC: a message's MAC is wrong or missing; nothing in it can be believed.
var ErrMAC = errors.New("cupkey: the message authentication code is wrong (MAC 校验失败)")

// MAC authenticates a message with a key.
func MAC(alg MACAlgorithm, key Key, message []byte) ([MACLen]byte, error) {
	var out [MACLen]byte
	if key.IsZero() {
		return out, ErrNoKeys
	}
	var sum [16]byte
	n := key.blockSize()
	switch {
	case alg == MACECB:
		cupMAC(key, message, sum[:n])
	case alg == MACX99 && key.Algorithm() == DES || alg == MACCBC:
		cbcMAC(key, message, sum[:n])
	case alg == MACCMAC:
		cmac(key, message, sum[:n])
	case alg == MACX919 && key.Algorithm() == DES && key.Len() == 16:
		if err := retailMAC(key, message, sum[:n]); err != nil {
			return out, err
		}
	default:
		return out, fmt.Errorf("%w: %d bytes for this MAC", ErrKey, key.Len())
	}
	hexUpper(out[:], sum[:MACLen/2])
	return out, nil
}

// CheckMAC compares in constant time. Errors: ErrMAC.
func CheckMAC(alg MACAlgorithm, key Key, message, mac []byte) error {
	want, err := MAC(alg, key, message)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(want[:], mac) != 1 {
		return ErrMAC
	}
	return nil
}

// cupMAC: R = the blocks of the message, zero padded, xored; A and B the halves
// of R as hex digits; E(E(A) xor B).
func cupMAC(key Key, message, sum []byte) {
	n := len(sum)
	xorBlocks(sum, message)
	var digits [32]byte
	hexUpper(digits[:2*n], sum)
	a, b := digits[:n], digits[n:2*n]
	key.ecb(a)
	subtle.XORBytes(a, a, b)
	key.ecb(a)
	copy(sum, a)
}

func xorBlocks(sum, message []byte) {
	for n := len(sum); len(message) > 0; {
		k := min(n, len(message))
		subtle.XORBytes(sum, sum[:k], message[:k])
		message = message[k:]
	}
}

func cbcMAC(key Key, message, sum []byte) {
	for n := len(sum); len(message) > 0; {
		k := min(n, len(message))
		subtle.XORBytes(sum, sum[:k], message[:k])
		key.ecb(sum)
		message = message[k:]
	}
}

// cmac is CBC whose last block is masked with a subkey.
func cmac(key Key, message, sum []byte) {
	n := len(sum)
	last := max(len(message)-1, 0) / n * n
	cbcMAC(key, message[:last], sum)
	var block, mask [16]byte
	copy(block[:n], message[last:])
	key.ecb(mask[:n])
	double(mask[:n])
	if k := len(message) - last; k < n {
		block[k] = 0x80
		double(mask[:n])
	}
	subtle.XORBytes(block[:n], block[:n], mask[:n])
	cbcMAC(key, block[:n], sum)
}

// double multiplies by x in GF(2^64) or GF(2^128), SP 800-38B 5.3.
func double(b []byte) {
	carry := b[0] >> 7
	for i := range b {
		b[i] <<= 1
		if i+1 < len(b) {
			b[i] |= b[i+1] >> 7
		}
	}
	if carry == 1 {
		b[len(b)-1] ^= map[int]byte{8: 0x1B, 16: 0x87}[len(b)]
	}
}

// retailMAC is CBC with the first half of the key, and two more steps at the end.
func retailMAC(key Key, message, sum []byte) error {
	first, err := NewKey(DES, key.get().b[:8])
	if err != nil {
		return err
	}
	second, err := NewKey(DES, key.get().b[8:])
	if err != nil {
		return err
	}
	cbcMAC(first, message, sum)
	second.unECB(sum)
	first.ecb(sum)
	return nil
}

// hexUpper writes upper-case hex digits.
func hexUpper(dst, src []byte) {
	hex.Encode(dst, src)
	for i, c := range dst {
		if c >= 'a' {
			dst[i] = c - 'a' + 'A'
		}
	}
}
