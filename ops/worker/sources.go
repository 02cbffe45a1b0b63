package worker

import (
	"errors"
	"fmt"
	"io"
	"os"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/ops"
)

// Source is another target that a plan copies from. Its file, which carries a lock on it, comes behind those of the
// target itself. It is read during the rehearsal only: the commit writes what was read then.
type Source struct {
	Path       string // absolute, as in the plan
	Size       int64  // bytes
	SectorSize geometry.SectorSize
	Sum        string // of the disk as the parent scanned it
}

// FindSource is the partition of a scanned disk with a number, as an operation copies from it.
func FindSource(path string, disk model.Disk, number int) (ops.Source, error) {
	p, ok := disk.ByNumber(number)
	if !ok {
		return ops.Source{}, fmt.Errorf("there is no partition %d", number)
	}
	return ops.Source{Path: path, Part: p, SectorSize: disk.SectorSize}, nil
}

// openSources reads what is on the other targets, which must be what the parent saw there.
func (w *process) openSources() error {
	w.sources, w.lent = map[string]io.ReaderAt{}, map[string]model.Disk{}
	for i, s := range w.job.Sources {
		f := os.NewFile(uintptr(4+w.job.Files+i), s.Path)
		if f == nil {
			return fmt.Errorf("internal error: %s was not handed over; nothing was changed, please report this", s.Path)
		}
		r := io.NewSectionReader(f, 0, s.Size)
		disk, err := scan.Scan(r, s.Size, s.SectorSize)
		if err != nil {
			return fmt.Errorf("read %s: %w", s.Path, err)
		}
		if Sum(disk) != s.Sum {
			return fmt.Errorf("%s changed since it was looked at; nothing was written: take the copy back and make it again", s.Path)
		}
		w.sources[s.Path], w.lent[s.Path] = r, disk
	}
	return nil
}

// source finds a partition of another target for the plan.
func (w *process) source(path string, number int) (ops.Source, error) {
	disk, ok := w.lent[path]
	if !ok {
		return ops.Source{}, errors.New("it was not handed over")
	}
	return FindSource(path, disk, number)
}
