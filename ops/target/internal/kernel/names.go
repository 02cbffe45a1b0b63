package kernel

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
)

// A file may be reached by several names: symbolic links, hard links, mounts of its directory or of the file alone.

// boundRoot is what is mounted at a mount point: a part of a file system, by its device number.
type boundRoot struct{ number, root, at string }

func (k Kernel) boundRoots() []boundRoot {
	text, err := os.ReadFile(k.self("mountinfo"))
	if err != nil {
		return nil
	}
	var list []boundRoot
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 4 {
			list = append(list, boundRoot{f[2], target.Unescape(f[3]), target.Unescape(f[4])})
		}
	}
	return list
}

// mountPoint is what is mounted at a path, nil if nothing is.
func (k Kernel) mountPoint(path string) *boundRoot {
	var found *boundRoot
	for _, m := range k.boundRoots() {
		if m.at == path {
			found = &m // the last one lies above
		}
	}
	return found
}

// Unbound is the path of a file in its directory, if path is where it is mounted by itself and the directory can be seen.
func (k Kernel) Unbound(path string) string {
	here := k.mountPoint(path)
	var own, st unix.Stat_t
	if here == nil || unix.Stat(path, &own) != nil || own.Mode&unix.S_IFMT != unix.S_IFREG {
		return path
	}
	for _, m := range k.boundRoots() {
		rest, under := strings.CutPrefix(here.root, strings.TrimSuffix(m.root, "/")+"/")
		if m.number != here.number || !under {
			continue
		}
		other := filepath.Join(m.at, rest)
		if unix.Lstat(other, &st) == nil && st.Dev == own.Dev && st.Ino == own.Ino && k.mountPoint(other) == nil {
			return other
		}
	}
	return path
}

// Alone reports whether the file at a path is mounted there by itself.
func (k Kernel) Alone(path string) bool { return k.mountPoint(path) != nil }
