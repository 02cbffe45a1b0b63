package tool

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// MissingError is returned when a tool is not installed. It wraps exec.ErrNotFound.
type MissingError struct {
	Name string
}

func (e *MissingError) Error() string {
	return e.Name + " is not installed (looked in PATH, /usr/local/sbin, /usr/sbin and /sbin)"
}

// Unwrap lets errors.Is find exec.ErrNotFound.
func (e *MissingError) Unwrap() error { return exec.ErrNotFound }

// Find returns the path of a tool. It also searches directories that are not in the PATH of ordinary users, because most
// tools are meant for root. A name with a slash is used as a path. The error is a *MissingError.
func Find(name string) (string, error) {
	paths := []string{name}
	if filepath.Base(name) == name {
		paths = nil
		for _, dir := range directories() {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", &MissingError{Name: name}
}

// directories returns the directories to search, in order. Relative entries of PATH are left out, because their meaning
// depends on the working directory.
func directories() []string {
	var dirs []string
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/sbin", "/usr/sbin", "/sbin") {
		if filepath.IsAbs(dir) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
