package fsys

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/diskfs/go-diskfs/backend"
)

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
