//go:build !race

package zvtproto

import "testing"

// The race detector allocates on its own, hence the build tag.

func TestStatusInformationAllocatesOnlyItsValues(t *testing.T) {
	apdu, m := approvedStatus(t)
	if n := testing.AllocsPerRun(100, func() {
		if err := Decode(apdu, m); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("decoding into a used message allocates %v times, want the values only", n)
	}
	buf := make([]byte, 0, len(apdu))
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Append(buf, m); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("encoding into a large enough slice allocates %v times", n)
	}
}
