package fsys

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// mountedWay returns the Way that lets the kernel mount the file system and then lists its files.
func mountedWay(m Mount) Way {
	return Way{
		Name: "the kernel, mounted read-only",
		Read: func(ctx context.Context, src Files, dir []string) ([]report.FileEntry, bool, error) {
			at, err := src.Mount(m.FS, m.Quiet)
			if err != nil {
				return nil, false, err
			}
			return readMounted(ctx, at, dir)
		},
	}
}

// readMounted lists the directory dir inside the file system that is mounted at at.
func readMounted(ctx context.Context, at string, dir []string) (entries []report.FileEntry, more bool, err error) {
	f, err := openBelow(at, dir)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	names, err := f.Readdirnames(MostEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	for _, name := range names[:min(len(names), MostEntries)] {
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		entries = append(entries, mountedEntry(f, name))
	}
	return entries, len(names) > MostEntries, nil
}

// openBelow opens a directory below at, and openFileBelow any other file. They follow no link and enter no other mount.
func openBelow(at string, dir []string) (*os.File, error) { return openAs(at, dir, unix.O_DIRECTORY) }

func openFileBelow(at string, file []string) (*os.File, error) { return openAs(at, file, 0) }

func openAs(at string, names []string, flags uint64) (*os.File, error) {
	root, err := unix.Open(at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(root) }() // it was only a starting point
	path := filepath.Join(append([]string{"."}, names...)...)
	fd, err := unix.Openat2(root, path, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | flags,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	})
	switch {
	case slices.Contains([]error{unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.ENAMETOOLONG}, err):
		return nil, ErrNoDirectory
	case err != nil:
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// mountedEntry describes one name in a directory. If the file cannot be examined, the entry has only its name.
func mountedEntry(dir *os.File, name string) report.FileEntry {
	var st unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT); err != nil {
		return report.NewFileEntry(name, report.FileOther, -1, time.Time{})
	}
	kind, size := fileKind(st.Mode), geometry.Bytes(-1)
	if kind == report.FileRegular {
		size = geometry.Bytes(st.Size)
	}
	e := report.NewFileEntry(name, kind, size, time.Unix(st.Mtim.Sec, 0).UTC())
	if kind == report.FileSymlink {
		b := make([]byte, 4096)
		if n, err := unix.Readlinkat(int(dir.Fd()), name, b); err == nil {
			e.Target = safetext.Printable(string(b[:n]))
		}
	}
	return e
}
