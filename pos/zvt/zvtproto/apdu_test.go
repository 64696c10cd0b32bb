package zvtproto

import (
	"bytes"
	"testing"
)

func TestStatusInformationRoundTrip(t *testing.T) {
	s := &StatusInformation{}
	s.SetResultCode(0)
	if err := s.SetAmount(12345); err != nil {
		t.Fatal(err)
	}
	if err := s.SetTLV(TLV{Objects: []Object{Constructed(TagPaymentType, Primitive(TagAuthentication, 1))}}); err != nil {
		t.Fatal(err)
	}
	b, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	want := []byte{0x04, 0x0F, 0x11, 0x27, 0x00, 0x04, 0, 0, 0, 1, 0x23, 0x45, 0x06, 0x06, 0x2F, 0x04, 0x1F, 0x10, 0x01, 0x01}
	if !bytes.Equal(b, want) {
		t.Fatalf("got % X want % X", b, want)
	}
	m, err := Parse(b, ToRegister)
	if err != nil {
		t.Fatal(err)
	}
	got := m.(*StatusInformation)
	if a, ok := got.Amount(); !ok || a != 12345 || !got.Approved() {
		t.Fatalf("got %v", got)
	}
	t.Logf("%v | %+v | %#v", got, got, got)
}
