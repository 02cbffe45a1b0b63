package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// MostEntries is how many entries of a directory are listed.
const MostEntries = 10_000

// Files describes a file system whose files are to be listed. Depending on its kind a directory is read by go-diskfs, after
// some checks, by a tool, or by the kernel, which mounts the file system. Nothing is written and no link is followed.
//
// A file system can be built to harm its reader. On a damaged one go-diskfs may overflow the stack, run forever or use up
// all memory, and nothing in the same process can stop that. Files must therefore be listed in a separate process with limits
// on memory, time and stack, which tools inherit. If that process dies, its parent can try again with Plain.
type Files struct {
	// Base is the target; the file system is its bytes [Off, Off+Len).
	Base     io.ReaderAt
	Off, Len int64
	Kind     model.FSKind
	// Window returns the path of a file that holds exactly these bytes, for tools.
	Window func() (path string, err error)
	// Mount mounts the file system read-only, with options for its type, until this process ends.
	Mount func(fstype, options string) (dir string, err error)
	// Plain leaves out go-diskfs.
	Plain bool
}

// A Way lists the directories of a kind of file system.
type Way struct {
	// Name says who reads: "debugfs".
	Name string
	// inside is set if go-diskfs reads in this process. suits then returns an error for a file system that go-diskfs must
	// not read.
	inside bool
	suits  func(src Files) error
	// Read lists the directory that the names in dir lead to. The entries are in no order and may include "." and "..".
	// more reports that Read stopped at MostEntries. The error wraps ErrNoDirectory if there is no such directory.
	Read func(ctx context.Context, src Files, dir []string) (entries []report.FileEntry, more bool, err error)
}

// ErrNoDirectory is returned for a directory that does not exist.
var ErrNoDirectory = errors.New("there is no such directory")

// Ways returns the ways to list the files, the best one first. If there are none, NoFiles says why.
func (d Driver) Ways(src Files) []Way {
	var ways []Way
	for _, w := range d.ways {
		if !w.inside || !src.Plain && w.suits(src) == nil {
			ways = append(ways, w)
		}
	}
	if len(d.ways) == 0 && len(d.Mounts) > 0 {
		ways = append(ways, mountedWay(d.Mounts[0]))
	}
	return ways
}

// Doubts returns the reasons why a listing may be incomplete or wrong. They are printable.
func (d Driver) Doubts(src Files) []string {
	if d.doubts == nil {
		return nil
	}
	return d.doubts(src)
}

// find returns nil if there is a directory of that name among the entries that list passes to each, and ErrNoDirectory if
// there is none. Some readers need it because they show a missing directory like an empty one.
func find(name string, list func(each func(report.FileEntry) bool) error) error {
	const most = 1_000_000 // entries that are looked through
	seen, found, directory := 0, false, false
	err := list(func(e report.FileEntry) bool {
		if seen++; e.Exact() == name {
			found, directory = true, e.Kind == report.FileDirectory
		}
		return !found && seen < most
	})
	switch {
	case err != nil:
		return err
	case !found && seen == most:
		return fmt.Errorf("%s: the directory it lies in is too large", safetext.Printable(name))
	case !directory:
		return ErrNoDirectory
	}
	return nil
}
