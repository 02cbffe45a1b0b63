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

// A Source is another target that a plan copies from. Its files carry its locks, and are handed over in the order of the
// sources. It is read during the rehearsal only: the commit writes what was read then.
type Source struct {
	Path       string // absolute, as in the plan
	Files      int    // how many files are handed over
	SectorSize geometry.SectorSize
	Sum        string // of the disk as the parent scanned it
}

// FindSource returns the partition with a number in the form in which operations refer to it.
func FindSource(path string, disk model.Disk, number int) (ops.Source, error) {
	p, ok := disk.ByNumber(number)
	if !ok {
		return ops.Source{}, fmt.Errorf("there is no partition %d", number)
	}
	return ops.Source{Path: path, Part: p, SectorSize: disk.SectorSize}, nil
}

// openSources takes over the other targets and scans them. It fails if one differs from the parent's scan. find looks up a
// partition of one for the plan.
func (w *process) openSources() (find func(path string, number int) (ops.Source, error), err error) {
	disks := map[string]model.Disk{}
	w.sources = map[string]io.ReaderAt{}
	for _, s := range w.job.Sources {
		opts := target.Options{Mode: target.Inspect, SectorSize: s.SectorSize, NoLock: true}
		t, err := registry.Adopt(s.Path, opts, w.take(s.Files, s.Path))
		if err != nil {
			return nil, err
		}
		w.lenders = append(w.lenders, t)
		disk, err := scan.Scan(t, t.Size(), t.SectorSize())
		if err != nil {
			return nil, tried.Errorf("read %s: %w", s.Path, err)
		}
		if Sum(disk) != s.Sum {
			return nil, fmt.Errorf("%s changed since the copy was planned; nothing was written: undo the copy and make it again", s.Path)
		}
		w.sources[s.Path], disks[s.Path] = t, disk
	}
	return func(path string, number int) (ops.Source, error) {
		disk, ok := disks[path]
		if !ok {
			return ops.Source{}, errors.New("it was not handed over")
		}
		return FindSource(path, disk, number)
	}, nil
}

// closeSources closes the other targets, so that this process does not keep them locked while it commits.
func (w *process) closeSources() error {
	var errs []error
	for _, t := range w.lenders {
		errs = append(errs, t.Close())
	}
	w.lenders, w.sources = nil, nil
	return errors.Join(errs...)
}
