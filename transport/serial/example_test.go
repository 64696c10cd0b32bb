package serial_test

import (
	"fmt"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
)

// A connection text names the adapter by its serial number, so that the
// terminal is found again in whatever socket and under whatever number.
func ExampleParse() {
	media := transport.Schemes{"serial": transport.Scheme(serial.Parse)}
	dialer, err := media.Parse("serial:///by-serial/0403:6001:A50285BI?baud=115200&flow=rtscts")
	fmt.Println(dialer, err)
	_, err = media.Parse("serial:///dev/ttyUSB0?parity=both")
	fmt.Println(err)
	// Output:
	// serial:///by-serial/0403:6001:A50285BI?baud=115200&data=8&parity=none&stop=1&flow=rtscts <nil>
	// serial: option parity: "both" is none of even, mark, none, odd, space
}
