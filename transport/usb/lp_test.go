package usb_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/usb"
)

func TestAPrinterFileMustBeADevice(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a file for each printer")
	}
	plain := filepath.Join(t.TempDir(), "passwd")
	require.NoError(t, os.WriteFile(plain, []byte("x"), 0o600))
	_, err := usb.PrinterFile{Path: plain}.Dial(t.Context())
	require.ErrorIs(t, err, usb.ErrNode)
	_, err = usb.PrinterFile{Path: plain + "none"}.Dial(t.Context())
	require.ErrorIs(t, err, usb.ErrNotFound)
	c, err := usb.PrinterFile{Path: "/dev/null"}.Dial(t.Context()) // a device that takes everything
	require.NoError(t, err)
	n, err := c.Write([]byte("slip"))
	require.NoError(t, err)
	require.Equal(t, 4, n)
	require.NoError(t, c.Close())
}
