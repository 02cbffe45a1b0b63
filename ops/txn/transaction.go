package txn

import (
	"context"
	"errors"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
)

// A Transaction is a commit that has been prepared: its journal is durable, its commit record is not written yet, and the
// target is untouched.
type Transaction struct {
	disk     Device // the target; dev may be its container
	dev      Device
	store    journal.Store // the side on which the journal lies
	journal  *journal.Journal
	program  journal.Program
	contents contents

	// A Switching target is staged by the commit, and not before it.
	switching target.Switching
	cost      target.SwitchCost
	stage     func(ctx context.Context, watch Watch) error
	// So is one that a new image replaces.
	replace *replacement

	order, floor uint32       // of the record, see journal.Record
	fits         func() error // see stack; may be nil
	early        bool         // staging needs the room of what goes

	trim target.Trimmer // what gives room back that the target takes without holding anything there; nil if that is not asked

	// Hidden lists the partitions that nobody may use while the commit runs, by their numbers before it.
	Hidden []int
}

// prepare writes the journal for changes and only reads the target. header is the part of the program that is known
// beforehand. On failure prepare removes the files it wrote.
func prepare(
	dev Device, store journal.Store, spill journal.File, changed changes, t tables, header journal.Program, tune tuning,
) (_ *Transaction, err error) {
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
	program, err := build(dev, changed, t, c, header, tune)
	if err != nil {
		return nil, tried.Errorf("write journal: %w", located(err, program))
	}
	if tune.alter != nil {
		tune.alter(&program)
	}
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
	return &Transaction{disk: dev, dev: dev, store: store, journal: j, program: program, contents: c}, nil
}

// measure adds to the report how much the commit will write, and how much space the journal takes.
func (tx *Transaction) measure(out *report.Rehearsal) error {
	const hostBlock = 4096 // the largest block of the file systems that share blocks
	shares := false
	if host, ok := tx.dev.(target.Hosted); ok {
		_, shares, _ = host.Room() // an error means that it is not known
	}
	for _, op := range tx.program.Writes() {
		switch op.Kind {
		case journal.OpCopy, journal.OpUnstage:
			if op.Kind == journal.OpCopy && shares && op.Off%hostBlock == 0 && op.Src%hostBlock == 0 {
				out.Remapped += geometry.Bytes(op.Len)
				continue
			}
			out.CopyBytes += geometry.Bytes(op.Len)
		case journal.OpPlace:
			out.PlaceBytes += geometry.Bytes(op.Len)
		case journal.OpStage, journal.OpZero, journal.OpSize, journal.OpRestore, journal.OpReserve, journal.OpExchange:
		}
	}
	spill, err := tx.contents.spill.Size()
	if err != nil {
		return tried.Errorf("read journal: %w", err)
	}
	before, err := tx.contents.before.Size()
	if err != nil {
		return tried.Errorf("read journal: %w", err)
	}
	out.JournalSize = geometry.Bytes(spill + before + tx.program.StageLen + tx.journal.Len())
	if tx.program.Options.Has(journal.KeepUndo) {
		out.UndoBytes = geometry.Bytes(before + tx.journal.Len() + journal.SealLen(len(sealed(tx.program, false))))
	}
	return nil
}

// cleared returns how many bytes the commit makes holes.
func (tx *Transaction) cleared() (n int64) {
	for _, u := range tx.program.Units {
		for _, op := range u.Ops {
			if op.Kind == journal.OpZero {
				n += op.Len
			}
		}
	}
	return n
}

// trimming has the commit give back the room that the target takes without holding anything there, and returns its bytes.
func (tx *Transaction) trimming() (idle int64, err error) {
	t, ok := tx.dev.(target.Trimmer)
	if !ok {
		return 0, nil
	}
	tx.trim = t
	return t.Idle()
}

// Commit brings the target to the planned state and removes the journal, or keeps the part of it that an undo needs. If
// it fails before the commit record is durable, nothing has happened. If it fails later, the transaction is unfinished
// and Recover must end it. Inspect reports which is the case. After an *AfterError the target is as planned. Commit may
// be called once.
func (tx *Transaction) Commit(ctx context.Context, watch Watch) error {
	err := tx.commit(ctx, watch)
	if closing := tx.close(); closing != nil && err == nil {
		return &AfterError{Err: closing}
	} else if closing != nil {
		return errors.Join(err, closing)
	}
	return err
}

// Abandon removes the journal of a transaction that will not be committed.
func (tx *Transaction) Abandon() error {
	return errors.Join(tx.close(), removeSide(tx.store))
}

// Replaces reports whether the commit writes a new image and leaves the present one alone.
func (tx *Transaction) Replaces() bool { return tx.replace != nil }

func (tx *Transaction) close() error {
	err := tx.contents.close()
	if tx.journal != nil {
		err = errors.Join(tx.journal.Close(), err)
	}
	return err
}
