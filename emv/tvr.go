package emv

import "fmt"

// TVR is what the terminal found wrong with a transaction (terminal verification
// results, 终端验证结果); byte 1 is the highest of its five bytes. The action codes of
// issuers and terminals (9F0D to 9F0F, DF11 to DF13) have the same form.
type TVR uint64

// The bits of TVR, B3, C5; biometric, XDA and ECC bits came with EMV 4.4.
// Relay bits are of Mastercard's kernel 2 (inferred).
const (
	TVRODANotPerformed              TVR = 0x8000000000 // byte 1 bit 8
	TVRSDAFailed                    TVR = 0x4000000000 // byte 1 bit 7
	TVRICCDataMissing               TVR = 0x2000000000 // byte 1 bit 6
	TVROnExceptionFile              TVR = 0x1000000000 // byte 1 bit 5
	TVRDDAFailed                    TVR = 0x0800000000 // byte 1 bit 4
	TVRCDAFailed                    TVR = 0x0400000000 // byte 1 bit 3
	TVRSDASelected                  TVR = 0x0200000000 // byte 1 bit 2
	TVRXDASelected                  TVR = 0x0100000000 // byte 1 bit 1
	TVRVersionsDiffer               TVR = 0x0080000000 // byte 2 bit 8
	TVRExpired                      TVR = 0x0040000000 // byte 2 bit 7
	TVRNotYetEffective              TVR = 0x0020000000 // byte 2 bit 6
	TVRServiceNotAllowed            TVR = 0x0010000000 // byte 2 bit 5
	TVRNewCard                      TVR = 0x0008000000 // byte 2 bit 4
	TVRBiometricOK                  TVR = 0x0002000000 // byte 2 bit 2
	TVRBiometricTemplateUnsupported TVR = 0x0001000000 // byte 2 bit 1
	TVRCVMFailed                    TVR = 0x0000800000 // byte 3 bit 8
	TVRUnknownCVM                   TVR = 0x0000400000 // byte 3 bit 7
	TVRPINTryLimit                  TVR = 0x0000200000 // byte 3 bit 6
	TVRPINPadAbsent                 TVR = 0x0000100000 // byte 3 bit 5
	TVRPINNotEntered                TVR = 0x0000080000 // byte 3 bit 4
	TVROnlineCVM                    TVR = 0x0000040000 // byte 3 bit 3
	TVRBiometricDeviceBroken        TVR = 0x0000020000 // byte 3 bit 2
	TVRBiometricBypassed            TVR = 0x0000010000 // byte 3 bit 1
	TVRFloorLimit                   TVR = 0x0000008000 // byte 4 bit 8
	TVRLowerLimit                   TVR = 0x0000004000 // byte 4 bit 7
	TVRUpperLimit                   TVR = 0x0000002000 // byte 4 bit 6
	TVRRandomOnline                 TVR = 0x0000001000 // byte 4 bit 5
	TVRMerchantForced               TVR = 0x0000000800 // byte 4 bit 4
	TVRBiometricTryLimit            TVR = 0x0000000400 // byte 4 bit 3
	TVRBiometricTypeUnsupported     TVR = 0x0000000200 // byte 4 bit 2
	TVRXDAFailed                    TVR = 0x0000000100 // byte 4 bit 1
	TVRDefaultTDOL                  TVR = 0x0000000080 // byte 5 bit 8
	TVRIssuerAuthFailed             TVR = 0x0000000040 // byte 5 bit 7
	TVRScriptFailedBefore           TVR = 0x0000000020 // byte 5 bit 6
	TVRScriptFailedAfter            TVR = 0x0000000010 // byte 5 bit 5
	TVRRelayThreshold               TVR = 0x0000000008 // byte 5 bit 4
	TVRKeyMissing                   TVR = 0x0000000004 // byte 5 bit 3
	TVRRecoveryFailed               TVR = 0x0000000002 // byte 5 bit 2
	TVRRelayStatusLow               TVR = 0x0000000001 // byte 5 bit 1
)

