// Package fsys holds a driver for each kind of file system (see Driver) and runs the tools that change them. A driver
// knows its tools, their command lines and exit codes. It also knows which blocks are free, what the file system stores
// about its own position, how to mount it and how to list its files.
//
// Invariants: a tool works on a file that is exactly as long as the partition and holds one file system. In a rehearsal
// that file is a window on the overlay. Tools are run by argument list, without a shell. After each tool the superblock
// is read again, so that a file system never ends up larger than its partition. Nothing here judges whether an edit is
// wise. After an error the window may hold anything; that does no harm, because only the rehearsal is affected.
package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
	runner "shunt/ops/tool"
)

// A Runner runs a program by argument list, in the C locale and without input, and returns its exit code and all output.
// onLine, if not nil, is called with each line as it arrives. An error means that the program did not start or did not
// exit by itself.
type Runner func(ctx context.Context, argv []string, onLine func(string)) (exit int, output string, err error)

// Tools changes and checks file systems with their own tools.
type Tools struct {
	// Run runs a tool.
	Run Runner
	// Open opens the window at a path; nil opens it as a file. The process that serves the windows reads the overlay
	// instead: if it opened a window as a file and were killed while it waits for itself, it could never end.
	Open func(path string) (File, error)
	// Look finds a program; nil searches $PATH and the directories of system programs.
	Look LookPath
	// MountPoint is an empty directory for file systems that can only be resized while they are mounted. It lies in a
	// mount namespace that only programs started by Run share. "" means that there is no such directory.
	MountPoint string
}

// File is an open window.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size returns the window's length in bytes.
	Size() (int64, error)
}

// open opens the window at path.
func (t Tools) open(path string) (File, error) {
	if t.Open != nil {
		return t.Open(path)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return hostFile{f}, nil
}

type hostFile struct{ *os.File }

func (f hostFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Spec describes a new file system.
type Spec struct {
	Label string // "" for none
	UUID  string // "" for a random one
	// Start is the first sector of the partition on the target. Some kinds store it.
	Start geometry.Sector
	// SectorSize is the sector size of the target. A file system must not have smaller blocks.
	SectorSize geometry.SectorSize
}

// installed reports whether a program is installed.
func (t Tools) installed(name string) bool {
	look := t.Look
	if look == nil {
		look = runner.Find
	}
	_, err := look(name)
	return err == nil
}

// run runs a tool and returns its exit code and output. The error is a *ToolError if codes does not allow the exit code.
func (t Tools) run(ctx context.Context, codes exitCodes, argv ...string) (exit int, output string, err error) {
	exit, output, err = t.Run(ctx, argv, nil)
	if err != nil {
		return exit, output, tried.Errorf("run %s: %w", argv[0], err)
	}
	if !codes.good(exit) {
		return exit, output, &ToolError{Argv: argv, Exit: exit, Means: codes.meaning(exit), Output: output}
	}
	return exit, output, nil
}

// edit opens the window at path, calls do with it and closes it.
func (t Tools) edit(path string, do func(f File) error) (err error) {
	f, err := t.open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return do(f)
}

func (j job) edit(do func(f File) error) error { return j.Tools.edit(j.path, do) }

// probe identifies the file system in the window at path. n is the length of the window in bytes.
func (t Tools) probe(path string) (fs model.Filesystem, n int64, err error) {
	err = t.edit(path, func(f File) error {
		if n, err = f.Size(); err != nil {
			return err
		}
		if kinds := scan.Signatures(f, 0, n); len(kinds) > 1 {
			return fmt.Errorf("it carries the signatures of both %s and %s: find out which one is stale and remove that with "+
				"`wipefs --types`", kinds[0], kinds[1])
		}
		fs = scan.Probe(f, 0, n)
		return nil
	})
	return fs, n, err
}

// expect is like probe, but fails unless the file system is of this kind, fits into the window and lies completely in it.
// No tool is run on a file system that names other devices.
func (t Tools) expect(kind model.FSKind, path string) (fs model.Filesystem, n int64, err error) {
	fs, n, err = t.probe(path)
	switch {
	case err != nil:
		return fs, n, tried.Errorf("look at the file system: %w", err)
	case fs.Kind == model.Unformatted:
		return fs, n, fmt.Errorf("there is no %s: no known superblock was found", kind)
	case fs.Kind != kind:
		return fs, n, fmt.Errorf("there is no %s: it is %s", kind, fs.Kind)
	case fs.Elsewhere != model.WholeHere:
		return fs, n, fs.Elsewhere.NoTools().Err()
	case int64(fs.Size) > n:
		return fs, n, fmt.Errorf("the %s says that it is %d bytes long, but its partition has only %d: "+
			"make the partition larger before anything else", kind, fs.Size, n)
	}
	return fs, n, nil
}
