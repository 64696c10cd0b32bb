package escpos

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a printer; test with errors.Is. Each says what to do.
// None of them says anything about money: a payment stands whether its slip is
// printed or not.
var (
	// ErrPaperOut (缺纸): printing stopped, or did not begin, for want of paper.
	ErrPaperOut = errors.New("the printer is out of paper: put in a new roll")
	// ErrCoverOpen (机盖打开).
	ErrCoverOpen = errors.New("the printer's cover is open: close it")
	// ErrCutter (切刀故障).
	ErrCutter = errors.New("the printer's cutter is jammed: open the cover, free the blade, close the cover")
	// ErrHot: the head is too hot; it recovers by itself.
	ErrHot = errors.New("the printer's head is hot: wait")
	// ErrBroken: an error the printer does not recover from.
	ErrBroken = errors.New("the printer reports an error it cannot recover from: switch it off and on, or call service")
	// ErrOffline (脱机): it takes nothing, for a reason it does not tell.
	ErrOffline = errors.New("the printer is offline: look at its lamps and its feed button")
	// ErrNoAnswer: nothing came back in time.
	ErrNoAnswer = errors.New("the printer does not answer: is it switched on and connected?")
	// ErrCut (连接中断): the connection ended in the middle.
	ErrCut = errors.New("the connection to the printer broke: is it switched on and plugged in?")
	// ErrLost: the printer lost what it had been sent, as when its power was cut.
	ErrLost = errors.New("the printer forgot what it was printing, as after a power cut")
	// ErrHalfPrinted: an unknown part of the slip is on paper. Print the whole
	// slip again, marked as a reprint (重打印).
	ErrHalfPrinted = errors.New("the slip may be printed in part only: print it again, marked as a reprint")
	// ErrDrawer (钱箱): the drawer did not open, or cannot be asked to.
	ErrDrawer = errors.New("the drawer did not open: use its key, and look whether it is plugged into the printer")
	// ErrClosed: the Printer was closed.
	ErrClosed = errors.New("this printer was closed by the program")
)

// PrintError is the error of Print.
type PrintError struct {
	Printer string // the dialer's text
	// Sent and Confirmed count bytes of the document: handed to the medium, and
	// known to have been printed. With Sent at 0 nothing is on paper, and Print
	// may be called again; else the error is ErrHalfPrinted.
	Sent, Confirmed, Total int
	// Fault is what the printer complained of last; nil if nothing.
	Fault error
	// Err is what ended the call.
	Err error
}

// Error says what happened and what to do.
func (e *PrintError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "escpos: %s: %v", e.Printer, e.Err)
	if e.Fault != nil && !errors.Is(e.Err, e.Fault) {
		fmt.Fprintf(&b, "; %v", e.Fault)
	}
	if e.Sent == 0 {
		b.WriteString("; nothing was printed")
	} else {
		fmt.Fprintf(&b, "; %v (%d of %d bytes sent, %d known to be on paper)", ErrHalfPrinted, e.Sent, e.Total, e.Confirmed)
	}
	return b.String()
}

// Unwrap returns all that is true: the causes, and ErrHalfPrinted where it is.
func (e *PrintError) Unwrap() []error {
	all := []error{e.Err}
	if e.Fault != nil {
		all = append(all, e.Fault)
	}
	if e.Sent > 0 {
		all = append(all, ErrHalfPrinted)
	}
	return all
}
