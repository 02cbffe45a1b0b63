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

// Find is the path of a tool. Most of the tools are meant for root and live in directories that are not in
// the PATH of others, so those are searched as well. A name with a slash is a path already. The error is a
// *MissingError.
func Find(name string) (string, error) {
	if filepath.Base(name) != name {
		if executable(name) {
			return name, nil
		}
		return "", &MissingError{Name: name}
	}
	for _, dir := range directories() {
		if path := filepath.Join(dir, name); executable(path) {
			return path, nil
		}
	}
	return "", &MissingError{Name: name}
}

// directories is where tools are searched, in order. Relative entries of PATH are left out, as what they mean depends on
// where shunt was started.
func directories() []string {
	var dirs []string
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/sbin", "/usr/sbin", "/sbin") {
		if filepath.IsAbs(dir) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
