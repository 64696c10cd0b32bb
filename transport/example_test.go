package transport_test

import (
	"context"
	"fmt"
	"time"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
	"github.com/openecr/openecr/transport/transporttest"
)

// A request and its answer on an acknowledged line, the terminal being a
// script.
func ExampleLink() {
	near, terminal := transporttest.Pipe()
	go transporttest.Script{
		transporttest.Expect(0x10, 0x02, 0x80, 0x00, 0x00, 0x10, 0x03, 0xF5, 0x1F),
		transporttest.Send(0x06), // ACK
		transporttest.Send(0x10, 0x02, 0x06, 0x70, 0x00, 0x10, 0x03, 0xD9, 0xF9),
		transporttest.Expect(0x06),
	}.Run(terminal)

	link := transport.NewLink(transport.LinkConfig{
		Dialer:  transport.DialFunc("pipe://", func(context.Context) (transport.Conn, error) { return near, nil }),
		Framing: frame.DLE{},
		Acks:    &transport.Acks{},
	})
	defer link.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(link.Connect(ctx), link.Send(ctx, []byte{0x80, 0x00, 0x00}))
	answer, err := link.Receive(ctx)
	fmt.Printf("% X %v\n", answer, err)
	// Output:
	// <nil> <nil>
	// 06 70 00 <nil>
}

// A link that breaks knows how much had left.
func ExampleNothingSent() {
	near, terminal := transporttest.Pipe()
	defer terminal.Close()
	for _, at := range []int64{0, 5} {
		faults := transporttest.Faults{List: []transporttest.Fault{{Kind: transporttest.Cut, Dir: transport.Sent, At: at}}}
		link := transport.NewLink(transport.LinkConfig{Framing: frame.DLE{}, Dialer: faults.Dialer(
			transport.DialFunc("pipe://", func(context.Context) (transport.Conn, error) { return near, nil }))})
		link.Connect(context.Background())
		err := link.Send(context.Background(), []byte{0x80, 0x00, 0x00})
		fmt.Println(transport.NothingSent(err), err)
		link.Close()
		near, terminal = transporttest.Pipe()
	}
	// Output:
	// true transport: send pipe://: 0 bytes sent: connection lost: transporttest: connection cut on purpose
	// false transport: send pipe://: 5 bytes sent: connection lost: transporttest: connection cut on purpose
}
