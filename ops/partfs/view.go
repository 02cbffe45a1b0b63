package partfs

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"shunt/model/tried"
)

// View shows the bytes of a window to the process that serves it, past the kernel. That process must not open its own
// windows: if it is killed while it waits for an answer of its own, nobody is left to give it, and the process stays
// behind for as long as the machine runs.
type View struct {
	files  *files
	off, n int64
}

// View is the window at the path that Set returned. The error wraps fs.ErrNotExist if there is none.
func (s *Server) View(path string) (*View, error) {
	name := filepath.Base(path)
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	if nd, ok := s.files.named[name]; ok {
		return &View{files: s.files, off: nd.off, n: nd.n}, nil
	}
	return nil, fmt.Errorf("window %s: %w", name, fs.ErrNotExist)
}

// Size is the window's length in bytes.
func (v *View) Size() (int64, error) { return v.n, nil }

// ReadAt implements io.ReaderAt.
func (v *View) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= v.n {
		return 0, io.EOF
	}
	short := int64(len(p)) > v.n-off
	if short {
		p = p[:v.n-off]
	}
	n, err := v.files.ov.ReadAt(p, v.off+off)
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// WriteAt implements io.WriterAt; nothing is written behind the window's end.
func (v *View) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || int64(len(p)) > v.n-off {
		return 0, tried.Errorf("write %d bytes at byte %d of a window of %d: %w", len(p), off, v.n, io.ErrShortWrite)
	}
	return v.files.ov.WriteAt(p, v.off+off)
}

// Close does nothing; it is there to make a View a file.
func (v *View) Close() error { return nil }
