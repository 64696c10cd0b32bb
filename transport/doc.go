// Package transport connects a till to its devices: byte streams, the frames
// on them, and the acknowledgements between frames.
//
//	driver (pos/zvt, ...)         what a message means
//	   |  payloads
//	Link                          one connection, frames, ACK/NAK, deadlines, Tap
//	   |  bytes          \
//	Conn  <- Dialer       Framing (transport/frame, or a codec's own)
//	   |
//	tcp, serial, usb              one medium each
//
// A program that talks to a terminal over TCP:
//
//	link := transport.NewLink(transport.LinkConfig{
//		Dialer:  &tcp.Dialer{Addr: "10.0.0.8:20007"},
//		Framing: zvtproto.APDUs{},
//	})
//	defer link.Close()
//	if err := link.Connect(ctx); err != nil { ... }
//	if err := link.Send(ctx, request); err != nil {
//		if transport.NothingSent(err) { ... } // no byte left: safe to try again
//	}
//	answer, err := link.Receive(ctx)
//
// # Words
//
// A Conn is an open byte stream and behaves as a net.Conn; a Dialer opens one.
// A payload is a message as its protocol defines it; a frame is a payload with
// what the line needs around it; Framing turns one into the other. Acks is the
// discipline of lines where every frame is answered by an ACK or NAK byte. A
// Link owns one connection at a time and is what a driver holds. A Tap writes
// the conversation down, masked, as text that plays back as a test.
//
// # What a driver may rely on
//
// Every call ends when its context does. Every error says how many bytes had
// been handed to the medium, and NothingSent is true only where that is none.
// A link that is dropped, and a process that is killed, leave no bytes behind
// that a terminal could still receive later.
//
// This package and the framings import the standard library only.
package transport
