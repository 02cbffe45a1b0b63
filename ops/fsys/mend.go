package fsys

import (
	"context"
	"errors"
	"fmt"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/report"
)

// DamagedError is returned by Ready for a file system whose damage cannot be repaired without the risk of a loss. The
// window may have been changed.
type DamagedError struct {
	// Repairs says that Repair may help.
	Repairs bool
	Err     error // what its tool found
}

func (e *DamagedError) Error() string { return fmt.Sprintf("it is damaged: %v", e.Err) }

func (e *DamagedError) Unwrap() error { return e.Err }

// Ready checks the file system of this kind in the window at path before another tool changes it. What loses nothing is
// corrected: a journal is replayed, a count of free blocks or the mark of an unclean unmount is set right. The report
// says so. Everything else is a *DamagedError.
func (t Tools) Ready(ctx context.Context, kind model.FSKind, path string) (r report.Repair, err error) {
	err = t.do("check", kind, path, func(j job) error {
		if j.driver.verify == nil {
			return j.driver.check.reason.Err()
		}
		_, err := j.settle(ctx, &r)
		return err
	})
	return r, err
}

// Repair checks the file system of this kind in the window at path and repairs what its tool repairs without asking,
// whatever that costs. The report says what became of the files. A kind whose driver has no repair is only settled (see
// Ready). An error means that the file system is damaged, or may be.
func (t Tools) Repair(ctx context.Context, kind model.FSKind, path string) (r report.Repair, err error) {
	err = t.do("check", kind, path, func(j job) error {
		d := j.driver
		if d.verify == nil {
			return d.check.reason.Err()
		}
		before, err := j.settle(ctx, &r)
		damaged := (*DamagedError)(nil)
		if err == nil || d.repair == nil || !errors.As(err, &damaged) {
			return err
		}
		r.Repaired = true
		if err := d.repair(j, ctx); err != nil {
			return err
		}
		after, err := j.files(ctx)
		switch {
		case before.err != nil:
			r.NotListed = before.err.Error()
		case err != nil:
			r.NotListed = err.Error()
		default:
			before.files.compare(after, &r)
		}
		return nil
	})
	return r, err
}

// earlier is the files before a repair, or the reason why they are not known.
type earlier struct {
	files tree
	err   error
}

// settle corrects what loses nothing. Its error is a *DamagedError if more than that is wrong; it then returns the files
// as they were. Its tool may correct some things that cost a file, so what it did counts only if all files stayed.
func (j job) settle(ctx context.Context, r *report.Repair) (before earlier, err error) {
	d := j.driver
	note := func(did string) {
		if did != "" {
			r.Mended = append(r.Mended, did)
		}
	}
	if j.fs.Features.Has(model.Unreplayed) {
		if err := d.replay(j, ctx); err != nil {
			return earlier{}, tried.Errorf("replay the journal: %w", err)
		}
		note("the journal was replayed")
	}
	verdict, found := d.verify(j, ctx), ""
	failed := (*ToolError)(nil)
	switch {
	case verdict == nil && d.mend == nil:
		return earlier{}, nil
	case verdict != nil && !errors.As(verdict, &failed):
		return earlier{}, verdict
	case verdict != nil:
		found = failed.Output
		before.files, before.err = j.files(ctx)
		if d.mend == nil {
			return before, j.damage(verdict)
		}
	}
	did, err := d.mend(j, ctx, found)
	switch {
	case err != nil && verdict != nil && errors.As(err, &failed):
		return before, j.damage(verdict)
	case err != nil:
		return before, err
	case verdict == nil:
		note(did)
		return before, nil
	case did == "":
		return before, j.damage(verdict)
	}
	if d.walk != nil {
		after, err := j.files(ctx)
		var changed report.Repair
		before.files.compare(after, &changed)
		if err != nil || before.err != nil || len(changed.Files) > 0 {
			return before, j.damage(verdict)
		}
	}
	if err := d.verify(j, ctx); err != nil {
		return before, j.damage(verdict)
	}
	note(did)
	return before, nil
}

func (j job) damage(verdict error) error {
	if j.driver.repair != nil {
		_ = advise(verdict, "") // what to do depends on who asked
	}
	return &DamagedError{Repairs: j.driver.repair != nil, Err: verdict}
}
