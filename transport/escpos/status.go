package escpos

// Status is what DLE EOT 1 to 4 say.
type Status struct {
	Offline      bool // takes nothing
	PaperNearEnd bool // a few metres are left, where there is a sensor
	PaperOut     bool
	CoverOpen    bool
	Feeding      bool // paper is being fed by the button
	Cutter       bool // cutter error
	Mechanical   bool // recoverable error of the mechanism
	Hot          bool // recovers by itself
	Broken       bool // unrecoverable
	// DrawerPin is the level of pin 3: true is high. What it means depends on
	// the drawer; Drawer says it where the level is configured.
	DrawerPin bool
	Drawer    DrawerState
	// Raw are the four bytes as they came.
	Raw [4]byte
}

// DrawerState is whether the drawer is open.
type DrawerState int

// States. Unknown is for drawers without a switch, or whose level nobody has set.
const (
	DrawerUnknown DrawerState = iota
	DrawerOpen
	DrawerClosed
)

// String says it in English.
func (d DrawerState) String() string {
	return [...]string{"unknown", "open", "closed"}[max(0, min(d, DrawerClosed))]
}

// DrawerLevel is the level of pin 3 while the drawer is open.
type DrawerLevel int

// Levels. There is no right guess: try it once with the drawer of the shop.
const (
	LevelUnknown DrawerLevel = iota
	OpenIsHigh
	OpenIsLow
)

// DecodeStatus reads the answers to DLE EOT 1, 2, 3 and 4. It is pure; bits
// that no document names are ignored.
func DecodeStatus(raw [4]byte, level DrawerLevel) Status {
	has := func(i int, bits byte) bool { return raw[i]&bits != 0 }
	s := Status{
		Raw:          raw,
		DrawerPin:    has(0, 0x04),
		Offline:      has(0, 0x08),
		CoverOpen:    has(1, 0x04),
		Feeding:      has(1, 0x08),
		PaperOut:     has(1, 0x20) || has(3, 0x60),
		Mechanical:   has(2, 0x04),
		Cutter:       has(2, 0x08),
		Broken:       has(2, 0x20),
		Hot:          has(2, 0x40),
		PaperNearEnd: has(3, 0x0C),
	}
	if level != LevelUnknown {
		s.Drawer = DrawerClosed
		if s.DrawerPin == (level == OpenIsHigh) {
			s.Drawer = DrawerOpen
		}
	}
	return s
}

// Err is why the printer does not print, the cause a person must remove first;
// nil when it can print. Paper near its end is no reason.
func (s Status) Err() error {
	switch {
	case s.Broken:
		return ErrBroken
	case s.Cutter:
		return ErrCutter
	case s.CoverOpen:
		return ErrCoverOpen
	case s.PaperOut:
		return ErrPaperOut
	case s.Hot:
		return ErrHot
	case s.Mechanical:
		return ErrBroken
	case s.Offline:
		return ErrOffline
	}
	return nil
}
