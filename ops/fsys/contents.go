package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// Contents reads the files of one file system: names, facts and bytes. It writes nothing and follows no link. The bytes of
// the file system may be hostile: every method ends on any bytes and uses little memory, except where a tool or the kernel
// reads (see Driver.Contents).
//
// Its methods may be called from several goroutines at once. A *BrokenError says that the file system contradicts itself;
// any other error that is not documented is an I/O error.
type Contents interface {
	// Root returns the root directory. Its name is "".
	Root(ctx context.Context) (Node, error)
	// Entries calls each for every entry of a directory except "." and "..", in the order of the directory, until each
	// returns an error, which Entries then returns. After another error the entries before the damage were passed to each.
	Entries(ctx context.Context, dir Node, each func(Node) error) error
	// Find returns the entry of a directory that has this name. FAT and exFAT ignore the case of letters if no name is
	// exactly the same. The error wraps ErrNoFile if there is none.
	Find(ctx context.Context, dir Node, name string) (Node, error)
	// Open opens a regular file.
	Open(ctx context.Context, file Node) (Content, error)
	// Close ends the reading. Contents that are open must be closed before.
	Close() error
}

// Content holds the bytes of an open file. Reads beyond Size return io.EOF.
type Content interface {
	io.ReaderAt
	// Size is the length of the file in bytes.
	Size() int64
	// Data returns the first run of bytes [from, to) at or after off that may hold something else than zeros, for copies
	// that keep holes. from is Size if there is none. A reader that knows no holes returns [off, Size).
	Data(off int64) (from, to int64, err error)
	io.Closer
}

// A Node is a file or directory as it is found in a directory.
type Node struct {
	// Name is exactly what the file system stores, as UTF-8 where it stores UTF-16. It may hold any bytes: see Nameable.
	Name string
	// ID is the same for all names of a file, and differs between files of one file system. It is never 0.
	ID   uint64
	Kind report.FileKind
	// Mode holds the type and permissions as st_mode has them. If Owned is not set, the file system stores neither these nor
	// an owner, and Mode is a usual one for the kind.
	Mode     uint32
	Owned    bool
	UID, GID uint32
	// Links is the number of names, 1 if the file system has no hard links.
	Links uint32
	// Size is the length of a regular file in bytes, -1 if it is not known before Open, and 0 for all other kinds.
	Size int64
	// The times are zero if they are not stored.
	Modified, Accessed, Created time.Time
	// Target is the exact path to which a symbolic link leads.
	Target string
	// NoTarget is the reason why Target is not known, for a link.
	NoTarget string
	// Attributes says that the file has extended attributes.
	Attributes bool
	// at is what the reader needs to find the file.
	at any
}

// Errors of Contents and Walk.
var (
	// ErrNoFile is returned for a name that does not exist.
	ErrNoFile = errors.New("there is no file or directory of this name")
	// ErrNotDirectory is returned where a directory is needed and something else is there.
	ErrNotDirectory = errors.New("it is not a directory")
	// ErrIsLink is returned where a path leads through a symbolic link.
	ErrIsLink = errors.New("it is a link, and links are not followed")
	// ErrNotFile is returned by Open for what is not a regular file.
	ErrNotFile = errors.New("it is not a regular file")
)

// A BrokenError says how a file system contradicts itself.
type BrokenError struct{ What string }

func (e *BrokenError) Error() string { return e.What + ": the file system is damaged, check it first" }

func broken(format string, args ...any) error { return &BrokenError{fmt.Sprintf(format, args...)} }

// A PathError names the part of a path at which it leads nowhere. It wraps one of the errors of Contents.
type PathError struct {
	Path string // printable
	Err  error
}

func (e *PathError) Error() string { return e.Path + ": " + e.Err.Error() }

func (e *PathError) Unwrap() error { return e.Err }

// Walk returns the file or directory to which names lead from the root. It follows no link: the last name may be one. The
// error is a *PathError.
func Walk(ctx context.Context, c Contents, names []string) (Node, error) {
	at, err := c.Root(ctx)
	path := "/"
	for i, name := range names {
		switch {
		case err != nil:
		case at.Kind == report.FileSymlink:
			err = ErrIsLink
		case at.Kind != report.FileDirectory:
			err = ErrNotDirectory
		default:
			path = "/" + strings.Join(names[:i+1], "/")
			at, err = c.Find(ctx, at, name)
		}
	}
	if err != nil {
		return Node{}, &PathError{safetext.Printable(path), err}
	}
	return at, nil
}

// Full completes the facts about a file that was found, where the reader of directories does not have all of them.
func Full(ctx context.Context, c Contents, n Node) (Node, error) {
	if f, ok := c.(interface {
		Full(ctx context.Context, n Node) (Node, error)
	}); ok {
		return f.Full(ctx, n)
	}
	return n, nil
}

// SpecialName says what a file that is neither a regular one nor a directory nor a link is, by the type bits of its mode.
func SpecialName(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFBLK, unix.S_IFCHR:
		return "a device"
	case unix.S_IFIFO:
		return "a pipe"
	case unix.S_IFSOCK:
		return "a socket"
	}
	return "a file of an unknown kind"
}

// Nameable reports whether a name can be the name of a file on Linux.
func Nameable(name string) bool {
	const longest = 255
	return name != "" && name != "." && name != ".." && len(name) <= longest && !strings.ContainsAny(name, "/\x00")
}

// Contents opens the file system for reading its files. FAT, exFAT and ext are read by this program, without tools. It must
// be closed. The error can be shown as it is.
func (d Driver) Contents(ctx context.Context, src Files) (Contents, error) {
	switch {
	case d.contents != nil:
		return d.contents(ctx, src)
	case len(d.Mounts) > 0 && d.Mounts[0].FS != "":
		at, err := d.wholly(src)
		if err != nil {
			return nil, err
		}
		return &mountedFiles{at: at}, nil
	}
	return nil, d.NoFiles.Err()
}

// contentsWay returns the Way that lists files with the reader of this program.
func contentsWay(open func(ctx context.Context, src Files) (Contents, error)) Way {
	return Way{Name: "shunt", Read: func(
		ctx context.Context, src Files, dir []string,
	) (entries []report.FileEntry, more bool, err error) {
		c, err := open(ctx, src)
		if err != nil {
			return nil, false, err
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		at, err := Walk(ctx, c, dir)
		if err == nil && at.Kind != report.FileDirectory {
			err = ErrNotDirectory
		}
		if errors.Is(err, ErrNoFile) || errors.Is(err, ErrNotDirectory) || errors.Is(err, ErrIsLink) {
			return nil, false, ErrNoDirectory
		}
		if err != nil {
			return nil, false, err
		}
		err = c.Entries(ctx, at, func(n Node) error {
			if len(entries) == MostEntries {
				return errFound
			}
			size := geometry.Bytes(n.Size)
			if n.Kind != report.FileRegular {
				size = -1
			}
			entries = append(entries, report.NewFileEntry(n.Name, n.Kind, size, n.Modified))
			return nil
		})
		if errors.Is(err, errFound) {
			return entries, true, nil
		}
		return entries, false, err
	}}
}

// errFound ends a search.
var errFound = errors.New("found")
