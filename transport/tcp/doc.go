// Package tcp connects to terminals and hosts over TCP and TLS.
//
//	d := &tcp.Dialer{Addr: "10.0.0.8:20007"}
//	link := transport.NewLink(transport.LinkConfig{Dialer: d, Framing: f})
//
// Connection texts, for transport.Schemes:
//
//	tcp://10.0.0.8:20007
//	tls://terminal.lan:8443?servername=legacy-terminal&pin=BASE64SHA256&pin=...
//
// A pin is the SHA-256 of the peer certificate's public key
// (SubjectPublicKeyInfo), in base64 or hex. With pins, the key decides and the
// certificate's chain and dates do not: terminals ship with certificates
// nobody signed. Without pins the usual checks apply.
//
// # No bytes after the end
//
// A TCP stack goes on delivering what a program wrote after the program has
// closed the socket or died, for many minutes if the network was away. For a
// payment request that means a customer charged when the till has long called
// it off. So connections here reset when they end unexpectedly, and Close says
// goodbye in the usual way only once the peer's machine has everything.
package tcp
