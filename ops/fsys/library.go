package fsys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/filesystem/ext4"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// directories is the part of go-diskfs that is used. Files are never opened, because the library follows a link that leads
// to itself until its stack overflows.
type directories interface {
	ReadDir(path string) ([]fs.DirEntry, error)
}

// errNotSuited is returned for a file system that go-diskfs must not read.
var errNotSuited = errors.New("not suited for go-diskfs")

// guarded lists a directory with go-diskfs and recovers from its panics, which are frequent on damaged file systems.
func guarded(open func() (directories, error), dir []string) (entries []report.FileEntry, more bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			entries, err = nil, fmt.Errorf("go-diskfs failed: %v", v)
		}
	}()
	path := "."
	if len(dir) > 0 {
		path = strings.Join(dir, "/")
	}
	if !fs.ValidPath(path) {
		return nil, false, errNotSuited
	}
	d, err := open()
	if err != nil {
		return nil, false, err
	}
	// The library has no error of its own for a directory that does not exist; the next reader finds out.
	found, err := d.ReadDir(path)
	if err != nil {
		return nil, false, err
	}
	for _, f := range found {
		if len(entries) == MostEntries {
			return entries, true, nil
		}
		if !utf8.ValidString(f.Name()) || f.Name() == "" {
			return nil, false, errNotSuited
		}
		entry, err := libraryEntry(f)
		if err != nil {
			return nil, false, err
		}
		entries = append(entries, entry)
	}
	return entries, false, nil
}

func libraryEntry(f fs.DirEntry) (report.FileEntry, error) {
	info, err := f.Info()
	if err != nil {
		return report.FileEntry{}, err
	}
	size := geometry.Bytes(info.Size())
	kind := fileKind(f.Type())
	if kind != report.FileRegular {
		size = -1
	}
	e := report.NewFileEntry(f.Name(), kind, size, info.ModTime().UTC())
	if st, ok := info.Sys().(*ext4.StatT); ok && kind == report.FileSymlink {
		e.Target = safetext.Printable(st.LinkTarget)
	}
	return e, nil
}

func fileKind(mode fs.FileMode) report.FileKind {
	switch {
	case mode.IsDir():
		return report.FileDirectory
	case mode&fs.ModeSymlink != 0:
		return report.FileSymlink
	case mode.IsRegular():
		return report.FileRegular
	}
	return report.FileOther
}

// storage shows the bytes of a file system to go-diskfs, as a file that cannot be written. The library must not be given
// io.EOF with a full read.
type storage struct{ *io.SectionReader }

var _ backend.Storage = storage{}

func newStorage(src Files) storage { return storage{io.NewSectionReader(src.Base, src.Off, src.Len)} }

// ReadAt implements io.ReaderAt.
func (s storage) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.SectionReader.ReadAt(p, off)
	if n == len(p) && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Stat describes an ordinary file.
func (s storage) Stat() (fs.FileInfo, error) { return storageInfo{s.Size()}, nil }

// Sys is not there.
func (s storage) Sys() (*os.File, error) { return nil, backend.ErrNotSuitable }

// Path is not there.
func (s storage) Path() string { return "" }

// Close does nothing.
func (s storage) Close() error { return nil }

// Writable is refused.
func (s storage) Writable() (backend.WritableFile, error) { return nil, backend.ErrIncorrectOpenMode }

type storageInfo struct{ size int64 }

func (i storageInfo) Name() string       { return "filesystem" }
func (i storageInfo) Size() int64        { return i.size }
func (i storageInfo) Mode() fs.FileMode  { return 0o400 }
func (i storageInfo) ModTime() time.Time { return time.Time{} }
func (i storageInfo) IsDir() bool        { return false }
func (i storageInfo) Sys() any           { return nil }
