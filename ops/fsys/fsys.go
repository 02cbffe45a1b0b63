// Package fsys holds a driver for each kind of file system (see Driver) and runs the tools that change them. A driver knows
// which tools there are and what they can do, how they are called and what their exit codes mean, which blocks are free,
// what the file system stores of its own position, how it is mounted and how its files are listed.
//
// Invariants: a tool is given the path of a file that is exactly as long as the partition and holds exactly one file
// system; in a rehearsal that file is a window on the overlay. A tool is run by argument list, without a shell. The
// superblock is read again after each tool: a file system never ends up larger than its partition. Nothing here judges
// whether an edit is wise. After an error the window may hold anything, which does no harm because it belongs to the
// rehearsal.
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

// A Runner runs a program by argument list, in the C locale and with empty input, and returns its exit code and everything
// it wrote. onLine, if not nil, is called with each line as it arrives. An error means that the program could not be
// run or did not exit by itself.
type Runner func(ctx context.Context, argv []string, onLine func(string)) (exit int, output string, err error)

// Tools changes and checks file systems with their own tools.
type Tools struct {
	// Run runs them.
	Run Runner
	// Open opens the window at a path; nil opens the file there. The process that serves the windows must not open
	// them as files: if it were killed while it waits for itself, it could neither answer nor end. It reads the overlay
	// instead.
	Open func(path string) (File, error)
	// Look finds the programs; nil searches $PATH and the directories of system programs.
	Look LookPath
	// MountPoint is an empty directory for file systems that can only be resized while they are mounted. It lies in a
	// mount namespace that only the programs started by Run share. "" means that there is no such directory.
	MountPoint string
}

// File is an open window.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size is the window's length in bytes.
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
	UUID  string // "" for a new one
	// Start is the first sector of the partition on the target, which some kinds store.
	Start geometry.Sector
	// SectorSize is that of the target. A file system must not use smaller blocks.
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

// run runs a tool and returns its exit code and output. The error is a *ToolError if codes does not accept the exit code.
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

// edit opens the job's window, calls do with it and closes it.
func (j job) edit(do func(f File) error) error { return j.Tools.edit(j.path, do) }

// probe identifies the file system in the window at path. n is the length of the window.
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

// expect identifies the file system in the window at path. It fails unless that is of the kind, fits into the window and
// lies in it as a whole: no tool is run on a file system that names other devices.
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
