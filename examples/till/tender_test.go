package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSerialLinesHaveTwoStopBitsUnlessToldOtherwise(t *testing.T) {
	for url, want := range map[string]string{
		"zvt+serial:///dev/ttyUSB0":                      "serial:///dev/ttyUSB0?baud=9600&data=8&parity=none&stop=2",
		"zvt+serial:///dev/ttyUSB0?baud=115200&t2=5s":    "serial:///dev/ttyUSB0?baud=115200&data=8&parity=none&stop=2",
		"zvt+serial:///dev/ttyUSB0?stop=1&currency=CNY":  "serial:///dev/ttyUSB0?baud=9600&data=8&parity=none&stop=1",
		"ZVT+SERIAL:///dev/ttyUSB0?stop=1.5&parity=even": "serial:///dev/ttyUSB0?baud=9600&data=8&parity=even&stop=1.5",
	} {
		got, err := parseTender("card", url)
		require.NoError(t, err, url)
		require.Equal(t, want, got.zvt.Dialer.String(), url)
	}
}
