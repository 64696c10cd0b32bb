//go:build !linux || (!amd64 && !arm64)

package journal

// failSyncs is nil where the system cannot be made to fail: the write itself is failed then.
var failSyncs func() error
