package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/usb"
)

// machine is where ports are looked for; the zero value is this machine.
type machine struct {
	serial serial.Lister
	usb    usb.Lister
}

const portsHelp = `List serial ports and USB devices, what each probably is, and how to connect to it.
Nothing is opened: opening a port makes some terminals restart.

The connection texts go behind a protocol: --tender card=zvt+serial:///by-serial/0403:6001:A50285BI
Guesses are guesses: only talking to a device proves what it is.

With --watch the list is followed by what is plugged in and pulled out, until
interrupted. With --json each port, device and event is one object.`

func (a *app) portsCommand() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Use: "ports", Short: "List serial ports and USB devices, and what is missing to use them", Args: noArgs, Long: portsHelp,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.ports(cmd.Context(), watch) },
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "go on reporting what is plugged in and pulled out")
	return cmd
}

// portLine is the line of --json: a serial port, or a USB device with its nodes.
type portLine struct {
	Event   string        `json:"event,omitempty"` // with --watch: arrived, departed, changed
	Path    string        `json:"path,omitempty"`  // of a serial port that is not on USB
	Device  *usb.Device   `json:"device,omitempty"`
	Guess   *usb.Guess    `json:"guess,omitempty"`
	Driver  string        `json:"driver,omitempty"`
	Nodes   []string      `json:"nodes,omitempty"` // files the system offers for it
	Connect []string      `json:"connect,omitempty"`
	Missing []missingLine `json:"missing,omitempty"`
}

// missingLine says what keeps this user from a node.
type missingLine struct {
	Node string `json:"node"`
	Why  string `json:"why"`
}

// portsSummary is the last line of --json without --watch.
type portsSummary struct {
	SerialPorts int    `json:"serial_ports"` // that are not on USB
	USBDevices  int    `json:"usb_devices"`
	Hubs        int    `json:"hubs"`
	USB         string `json:"usb"` // present, none, or why it cannot be seen
}

// ports prints the list, and what changes after it.
func (a *app) ports(ctx context.Context, watch bool) error {
	lines, sum, known, err := a.machine.look(ctx)
	if err != nil {
		return err
	}
	if err := a.showPorts(lines, sum, watch); err != nil || !watch {
		return err
	}
	if sum.USB != usbPresent && sum.USB != usbNone {
		return fmt.Errorf("cannot watch: %s", sum.USB)
	}
	if !a.json {
		a.say("%s", a.word("ports.watching"))
	}
	for event, err := range (usb.Watcher{Lister: a.machine.usb}).Watch(ctx) {
		switch {
		case err != nil:
			a.say("till: %v", err)
			continue
		case event.Change == usb.Arrived && known[seat(event.Device)]:
			continue // it was in the list
		}
		delete(known, seat(event.Device))
		ports, err := a.machine.serial.List(ctx)
		if err != nil {
			ports = nil
		}
		line := a.machine.device(event.Device, ports)
		line.Event = event.Change.String()
		if event.Change == usb.Departed {
			line.Connect, line.Missing, line.Nodes = nil, nil, nil
		}
		if err := a.showPort(line); err != nil {
			return err
		}
	}
	return nil // interrupted, as it should be
}

// Words of portsSummary.USB.
const (
	usbPresent = "present"
	usbNone    = "none"
)

// seat names a device in one plugging.
func seat(d usb.Device) string { return fmt.Sprint(d.Path, " ", d.Bus, " ", d.Address) }

// look lists everything once. That one of the two cannot be listed on this
// system does not hide the other.
func (m machine) look(ctx context.Context) (lines []portLine, sum portsSummary, known map[string]bool, err error) {
	ports, err := m.serial.List(ctx)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, sum, nil, err
	}
	devices, err := m.usb.List(ctx)
	sum.USB = usbPresent
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		sum.USB = err.Error()
	case err != nil:
		return nil, sum, nil, err
	case len(devices) == 0:
		sum.USB = usbNone
	}
	known = map[string]bool{}
	listed := map[string]bool{}
	for _, d := range devices {
		known[seat(d)] = true
		line := m.device(d, ports)
		if line.Guess.Kind == usb.KindHub {
			sum.Hubs++
			continue
		}
		sum.USBDevices++
		listed[d.Path] = true
		lines = append(lines, line)
	}
	for _, p := range ports {
		if p.USB != nil && listed[p.USB.Place] {
			continue // shown with its device
		}
		sum.SerialPorts++
		line := portLine{Path: p.Path, Driver: p.Driver, Connect: []string{p.Text()}}
		if p.Access != nil {
			line.Missing = []missingLine{{p.Path, p.Access.Error()}}
		}
		lines = append(lines, line)
	}
	return lines, sum, known, nil
}

