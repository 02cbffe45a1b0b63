package registry

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"shunt/ops/target/internal/held"
	"shunt/ops/target/qcow2"
)

// mostNeighbours is how many files of a directory Overlays looks at.
const mostNeighbours = 4096

// Overlays returns the names of the images in the directory of an image that show it as their backing file, and the paths of
// those among others that do. They become worthless when it changes, and nothing in it says that they exist.
func Overlays(path string, others ...string) (names []string) {
	base, err := os.Stat(path)
	if err != nil || !base.Mode().IsRegular() {
		return nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil
	}
	entries, _ := dir.ReadDir(mostNeighbours)
	_ = dir.Close() // it was only read
	for _, e := range entries {
		if !e.Type().IsRegular() && e.Type() != fs.ModeSymlink {
			continue
		}
		if name := filepath.Join(filepath.Dir(path), e.Name()); showsFile(name, base) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, other := range others {
		beside, _ := sameDir(path, other)
		if !beside && showsFile(other, base) {
			names = append(names, other)
		}
	}
	return names
}

// sameDir reports whether two files are in one directory.
func sameDir(a, b string) (bool, error) {
	x, err := os.Stat(filepath.Dir(a))
	if err != nil {
		return false, err
	}
	y, err := os.Stat(filepath.Dir(b))
	return err == nil && os.SameFile(x, y), err
}

// showsFile reports whether the image at path has a backing file that is base.
func showsFile(path string, base os.FileInfo) bool {
	seen, err := held.Hold(path)
	if err != nil {
		return false
	}
	defer func() { _ = seen.Close() }() // it was only looked at
	if info, err := seen.Stat(); err != nil || !info.Mode().IsRegular() || os.SameFile(info, base) {
		return false
	}
	// Without O_NONBLOCK this would wait for a program that holds a lease.
	f, err := os.OpenFile(held.Through(seen), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	below := qcow2.BackingOf(io.NewSectionReader(f, 0, 1<<21), path)
	if below == "" {
		return false
	}
	info, err := os.Stat(below)
	return err == nil && os.SameFile(info, base)
}
