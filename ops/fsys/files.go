package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/report"
	runner "shunt/ops/tool"
)

// MostEntries is the largest number of entries that a listing of a directory returns.
const MostEntries = 10_000

// Files describes a file system whose files are to be listed. The reader of a directory depends on the kind of file
// system: go-diskfs after some checks, a tool, or the kernel, which mounts the file system. Nothing is written and no
// link is followed.
//
// A file system can be built to harm its reader. On a damaged file system go-diskfs may overflow the stack, run forever
// or use up all memory, and nothing in the same process can stop it. Files must therefore be listed in a separate process
// with limits on memory, time and stack, which its tools inherit. If that process dies, its parent can try again with
// Plain.
type Files struct {
	// Base is the target. The file system is its bytes [Off, Off+Len).
	Base     io.ReaderAt
	Off, Len int64
	Kind     model.FSKind
	// Window returns the path of a file with exactly these bytes, for tools.
	Window func() (path string, err error)
	// Mount mounts the file system read-only until this process ends. options are mount options of that type.
	Mount func(fstype, options string) (dir string, err error)
	// Plain excludes go-diskfs.
	Plain bool
}

// A Way is one way to list the directories of a kind of file system.
type Way struct {
	// Name is the program or library that reads the directories, for example "debugfs".
	Name string
	// suits is set for go-diskfs, which reads in this process. It returns an error if go-diskfs must not read the file
	// system.
	suits func(src Files) error
	// Read lists the directory to which the names in dir lead. The entries are unordered and may include "." and "..".
	// more reports whether Read stopped at MostEntries. The error wraps ErrNoDirectory if there is no such directory.
	Read func(ctx context.Context, src Files, dir []string) (entries []report.FileEntry, more bool, err error)
}

// ErrNoDirectory is returned for a directory that does not exist.
var ErrNoDirectory = errors.New("there is no such directory")

// A NoDirectoryError says why there is no directory at a path. It is an ErrNoDirectory.
type NoDirectoryError string

func (e NoDirectoryError) Error() string { return string(e) }

// Is makes errors.Is find ErrNoDirectory.
func (NoDirectoryError) Is(other error) bool { return other == ErrNoDirectory }

// Ways returns the ways to list the files, the best one first. If there are none, NoFiles is the reason.
func (d Driver) Ways(src Files) []Way {
	var ways []Way
	for _, w := range d.ways {
		if w.suits == nil || !src.Plain && w.suits(src) == nil {
			ways = append(ways, w)
		}
	}
	if len(d.ways) == 0 && len(d.Mounts) > 0 {
		ways = append(ways, mountedWay(d.Mounts[0]))
	}
	return ways
}

// A lister lists directories with a tool that prints one entry on each line.
type lister struct {
	name, pkg string
	env       []string
	// dir lists the directory to which the names in dir lead. window is the path of the file that holds the file system.
	dir func(ctx context.Context, l lister, window string, dir []string) ([]report.FileEntry, bool, error)
}

// way returns the Way that lists files with the tool.
func (l lister) way() Way {
	return Way{Name: l.name, Read: func(ctx context.Context, src Files, dir []string) ([]report.FileEntry, bool, error) {
		window, err := src.Window()
		if err != nil {
			return nil, false, err
		}
		entries, more, err := l.dir(ctx, l, window, dir)
		if err != nil {
			return nil, false, err
		}
		return entries, more, nil
	}}
}

// A parser parses one line of a tool's output. ok is false if the line holds no entry.
type parser func(line string) (e report.FileEntry, ok bool)

// run runs the tool and calls each with every entry except "." and "..". When each returns false, run stops the tool and
// returns true. If the tool fails, the error is a *ToolError.
func (l lister) run(ctx context.Context, parse parser, argv []string, each func(report.FileEntry) bool) (bool, error) {
	stopped := false
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	result, err := Query(ctx, l.pkg, l.env, argv, func(line string) {
		if stopped {
			return
		}
		if e, ok := parse(line); ok && e.Name != "." && e.Name != ".." && !each(e) {
			stopped = true
			stop()
		}
	})
	switch {
	case stopped:
		return true, nil
	case err == nil && result.Exit != 0:
		err = &ToolError{Argv: argv, Exit: result.Exit, Output: safetext.Lines(result.Output)}
	}
	return false, err
}

// list returns at most MostEntries of the entries that the tool prints. more reports whether there are others.
func (l lister) list(ctx context.Context, parse parser, argv ...string) (entries []report.FileEntry, more bool, err error) {
	more, err = l.run(ctx, parse, argv, func(e report.FileEntry) bool {
		if len(entries) == MostEntries {
			return false
		}
		entries = append(entries, e)
		return true
	})
	return entries, more, err
}

// find returns nil if the tool prints a directory of that name, else ErrNoDirectory. Some tools show a missing directory
// like an empty one, so each directory in a path must be looked up in its parent.
func (l lister) find(ctx context.Context, name string, parse parser, argv ...string) error {
	const most = 1_000_000 // entries that are looked through
	seen, found, directory := 0, false, false
	_, err := l.run(ctx, parse, argv, func(e report.FileEntry) bool {
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

// newEntry returns the entry for what a tool printed. layout is the format of the time. Only regular files have a size.
func newEntry(name string, kind report.FileKind, size, layout, modified string) report.FileEntry {
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || kind != report.FileRegular {
		n = -1
	}
	when, err := time.Parse(layout, modified)
	if err != nil || when.Unix() == 0 {
		when = time.Time{}
	}
	return report.NewFileEntry(name, kind, geometry.Bytes(n), when)
}

// fileKind returns the kind of file that the type bits of a Unix mode mean.
func fileKind(mode uint32) report.FileKind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return report.FileRegular
	case unix.S_IFDIR:
		return report.FileDirectory
	case unix.S_IFLNK:
		return report.FileSymlink
	}
	return report.FileOther
}

// queryTime limits how long one tool may run.
const queryTime = 20 * time.Second

// Query runs a tool that only reads, and calls onLine, if not nil, with each line. It limits the time, since a hostile
// file system can make a tool run forever. The error can be shown to people. An exit code other than 0 is not an error.
func Query(ctx context.Context, pkg string, env, argv []string, onLine func(line string)) (runner.Result, error) {
	ctx, stop := context.WithTimeout(ctx, queryTime)
	defer stop()
	result, err := runner.Run(ctx, runner.Cmd{Argv: argv, Env: append([]string{"TZ=UTC"}, env...), OnOutput: onLine})
	switch missing := (*runner.MissingError)(nil); {
	case errors.As(err, &missing):
		err = ops.NotInstalled(missing.Name, pkg).Err()
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%s was stopped after %s: the file system may be damaged", argv[0], queryTime)
	}
	return result, err
}
