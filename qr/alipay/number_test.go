package alipay_test

import (
	"testing"

	"github.com/openecr/openecr/qr/alipay"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestNumbersOnTheWire: letters, digits and underscores only, and no two ids become one.
func TestNumbersOnTheWire(t *testing.T) {
	assert.Equal(t, "lane_d3_d1_da_ub", alipay.WireNumber("lane-3-1-a_b"))
	id := rapid.StringMatching(`[0-9A-Za-z_-]{1,32}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := id.Draw(t, "a"), id.Draw(t, "b")
		assert.Regexp(t, `^[0-9A-Za-z_]{1,64}$`, alipay.WireNumber(a))
		assert.Equal(t, a == b, alipay.WireNumber(a) == alipay.WireNumber(b))
	})
}
