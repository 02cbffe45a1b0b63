package txn

import (
	"context"
	"errors"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/overlay"
	"shunt/ops/report"
	"shunt/ops/target"
)

// A target that changes as a whole (target.Switching) needs no units and no fence: the commit writes to places of its file
// that nothing refers to, and then one sector makes them the disk. The journal holds that sector, as it was and as it
// becomes. It serves the undo; a crash leaves the disk as it was or as planned, whatever the journal says. The stages of
// such a commit, and where a crash in each of them leads:
//
//	drop     the files kept to undo earlier transactions are removed, as far as those cannot be undone after this one: what
//	         an undo needs is free for the disk, so the next stage may write there. Crash here: nothing happened.
//	stage    new content is written to places of the file that are free and that no undo needs, and synced. Crash here:
//	         nothing happened to the disk; its file was written to, so no transaction can be undone any more.
//	record   the journal and its commit record are synced. Crash here: nothing happened.
//	table    the sector is written. Crash here: the disk is one or the other; Settle finds out which.
//	keep     as in commit
//	done     as in commit

// pieces describes the overlay's disk to a Switching target.
func pieces(ov *overlay.Overlay) target.Next {
	return target.Next{Size: ov.Size(), Content: ov, Pieces: func(yield func(target.Piece) bool) {
		for e := range ov.Extents(0, ov.Size()) {
			p := target.Piece{Off: e.Off, Len: e.Len}
			switch {
			case e.Unchanged():
				p.Kind = target.Keep
			case e.Kind == overlay.Base:
				p.Kind, p.Src = target.Move, e.Src
			case e.Kind == overlay.SpillKind:
				p.Kind = target.Write
			case e.Kind == overlay.Zero:
				p.Kind = target.Empty
			case e.Kind == overlay.Free:
				p.Kind = target.Free
			}
			if !yield(p) {
				return
			}
		}
	}}
}

// prepareSwitch makes the rehearsed result ready to be committed to a Switching target. It writes nothing: even free places
// of the target are left alone until the commit.
func (r *Rehearsal) prepareSwitch(
	sw target.Switching, under *stack, store journal.Store, spill journal.File, text, name string, out *report.Rehearsal,
) (*Transaction, error) {
	next := pieces(r.Overlay)
	next.Mend, next.DropBitmaps, next.Reserved = r.mends, r.drops, r.reserved
	next.Snapshot, next.Backing = r.snapshot, r.backing
	header := r.header(name, text)
	header.Parts = nil // the journal's offsets are those of the file, not of the disk
	header.Options |= journal.Switches
	tx, err := stackedSwitch(sw, under, store, spill, next, header)
	if err != nil {
		return nil, errors.Join(err, spill.Close(), journal.Remove(store))
	}
	under.tell(out)
	out.OneWrite = true
	out.CopyBytes, out.PlaceBytes = geometry.Bytes(tx.cost.Shown), geometry.Bytes(tx.cost.Copied+tx.cost.Tables)
	if r.Options.Has(journal.KeepUndo) {
		out.UndoBytes = geometry.Bytes(tx.cost.Freed)
	}
	if r.spare.done {
		out.GivesBack = geometry.Bytes(max(0, tx.cost.Freed-tx.cost.Copied-tx.cost.Tables))
	}
	out.Remapped, out.SkippedFree = geometry.Bytes(tx.cost.Remapped), geometry.Bytes(r.skipped)
	return tx, nil
}

// stackedSwitch returns the transaction on a stack, from which the oldest go as long as the file would grow by more than there is
// room for.
func stackedSwitch(
	sw target.Switching, under *stack, store journal.Store, spill journal.File, next target.Next, header journal.Program,
) (*Transaction, error) {
	for {
		runs, err := needed(under.stays)
		if err != nil {
			return nil, err
		}
		next.Kept = runs
		tx, err := newSwitch(sw, store, spill, next, header)
		if err != nil {
			return nil, err
		}
		n := len(under.stays)
		if host, ok := sw.(target.Hosted); ok && n > 0 {
			if free, _, err := host.Room(); err == nil && tx.cost.Longer > free {
				under.cut(n-1, noRoom)
				continue
			}
		}
		return tx.on(under), nil
	}
}

