package emv

import (
	"encoding/binary"
	"fmt"
)

// maxCVMList is what a record has room for (B3, annex A).
const maxCVMList = 252

// CVMCode is a way to verify the cardholder (cardholder verification method,
// 持卡人验证方法), with the bit that says what to do if it fails (B3, C3).
type CVMCode byte

// The methods, without the bit. 06 to 0F are biometric (EMV 4.4), even ones
// offline and odd ones online; 20 to 2F belong to payment systems, 30 to 3E to issuers.
const (
	CVMFail                  CVMCode = 0x00
	CVMPlaintextPIN          CVMCode = 0x01
	CVMOnlinePIN             CVMCode = 0x02
	CVMPlaintextPINSignature CVMCode = 0x03
	CVMEncipheredPIN         CVMCode = 0x04
	CVMEncipheredSignature   CVMCode = 0x05
	CVMSignature             CVMCode = 0x1E
	CVMNone                  CVMCode = 0x1F
	CVMIdentityDocument      CVMCode = 0x20 // UnionPay, known from one source
	CVMNotPerformed          CVMCode = 0x3F // in CVM results only
)

// Method is the code without the bit for what to do if it fails.
func (c CVMCode) Method() CVMCode { return c & 0x3F }

// TryNext reports whether the next rule is tried if this one fails.
func (c CVMCode) TryNext() bool { return c&0x40 != 0 }

// String names the method.
func (c CVMCode) String() string {
	biometrics := [...]string{"face", "finger", "palm", "iris", "voice"}
	switch m := c.Method(); {
	case m == CVMFail:
		return "fail"
	case m == CVMPlaintextPIN:
		return "plaintext PIN, verified by the card"
	case m == CVMOnlinePIN:
		return "enciphered PIN, verified online"
	case m == CVMPlaintextPINSignature:
		return "plaintext PIN, verified by the card, and signature"
	case m == CVMEncipheredPIN:
		return "enciphered PIN, verified by the card"
	case m == CVMEncipheredSignature:
		return "enciphered PIN, verified by the card, and signature"
	case m >= 0x06 && m <= 0x0F:
		return [...]string{"offline", "online"}[m&1] + " biometric: " + biometrics[(m-6)/2]
	case m == CVMSignature:
		return "signature"
	case m == CVMNone:
		return "no CVM required"
	case m == CVMIdentityDocument:
		return "payment system's method 20 (UnionPay: identity document)"
	case m >= 0x20 && m <= 0x2F:
		return fmt.Sprintf("payment system's method %02X", byte(m))
	case m >= 0x30 && m <= 0x3E:
		return fmt.Sprintf("issuer's method %02X", byte(m))
	case m == CVMNotPerformed:
		return "no CVM performed"
	default:
		return fmt.Sprintf("reserved method %02X", byte(m))
	}
}

// CVMCondition says when a rule applies (B3, C3).
type CVMCondition byte

// String says the condition in words.
func (c CVMCondition) String() string {
	words := [...]string{
		"always", "if unattended cash", "if not unattended cash, manual cash or cashback",
		"if the terminal supports the CVM", "if manual cash", "if purchase with cashback",
		"if in application currency and under X", "if in application currency and over X",
		"if in application currency and under Y", "if in application currency and over Y",
	}
	switch {
	case int(c) < len(words):
		return words[c]
	case c >= 0x80:
		return fmt.Sprintf("payment system's condition %02X", byte(c))
	}
	return fmt.Sprintf("reserved condition %02X", byte(c))
}

// CVMRule is one line of a CVM list.
type CVMRule struct {
	Code      CVMCode
	Condition CVMCondition
}

// String says the rule in words.
func (r CVMRule) String() string {
	s := r.Code.String() + ", " + r.Condition.String()
	if r.Code&0x80 != 0 {
		s += ", reserved bit 8 is set"
	}
	if r.Code.TryNext() {
		return s + "; if it fails, the next rule"
	}
	return s + "; if it fails, verification fails"
}

// CVMList is what a card wants done to verify its holder, in order.
type CVMList struct {
	X, Y  uint32 // amounts in minor units of the application currency
	Rules []CVMRule
}

// DecodeCVMList reads the value of tag 8E. Errors: ErrValue for a length that is
// odd, over 252, or has no rule; a terminal treats such a list as missing data
// (B3 10.5; for a list without rules this is inferred).
func DecodeCVMList(value []byte) (CVMList, error) {
	switch {
	case len(value) < 10:
		return CVMList{}, fmt.Errorf("%w: tag 8E has %d bytes, and no rule fits in them", ErrValue, len(value))
	case len(value) > maxCVMList:
		return CVMList{}, fmt.Errorf("%w: tag 8E has %d bytes, where %d are the most", ErrValue, len(value), maxCVMList)
	case len(value)%2 != 0:
		return CVMList{}, fmt.Errorf("%w: tag 8E ends in the middle of a rule", ErrValue)
	}
	l := CVMList{X: binary.BigEndian.Uint32(value), Y: binary.BigEndian.Uint32(value[4:])}
	for v := value[8:]; len(v) > 0; v = v[2:] {
		l.Rules = append(l.Rules, CVMRule{CVMCode(v[0]), CVMCondition(v[1])})
	}
	return l, nil
}

// Append appends the value of tag 8E.
func (l CVMList) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, l.X)
	dst = binary.BigEndian.AppendUint32(dst, l.Y)
	for _, r := range l.Rules {
		dst = append(dst, byte(r.Code), byte(r.Condition))
	}
	return dst
}

// Describe says the amounts that matter and each rule.
func (l CVMList) Describe() []string {
	var out []string
	if l.X != 0 || l.Y != 0 {
		out = append(out, fmt.Sprintf("X %d, Y %d minor units of the application currency", l.X, l.Y))
	}
	for _, r := range l.Rules {
		out = append(out, r.String())
	}
	return out
}

// CVMResults is how the holder was verified (CVM结果; tag 9F34, B4 A4): the last rule
// that was tried, or CVMNotPerformed.
type CVMResults struct {
	Rule   CVMRule
	Result CVMResult
}

// CVMResult is what came of it.
type CVMResult byte

// The results. An online PIN and a signature are unknown to the terminal.
const (
	CVMUnknown CVMResult = iota
	CVMUnsuccessful
	CVMSuccessful
)

// String names the result.
func (r CVMResult) String() string {
	switch r {
	case CVMUnknown:
		return "unknown"
	case CVMUnsuccessful:
		return "failed"
	case CVMSuccessful:
		return "successful"
	}
	return fmt.Sprintf("reserved result %02X", byte(r))
}

// DecodeCVMResults reads the value of tag 9F34. Errors: ErrValue unless it has 3 bytes.
func DecodeCVMResults(value []byte) (CVMResults, error) {
	if len(value) != 3 {
		return CVMResults{}, wrongLength(TagCVMResults, len(value), 3)
	}
	return CVMResults{CVMRule{CVMCode(value[0]), CVMCondition(value[1])}, CVMResult(value[2])}, nil
}

// Append appends the value of tag 9F34.
func (r CVMResults) Append(dst []byte) []byte {
	return append(dst, byte(r.Rule.Code), byte(r.Rule.Condition), byte(r.Result))
}

// Describe says rule and result.
func (r CVMResults) Describe() []string {
	if r.Rule.Code.Method() == CVMNotPerformed {
		return []string{r.Rule.Code.String(), "result: " + r.Result.String()}
	}
	return []string{r.Rule.Code.String() + ", " + r.Rule.Condition.String(), "result: " + r.Result.String()}
}
