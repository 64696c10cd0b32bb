package serial

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Flow says how each side stops the other when its buffer is full. The zero
// value is none.
type Flow int

// Flow controls.
const (
	NoFlow Flow = iota
	// RTSCTS uses two wires. The driver moves RTS then; Lines.RTS is only its
	// first state.
	RTSCTS
	// XONXOFF takes the bytes 11 and 13 out of the stream, in both directions:
	// for text only, never for a binary protocol.
	XONXOFF
	// DTRDSR is what many receipt printers use. Linux and Windows cannot do it
	// here: ErrMode.
	DTRDSR
)

var flowNames = map[Flow]string{NoFlow: "none", RTSCTS: "rtscts", XONXOFF: "xonxoff", DTRDSR: "dtrdsr"}

// RS485 makes the driver hold the bus while it sends, by RTS. The zero value
// raises RTS for sending and lowers it after, without pauses.
type RS485 struct {
	Off       bool          // leave RS-485 mode; nothing else counts then
	SendLow   bool          // RTS is low while sending and high otherwise
	Echo      bool          // hear what we send
	Terminate bool          // switch the terminating resistor on, where there is one
	Before    time.Duration // pause between taking the bus and the first bit; whole milliseconds
	After     time.Duration // pause between the last bit and giving it back
}

// maxRS485Pause is what drivers clamp to (Linux: 100 ms).
const maxRS485Pause = 100 * time.Millisecond

func (r *RS485) check() error {
	for _, d := range []time.Duration{r.Before, r.After} {
		if d < 0 || d > maxRS485Pause || d%time.Millisecond != 0 {
			return fmt.Errorf("%w: an RS-485 pause is 0 to %d whole milliseconds", ErrMode, maxRS485Pause.Milliseconds())
		}
	}
	return nil
}

// String returns the options of the connection text.
func (r *RS485) String() string {
	if r.Off {
		return "rs485=off"
	}
	var b strings.Builder
	b.WriteString("rs485=on")
	if r.SendLow {
		b.WriteString("&rs485rts=low")
	}
	if r.Echo {
		b.WriteString("&rs485echo=on")
	}
	if r.Terminate {
		b.WriteString("&rs485term=on")
	}
	if r.Before != 0 {
		b.WriteString("&rs485before=" + r.Before.String())
	}
	if r.After != 0 {
		b.WriteString("&rs485after=" + r.After.String())
	}
	return b.String()
}

func (d *Dialer) rs485(key, value string) (err error) {
	if d.RS485 == nil {
		d.RS485 = new(RS485)
	}
	r := d.RS485
	switch key {
	case "rs485":
		var on bool
		on, err = onOff(value)
		r.Off = !on
	case "rs485rts":
		if value != "high" && value != "low" {
			return fmt.Errorf("%s is neither high nor low", strconv.Quote(value))
		}
		r.SendLow = value == "low"
	case "rs485echo":
		r.Echo, err = onOff(value)
	case "rs485term":
		r.Terminate, err = onOff(value)
	case "rs485before", "rs485after":
		pause, err := time.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("%q is not a pause such as 1ms", value)
		}
		if key == "rs485before" {
			r.Before = pause
		} else {
			r.After = pause
		}
	}
	return err
}

func onOff(value string) (bool, error) {
	if value != "on" && value != "off" {
		return false, fmt.Errorf("%q is neither on nor off", value)
	}
	return value == "on", nil
}