var tvrFlags = []flag{
	{uint64(TVRODANotPerformed), "offline data authentication was not performed"},
	{uint64(TVRSDAFailed), "SDA failed"},
	{uint64(TVRICCDataMissing), "data of the card is missing"},
	{uint64(TVROnExceptionFile), "the card is on the exception file"},
	{uint64(TVRDDAFailed), "DDA failed"},
	{uint64(TVRCDAFailed), "CDA failed"},
	{uint64(TVRSDASelected), "SDA was selected"},
	{uint64(TVRXDASelected), "XDA was selected"},
	{uint64(TVRVersionsDiffer), "application versions of card and terminal differ"},
	{uint64(TVRExpired), "the application has expired"},
	{uint64(TVRNotYetEffective), "the application is not yet effective"},
	{uint64(TVRServiceNotAllowed), "the service is not allowed for this card"},
	{uint64(TVRNewCard), "new card"},
	{uint64(TVRBiometricOK), "biometric verification succeeded"},
	{uint64(TVRBiometricTemplateUnsupported), "biometric template format not supported"},
	{uint64(TVRCVMFailed), "cardholder verification failed"},
	{uint64(TVRUnknownCVM), "unrecognised CVM"},
	{uint64(TVRPINTryLimit), "PIN try limit exceeded"},
	{uint64(TVRPINPadAbsent), "PIN required, but the PIN pad is absent or broken"},
	{uint64(TVRPINNotEntered), "PIN required and PIN pad present, but no PIN was entered"},
	{uint64(TVROnlineCVM), "online PIN (or other online CVM) entered"},
	{uint64(TVRBiometricDeviceBroken), "biometric device not working"},
	{uint64(TVRBiometricBypassed), "biometric subtype bypassed"},
	{uint64(TVRFloorLimit), "floor limit exceeded"},
	{uint64(TVRLowerLimit), "lower consecutive offline limit exceeded"},
	{uint64(TVRUpperLimit), "upper consecutive offline limit exceeded"},
	{uint64(TVRRandomOnline), "selected at random to go online"},
	{uint64(TVRMerchantForced), "the merchant forced the transaction online"},
	{uint64(TVRBiometricTryLimit), "biometric try limit exceeded"},
	{uint64(TVRBiometricTypeUnsupported), "biometric type not supported"},
	{uint64(TVRXDAFailed), "XDA failed"},
	{uint64(TVRDefaultTDOL), "default TDOL used"},
	{uint64(TVRIssuerAuthFailed), "issuer authentication failed"},
	{uint64(TVRScriptFailedBefore), "an issuer script failed before the final cryptogram"},
	{uint64(TVRScriptFailedAfter), "an issuer script failed after the final cryptogram"},
	{uint64(TVRRelayThreshold), "contactless: relay resistance threshold exceeded"},
	{uint64(TVRKeyMissing), "CA ECC key missing, or contactless: relay resistance time limits exceeded"},
	{uint64(TVRRecoveryFailed), "ECC key recovery failed, or contactless: relay resistance status, high bit"},
	{uint64(TVRRelayStatusLow), "contactless: relay resistance status, low bit"},
}

// DecodeTVR reads the value of tag 95. Errors: ErrValue unless it has 5 bytes.
func DecodeTVR(value []byte) (TVR, error) {
	v, err := decodeBits(TagTVR, value, 5)
	return TVR(v), err
}

// Append appends the 5 bytes of the value.
func (t TVR) Append(dst []byte) []byte { return appendBits(dst, uint64(t), 5) }

// Describe names the bits that are set, reserved ones by their place.
func (t TVR) Describe() []string { return sayBits(uint64(t), 5, tvrFlags) }

// String returns the value in hex digits.
func (t TVR) String() string { return fmt.Sprintf("%010X", uint64(t)) }

// TSI is what has been done in a transaction (transaction status information).
type TSI uint16

// The bits of TSI, B3, C6.
const (
	TSIODA          TSI = 0x8000 // byte 1 bit 8
	TSICVM          TSI = 0x4000 // byte 1 bit 7
	TSICardRisk     TSI = 0x2000 // byte 1 bit 6
	TSIIssuerAuth   TSI = 0x1000 // byte 1 bit 5
	TSITerminalRisk TSI = 0x0800 // byte 1 bit 4
	TSIScript       TSI = 0x0400 // byte 1 bit 3
)

var tsiFlags = []flag{
	{uint64(TSIODA), "offline data authentication was performed"},
	{uint64(TSICVM), "cardholder verification was performed"},
	{uint64(TSICardRisk), "card risk management was performed"},
	{uint64(TSIIssuerAuth), "issuer authentication was performed"},
	{uint64(TSITerminalRisk), "terminal risk management was performed"},
	{uint64(TSIScript), "issuer script processing was performed"},
}

// DecodeTSI reads the value of tag 9B. Errors: ErrValue unless it has 2 bytes.
func DecodeTSI(value []byte) (TSI, error) {
	v, err := decodeBits(TagTSI, value, 2)
	return TSI(v), err
}

// Append appends the 2 bytes of the value.
func (t TSI) Append(dst []byte) []byte { return appendBits(dst, uint64(t), 2) }

// Describe names the bits that are set, reserved ones by their place.
func (t TSI) Describe() []string { return sayBits(uint64(t), 2, tsiFlags) }

// String returns the value in hex digits.
func (t TSI) String() string { return fmt.Sprintf("%04X", uint64(t)) }
