package escpos

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func parseAll(stream []byte) (list []answer, rest int) {
	for len(stream) > 0 {
		a, n := parseAnswer(stream)
		if n == 0 {
			break
		}
		if a.kind != 0 {
			list = append(list, a)
		}
		stream = stream[n:]
	}
	return list, len(stream)
}

func TestAnswersAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         []answer
	}{
		{"real time", "\x12\x1E\x16", []answer{{kind: answerRealTime, code: 0x12}, {kind: answerRealTime, code: 0x1E}, {kind: answerRealTime, code: 0x16}}},
		{"to GS r", "\x00\x03\x0C", []answer{{kind: answerStatus}, {kind: answerStatus, code: 3}, {kind: answerStatus, code: 12}}},
		{"automatic, whose bytes are no answers to GS r", "\x14\x00\x00\x00\x12", []answer{{kind: answerAuto, code: 0x14}, {kind: answerRealTime, code: 0x12}}},
		{"automatic, interrupted", "\x10\x00\x12", []answer{{kind: answerRealTime, code: 0x12}}},
		{"process ID", "\x37\x220042\x00\x12", []answer{{kind: answerProcess, id: [4]byte([]byte("0042"))}, {kind: answerRealTime, code: 0x12}}},
		{"identity", "\x5FTM-T20\x00", []answer{{kind: answerText, text: "TM-T20"}}},
		{"identity with commands in it", "\x5F\x1B@x\x00", []answer{{kind: answerText, text: "?@x"}}},
		{"flow control and noise", "\x11\x13\xFF\x80\x12", []answer{{kind: answerRealTime, code: 0x12}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, rest := parseAll([]byte(c.stream))
			require.Equal(t, c.want, got)
			require.Zero(t, rest)
		})
	}
}

func TestStatusBits(t *testing.T) {
	for _, c := range []struct {
		raw  [4]byte
		want error
	}{
		{[4]byte{0x12, 0x12, 0x12, 0x12}, nil},
		{[4]byte{0x12, 0x12, 0x12, 0x1E}, nil}, // near end
		{[4]byte{0x1A, 0x32, 0x12, 0x72}, ErrPaperOut},
		{[4]byte{0x1A, 0x12, 0x12, 0x72}, ErrPaperOut},
		{[4]byte{0x1A, 0x16, 0x12, 0x12}, ErrCoverOpen},
		{[4]byte{0x1A, 0x52, 0x1A, 0x12}, ErrCutter},
		{[4]byte{0x1A, 0x52, 0x32, 0x12}, ErrBroken},
		{[4]byte{0x1A, 0x52, 0x52, 0x12}, ErrHot},
		{[4]byte{0x1A, 0x12, 0x12, 0x12}, ErrOffline},
	} {
		require.Equal(t, c.want, DecodeStatus(c.raw, LevelUnknown).Err(), "% X", c.raw)
	}
	require.Equal(t, DrawerOpen, DecodeStatus([4]byte{0x12}, OpenIsLow).Drawer)
	require.Equal(t, DrawerClosed, DecodeStatus([4]byte{0x16}, OpenIsLow).Drawer)
	require.Equal(t, DrawerUnknown, DecodeStatus([4]byte{0x16}, LevelUnknown).Drawer)
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("\x12\x37\x220042\x00\x5Fmodel\x00\x14\x00\x00\x00\x00\xFF"))
	f.Add([]byte("\x37\x22\x12\x10\x00\x12"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		for len(stream) > 0 {
			a, n := parseAnswer(stream)
			require.GreaterOrEqual(t, n, 0)
			require.LessOrEqual(t, n, len(stream))
			if n == 0 {
				require.LessOrEqual(t, len(stream), maxAnswer, "a wait that never ends")
				return
			}
			require.Equal(t, a.text, Clean(a.text))
			stream = stream[n:]
		}
	})
}
