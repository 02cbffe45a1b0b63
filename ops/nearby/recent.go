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

// The file of the recent targets holds a path a line, the newest first, each as strconv.Quote writes it, since a path may
// hold any bytes.
const (
	recentFile = "recent"
	mostRecent = 20
	// greeted is there once somebody was told how to begin.
	greetedFile = "greeted"
)

// StateDir is where the programs of a user keep what they remember: $XDG_STATE_HOME/shunt, or the same in the home
// directory; "" if there is neither.
func StateDir(env func(string) string) string {
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "shunt")
	}
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "shunt")
	}
	return ""
}

// Recent lists the targets that were opened lately and are still there, the newest first.
func (f Finder) Recent() []report.Candidate {
	var list []report.Candidate
	for _, path := range f.recent() {
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

// recent is what the file says. One that is broken says nothing.
func (f Finder) recent() []string {
	const most = 1 << 20
	if f.State == "" {
		return nil
	}
	// Nobody's pipe or lease is waited for.
	file, err := os.OpenFile(filepath.Join(f.State, recentFile), os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }() // only read
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > most {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return nil
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		path, err := strconv.Unquote(strings.TrimSuffix(line, "\n"))
		if err != nil || !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
			return nil
		}
		list = append(list, path)
	}
	return list[:min(len(list), mostRecent)]
}

// Remember puts a target in front of the recent ones. The file is replaced as a whole. The error is for tests: a list that
// cannot be kept is no reason to stop anybody.
func (f Finder) Remember(path string) error {
	path, err := filepath.Abs(path)
	if err == nil {
		err = f.ready()
	}
	if err != nil {
		return err
	}
	list := append([]string{path}, slices.DeleteFunc(f.recent(), func(old string) bool { return old == path })...)
	var text strings.Builder
	for _, path := range list[:min(len(list), mostRecent)] {
		text.WriteString(strconv.Quote(path) + "\n")
	}
	temp, err := os.CreateTemp(f.State, recentFile+".*") // 0600: the names are nobody else's business
	if err != nil {
		return err
	}
	_, err = temp.WriteString(text.String())
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(f.State, recentFile))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// Greet reports true once on each account: to the first who asks. It never does where that cannot be remembered.
func (f Finder) Greet() bool {
	if f.ready() != nil {
		return false
	}
	file, err := os.OpenFile(filepath.Join(f.State, greetedFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return err == nil && file.Close() == nil
}

// ready makes the directory. It is left alone below a directory of somebody else: root, who was lent a user's home,
// would make what that user could not write to later, and where a user can put a link root would write where that leads.
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

// own makes sure that a directory is this user's. For root nobody else may be able to put another one in its place.
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
