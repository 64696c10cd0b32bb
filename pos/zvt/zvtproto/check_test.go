package zvtproto

import (
	"errors"
	"reflect"
	"testing"
)

func noError(t testing.TB, err error, about ...any) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v %v", err, about)
	}
}

func isError(t testing.TB, err, want error, about ...any) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v %v", err, want, about)
	}
}

func equal(t testing.TB, want, got any, about ...any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("got\n%v\nwant\n%v\n%v", got, want, about)
	}
}
