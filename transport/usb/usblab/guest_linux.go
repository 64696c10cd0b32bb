package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// maxCode bounds what is written to the exit port: 128 would come out of QEMU
// as 1, a pass, and 137, which is a process killed for memory, as 19.
const maxCode = 100

// isInit reports whether this process is the guest's first.
func isInit() bool { return os.Getpid() == 1 && os.Args[0] == "/init" }

// guestMain is the whole life of the guest. It does not return.
func guestMain() {
	code := maxCode
	watchdog()
	if err := prepareGuest(); err != nil {
		fmt.Println("usblab guest:", err)
	} else {
		code = runTests()
	}
	finish(code)
}

// watchdog ends a guest whose tests hang inside the kernel, where nothing can
// end them, and lets the kernel say where.
func watchdog() {
	b, err := os.ReadFile("/patience")
	if err != nil {
		return
	}
	patience, err := time.ParseDuration(string(b))
	if err != nil {
		return
	}
	time.AfterFunc(patience, func() {
		fmt.Println("usblab guest: the tests do not end; blocked tasks:")
		os.WriteFile("/proc/sys/kernel/printk", []byte("8"), 0)
		os.WriteFile("/proc/sysrq-trigger", []byte("w"), 0)
		finish(maxCode)
	})
}

// finish says the result in both ways and ends the machine.
func finish(code int) {
	if code < 0 || code > maxCode {
		code = maxCode
	}
	fmt.Printf("\n%s%d\n", resultLine, code)
	if port, err := os.OpenFile("/dev/port", os.O_WRONLY, 0); err == nil {
		port.WriteAt([]byte{byte(code)}, exitPort)
	}
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) // QEMU has ended by now
}

func prepareGuest() error {
	for _, m := range [][3]string{{"proc", "/proc", "proc"}, {"sysfs", "/sys", "sysfs"}, {"devtmpfs", "/dev", "devtmpfs"},
		{"devpts", "/dev/pts", "devpts"}, {"tmpfs", "/tmp", "tmpfs"}} {
		if err := os.MkdirAll(m[1], 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m[0], m[1], m[2], 0, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", m[1], err)
		}
	}
	order, err := os.ReadFile("/modules/order")
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(string(order)) {
		if err := load(filepath.Join("/modules", name)); err != nil {
			return err
		}
	}
	return nil
}

func load(module string) error {
	f, err := os.Open(module)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("loading %s: %w", module, err)
	}
	return nil
}

// runTests runs /test with the arguments of the host and returns its code.
func runTests() int {
	args, err := os.ReadFile("/args")
	if err != nil {
		fmt.Println("usblab guest:", err)
		return maxCode
	}
	cmd := exec.Command("/test", strings.Split(string(args), "\x00")...)
	cmd.Dir = "/tmp"
	cmd.Env = []string{"PATH=/", "HOME=/tmp", "TMPDIR=/tmp", "OPENECR_USBLAB=guest"}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	if err := cmd.Run(); err != nil {
		fmt.Println("usblab guest:", err)
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() > 0 {
			return exit.ExitCode()
		}
		return maxCode
	}
	return 0
}
