package zvtproto

import "testing"

func approvedStatus(t testing.TB) ([]byte, *StatusInformation) {
	t.Helper()
	apdu := vectorNamed(t, "status_approved")
	m, err := Parse(apdu, ToRegister)
	noError(t, err)
	return apdu, m.(*StatusInformation)
}

func BenchmarkDecodeStatusInformation(b *testing.B) {
	apdu, m := approvedStatus(b)
	b.SetBytes(int64(len(apdu)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(apdu, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseStatusInformation(b *testing.B) {
	apdu, _ := approvedStatus(b)
	b.SetBytes(int64(len(apdu)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(apdu, ToRegister); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeStatusInformation(b *testing.B) {
	apdu, m := approvedStatus(b)
	buf := make([]byte, 0, len(apdu))
	b.SetBytes(int64(len(apdu)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Append(buf, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMask(b *testing.B) {
	apdu, _ := approvedStatus(b)
	b.SetBytes(int64(len(apdu)))
	b.ReportAllocs()
	for b.Loop() {
		Mask(apdu)
	}
}

func BenchmarkExplain(b *testing.B) {
	apdu, _ := approvedStatus(b)
	b.SetBytes(int64(len(apdu)))
	b.ReportAllocs()
	for b.Loop() {
		Explain(apdu, ToRegister)
	}
}
