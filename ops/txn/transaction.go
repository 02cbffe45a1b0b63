package txn

import (
	"context"
	"errors"
	"fmt"

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
	// CopyBytes and PlaceBytes are what the commit will copy within the target and write anew.
	CopyBytes, PlaceBytes int64
}

// words are for people who meet the journal later.
type words struct {
	name, plan string
	began      int64 // seconds since 1970
}

// prepare writes the journal for a layout. On failure it removes what it wrote; the target is only read.
func prepare(dev Device, store journal.Store, spill journal.File, l layout, t tables, w words, tune tuning) (_ *Transaction, err error) {
	c := contents{spill: spill}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close(), journal.Remove(store))
		}
	}()
	if c.before, err = store.Create(journal.BeforeName); err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	if c.stage, err = store.Create(journal.StageName); err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	spillLen, err := spill.Size()
	if err != nil {
		return nil, fmt.Errorf("read spill file: %w", err)
	}
	program, err := build(dev, l, t, c, spillLen, tune)
	if err != nil {
		return nil, fmt.Errorf("write journal: %w", err)
	}
	if tune.alter != nil {
		tune.alter(&program)
	}
	program.Name, program.Plan, program.Began = w.name, w.plan, w.began
	c.stageLen = program.StageLen
	if err := errors.Join(c.spill.Sync(), c.before.Sync(), c.stage.Sync()); err != nil {
		return nil, fmt.Errorf("sync journal: %w", err)
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
	tx.JournalBytes = p.StageLen + int64(len(p.Encode()))
	for _, f := range []journal.File{tx.contents.spill, tx.contents.before} {
		n, err := f.Size()
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		tx.JournalBytes += n
	}
	return nil
}

// Commit brings the target to the planned state and removes the journal. On an error before the commit record
// is durable nothing has happened; after it the transaction is unfinished, and Recover ends it either way:
// Inspect tells which. A Transaction is good for one call.
func (tx *Transaction) Commit(ctx context.Context, watch Watch) error {
	return errors.Join(commit(ctx, tx.dev, tx.store, tx.journal, tx.contents, watch), tx.close())
}

// Abandon removes the journal of a transaction that shall not be committed.
func (tx *Transaction) Abandon() error {
	return errors.Join(tx.close(), journal.Remove(tx.store))
}

func (tx *Transaction) close() error {
	return errors.Join(tx.journal.Close(), tx.contents.close())
}
