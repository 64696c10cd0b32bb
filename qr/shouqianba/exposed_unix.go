//go:build !windows

package shouqianba

import "io/fs"

// exposed reports whether others than the owner can read or write a file.
func exposed(m fs.FileMode) bool { return m.Perm()&0o077 != 0 }
