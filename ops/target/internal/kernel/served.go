package kernel

import (
	"path/filepath"
	"strconv"
	"strings"

	"shunt/ops/target"
)

// Served lists the file systems that processes of shunt show in the mount namespace of this process.
func (k Kernel) Served() []target.Served {
	var list []target.Served
	for _, m := range k.mounts() {
		if s, ok := target.ParseServed(m.source); ok && m.kind == target.ServedKind {
			s.Dir, s.ReadOnly = m.at, !m.writable
			list = append(list, s)
		}
	}
	return list
}

// ServedOn lists those of the file at path, also if it has another name since.
func (k Kernel) ServedOn(id FileID) []target.Served {
	var list []target.Served
	renamed := map[string]bool{}
	for pid, s := range k.serving() {
		renamed[s.Dir] = renamed[s.Dir] || !id.is(s.Image) && k.opens(pid, id)
	}
	for _, s := range k.Served() {
		if id.is(s.Image) || renamed[s.Dir] {
			list = append(list, s)
		}
	}
	return list
}

// opens reports whether a process has a file open.
func (k Kernel) opens(pid int, id FileID) bool {
	dir := filepath.Join(k.proc, strconv.Itoa(pid), "fd")
	for _, fd := range names(dir) {
		if id.is(filepath.Join(dir, fd)) {
			return true
		}
	}
	return false
}

// Serving returns the processes that show a file system.
func (k Kernel) Serving(s target.Served) []int {
	var list []int
	for pid, other := range k.serving() {
		if other.Source() == s.Source() && other.Dir == s.Dir {
			list = append(list, pid)
		}
	}
	return list
}

// serving returns what processes show.
func (k Kernel) serving() map[int]target.Served {
	list := map[int]target.Served{}
	for pid := range k.processes() {
		if s, ok := k.servedBy(pid); ok {
			list[pid] = s
		}
	}
	return list
}

// servedBy returns what a process shows, as its command line says.
func (k Kernel) servedBy(pid int) (s target.Served, ok bool) {
	argv := strings.Split(read(k.proc, strconv.Itoa(pid), "cmdline"), "\x00")
	if len(argv) < 3 || argv[0] != target.ServedTitle {
		return s, false
	}
	s, ok = target.ParseServed(argv[1])
	s.Dir = argv[2]
	return s, ok
}

// mountedImage returns the path of the image that is shown: path, or that of an image whose backing file is at path.
func mountedImage(path string, s target.Served) string {
	given, gone := FileAt(path)
	image, err := FileAt(s.Image)
	if gone != nil || err != nil || given == image {
		return path
	}
	return s.Image
}
