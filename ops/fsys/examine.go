package fsys

import (
	"context"
	"errors"

	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
)

// An Examination is what Examine found.
type Examination struct {
	// Replayed says that the journal held changes, which were brought in before the check.
	Replayed bool
	// Fault is what is wrong, or nil.
	Fault error
	// Notes hold what is odd and no damage.
	Notes []string
}

// Examine checks the file system of this kind in the window at path by all that its tools can find without a repair. The
// window must be a copy: the journal is replayed in it, and a tool that compares copies restores the damaged one. Nobody
// need agree to that, as the copy is dropped. The caller must know that the kind can be checked here (ops.Capability).
func (t Tools) Examine(ctx context.Context, kind model.FSKind, path string) Examination {
	j := job{Tools: t, driver: Of(kind), path: path}
	var e Examination
	e.Fault = j.edit(func(f File) (err error) {
		j.n, err = f.Size()
		j.fs = scan.Probe(f, 0, j.n)
		return err
	})
	if e.Fault != nil {
		return e
	}
	if j.fs.Features.Has(model.Unreplayed) && j.driver.replay != nil {
		if err := j.driver.replay(j, ctx); err != nil {
			e.Fault = tried.Errorf("replay the journal: %w", err)
			return e
		}
		e.Replayed, j.replayed = true, true
		e.Fault = j.edit(func(f File) error {
			j.fs = scan.Probe(f, 0, j.n)
			return nil
		})
	}
	check := j.driver.examine
	if check == nil {
		check = j.driver.verify
	}
	if e.Fault == nil {
		e.Fault = check(j, ctx)
	}
	if e.Fault == nil && !j.fs.Dirty.OK() {
		e.judge(j.fs)
	}
	return e
}

// judge decides what a mark means on a file system that its checker found in order.
func (e *Examination) judge(fs model.Filesystem) {
	if fs.Trait == model.Hibernated || fs.Trait == model.OpenJournal {
		e.Notes = append(e.Notes, string(fs.Dirty))
		return
	}
	e.Fault = errors.New("its own mark says: " + string(fs.Dirty))
}
