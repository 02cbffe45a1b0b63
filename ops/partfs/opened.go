package partfs

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"shunt/model/tried"
)

// A File reads and writes a window in the process that serves it, without the kernel.
type File struct {
	ov     Disk
	off, n int64
}

// Open opens the window at the path that Set returned. The error wraps fs.ErrNotExist if there is none.
func (s *Server) Open(path string) (*File, error) {
	name := filepath.Base(path)
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	if w, ok := s.files.windows[name]; ok {
		return &File{ov: s.files.ov, off: w.off, n: w.n}, nil
	}
	return nil, fmt.Errorf("window %s: %w", name, fs.ErrNotExist)
}

// Size returns the window's length in bytes.
func (f *File) Size() (int64, error) { return f.n, nil }

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	return io.NewSectionReader(f.ov, f.off, f.n).ReadAt(p, off)
}

// WriteAt implements io.WriterAt. It writes nothing if the data would reach past the window's end.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || int64(len(p)) > f.n-off {
		return 0, tried.Errorf("write %d bytes at byte %d of a window of %d: %w", len(p), off, f.n, io.ErrShortWrite)
	}
	return f.ov.WriteAt(p, f.off+off)
}

// Close does nothing. fsys.File needs it.
func (f *File) Close() error { return nil }