// newSwitch returns the transaction that makes next the content of a Switching target. It writes nothing.
func newSwitch(sw target.Switching, store journal.Store, spill journal.File, next target.Next, header journal.Program) (*Transaction, error) {
	cost, err := sw.Estimate(context.Background(), next)
	if err != nil {
		return nil, err
	}
	tx := &Transaction{disk: sw, dev: sw.Container(), store: store, contents: contents{spill: spill}, switching: sw, cost: cost, early: true}
	tx.stage = func(ctx context.Context, watch Watch) error { return tx.stageSwitch(ctx, next, header, watch) }
	return tx, nil
}

// stageSwitch writes the new content and the journal. After an error the target is as it was, and has no journal.
func (tx *Transaction) stageSwitch(ctx context.Context, next target.Next, header journal.Program, watch Watch) (err error) {
	next.Verify = header.Options.Has(journal.Verify)
	total := tx.cost.Copied + tx.cost.Shown + tx.cost.Tables
	s, err := tx.switching.Stage(ctx, next, func(done int64) { watch(journal.StagePlace, min(done, total), total) })
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.switching.Unstage(), journal.Remove(tx.store))
		}
	}()
	if tx.contents.before, err = tx.store.Create(journal.BeforeName); err != nil {
		return tried.Errorf("create journal: %w", err)
	}
	if tx.contents.stage, err = tx.store.Create(journal.StageName); err != nil {
		return tried.Errorf("create journal: %w", err)
	}
	end, err := tx.contents.spill.Size()
	if err == nil {
		_, err = tx.contents.spill.WriteAt(s.After, end)
	}
	if err == nil {
		_, err = tx.contents.before.WriteAt(s.Before, 0)
	}
	if err != nil {
		return tried.Errorf("write journal: %w", err)
	}
	n := int64(len(s.After))
	header.SizeBefore, header.SizeAfter = tx.dev.Size(), tx.dev.Size()
	header.Units = []journal.Unit{{Stage: journal.StageTable, Ops: []journal.Op{
		{Kind: journal.OpPlace, Off: s.Off, Len: n, Src: end, Sum: journal.Sum(s.After)},
	}}}
	header.RestoreTable = []journal.Op{{Kind: journal.OpRestore, Off: s.Off, Len: n, Sum: journal.Sum(s.Before)}}
	for _, f := range s.Freed {
		header.Heads = append(header.Heads, journal.Run{Off: f.Start, Len: f.Len})
	}
	if err := journal.Check(header); err != nil {
		return err
	}
	tx.program = header
	if err := errors.Join(tx.contents.spill.Sync(), tx.contents.before.Sync(), tx.contents.stage.Sync()); err != nil {
		return tried.Errorf("sync journal: %w", err)
	}
	probes := sealed(header, false)
	for _, part := range newRanges(runsOf(s.Placed, func(p target.Part) byteRange { return run(p.Start, p.Len) })) {
		probes = appendProbes(probes, part.off, part.len())
	}
	return tx.create(ctx, tx.dev, probes)
}

// released gives room in the file of a Switching target back to the host, once no undo needs it. undos and kept are those of
// target.Switching. The disk is whole in any case.
func released(dev Device, undos bool, kept []target.Part) error {
	sw, ok := dev.(target.Switching)
	if !ok {
		return nil
	}
	if err := refreshed(sw); err != nil {
		return err
	}
	if err := sw.Release(undos, kept); err != nil {
		return &AfterError{tried.Errorf("give back room in the file: %w", err)}
	}
	return nil
}

// refreshed makes the target show the disk of the switch.
func refreshed(sw target.Switching) error {
	if err := sw.Refresh(); err != nil {
		return &AfterError{err}
	}
	return nil
}
