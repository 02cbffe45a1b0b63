package nearby

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/ops/report"
	"shunt/ops/target"
)

const (
	recentFile   = "recent"  // a path a line, the newest first, quoted because a path may hold any bytes
	greetedFile  = "greeted" // exists once the greeting was shown
	settingsFile = "settings.json"
	mostRecent   = 20
)

// StateDir returns the directory in which shunt remembers things: $XDG_STATE_HOME/shunt, or ~/.local/state/shunt, or "".
func StateDir(env func(string) string) string {
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "shunt")
	}
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "shunt")
	}
	return ""
}

// Recent lists the targets that were opened recently and still exist, the newest first.
func (f Finder) Recent() []report.Candidate {
	var list []report.Candidate
	for _, path := range f.paths(recentFile) {
		info, err := os.Stat(path)
		if err != nil || info.IsDir() {
			continue
		}
		c := report.Candidate{Name: path, Path: path, Likely: true}
		if info.Mode()&fs.ModeDevice != 0 {
			c.Kind = report.CandidateDevice
		}
		list = append(list, c)
	}
	return list
}

// get reads a file of the state directory; it returns "" if that is not possible.
func (f Finder) get(name string) string {
	const most = 1 << 20
	if f.State == "" {
		return ""
	}
	// O_NONBLOCK keeps a pipe or a lease from blocking this.
	file, err := os.OpenFile(filepath.Join(f.State, name), os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }() // only read
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > most {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return ""
	}
	return string(text)
}

// paths returns the paths in a file of the state directory, none if it is broken.
func (f Finder) paths(name string) []string {
	var list []string
	for line := range strings.Lines(f.get(name)) {
		path, err := strconv.Unquote(strings.TrimSuffix(line, "\n"))
		if err != nil || !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
			return nil
		}
		list = append(list, path)
	}
	return list[:min(len(list), mostRecent)]
}

// Remember makes a target the newest of the recent ones.
func (f Finder) Remember(path string) error { return f.remember(recentFile, path) }

// remember makes a path the first in a file of the state directory.
func (f Finder) remember(name, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	list := append([]string{path}, slices.DeleteFunc(f.paths(name), func(old string) bool { return old == path })...)
	var text strings.Builder
	for _, path := range list[:min(len(list), mostRecent)] {
		text.WriteString(strconv.Quote(path) + "\n")
	}
	return f.put(name, text.String())
}

// put writes a file of the state directory: after a failure it is as it was.
func (f Finder) put(name, text string) error {
	if err := f.ready(); err != nil {
		return err
	}
	temp, err := os.CreateTemp(f.State, name+".*") // 0600: others need not know the names
	if err != nil {
		return err
	}
	_, err = temp.WriteString(text)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(f.State, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// Greet reports whether to greet the user: once, and never if it cannot remember that it did.
func (f Finder) Greet() bool {
	if f.ready() != nil {
		return false
	}
	file, err := os.OpenFile(filepath.Join(f.State, greetedFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return err == nil && file.Close() == nil
}

// ready makes the state directory, unless another user owns the directory above. In another user's home root would make
// files to which that user cannot write, and would follow that user's links.
func (f Finder) ready() error {
	if f.State == "" {
		return fs.ErrNotExist
	}
	for dir := f.State; ; dir = filepath.Dir(dir) {
		err := own(dir)
		if errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) {
			continue
		}
		if err != nil {
			return err
		}
		return os.MkdirAll(f.State, 0o700)
	}
}

// own returns an error unless a directory belongs to this user. If that is root, no other user may be able to replace it.
func own(dir string) error {
	if os.Geteuid() == 0 {
		f, _, err := target.Guarded(dir)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to somebody else", dir)
	}
	return nil
}
