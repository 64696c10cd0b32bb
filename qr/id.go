package qr

import "fmt"

// ID is the number of a data object, 0 to 99. It prints as two digits.
type ID uint8

// Objects of the root (MPM 1.1, table 3.1).
const (
	IDFormat       ID = 0 // Payload Format Indicator
	IDInitiation   ID = 1 // Point of Initiation Method
	IDCategory     ID = 52
	IDCurrency     ID = 53
	IDAmount       ID = 54
	IDTip          ID = 55
	IDFixedFee     ID = 56
	IDPercentFee   ID = 57
	IDCountry      ID = 58
	IDMerchantName ID = 59
	IDMerchantCity ID = 60
	IDPostalCode   ID = 61
	IDAdditional   ID = 62
	IDCRC          ID = 63
	IDLanguage     ID = 64
)

// Ranges of the root.
const (
	FirstAccount         ID = 2  // merchant account information begins
	FirstAccountTemplate ID = 26 // from here on as templates
	LastAccount          ID = 51
	FirstUnreserved      ID = 80 // templates anybody may define
	LastUnreserved       ID = 99
)

// IDGUID is the globally unique identifier of a template.
const IDGUID ID = 0

// Objects of the additional data template, 62 (MPM 1.1, table 3.7).
const (
	IDBillNumber      ID = 1
	IDMobile          ID = 2
	IDStoreLabel      ID = 3
	IDLoyalty         ID = 4
	IDReference       ID = 5
	IDCustomerLabel   ID = 6
	IDTerminalLabel   ID = 7
	IDPurpose         ID = 8
	IDConsumerRequest ID = 9
	IDTaxID           ID = 10
	IDChannel         ID = 11
)

// Objects of the language template, 64 (MPM 1.1, table 3.8).
const (
	IDLanguageCode ID = 0
	IDLocalName    ID = 1
	IDLocalCity    ID = 2
)

// Ask is the value of 62-01 to 62-07 that has the app ask the customer.
const Ask = "***"

// String returns two digits.
func (id ID) String() string { return fmt.Sprintf("%02d", uint8(id)) }

// template reports whether an object of the root holds objects.
func (id ID) template() bool {
	return id >= FirstAccountTemplate && id <= LastAccount || id == IDAdditional || id == IDLanguage ||
		id >= FirstUnreserved && id <= LastUnreserved
}

// account reports whether an object of the root is merchant account information.
func (id ID) account() bool { return id >= FirstAccount && id <= LastAccount }

// guided reports whether a template must begin with a GUID.
func (id ID) guided() bool { return id.template() && id != IDAdditional && id != IDLanguage }

// name says what an object is; "" when it is reserved.
func (id ID) name() string {
	switch {
	case id >= 26 && id <= LastAccount:
		return "merchant account"
	case id >= FirstUnreserved:
		return "unreserved template"
	}
	return rootNames[id]
}

var rootNames = [100]string{
	0: "payload format", 1: "point of initiation",
	2: "Visa", 3: "Visa", 4: "Mastercard", 5: "Mastercard", 9: "Discover", 10: "Discover",
	11: "American Express", 12: "American Express", 13: "JCB", 14: "JCB", 15: "UnionPay", 16: "UnionPay",
	52: "merchant category", 53: "transaction currency", 54: "transaction amount", 55: "tip or fee",
	56: "fixed fee", 57: "percentage fee", 58: "country", 59: "merchant name", 60: "merchant city",
	61: "postal code", 62: "additional data", 63: "CRC", 64: "language",
}

// subName says what an object in a template of the root is; "" when only the
// scheme knows.
func (id ID) subName(template ID) string {
	switch {
	case template == IDAdditional && id >= 50:
		return "payment system template"
	case template == IDAdditional:
		return additionalNames[id]
	case template == IDLanguage && id <= IDLocalCity:
		return [...]string{"language", "merchant name", "merchant city"}[id]
	case template.guided() && id == IDGUID:
		return "globally unique identifier"
	}
	return ""
}

var additionalNames = [50]string{
	1: "bill number", 2: "mobile number", 3: "store label", 4: "loyalty number", 5: "reference label",
	6: "customer label", 7: "terminal label", 8: "purpose", 9: "consumer data request",
	10: "merchant tax ID", 11: "merchant channel",
}
