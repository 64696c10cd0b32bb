package shouqianba

import "io/fs"

// exposed: Windows shows no such bits; the folder's permissions guard the file.
func exposed(fs.FileMode) bool { return false }
