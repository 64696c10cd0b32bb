package usb

import (
	"fmt"

	"github.com/openecr/openecr/transport/serial"
)

// Vendor requests of FTDI's chips (bmRequestType 40 and C0; Linux 6.1
// ftdi_sio.h).
const (
	FTDIReset           = 0x00 // value 0 all, 1 purge what arrived, 2 purge what waits to leave
	FTDISetModemControl = 0x01
	FTDISetFlowControl  = 0x02
	FTDISetBaud         = 0x03
	FTDISetData         = 0x04
	FTDIGetModemStatus  = 0x05
	FTDISetLatency      = 0x09

	ftdiStatusLen = 2
	ftdiBreak     = 0x4000
	// ftdiClock is what the divisor divides, in Hz: 48 MHz / 16.
	ftdiClock = 3_000_000
	// ftdiLatency in ms: the chip hands over what it has so much later. 16 is
	// its default and slows question and answer down.
	ftdiLatency = 2
)

// ftdiFraction encodes the eighths of the divisor in bits 14 and up (AN232B-05).
var ftdiFraction = [8]uint32{0, 3, 2, 4, 1, 5, 6, 7}

// ftdiDivisor returns value and index of FTDISetBaud for a chip with one port.
func ftdiDivisor(baud int) (value, index uint16, err error) {
	if baud <= 0 || baud > ftdiClock {
		return 0, 0, fmt.Errorf("%w: %d baud", serial.ErrMode, baud)
	}
	eighths := (ftdiClock*8 + baud/2) / baud
	whole := uint32(eighths >> 3)
	if whole > 0x3FFF {
		return 0, 0, fmt.Errorf("%w: %d baud is too slow for the chip", serial.ErrMode, baud)
	}
	switch divisor := whole | ftdiFraction[eighths&7]<<14; divisor {
	case 1: // the two speeds above the divisor's reach
		return 0, 0, nil
	case 0x4001:
		return 1, 0, nil
	default:
		return uint16(divisor), uint16(divisor >> 16), nil
	}
}

// ftdiData returns the value of FTDISetData.
func ftdiData(l LineCoding) (uint16, error) {
	if l.DataBits != 7 && l.DataBits != 8 {
		return 0, fmt.Errorf("%w: %d data bits", serial.ErrMode, l.DataBits)
	}
	return uint16(l.DataBits) | uint16(l.Parity)<<8 | uint16(l.StopBits)<<11, nil
}

// ftdiLines reads the first status byte.
func ftdiLines(b byte) serial.ModemLines {
	return serial.ModemLines{CTS: b&0x10 != 0, DSR: b&0x20 != 0, RI: b&0x40 != 0, DCD: b&0x80 != 0}
}

// AppendFTDIPackets appends what a chip makes of received bytes: packets of
// maxPacket bytes, each beginning with two status bytes.
func AppendFTDIPackets(b, data []byte, maxPacket int, lines serial.ModemLines) []byte {
	status := byte(0x01)
	for bit, on := range map[byte]bool{0x10: lines.CTS, 0x20: lines.DSR, 0x40: lines.RI, 0x80: lines.DCD} {
		if on {
			status |= bit
		}
	}
	for first := true; first || len(data) > 0; first = false {
		n := min(len(data), maxPacket-ftdiStatusLen)
		b = append(append(b, status, 0x60), data[:n]...)
		data = data[n:]
	}
	return b
}

// stripFTDI removes the status bytes of every packet, in place, and returns the
// last modem status; ok is false when there was none.
func stripFTDI(b []byte, maxPacket int) (data []byte, lines serial.ModemLines, ok bool) {
	data = b[:0]
	for len(b) > 0 {
		packet := b[:min(len(b), maxPacket)]
		b = b[len(packet):]
		if len(packet) < ftdiStatusLen {
			break
		}
		lines, ok = ftdiLines(packet[0]), true
		data = append(data, packet[ftdiStatusLen:]...)
	}
	return data, lines, ok
}
