package usbtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// vhci is the folder of the first host controller without wires.
const vhci = "/sys/devices/platform/vhci_hcd.0"

// Numbers of speeds in usbip_protocol.rst and vhci_hcd's sysfs.
const (
	vhciFull = 2
	vhciHigh = 3
)

// portFree is the state of an empty socket in vhci_hcd's status file.
const portFree = "004"

// attachWait bounds the wait for a socket to become free: the kernel needs a
// moment after a cable was pulled.
const attachWait = 5 * time.Second

// ErrNoController: this kernel has no vhci_hcd, or it is not loaded.
var ErrNoController = errors.New("usbtest: no virtual host controller; as root: modprobe vhci_hcd")

// Plug is a device in a socket.
type Plug struct {
	Port int // of the controller
	p    *os.File
	done chan struct{}
	err  error
}

// attaching keeps two Attach from choosing one socket. lastPort lets a socket
// rest after a cable was pulled: the kernel is not done with it when it says so.
var (
	attaching sync.Mutex
	lastPort  = -1
)

// Attach plugs the device into this machine. It returns as soon as the kernel
// has it; drivers and nodes take some tenths of a second more. Errors:
// ErrNoController, no permission, or no socket free for five seconds.
func Attach(d *Device) (*Plug, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("usbtest: socketpair: %w", err)
	}
	defer unix.Close(fds[1]) // the kernel keeps its own hold on it
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		return nil, fmt.Errorf("usbtest: %w", err)
	}
	ours := os.NewFile(uintptr(fds[0]), "usbip")
	port, err := attachFD(fds[1], d.Speed)
	if err != nil {
		ours.Close()
		return nil, err
	}
	plug := &Plug{Port: port, p: ours, done: make(chan struct{})}
	go func() { // Unplug waits for it
		defer close(plug.done)
		plug.err = Serve(ours, d)
	}()
	return plug, nil
}

func attachFD(fd int, speed Speed) (int, error) {
	attaching.Lock()
	defer attaching.Unlock()
	number := vhciHigh
	if speed == Full {
		number = vhciFull
	}
	for until := time.Now().Add(attachWait); ; time.Sleep(10 * time.Millisecond) {
		port, err := freePort()
		if err != nil {
			return 0, err
		}
		if port >= 0 {
			order := fmt.Sprintf("%d %d %d %d", port, fd, 0x10001+port, number)
			if err := os.WriteFile(vhci+"/attach", []byte(order), 0o200); err != nil {
				return 0, fmt.Errorf("usbtest: plugging into socket %d: %w", port, err)
			}
			lastPort = port
			return port, nil
		}
		if time.Now().After(until) {
			return 0, errors.New("usbtest: every socket is taken")
		}
	}
}

// freePort reads lines "hub port sta spd dev sockfd local_busid"; -1 is none
// free. It goes round.
func freePort() (int, error) {
	b, err := os.ReadFile(vhci + "/status")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, ErrNoController
	}
	if err != nil {
		return 0, fmt.Errorf("usbtest: %w", err)
	}
	first := -1
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "hs" || f[2] != portFree {
			continue
		}
		port, err := strconv.Atoi(f[1])
		switch {
		case err != nil:
		case port > lastPort:
			return port, nil
		case first < 0:
			first = port
		}
	}
	return first, nil
}

// Unplug pulls the cable and returns when the device has noticed. Twice is
// harmless.
func (p *Plug) Unplug() error {
	p.p.Close()
	<-p.done
	return p.err
}

// Done is closed when the device is out, by Unplug or by Device.Cut.
func (p *Plug) Done() <-chan struct{} { return p.done }
