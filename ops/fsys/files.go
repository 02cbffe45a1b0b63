package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"

	"shunt/model"
	"shunt/ops"
)

// MostEntries is how many entries of a directory are listed.
const MostEntries = 10_000

// Files are those in one file system, to be listed. How a directory is read depends on the kind: by go-diskfs, behind
// checks, by a tool of others, or by the kernel, which mounts the file system for it. Nothing is written, and no link is
// followed.
//
// A file system can be made to harm its reader. go-diskfs can overflow the stack, run forever or take all memory on a
// damaged one, which nothing in the same process can stop, so files must be listed in a process of its own with limits on
// memory, time and stack; tools inherit these. The process that started it can ask again with Plain if it died.
type Files struct {
	// Base is the target; the file system is its bytes [Off, Off+Len).
	Base     io.ReaderAt
	Off, Len int64
	Kind     model.FSKind
	// Window is the path of a file with just these bytes, for tools.
	Window func() (path string, err error)
	// Mount mounts the file system read-only, with options of its type, for as long as this process lives.
	Mount func(fstype, options string) (dir string, err error)
	// Plain leaves out go-diskfs.
	Plain bool
}

// A Way lists the directories of a kind of file system.
type Way struct {
	// Name is what it is called: "debugfs".
	Name string
	// inside says that it reads in this process, by go-diskfs, and suits says why it must not be let at a file system then.
	inside bool
	suits  func(src Files) error
	// Read lists one directory, given by the names that lead to it. Entries come in any order; "." and ".." may be among
	// them. more says that it stopped at MostEntries. The error wraps ErrNoDirectory for a directory that is not there.
	Read func(ctx context.Context, src Files, dir []string) (entries []ops.FileEntry, more bool, err error)
}

// ErrNoDirectory is wrapped by the error for a directory that is not there.
var ErrNoDirectory = errors.New("there is no such directory")

// Ways are the ways to list the files, the best first. Without one the driver's NoFiles says why there is none.
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

// Doubts are why a listing of the files may not tell what is there, printable.
func (d Driver) Doubts(src Files) []string {
	if d.doubts == nil {
		return nil
	}
	return d.doubts(src)
}

// find looks for a directory of that name among the entries that list hands out, for readers that do not tell a missing
// directory from an empty one. It ends the listing at that entry. The error is ErrNoDirectory if there is none.
func find(name string, list func(each func(ops.FileEntry) bool) error) error {
	const most = 1_000_000 // entries that are looked through
	seen, found, directory := 0, false, false
	err := list(func(e ops.FileEntry) bool {
		if seen++; e.Exact() == name {
			found, directory = true, e.Kind == ops.FileDirectory
		}
		return !found && seen < most
	})
	switch {
	case err != nil:
		return err
	case !found && seen == most:
		return fmt.Errorf("%s: the directory it lies in is too large", ops.Printable(name))
	case !directory:
		return ErrNoDirectory
	}
	return nil
}
