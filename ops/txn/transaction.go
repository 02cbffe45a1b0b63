package txn

import (
	"context"
	"errors"

	"shunt/model/tried"
	"shunt/ops/journal"
)

// Transaction is a commit that has been prepared: its journal is durable, its record is not written, nothing
// has happened to the target.
type Transaction struct {
	dev      Device
	store    journal.Store
	journal  *journal.Journal
	contents contents
	// JournalBytes is the room the journal takes, in bytes.
	JournalBytes int64
	// UndoBytes is the part of it that stays after the commit for an undo, 0 if none was wished.
	UndoBytes int64
	// Hidden are the numbers of the partitions, as they are before, that nobody may use while the commit runs.
	Hidden []int
	// CopyBytes and PlaceBytes are what the commit will copy within the target and write anew.
	CopyBytes, PlaceBytes int64
}

// words are what the journal holds of what the user said.
type words struct {
	name, plan string
	began      int64 // seconds since 1970
	options    journal.Options
	sector     int64 // bytes
	parts      []journal.Part
}

// prepare writes the journal for a changes. On failure it removes what it wrote; the target is only read.
func prepare(dev Device, store journal.Store, spill journal.File, l changes, t tables, w words, tune tuning) (_ *Transaction, err error) {
	c := contents{spill: spill}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close(), journal.Remove(store))
		}
	}()
	if c.before, err = store.Create(journal.BeforeName); err != nil {
		return nil, tried.Errorf("create journal: %w", err)
	}
	if c.stage, err = store.Create(journal.StageName); err != nil {
		return nil, tried.Errorf("create journal: %w", err)
	}
	spillLen, err := spill.Size()
	if err != nil {
		return nil, tried.Errorf("read spill file: %w", err)
	}
	program, err := build(dev, l, t, c, spillLen, w.options, tune)
	program.Sector, program.Parts = w.sector, w.parts
	if err != nil {
		return nil, tried.Errorf("write journal: %w", located(err, 0, program))
	}
	if tune.alter != nil {
		tune.alter(&program)
	}
	program.Name, program.Plan, program.Began = w.name, w.plan, w.began
	if err := journal.Check(program); err != nil {
		return nil, err
	}
	c.stageLen = program.StageLen
	if err := reserveStage(c.stage, program); err != nil {
		return nil, err
	}
	if err := errors.Join(c.spill.Sync(), c.before.Sync(), c.stage.Sync()); err != nil {
		return nil, tried.Errorf("sync journal: %w", err)
	}
	j, err := journal.Create(store, program)
	if err != nil {
		return nil, err
	}
	tx := &Transaction{dev: dev, store: store, journal: j, contents: c}
	return tx, tx.count(program)
}

func (tx *Transaction) count(p journal.Program) error {
	for _, u := range p.Units {
		for _, op := range u.Ops {
			switch op.Kind {
			case journal.OpCopy, journal.OpUnstage:
				tx.CopyBytes += op.Len
			case journal.OpPlace:
				tx.PlaceBytes += op.Len
			case journal.OpStage, journal.OpZero, journal.OpSize, journal.OpRestore:
			}
		}
	}
	tx.JournalBytes = p.StageLen + journal.Len(p)
	for _, f := range []journal.File{tx.contents.spill, tx.contents.before} {
		n, err := f.Size()
		if err != nil {
			return tried.Errorf("read journal: %w", err)
		}
		tx.JournalBytes += n
	}
	if !p.Options.Has(journal.KeepUndo) {
		return nil
	}
	before, err := tx.contents.before.Size()
	if err != nil {
		return tried.Errorf("read journal: %w", err)
	}
	tx.UndoBytes = before + journal.Len(p) + journal.SealLen(len(sealed(p, false)))
	return nil
}

// Commit brings the target to the planned state and removes the journal, or leaves of it what an undo needs. On an
// error before the commit record is durable nothing has happened; after it the transaction is unfinished, and Recover
// ends it either way: Inspect tells which. An *AfterError is neither: the target is as planned. A Transaction is good
// for one call.
func (tx *Transaction) Commit(ctx context.Context, watch Watch) error {
	err := commit(ctx, tx.dev, tx.store, tx.journal, tx.contents, watch)
	if closing := tx.close(); closing != nil && err == nil {
		return &AfterError{Err: closing}
	} else if closing != nil {
		return errors.Join(err, closing)
	}
	return err
}

// Abandon removes the journal of a transaction that shall not be committed.
func (tx *Transaction) Abandon() error {
	return errors.Join(tx.close(), journal.Remove(tx.store))
}

func (tx *Transaction) close() error {
	return errors.Join(tx.journal.Close(), tx.contents.close())
}
