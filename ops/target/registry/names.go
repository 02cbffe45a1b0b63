package registry

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/ops/target/internal/kernel"
)

// A target may be reached by several names: symbolic links, hard links, mounts of its directory or of the file alone. Its
// journal must be found by each of them, or the target is refused.

// KeptName returns the name of the directory for the journal of a target called name: NAME.shunt. If that is too long, it
// is the first bytes of the name and the first 16 digits of the name's SHA-256: NAM~0123456789abcdef.shunt.
func KeptName(name string) string {
	const ending = ".shunt"
	if len(name)+len(ending) <= unix.NAME_MAX {
		return name + ending
	}
	mark := fmt.Sprintf("~%.8x%s", sha256.Sum256([]byte(name)), ending)
	return strings.ToValidUTF8(name[:unix.NAME_MAX-len(mark)], "") + mark
}

// mostBeside is how many names of a directory are looked at to find hard links. Directories can have millions.
const mostBeside = 1 << 16

// Siblings returns the paths of the other hard links of a file in its directory, sorted. It returns none if the directory
// cannot be read.
func Siblings(path string) []string { return siblings(path, mostBeside) }

func siblings(path string, most int) []string {
	var own unix.Stat_t
	if unix.Lstat(path, &own) != nil || own.Mode&unix.S_IFMT != unix.S_IFREG || own.Nlink < 2 {
		return nil
	}
	f, err := os.OpenFile(filepath.Dir(path), os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // only read
	var found []string
	for seen := 0; seen < most && len(found) < int(own.Nlink)-1; {
		entries, err := f.ReadDir(min(1024, most-seen))
		if err != nil {
			break
		}
		seen += len(entries)
		for _, e := range entries {
			var st unix.Stat_t
			other := filepath.Join(f.Name(), e.Name())
			if e.Type().IsRegular() && other != path && unix.Lstat(other, &st) == nil && st.Dev == own.Dev && st.Ino == own.Ino {
				found = append(found, other)
			}
		}
	}
	slices.Sort(found)
	return found
}

// Elsewhere says why the journal of the file at path may not be found by this name. It returns "" if it is always found.
// The text follows the path.
func Elsewhere(path string) string {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return ""
	}
	if n := int(st.Nlink) - 1 - len(Siblings(path)); n > 0 {
		return fmt.Sprintf("has %d more of its names (hard links) that were not found in this directory", n)
	}
	if kernel.Host().Alone(path) {
		return "is mounted here as a single file, and its directory cannot be seen"
	}
	return ""
}
