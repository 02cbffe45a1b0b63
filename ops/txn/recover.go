package txn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
)

// Direction is how an unfinished transaction shall end.
type Direction int

// The ways to end an unfinished transaction.
const (
	Finish   Direction = iota // the target becomes what was planned
	RollBack                  // the target becomes what it was
)

// Errors of a recovery that cannot begin. The target and the journal are left as they are.
var (
	// ErrOtherTarget is returned when the target is not the one the journal was written for, or was changed since.
	ErrOtherTarget = errors.New("the target is not as the interrupted transaction left it")
	// ErrRollingBack is returned when a transaction shall be finished that is already being rolled back.
	ErrRollingBack = errors.New("the transaction is already being rolled back; only that can be finished")
)

// unfinished opens the journal of the unfinished transaction and tells on which side it is; the error wraps
// journal.ErrNone if there is none. A transaction that is kept for an undo is finished.
func unfinished(store journal.Store) (*journal.Journal, journal.Store, error) {
	for _, side := range journal.Sides(store) {
		j, err := journal.Open(side)
		switch {
		case errors.Is(err, journal.ErrNone), errors.Is(err, journal.ErrKeptDamaged):
		case err != nil:
			return nil, nil, err
		case j.Record().State != journal.Kept:
			return j, side, nil
		default:
			if err := j.Close(); err != nil {
				return nil, nil, err
			}
		}
	}
	return nil, nil, journal.ErrNone
}

// glance is what a look at one side of a store found.
type glance struct {
	side   journal.Store
	sketch journal.Summary
	err    error
}

// glances looks at both sides, each once.
func glances(store journal.Store) []glance {
	var list []glance
	for _, side := range journal.Sides(store) {
		s, err := journal.ReadSummary(side)
		list = append(list, glance{side, s, err})
	}
	return list
}

// InspectAll is Inspect and Undoable in one, for those who only tell what there is: what is nil cannot be had or read. The error is
// that of Inspect.
func InspectAll(store journal.Store) (unfinished *report.Unfinished, applied *report.Applied, err error) {
	found := glances(store)
	if a, err := undoable(found); err == nil {
		applied = &a
	}
	s, err := inspect(found)
	if err == nil {
		unfinished = &s
	}
	return unfinished, applied, err
}

// Inspect reads the status of an unfinished transaction; the error wraps journal.ErrNone if there is none. It takes little
// memory, whatever the journal holds.
func Inspect(store journal.Store) (report.Unfinished, error) { return inspect(glances(store)) }

func inspect(found []glance) (report.Unfinished, error) {
	for _, g := range found {
		switch {
		case errors.Is(g.err, journal.ErrNone), errors.Is(g.err, journal.ErrKeptDamaged):
		case g.err != nil:
			return report.Unfinished{}, g.err
		case g.sketch.Record.State != journal.Kept:
			return statusOf(g.sketch), nil
		}
	}
	return report.Unfinished{}, journal.ErrNone
}

func statusOf(j journal.Summary) report.Unfinished {
	p, r := j.Program, j.Record
	s := report.Unfinished{
		Name: p.Name, Plan: plan.Kept(p.Plan), When: time.Unix(p.Began, 0), Next: int(r.Next),
		RollingBack: r.Direction == journal.Backward, Complete: r.State == journal.Complete,
	}
	steps := j.Stages
	if s.RollingBack {
		steps = undoSteps(j, int(r.From))
	}
	var stage journal.Stage
	for _, run := range steps {
		if s.Units <= s.Next && s.Next < s.Units+run.N {
			stage = run.Stage
		}
		s.Units += run.N
	}
	s.Stage = stage.String()
	return s
}

// Recover ends an unfinished transaction. It may be interrupted and called again; once it returns nil the
// target is exactly as planned (Finish) or exactly as it was (RollBack) and the journal is gone, or kept for an undo. An
// *AfterError means the same for the target.
func Recover(ctx context.Context, dev Device, store journal.Store, how Direction, watch Watch) (err error) {
	j, store, err := unfinished(store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	if err := dropOther(store); err != nil {
		return err
	}
	r, p := j.Record(), j.Program()
	if r.State == journal.Complete {
		return journal.Remove(store)
	}
	if r.Direction == journal.Backward && how == Finish {
		return ErrRollingBack
	}
	c, err := openContents(store, p, how)
	if err != nil {
		return tried.Errorf("open journal: %w", err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := verifyContents(c, p); err != nil {
		return err
	}
	if err := checkTarget(dev, p, r); err != nil {
		return err
	}
	if how == RollBack {
		return backward(ctx, dev, store, j, c, watch)
	}
	return forward(ctx, dev, store, j, c, watch)
}

// checkTarget makes sure that the target is the one the journal belongs to and that nobody has written to it
// since: the size, blocks the transaction never touches, and, while it stands, the fence.
func checkTarget(dev Device, p journal.Program, r journal.Record) error {
	if n := dev.Size(); n != p.SizeBefore && n != p.SizeAfter {
		return fmt.Errorf("%w: it is %d bytes long; %d or %d would be right", ErrOtherTarget, n, p.SizeBefore, p.SizeAfter)
	}
	for _, probe := range p.Probes {
		sum, err := sumOf(dev, probe.Off, probe.Len)
		if err != nil {
			return located(err, 0, p)
		}
		if sum != probe.Sum {
			return fmt.Errorf("%w: %s have other content", ErrOtherTarget, where(p, probe.Off, probe.Len, false))
		}
	}
	if r.Direction == journal.Backward || !fenceStands(p, int(r.Next)) {
		return nil
	}
	for _, op := range p.Refence {
		sum, err := sumOf(dev, op.Off, op.Len)
		if err != nil {
			return located(err, 0, p)
		}
		if sum != op.Sum {
			return fmt.Errorf("%w: the partition table, at %s, has other content", ErrOtherTarget, where(p, op.Off, op.Len, false))
		}
	}
	return nil
}

// fenceStands reports whether, with unit next in doubt, the whole fence and nothing of the final table is on
// the target.
func fenceStands(p journal.Program, next int) bool {
	return next < len(p.Units) && p.Units[next].Stage != journal.StageFence &&
		p.Units[next].Stage != journal.StageTable && p.Units[next].Stage != journal.StageShrink
}
