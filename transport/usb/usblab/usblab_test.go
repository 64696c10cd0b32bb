package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyTwoSignsTogetherAreAPass(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		said   string
		pass   bool
	}{
		{"passed", 1, "0", true},
		{"powered off without a word", 0, "", false},
		{"a panic of the kernel", 0, "", false},
		{"a test failed", 3, "1", false},
		{"killed for memory, 137 cut to a byte", 19, "137", false},
		{"128 would look like a pass", 1, "128", false},
		{"said well, died badly", 0, "0", false},
		{"the status alone", 1, "", false},
	} {
		require.Equal(t, c.pass, verdict(c.status, c.said) == nil, c.name)
	}
}

func TestTheConsoleIsReadForTheResult(t *testing.T) {
	var out bytes.Buffer
	said := watchConsole(strings.NewReader("\x1bcbooting\r\n[    1.0] vhci_hcd: vhci_device speed not set\r\nPASS\r\nRESULT rc=0\r\n"), &out)
	require.Equal(t, "0", said)
	require.Contains(t, out.String(), "PASS\n")
	require.NotContains(t, out.String(), "speed not set")
	require.Empty(t, watchConsole(strings.NewReader("RESULT"), io.Discard))
}

func TestTheInitramfsIsReadableByAnybody(t *testing.T) {
	var a archive
	a.device("dev/console", 5, 1)
	a.add("lib/x/test", []byte("hello"))
	a.add("init", []byte("x"))
	z, err := a.bytes()
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(z))
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	var names []string
	for len(b) >= 110 && string(b[:6]) == "070701" {
		number := func(at int) int { // eight hexadecimal digits
			n := 0
			for _, c := range b[6+8*at : 14+8*at] {
				n = n*16 + strings.IndexByte("0123456789ABCDEF", c)
			}
			return n
		}
		size, nameLen := number(6), number(11)
		names = append(names, string(b[110:110+nameLen-1]))
		body := (110 + nameLen + 3) &^ 3
		if names[len(names)-1] == "lib/x/test" {
			require.Equal(t, "hello", string(b[body:body+size]))
			require.Equal(t, modeFile, number(1))
		}
		b = b[(body+size+3)&^3:]
	}
	require.Equal(t, []string{"dev", "dev/console", "lib", "lib/x", "lib/x/test", "init", "TRAILER!!!"}, names)
}

func TestModulesComeAfterWhatTheyNeed(t *testing.T) {
	depends := map[string][]string{"a": {"b", "c"}, "b": {"c"}, "c": nil, "round": {"trip"}, "trip": {"round"}, "unused": nil}
	require.Equal(t, []string{"c", "b", "a", "trip", "round"}, loadOrder([]string{"a", "builtin", "round", "b"}, depends))
	require.Equal(t, "hid_generic", moduleName("kernel/drivers/hid/hid-generic.ko"))
}

func TestThePackageIsReadToItsEnd(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, body := range map[string]string{"./boot/vmlinuz-6": "kernel"} {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(body)), Mode: 0o644, Typeflag: tar.TypeReg}))
		_, err := w.Write([]byte(body))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	var seen []string
	require.NoError(t, readTar(&b, func(name string, r io.Reader) error { seen = append(seen, name); return nil }))
	require.Equal(t, []string{"boot/vmlinuz-6"}, seen)
	require.Error(t, readTar(strings.NewReader("no package"), nil))
}

func TestACacheIsUsedOnlyWhole(t *testing.T) {
	dir := t.TempDir()
	_, err := cachedKernel(dir)
	require.Error(t, err)
	order := ""
	for _, m := range modules {
		order += m + ".ko\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, m+".ko"), nil, 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "order"), []byte(order), 0o644))
	_, err = cachedKernel(dir)
	require.Error(t, err, "no image")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vmlinux"), nil, 0o644))
	k, err := cachedKernel(dir)
	require.NoError(t, err)
	require.Len(t, k.order, len(modules))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "order"), []byte("usblp.ko\n"), 0o644))
	_, err = cachedKernel(dir)
	require.Error(t, err, "of an earlier list")
}
