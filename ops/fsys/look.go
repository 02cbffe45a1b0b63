package fsys

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// LookPath finds a program by name; exec.LookPath is one. It fails if the program is not installed.
type LookPath func(name string) (path string, err error)

// lookPath searches $PATH and the directories of system programs, which are not in the $PATH of everybody.
func lookPath(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("find program %s: it is not installed", name)
}
