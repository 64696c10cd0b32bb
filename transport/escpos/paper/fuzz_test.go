package paper_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/escpos/paper"
)

func FuzzDraw(f *testing.F) {
	// Short seeds: the fuzzer spends its time on making long ones shorter.
	f.Add([]byte("\x1B@\x1C.\x1Ba\x01\x1C!\x8C\x1D!\x11\x1C&\xD6\xD0A\n\x1Dv0\x00\x02\x00\x01\x00\xAA\x55\x1BE\x01x\n\x1DVB\x00"))
	f.Add([]byte("\x1Dh\x50\x1Dw\x02\x1DH\x02\x1Dk\x43\x0d6901234567892\x1D(k\x04\x001A2\x00\x1D(k\x05\x001P0ab\x1D(k\x03\x001Q0\x1Bp\x00\x19\xFA"))
	f.Add([]byte("\x1B@\x1Cp\x01\x00\x1B*\x21\x02\x00123456\x1D8L\x10\x00\x00\x000p0\x01\x011\x08\x00\x01\x00\xFF\x1D(L\x02\x0002"))
	f.Add([]byte("\x1Dk\x046901\x00\x1Dk\x49\x06{B12{C\x1DL\x10\x00\x1DW\xFF\x00\x1B$\x20\x00x\x1B\\\xF0\xFFy\x1BD\x08\x00\t\x1BM\x01z\x1D!\x77w"))
	f.Add([]byte("\x1B3\x00\x1Bd\xFF\x1BJ\xFF\x10\x14\x01\x00\x01\x1D(k\x04\x001A2\x00\x1Dr1\x1DIA\x1Da\xFF\x1D(H\x06\x0000abcd"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		sheet, err := paper.Draw(paper.Width58, stream)
		if err != nil {
			require.ErrorIs(t, err, paper.ErrEndOfPaper)
		}
		require.LessOrEqual(t, sheet.Height, paper.MaxRows)
		require.LessOrEqual(t, len(sheet.Lines), paper.MaxRows)
		require.LessOrEqual(t, sheet.Unfinished, paper.MaxCommand+len(stream))
		_ = sheet.Text()
		// In crumbs it is the same paper.
		h := paper.NewHead(paper.Config{Width: paper.Width58})
		var buf []byte
		for i := range stream {
			buf = append(buf, stream[i])
			for len(buf) > 0 {
				n, _ := h.Step(buf)
				if n == 0 {
					break
				}
				buf = buf[n:]
			}
		}
		if err == nil {
			crumbs := h.Take()
			require.Equal(t, sheet.Unknown, crumbs.Unknown)
			require.Equal(t, sheet.Cuts, crumbs.Cuts)
			require.Equal(t, sheet.Pulses, crumbs.Pulses)
		}
	})
}

func TestAnEndlessStreamEndsWithThePaper(t *testing.T) {
	sheet, err := paper.Draw(paper.Width80, bytes.Repeat([]byte("\x1Bd\xFF"), 1000))
	require.True(t, errors.Is(err, paper.ErrEndOfPaper))
	require.LessOrEqual(t, sheet.Height, paper.MaxRows)
	sheet, err = paper.Draw(paper.Width80, []byte("\x1D80\xFF\xFF\xFF\x7Fabc\n"))
	require.NoError(t, err)
	require.NotZero(t, sheet.Unknown)
	require.Equal(t, "0", sheet.Text()[:1], "a command that claims two gigabytes loses its head only")
	sheet, err = paper.Draw(paper.Width80, []byte("abc\x1Dv0\x00\x10"))
	require.NoError(t, err)
	require.Equal(t, "abc\n", sheet.Text())
	require.Equal(t, 5, sheet.Unfinished)
}

func BenchmarkDraw(b *testing.B) {
	doc := slip(b, "chinese-80").Bytes()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := paper.Draw(paper.Width80, doc); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10e6, "x-of-10ms")
}

func BenchmarkDrawPNG(b *testing.B) {
	doc := slip(b, "chinese-80").Bytes()
	b.ReportAllocs()
	var out bytes.Buffer
	for b.Loop() {
		sheet, err := paper.Draw(paper.Width80, doc)
		if err != nil {
			b.Fatal(err)
		}
		out.Reset()
		if err := sheet.WritePNG(&out, paper.ImageOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10e6, "x-of-10ms")
}
