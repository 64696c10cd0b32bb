package billcsv

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestLinesByTheNamesOfTheirColumns(t *testing.T) {
	text := "#note\r\n时间,金额,名称\r\n\r\n`10:00,`1.50,`tea, green\r\n总数,总额\r\n`1,`1.50\r\n#end\r\n"
	r := New(strings.NewReader(text), Options{Quote: '`', Header: "时间", Summary: "总数", Comment: '#'})
	row, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, "tea, green", row.Get("名称"), "a comma inside a field")
	assert.Empty(t, row.Get("no such column"))
	assert.Equal(t, 4, row.Line)
	_, err = r.Next()
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, "1.50", r.Summary().Get("总额"))
	assert.Equal(t, []string{"#note", "#end"}, r.Notes())
}

func TestGB18030(t *testing.T) {
	text, err := simplifiedchinese.GB18030.NewEncoder().String("时间,名称\r\n10:00,龙井茶\r\n")
	require.NoError(t, err)
	r := New(strings.NewReader(text), Options{Header: "时间", GBK: true})
	row, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, "龙井茶", row.Get("名称"))
	r = New(strings.NewReader(text[:len(text)-4]+"\xff\r\n"), Options{Header: "时间", GBK: true})
	_, err = r.Next()
	require.Error(t, err, "bytes that are no GB18030")
}

func TestYuan(t *testing.T) {
	for text, fen := range map[string]int64{"12.80": 1280, "-12.80": 1280, "0.07680": 8, "0.07499": 7, "5": 500, "0.5": 50, "0.00": 0, "1.005": 101} {
		m, err := Yuan(text)
		require.NoError(t, err, text)
		assert.Equal(t, fen, m.Minor(), text)
	}
	for _, text := range []string{"", "-", ".5.", "1,000.00", "1e5", "--1", "1.2x", "99999999999999999999.00", "NaN"} {
		_, err := Yuan(text)
		assert.Error(t, err, text)
	}
}
