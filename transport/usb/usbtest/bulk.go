package usbtest

// Bulk is a device of the vendor class with one bulk pipe each way, as some
// terminals are. No driver of the kernel wants it.
type Bulk struct {
	*Device
	Port *Port
}

// NewBulk makes one.
func NewBulk(id Identity) *Bulk {
	d := &Device{Identity: id, Class: 0xFF, Interfaces: []Interface{
		{Class: 0xFF, Endpoints: []Endpoint{{Address: DataIn}, {Address: DataOut}}}}}
	return &Bulk{d, NewPort(d, DataIn, DataOut)}
}
