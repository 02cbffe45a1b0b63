package fsys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/ext4"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// directories is the part of go-diskfs that is used. Files are never opened, because the library follows a link to itself
// until its stack overflows.
type directories interface {
	ReadDir(path string) ([]fs.DirEntry, error)
}

// errNotSuited is returned if go-diskfs must not read the file system.
var errNotSuited = errors.New("not suited for the library")

// guarded lists a directory with go-diskfs and recovers from its panics, which are common on damaged file systems.
func guarded(open func() (directories, error), dir []string) (entries []report.FileEntry, more bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			entries, err = nil, fmt.Errorf("its directories cannot be read: %v", v)
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
	// The library has no specific error for a missing directory, so the next Way decides.
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
	size, kind := geometry.Bytes(-1), report.FileOther
	switch mode := f.Type(); {
	case mode.IsDir():
		kind = report.FileDirectory
	case mode&fs.ModeSymlink != 0:
		kind = report.FileSymlink
	case mode.IsRegular():
		kind, size = report.FileRegular, geometry.Bytes(info.Size())
	}
	e := report.NewFileEntry(f.Name(), kind, size, info.ModTime().UTC())
	if st, ok := info.Sys().(*ext4.StatT); ok && kind == report.FileSymlink {
		e.Target = safetext.Printable(st.LinkTarget)
	}
	return e, nil
}

// section presents the bytes of a file system as a file. Its reads return no io.EOF with a full buffer, which the library
// would take for a failure.
type section struct{ *io.SectionReader }

// newStorage presents the bytes of a file system to go-diskfs as a read-only file.
func newStorage(src Files) backend.Storage {
	return file.New(section{io.NewSectionReader(src.Base, src.Off, src.Len)}, true)
}

// ReadAt implements io.ReaderAt.
func (s section) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.SectionReader.ReadAt(p, off)
	if n == len(p) && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Stat is not used by the library.
func (s section) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

// Close does nothing.
func (s section) Close() error { return nil }
