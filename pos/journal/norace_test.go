//go:build !race

package journal

// slow is set where the race detector takes most of the time; the long runs are done without it.
const slow = false
