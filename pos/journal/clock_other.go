//go:build !linux && !windows

package journal

import "time"

var started = time.Now()

// sinceBoot counts from the start of the process: this system offers no
// portable clock since boot. Order within one epoch is all it is used for.
func sinceBoot() time.Duration { return time.Since(started) }
