package journal

import (
	"time"

	"golang.org/x/sys/windows"
)

// sinceBoot reads the clock that only goes forward, sleep included.
func sinceBoot() time.Duration { return windows.DurationSinceBoot() }
