package display_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/display"
	"github.com/openecr/openecr/transport/display/displaytest"
	"github.com/openecr/openecr/transport/transporttest"
)

// A display on a cable, and one that is not there: the sale goes on.
func ExampleDisplay() {
	ctx := context.Background()
	glass := displaytest.New(displaytest.Config{Model: display.CD5220})
	near, far := transporttest.Pipe()
	shown := make(chan struct{})
	go func() { glass.ServeConn(far); close(shown) }()

	d, err := display.New(display.Config{Model: display.CD5220,
		Dialer: transport.DialFunc("pipe", func(context.Context) (transport.Conn, error) { return near, nil })})
	if err != nil {
		fmt.Println(err)
		return
	}
	d.ShowAmount(ctx, display.Total, "12.80")
	near.Close() // what was sent still arrives
	<-shown
	fmt.Println(glass.Screen())
	d.Close()

	away, _ := display.New(display.Config{Model: display.CD5220,
		Dialer: transport.DialFunc("serial:///dev/ttyUSB7", func(context.Context) (transport.Conn, error) {
			return nil, errors.New("not plugged in")
		})})
	defer away.Close()
	fmt.Println(away.ShowAmount(ctx, display.Total, "12.80"))
	// Output:
	// |TOTAL               ||               12.80|
	// display: serial:///dev/ttyUSB7: not plugged in
}
