//go:build cgo && libusb

package usb

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/google/gousb"
	"github.com/stretchr/testify/require"
)

func TestBothKindsOfErrorHaveOneName(t *testing.T) {
	b := &libusbBus{}
	for _, c := range []struct{ err, want error }{
		{gousb.ErrorNoDevice, ErrUnplugged}, {gousb.TransferNoDevice, ErrUnplugged},
		{gousb.ErrorPipe, ErrStalled}, {gousb.TransferStall, ErrStalled},
		{gousb.ErrorOverflow, ErrOverflow}, {gousb.TransferOverflow, ErrOverflow},
		{gousb.ErrorTimeout, os.ErrDeadlineExceeded}, {gousb.TransferTimedOut, os.ErrDeadlineExceeded},
		{gousb.ErrorAccess, ErrPermission}, {gousb.ErrorBusy, ErrBusy},
		{fmt.Errorf("failed to claim interface 0: %v", gousb.ErrorBusy), ErrBusy}, // text only
		{fmt.Errorf("failed to query active config: %v", gousb.ErrorNoDevice), ErrUnplugged},
		{gousb.TransferCancelled, errCancelled},
	} {
		require.ErrorIs(t, b.transferError(c.err), c.want, c.err.Error())
	}
	require.NoError(t, b.transferError(nil))
	other := b.named(errors.New("something else"))
	require.ErrorIs(t, other, ErrUnplugged, "a device that is not listed has gone")
}

func TestAPanicOfTheLibraryIsAnError(t *testing.T) {
	open := func() (err error) {
		defer recovered(&err)
		panic(gousb.ErrorOther)
	}
	require.ErrorContains(t, open(), "unknown error")
}

func TestAClosedBusNeverReachesTheLibrary(t *testing.T) {
	ctx, err := newContext()
	require.NoError(t, err)
	b := &libusbBus{ctx: ctx} // no device: a call that got through would crash
	require.NoError(t, b.close())
	require.NoError(t, b.close())
	done := make(chan struct{})
	_, err = b.in(done, Endpoint{Address: 0x81}, nil)
	require.ErrorIs(t, err, os.ErrClosed)
	_, err = b.out(done, Endpoint{Address: 1}, nil)
	require.ErrorIs(t, err, os.ErrClosed)
	_, err = b.control(0x80, 0, 0, 0, nil)
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestAMachineWithoutUSBOpensNothing(t *testing.T) {
	_, err := openBus(Device{VendorID: 0xDEAD, ProductID: 0xBEEF, Bus: 9, Address: 99}, function{}, false)
	require.ErrorIs(t, err, ErrNotFound)
}
