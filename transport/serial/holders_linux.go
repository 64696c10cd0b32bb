package serial

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxHolders bounds how many programs a message names.
const maxHolders = 3

// holders names the programs that have the port open, as far as this user may
// see them: " (by minicom, process 812)". It is asked only after a refusal.
func holders(path string) string {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	var found []string
	for _, link := range links {
		target, err := os.Readlink(link)
		pid := strings.Split(link, "/")[2]
		if err != nil || target != path || len(found) == maxHolders || pid == fmt.Sprint(os.Getpid()) {
			continue
		}
		name, _ := os.ReadFile("/proc/" + pid + "/comm")
		text := fmt.Sprintf("%s, process %s", strings.TrimSpace(string(name)), pid)
		if len(found) == 0 || found[len(found)-1] != text {
			found = append(found, text)
		}
	}
	if len(found) == 0 {
		return ""
	}
	return " (by " + strings.Join(found, "; ") + ")"
}
