package txn

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
)

// Direction says how an unfinished transaction is to end.
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
	// ErrRollingBack is returned when Finish is asked for and the transaction is already being rolled back.
	ErrRollingBack = errors.New("the transaction is already being rolled back, and only the roll back can be finished")
)

// InspectAll does the work of Inspect and Undoable in one pass. What does not exist or cannot be read is nil. The error is
// that of Inspect.
func InspectAll(store journal.Store) (unfinished *report.Unfinished, applied []report.Applied, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	if list, err := s.undoable(); err == nil {
		applied = list
	}
	status, err := s.inspect()
	if err == nil {
		unfinished = &status
	}
	return unfinished, applied, err
}

// Inspect reads the status of an unfinished transaction. The error wraps journal.ErrNone if there is none. Inspect takes
// little memory, however long the journal is.
func Inspect(store journal.Store) (_ report.Unfinished, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	return s.inspect()
}

func (s *sides) inspect() (report.Unfinished, error) {
	o, err := s.unfinished()
	if err != nil {
		return report.Unfinished{}, err
	}
	summary, r := o.journal.Summary(), o.journal.Record()
	p := summary.Program
	status := report.Unfinished{
		Name: p.Name, Plan: plan.Kept(p.Plan), Operations: plan.Sentences(p.Plan), When: p.Start(), Next: int(r.Next),
		RollingBack: r.Direction == journal.Backward, Complete: r.State == journal.Complete,
		LosesUnused: p.Options.Has(journal.LosesUnused),
	}
	steps := summary.Stages
	status.Erased = !status.RollingBack && erased(p.Options, steps, status.Next)
	if status.RollingBack {
		steps = undoSteps(summary, int(r.From))
	}
	var stage journal.Stage
	for _, run := range steps {
		if status.Units <= status.Next && status.Next < status.Units+run.N {
			stage = run.Stage
		}
		status.Units += run.N
	}
	status.Stage = stage.String()
	return status, nil
}

// Recover ends an unfinished transaction. It may be interrupted and called again. Once it returns nil, the target is
// exactly as planned (Finish) or as it was (RollBack; see report.AsItWas), and the journal is gone or kept for an undo.
// After an *AfterError the same holds for the target.
func Recover(ctx context.Context, dev Device, store journal.Store, how Direction, watch Watch) (err error) {
	s := &sides{store: store}
	defer s.close(&err)
	o, err := s.unfinished()
	if err != nil {
		return err
	}
	r := o.record
	if err := dropOthers(o.store, r); err != nil {
		return err
	}
	if r.State == journal.Complete {
		return removeSide(o.store)
	}
	if r.Direction == journal.Backward && how == Finish {
		return ErrRollingBack
	}
	p, err := o.journal.Load()
	if err != nil {
		return err
	}
	c, err := openContents(o.store, p, how)
	if err != nil {
		return tried.Errorf("open journal: %w", err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := verifyContents(c, p); err != nil {
		return err
	}
	disk := dev
	if dev, err = container(dev, o.store, p); err != nil {
		return err
	}
	if err := checkTarget(dev, o.store, p, r); err != nil {
		return err
	}
	tx := &Transaction{disk: disk, dev: dev, store: o.store, journal: o.journal, program: p, contents: c}
	if how == RollBack {
		return tx.backward(ctx, watch)
	}
	return tx.forward(ctx, watch)
}

// checkTarget checks that the journal belongs to this target and that nobody has written to it since. It compares the
// size, blocks that the transaction never touches, and the fence while it is complete on the target.
func checkTarget(dev Device, side journal.Store, p journal.Program, r journal.Record) error {
	sealed := p.SizeAfter
	if seal, err := journal.ReadSeal(side, r.Seal); r.Seal.Len > 0 && err == nil {
		sealed = cmp.Or(seal.Size, sealed)
	}
	if n := dev.Size(); n != p.SizeBefore && n != p.SizeAfter && n != sealed {
		return fmt.Errorf("%w: it is %d bytes long; %d or %d would be right", ErrOtherTarget, n, p.SizeBefore, p.SizeAfter)
	}
	check := func(off, n int64, want uint32, problem string) error {
		sum, err := sumOf(dev, off, n)
		if err != nil {
			return located(err, p)
		}
		if sum != want {
			return fmt.Errorf("%w: "+problem, ErrOtherTarget, where(p, off, n, false))
		}
		return nil
	}
	for _, probe := range p.Probes {
		if err := check(probe.Off, probe.Len, probe.Sum, "%s have other content"); err != nil {
			return err
		}
	}
	if r.Direction == journal.Backward || !fenceStands(p, int(r.Next)) {
		return nil
	}
	for _, op := range p.Refence {
		if err := check(op.Off, op.Len, op.Sum, "the partition table, at %s, has other content"); err != nil {
			return err
		}
	}
	return nil
}

// fenceStands reports whether the target has the whole fence and nothing of the final table, if unit next may be half
// done.
func fenceStands(p journal.Program, next int) bool {
	return next < len(p.Units) && p.Units[next].Stage != journal.StageFence &&
		p.Units[next].Stage != journal.StageTable && p.Units[next].Stage != journal.StageShrink
}
