package worker

import (
	"errors"
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// Source is another target that a plan copies from. Its files, which carry its locks, come behind those of the target itself
// and of the sources before it. It is read during the rehearsal only: the commit writes what was read then.
type Source struct {
	Path       string // absolute, as in the plan
	Files      int    // how many are handed over
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

// openSources takes the other targets over and reads what is on them, which must be what the parent saw there.
func (w *process) openSources() error {
	w.sources, w.lent = map[string]io.ReaderAt{}, map[string]model.Disk{}
	next := w.job.Files
	for _, s := range w.job.Sources {
		opts := target.Options{Mode: target.Inspect, SectorSize: s.SectorSize, NoLock: true}
		t, err := registry.Adopt(s.Path, opts, handed(next, s.Files, s.Path))
		if err != nil {
			return err
		}
		next += s.Files
		w.lenders = append(w.lenders, t)
		disk, err := scan.Scan(t, t.Size(), t.SectorSize())
		if err != nil {
			return tried.Errorf("read %s: %w", s.Path, err)
		}
		if Sum(disk) != s.Sum {
			return fmt.Errorf("%s changed since it was looked at; nothing was written: take the copy back and make it again", s.Path)
		}
		w.sources[s.Path], w.lent[s.Path] = t, disk
	}
	return nil
}

// closeSources lets go of the other targets, so that this process does not keep them from others while it commits.
func (w *process) closeSources() error {
	var errs []error
	for _, t := range w.lenders {
		errs = append(errs, t.Close())
	}
	w.lenders, w.sources = nil, nil
	return errors.Join(errs...)
}

// source finds a partition of another target for the plan.
func (w *process) source(path string, number int) (ops.Source, error) {
	disk, ok := w.lent[path]
	if !ok {
		return ops.Source{}, errors.New("it was not handed over")
	}
	return FindSource(path, disk, number)
}