// device describes a USB device together with the serial ports it has.
func (m machine) device(d usb.Device, ports []serial.Port) portLine {
	guess := usb.Identify(d)
	line := portLine{Device: &d, Guess: &guess}
	var own []serial.Port
	for _, p := range ports {
		if p.USB != nil && p.USB.Place == d.Path {
			own = append(own, p)
			line.Nodes = append(line.Nodes, p.Path)
		}
	}
	for _, p := range own {
		text := p.Text()
		if len(own) > 1 && p.USB.Interface != "" {
			text += "?interface=" + p.USB.Interface
		}
		line.Connect = append(line.Connect, text)
		if p.Access != nil {
			line.Missing = append(line.Missing, missingLine{p.Path, p.Access.Error()})
		}
	}
	for _, node := range d.Nodes() {
		if slices.Contains(line.Nodes, node) {
			continue
		}
		line.Nodes = append(line.Nodes, node)
		if why := m.denied(node, d); why != "" {
			line.Missing = append(line.Missing, missingLine{node, why})
		}
	}
	if len(own) == 0 {
		line.Connect = append(line.Connect, d.URL())
		if len(line.Nodes) == 0 { // libusb opens this one
			node := fmt.Sprintf("/dev/bus/usb/%03d/%03d", d.Bus, d.Address)
			if why := m.denied(node, d); why != "" {
				line.Missing = append(line.Missing, missingLine{node, why})
			}
		}
	}
	return line
}

// rule is the line for udev that gives a device's nodes to a group.
func rule(d usb.Device) string {
	return fmt.Sprintf(`ATTRS{idVendor}=="%s", ATTRS{idProduct}=="%s", GROUP="dialout", MODE="0660"`, d.VendorID, d.ProductID)
}

func (a *app) showPorts(lines []portLine, sum portsSummary, watch bool) error {
	for _, l := range lines {
		if err := a.showPort(l); err != nil {
			return err
		}
	}
	switch {
	case a.json && watch:
		return nil
	case a.json:
		return a.object(sum)
	}
	switch sum.USB {
	case usbNone:
		fmt.Fprintln(a.out, a.word("ports.nousb"))
	case usbPresent:
		if sum.USBDevices == 0 {
			fmt.Fprintf(a.out, a.word("ports.onlyhubs")+"\n", sum.Hubs)
		}
	default:
		fmt.Fprintf(a.out, a.word("ports.unseen")+"\n", sum.USB)
	}
	if len(lines) == 0 {
		fmt.Fprintln(a.out, a.word("ports.none"))
	}
	return nil
}

// showPort prints one port or device.
func (a *app) showPort(l portLine) error {
	if a.json {
		return a.object(l)
	}
	head := l.Path
	if l.Device != nil {
		head = fmt.Sprintf("USB %s  %s:%s  %s", l.Device.Path, l.Device.VendorID, l.Device.ProductID, printable(l.Device.Name()))
	}
	if l.Event != "" {
		head = a.word("ports."+l.Event) + ": " + head
	}
	fmt.Fprintln(a.out, head)
	if l.Event == usb.Departed.String() {
		return nil
	}
	row := func(key, value string) {
		if value != "" {
			fmt.Fprintf(a.out, "  %s %s\n", padded(a.word(key), 10), value)
		}
	}
	if l.Device != nil {
		row("ports.probably", a.guessed(*l.Guess))
		row("ports.serial", printable(l.Device.Serial))
		row("ports.nodes", strings.Join(l.Nodes, " "))
	} else {
		row("ports.probably", a.word("ports.builtin"))
	}
	for _, c := range l.Connect {
		row("ports.connect", c)
	}
	for _, m := range l.Missing {
		row("ports.missing", m.Node+": "+strings.ReplaceAll(m.Why, "\n", "\n             "))
	}
	return nil
}

// guessed is a guess in words.
func (a *app) guessed(g usb.Guess) string {
	text := a.word("kind." + string(g.Kind))
	if name := strings.TrimSpace(g.Maker + " " + g.Model); name != "" {
		text += " (" + printable(name) + ")"
	}
	if g.Confidence > usb.NoIdea {
		text += ", " + a.word("sure."+g.Confidence.String())
	}
	return text
}

// printable is what a device says of itself, without what would move a cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7F && r <= 0x9F || r == '\u2028' || r == '\u202E' {
			return '?'
		}
		return r
	}, s)
}
