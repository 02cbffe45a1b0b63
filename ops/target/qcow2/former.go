package qcow2

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"shunt/model/tried"
	"shunt/ops/target"
)

var _ target.Rebased = (*file)(nil)

// BackWith does the work of target.Rebased.
func (f *file) BackWith(sector []byte, since time.Time) error {
	now, _ := f.now()
	was, err := readHeader(beginning{sector, store{f.File}})
	if err != nil {
		return tried.Errorf("read the header of %s as it was: %w", f.Given, err)
	}
	if was.Backing == "" || was.Backing == now.Backing && was.BackingFormat == now.BackingFormat {
		return nil
	}
	path, err := backingPath(was, f.Given)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("it would show the backing file %s again, which is gone: put that file back first", path)
	case err != nil:
		return tried.Errorf("look at %s: %w", path, tried.Cause(err))
	case info.Mode().IsRegular() && info.ModTime().After(since.Add(-target.Step(info.ModTime().UnixNano()))):
		return fmt.Errorf("it would show the backing file %s again, which was changed at %s, after the transaction began, so the disk would be another one: "+
			"put the file back as it was first", path, info.ModTime().Format(time.DateTime))
	}
	return nil
}

// A beginning is a file with another first sector.
type beginning struct {
	first []byte
	rest  io.ReaderAt
}

func (b beginning) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.rest.ReadAt(p, off)
	if off < int64(len(b.first)) {
		copy(p[:n], b.first[off:])
	}
	return n, err
}
