package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/overlay"
)

// carried is the last step that moved or copied a file system, until another step than StepMoved or StepVerifyFS follows.
type carried struct {
	step    ops.Step
	before  overlay.Mark
	skipped int64
}

// note keeps s if it moves or copies, and forgets the last such step if s changes a file system.
func (r *Rehearsal) note(s ops.Step) {
	switch kind := s.Kind; {
	case kind == ops.StepRemap, kind == ops.StepCopy:
		r.carried = &carried{step: s, before: r.Overlay.Mark(), skipped: r.skipped}
	case kind != ops.StepMoved && kind != ops.StepVerifyFS:
		r.carried = nil
	}
}

// asItWas judges a file system that is found damaged after it was moved or copied. If it was damaged before, the result is
// nil, and it is carried again with all its bytes: what a damaged file system holds free may be in use. Nothing is lost
// then. If it was not damaged before, or if the same operation changes it next, the result is the error found.
func (r *Rehearsal) asItWas(ctx context.Context, s ops.Step, found error) error {
	c := r.carried
	if !isDamage(found) || c == nil || c.step.Part != s.Part || c.step.Op != s.Op || r.changesNext(s) {
		return found
	}
	r.Overlay.Revert(c.before)
	r.skipped = c.skipped
	source := s
	source.Window = c.step.From
	if c.step.Path != "" {
		// No window shows another target. The copy shows the same bytes.
		if source.Window = s.Window; r.copy(ctx, c.step, true) != nil {
			return found
		}
	}
	err := r.inWindow(source, func(path string) error { return r.Tools.Verify(ctx, s.FS, path) })
	if !isDamage(err) {
		return found
	}
	r.asIs = append(r.asIs, c.step)
	return r.carryAll(ctx, c.step)
}

func isDamage(err error) bool { return errors.As(err, new(*fsys.ToolError)) }

// changesNext reports whether the operation of the step that runs has more steps for its file system.
func (r *Rehearsal) changesNext(s ops.Step) bool {
	next := r.running + 1
	return next < len(r.Steps) && r.Steps[next].Op == s.Op && r.Steps[next].Part == s.Part
}

// carryAll moves or copies again, with all bytes, and repeats the steps that followed.
func (r *Rehearsal) carryAll(ctx context.Context, s ops.Step) (err error) {
	if s.Kind == ops.StepCopy {
		err = r.copy(ctx, s, true)
	} else {
		from := r.bytesOf(s.From)
		err = r.Overlay.Move(from.off, r.bytesOf(s.To).off, from.len(), nil)
	}
	if last := r.Steps[r.running-1]; err == nil && last.Kind == ops.StepMoved {
		err = r.step(ctx, last)
	}
	return err
}

// wasDamaged reports whether a partition held a file system that was carried as it is.
func (r *Rehearsal) wasDamaged(p model.Partition) bool {
	return slices.ContainsFunc(r.asIs, func(s ops.Step) bool {
		return s.Part == p.ID || s.Kind == ops.StepCopy && s.Path == "" && s.From.Start == p.Span.Start
	})
}

// asIsWarnings returns a warning for each damaged file system that was carried.
func (r *Rehearsal) asIsWarnings() (list []string) {
	told := map[model.PartID]bool{}
	for _, s := range r.asIs {
		if told[s.Part] {
			continue
		}
		told[s.Part] = true
		if s.Kind == ops.StepCopy {
			list = append(list, fmt.Sprintf("the %s that is copied to %s is damaged; every byte of it is copied as it is: check the copy "+
				"before you use it", s.FS, s.Ref))
			continue
		}
		list = append(list, fmt.Sprintf("the %s in %s was damaged before; every byte of it is moved as it is: check it before you use it",
			s.FS, s.Ref))
	}
	return list
}
