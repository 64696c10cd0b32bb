package journal

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot reads the clock that only goes forward, sleep included.
func sinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
