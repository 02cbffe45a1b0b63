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
		if err == nil && d.scrub != nil {
			r.Caveat, err = d.scrub(j, ctx)
			return err
		}
		if err == nil || d.repair == nil || !errors.As(err, &damaged) {
			return err
		}
		r.Repaired, r.Caveat = true, d.caveat
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
	failed := (*ToolError)(nil)
	if j.fs.Features.Has(model.Unreplayed) {
		err := d.replay(j, ctx)
		if err != nil {
			err = tried.Errorf("replay the journal: %w", err)
		}
		switch {
		case err != nil && errors.As(err, &failed):
			before.files, before.err = j.files(ctx)
			return before, j.damage(err)
		case err != nil:
			return before, err
		}
		note("the journal was replayed")
	}
	verdict, found := d.verify(j, ctx), ""
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
	case err != nil && (verdict == nil || !errors.As(err, &failed)):
		return before, err
	case err != nil, did == "" && verdict != nil:
		return before, j.damage(verdict)
	case did == "":
		return before, nil
	case verdict != nil && d.walk != nil && !j.kept(ctx, before):
		return before, j.damage(verdict)
	}
	switch after := d.verify(j, ctx); {
	case after != nil && verdict != nil:
		return before, j.damage(verdict)
	case after != nil: // the tool found more to do than it had looked for
		before.files, before.err = j.files(ctx)
		return before, j.damage(after)
	}
	note(did)
	return before, nil
}

// kept reports whether all files are as they were.
func (j job) kept(ctx context.Context, before earlier) bool {
	after, err := j.files(ctx)
	var changed report.Repair
	before.files.compare(after, &changed)
	return err == nil && before.err == nil && len(changed.Files) == 0
}

func (j job) damage(verdict error) error {
	if j.driver.repair != nil {
		_ = advise(verdict, "") // what to do depends on who asked
	}
	return &DamagedError{Repairs: j.driver.repair != nil, Err: verdict}
}
