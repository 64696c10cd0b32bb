// Package transporttest is what a test, or a simulator, needs of a transport
// without hardware.
//
//	Pipe        two connected ends in memory
//	OpenPTY     a serial port that is a program (Linux)
//	Script      a peer that expects and sends what it was told
//	Record      write a conversation down; Playback: hold it again
//	Faults      a medium that breaks after exactly n bytes
//	TestConn    the promises of transport.Conn, as tests
//
// Nothing but TestConn takes a *testing.T, so programs use it all:
//
//	port, err := transporttest.OpenPTY("/tmp/terminal")
//	defer port.Close()
//	fmt.Println("a terminal listens on", port.Path)
//
// A till against a terminal that dies after five bytes of its answer:
//
//	faults := &transporttest.Faults{List: []transporttest.Fault{
//		{Kind: transporttest.Cut, Dir: transport.Received, At: 5},
//	}}
//	link := transport.NewLink(transport.LinkConfig{Dialer: faults.Dialer(d), Framing: f})
package transporttest
