package txn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
)

// Errors of an undo that does not begin. The target and the files kept for the undo are left as they are.
var (
	// ErrNoUndo is returned when there was no transaction, or none of its files were kept.
	ErrNoUndo = errors.New("there is no transaction that can be undone")
	// ErrUnfinished is returned when the last transaction is not complete and must be recovered first.
	ErrUnfinished = errors.New("the target has an unfinished transaction: finish it or roll it back first")
)

// ChangedError is returned when the target was changed after the transaction, so that undoing the transaction could
// destroy what was written since.
type ChangedError struct {
	Off  int64 // in the target, bytes; -1 if the place is not known
	What string
}

func (e *ChangedError) Error() string {
	return "the target was changed since the transaction: " + e.What
}

// Undoable describes the transactions that Undo would take back if it were called again and again, the newest first. There
// is at least one if there is no error. It does not check whether the target has changed. The error wraps ErrNoUndo or
// ErrUnfinished, or says that the journal is damaged. Undoable takes little memory, however long the journals are.
func Undoable(store journal.Store) (_ []report.Applied, err error) {
	s := &sides{store: store}
	defer s.close(&err)
	return s.undoable()
}

func (s *sides) undoable() (list []report.Applied, err error) {
	chain, err := s.chain()
	if err != nil {
		return nil, err
	}
	for i, o := range chain {
		a, err := o.describe()
		if i > 0 && errors.Is(err, journal.ErrKeptDamaged) {
			break // nor can those below it be reached
		}
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// describe describes a kept transaction.
func (o *slot) describe() (report.Applied, error) {
	if err := o.open(); err != nil {
		return report.Applied{}, err
	}
	p := o.journal.Summary().Program
	a := report.Applied{
		Plan: plan.Kept(p.Plan), Operations: plan.Sentences(p.Plan), When: p.Start(), LosesUnused: p.Options.Has(journal.LosesUnused),
	}
	if p.Options.Has(journal.Switches) {
		for _, run := range p.Heads {
			a.Room += geometry.Bytes(run.Len)
		}
	}
	a.Room += geometry.Bytes(o.record.Seal.Len)
	for _, name := range []string{journal.JournalName, journal.BeforeName} {
		n, err := sizeOf(o.store, name)
		if err != nil {
			return a, fmt.Errorf("%w: %w", journal.ErrKeptDamaged, err)
		}
		a.Room += geometry.Bytes(n)
	}
	n, err := waitingTakes(o.store)
	if err != nil {
		return a, tried.Errorf("%w: open the old image: %w", journal.ErrKeptDamaged, err)
	}
	a.Room += geometry.Bytes(n)
	return a, nil
}

func sizeOf(store journal.Store, name string) (int64, error) {
	f, err := store.Open(name)
	if err != nil {
		return 0, err
	}
	n, err := f.Size()
	return n, errors.Join(err, f.Close())
}

// Undo takes back the transaction that was applied last, if the target has not changed since, and removes the files kept
// for the undo. The transaction before it, if it is kept too, is the one that can be undone then: see renewBelow. Before the
// first write it fails with the errors of Undoable, with a *ChangedError, or with journal.ErrKeptDamaged. Once the undo has begun, the target has an unfinished transaction that is being rolled back:
// Inspect describes it, and Recover ends it.
//
// Its stages, and where a crash in each of them leads:
//
//	check   the kept files are whole, and the target matches the seal. Crash here: nothing happened.
//	stage   an empty stage file is made and synced. Crash here: nothing happened.
//	record  the record says backward. From here on the undo is a roll back of all units.
//	renew   the transaction below gets a new seal. Crash here: it is renewed again.
func Undo(ctx context.Context, dev Device, store journal.Store, watch Watch) (err error) {
	s := &sides{store: store}
	defer s.close(&err)
	o, err := s.applied()
	if err != nil {
		return err
	}
	p, err := o.journal.Load()
	if err != nil {
		return err
	}
	seal, err := journal.ReadSeal(o.store, o.record.Seal)
	if err != nil {
		return err
	}
	c := contents{stageLen: p.StageLen}
	defer func() { err = errors.Join(err, c.close()) }()
	if c.before, err = o.store.Open(journal.BeforeName); err != nil {
		return fmt.Errorf("%w: open old content: %w", journal.ErrKeptDamaged, err)
	}
	if err := verifyContents(c, p); err != nil {
		return fmt.Errorf("%w: %w", journal.ErrKeptDamaged, err)
	}
	disk := dev
	if dev, err = container(dev, o.store, p); err != nil {
		return err
	}
	same, err := checkSeal(ctx, dev, p, seal, watch)
	if err != nil {
		return err
	}
	var unproven error
	if !same {
		if unproven, err = s.dropSampled(); err != nil {
			return err
		}
	}
	if exchanges(p) {
		room, err := roomOf(o.store)
		if err == nil {
			err = room.Lock()
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: the old image is gone", journal.ErrKeptDamaged)
		}
		if err != nil {
			return err
		}
	}
	if c.stage, err = o.store.Create(journal.StageName); err != nil {
		return tried.Errorf("make the stage file: %w", err)
	}
	if err := reserveStage(c.stage, p); err != nil {
		return err
	}
	if err := errors.Join(c.stage.Sync(), o.store.SyncDir()); err != nil {
		return tried.Errorf("sync the stage file: %w", err)
	}
	tx := &Transaction{disk: disk, dev: dev, store: o.store, journal: o.journal, program: p, contents: c}
	return errors.Join(tx.backward(ctx, watch), unproven)
}

// dropSampled removes what is kept for the transactions below the newest one, from the first on whose seal has only samples. It is
// for a target whose times do not prove that nobody has written to it: an undo of the newest one renews the times in the seals
// below, and samples may only be relied on while the times prove that. gone is an *AfterError that says what went, or nil.
func (s *sides) dropSampled() (gone, err error) {
	chain, err := s.chain()
	if err != nil {
		return nil, err
	}
	for i, o := range chain[1:] {
		p, err := o.load()
		if err != nil {
			return nil, err
		}
		seal, err := journal.ReadSeal(o.store, o.record.Seal)
		if err != nil {
			return nil, err
		}
		if !samples(p, seal) {
			continue
		}
		for _, o := range slices.Backward(chain[i+1:]) {
			if err := removeSide(o.store); err != nil {
				return nil, tried.Errorf("remove the files kept to undo an earlier transaction: %w", err)
			}
		}
		return &AfterError{errors.New("earlier transactions cannot be undone any more: its times do not prove that nobody has written to " +
			"the target, and only samples of the data that they moved were kept to compare")}, nil
	}
	return nil, nil
}
