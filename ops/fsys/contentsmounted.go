package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"shunt/ops/report"
)

// mountedFiles reads the files of a file system that is mounted at at. It follows no link and enters no other mount.
type mountedFiles struct{ at string }

func (c *mountedFiles) Close() error { return nil }

func (c *mountedFiles) open(file string, flags uint64) (*os.File, error) {
	var names []string
	if file != "" {
		names = strings.Split(file, "/")
	}
	f, err := openAs(c.at, names, flags)
	if errors.Is(err, ErrNoDirectory) {
		err = ErrNoFile
	}
	return f, err
}

func (c *mountedFiles) Root(context.Context) (Node, error) {
	f, err := c.open("", unix.O_DIRECTORY)
	if err != nil {
		return Node{}, err
	}
	defer func() { _ = f.Close() }() // it was only looked at
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return Node{}, &fs.PathError{Op: "stat", Path: "/", Err: err}
	}
	return statNode("", "", &st), nil
}

// statNode returns the node for what the kernel says of a file.
func statNode(name, file string, st *unix.Stat_t) Node {
	when := func(t unix.Timespec) time.Time { return time.Unix(t.Sec, t.Nsec).UTC() }
	n := Node{
		Name: name, Kind: fileKind(st.Mode), Mode: st.Mode, Owned: true, UID: st.Uid, GID: st.Gid, Links: uint32(st.Nlink),
		Modified: when(st.Mtim), Accessed: when(st.Atim), at: file,
		// Each subvolume of btrfs has a device number and inode numbers of its own.
		ID: st.Ino ^ st.Dev<<40 | 1<<63,
	}
	if n.Kind == report.FileRegular {
		n.Size = st.Size
	}
	return n
}

func (c *mountedFiles) node(dir *os.File, parent, name string) (Node, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT); err != nil {
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENAMETOOLONG) {
			return Node{}, ErrNoFile
		}
		return Node{}, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	n := statNode(name, path.Join(parent, name), &st)
	if size, err := unix.Llistxattr(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), name), nil); err == nil {
		n.Attributes = size > 0
	}
	if n.Kind == report.FileSymlink {
		b := make([]byte, unix.PathMax)
		size, err := unix.Readlinkat(int(dir.Fd()), name, b)
		if n.Target = string(b[:max(size, 0)]); err != nil {
			n.NoTarget = err.Error()
		}
	}
	return n, nil
}

// directory opens a directory.
func (c *mountedFiles) directory(dir Node) (*os.File, string, error) {
	at, ok := dir.at.(string)
	if !ok || dir.Kind != report.FileDirectory {
		return nil, "", ErrNotDirectory
	}
	f, err := c.open(at, unix.O_DIRECTORY)
	return f, at, err
}

func (c *mountedFiles) Entries(ctx context.Context, dir Node, each func(Node) error) (err error) {
	f, at, err := c.directory(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for {
		const some = 1000
		names, err := f.Readdirnames(some)
		for _, name := range names {
			n, err := c.node(f, at, name)
			if err == nil {
				err = each(n)
			}
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *mountedFiles) Find(_ context.Context, dir Node, name string) (Node, error) {
	if !Nameable(name) {
		return Node{}, ErrNoFile
	}
	f, at, err := c.directory(dir)
	if err != nil {
		return Node{}, err
	}
	defer func() { _ = f.Close() }() // it was only looked at
	return c.node(f, at, name)
}

func (c *mountedFiles) Open(_ context.Context, file Node) (Content, error) {
	at, ok := file.at.(string)
	if !ok || file.Kind != report.FileRegular {
		return nil, ErrNotFile
	}
	f, err := c.open(at, 0)
	if err != nil {
		return nil, err
	}
	about, err := f.Stat()
	if err == nil && !about.Mode().IsRegular() {
		err = ErrNotFile
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return mountedFile{f, about.Size()}, nil
}

// mountedFile is a file that the kernel reads.
type mountedFile struct {
	*os.File
	size int64
}

func (f mountedFile) Size() int64 { return f.size }

func (f mountedFile) Data(off int64) (from, to int64, err error) {
	from, err = unix.Seek(int(f.Fd()), off, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return f.size, f.size, nil
	case err != nil:
		return min(off, f.size), f.size, nil // it knows no holes
	}
	if to, err = unix.Seek(int(f.Fd()), from, unix.SEEK_HOLE); err != nil {
		to = f.size
	}
	return from, to, nil
}
