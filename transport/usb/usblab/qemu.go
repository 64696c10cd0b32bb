package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The guest's way to say what came of it, beside the console.
const (
	exitPort   = 0xF4 // isa-debug-exit: QEMU ends with 2*value+1
	passStatus = 1    // QEMU's status for the value 0
	resultLine = "RESULT rc="
	// memoryMiB is what a guest needs: 128 boots and then dies of large buffers.
	memoryMiB = 256
)

// qemuArgs describes the machine.
func qemuArgs(k kernel, initramfs, dir string) []string {
	wire := filepath.Join(dir, "wire")
	return []string{
		"-accel", "tcg", "-cpu", "max", "-m", fmt.Sprint(memoryMiB), "-smp", "1",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-kernel", k.image, "-initrd", initramfs,
		"-append", "console=ttyS0 panic=-1 quiet mitigations=off",
		"-device", fmt.Sprintf("isa-debug-exit,iobase=%#x,iosize=4", exitPort),
		// The adapter's end of the line first: it listens.
		"-chardev", "socket,id=adapter,server=on,wait=off,path=" + wire,
		"-chardev", "socket,id=uart,path=" + wire,
		"-serial", "stdio", "-serial", "chardev:uart",
		"-device", "qemu-xhci,id=x",
		"-device", "usb-serial,chardev=adapter,bus=x.0",
		"-device", "usb-ccid,bus=x.0", "-device", "usb-kbd,bus=x.0", "-device", "usb-tablet,bus=x.0",
	}
}

// boot runs the machine, passes its console on, and returns nil only for a pass.
func boot(ctx context.Context, k kernel, initramfs string, timeout time.Duration, console io.Writer) error {
	dir := filepath.Dir(initramfs)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", qemuArgs(k, initramfs, dir)...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("usblab: %w", err)
	}
	said := watchConsole(pipe, console)
	err = cmd.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("usblab: the guest had not ended after %v", timeout)
	}
	status := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		return fmt.Errorf("usblab: qemu: %w", err)
	}
	return verdict(status, said)
}

// watchConsole copies the console without the firmware's terminal commands, and
// returns what the guest said of its result.
func watchConsole(r io.Reader, w io.Writer) (said string) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if _, after, ok := strings.Cut(line, resultLine); ok {
			said = after
		}
		if line != "" && !isNoise(line) {
			fmt.Fprintln(w, line)
		}
		if err != nil {
			return said
		}
	}
}

// noise are remarks of the kernel's about software devices that mean nothing.
var noise = []string{"vhci_device speed not set", "enqueue for inactive port", "error from flowcontrol urb", "sendmsg failed"}

func isNoise(line string) bool {
	return strings.HasPrefix(line, "[") && slices.ContainsFunc(noise, func(n string) bool { return strings.Contains(line, n) })
}

// verdict is nil when both ways agree that all is well.
func verdict(status int, said string) error {
	switch {
	case status == passStatus && said == "0":
		return nil
	case said == "":
		return fmt.Errorf("usblab: the guest ended without a result (qemu status %d); it crashed or never started", status)
	}
	return fmt.Errorf("usblab: the tests in the guest failed (rc=%s, qemu status %d)", said, status)
}
