package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/display"
	"github.com/openecr/openecr/transport/display/displaytest"
)

// displayModels by the name of the flag.
var displayModels = map[string]display.Model{"cd5220": display.CD5220, "dm-d": display.DMD, "led8": display.LED8}

// displaySimulator is a customer display on TCP or a serial port.
func displaySimulator() simulator {
	var model, charset string
	return simulator{
		name:   "display",
		short:  "A customer display that prints what it shows",
		long:   "A customer display. Each change is one line on stdout: both lines between bars, and the lamp.",
		port:   "127.0.0.1:20009",
		serial: true,
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&model, "model", "cd5220", "`name`: cd5220, dm-d or led8")
			fs.StringVar(&charset, "charset", "gbk", "`name`: gbk, cp437, cp850, cp852, cp858, cp866 or cp1252")
		},
		start: func(s setup) (peer, error) {
			m, ok := displayModels[model]
			if !ok {
				return nil, fmt.Errorf("%w: --model %q is none of cd5220, dm-d, led8", errUsage, model)
			}
			if _, err := display.New(display.Config{Model: m, Charset: display.Charset(charset), Dialer: transport.DialFunc("", nil)}); err != nil {
				return nil, fmt.Errorf("%w: --charset: %w", errUsage, err)
			}
			if len(s.faults) > 0 {
				return nil, errFaults(s.faults)
			}
			return displayPeer{displaytest.New(displaytest.Config{Model: m, Charset: display.Charset(charset),
				OnChange: func(screen displaytest.Screen) { s.print(screen.String()) }})}, nil
		},
	}
}

// displayPeer opens its serial port itself.
type displayPeer struct{ *displaytest.Display }

func (d displayPeer) ServeSerial(port transport.Dialer) error {
	conn, err := port.Dial(context.Background())
	if err != nil {
		return err
	}
	return d.ServeConn(conn)
}
