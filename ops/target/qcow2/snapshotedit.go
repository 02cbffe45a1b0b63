package qcow2

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"shunt/ops/target"
)

// A snapshot is a second L1 table. It shares L2 tables and clusters of data with the disk, and each is counted once for each
// L1 table from which it is reached. Making a snapshot therefore counts all that the disk reaches once more, and no mark
// "copied" stays. Deleting one counts down, and sets the marks of what only the disk reaches then. Applying one counts the
// present disk down and the snapshot up. No data is copied.

// editSnapshots does what the plan wants with a snapshot.
func (e *Edit) editSnapshots(ctx context.Context) error {
	edit, im := e.plan.Snapshot, e.im
	if edit.Do == target.NoSnapshot {
		return nil
	}
	if edit.Do == target.CreateSnapshot {
		return e.createSnapshot(ctx)
	}
	i := slices.IndexFunc(im.Snapshots, func(s Snapshot) bool { return s.ID == edit.ID })
	if i < 0 {
		return fmt.Errorf("there is no snapshot with the ID %q", edit.ID)
	}
	if edit.Do == target.ApplySnapshot {
		return e.applySnapshot(ctx, im.Snapshots[i])
	}
	return e.deleteSnapshot(ctx, i)
}

func (e *Edit) createSnapshot(ctx context.Context) error {
	im := e.im
	table, err := im.snapshotBytes()
	if err != nil {
		return err
	}
	if err := e.adopt(ctx, im.l1, true); err != nil {
		return err
	}
	off, err := e.placeWords(e.l1)
	if err != nil {
		return err
	}
	entry := newSnapshot(im.nextSnapshotID(), e.plan.Snapshot, off, len(e.l1), im.Size())
	if n := len(table) + len(entry); n > mostSnapshotTable || len(im.Snapshots) >= maxSnapshots {
		return &Refused{Why: "has as many snapshots as it can have", Do: "delete some"}
	}
	if err := e.writeSnapshots(append(table, entry...), len(im.Snapshots)+1); err != nil {
		return err
	}
	return e.writeL1()
}

func (e *Edit) applySnapshot(ctx context.Context, s Snapshot) error {
	im := e.im
	if s.Size > 0 && s.Size != im.Size() {
		if im.Version == 2 {
			return &Refused{
				Why: fmt.Sprintf("has version 2, so it cannot take the size of its snapshot (%d bytes instead of %d)", s.Size, im.Size()),
				Do:  "convert it to version 3 first: `qemu-img amend -o compat=1.1`",
			}
		}
		if s.Size%sectorLen != 0 {
			return corrupt("its snapshot has a disk of %d bytes", s.Size)
		}
		e.size = s.Size
	}
	l1, err := im.readTable(s.l1)
	if err != nil {
		return err
	}
	if err := e.leave(ctx, im.l1); err != nil {
		return err
	}
	if need := int(e.newL1()); len(l1) < need {
		l1 = append(l1, make([]uint64, need-len(l1))...)
	}
	if err := e.adopt(ctx, l1, false); err != nil {
		return err
	}
	return e.writeL1()
}

func (e *Edit) deleteSnapshot(ctx context.Context, i int) error {
	im := e.im
	s := im.Snapshots[i]
	table, err := im.snapshotBytes()
	if err != nil {
		return err
	}
	l1, err := im.readTable(s.l1)
	if err != nil {
		return err
	}
	if err := e.leave(ctx, l1); err != nil {
		return err
	}
	if s.l1.entries > 0 {
		e.change.add(s.l1.off, int64(s.l1.entries)*8, im.cluster(), -1)
	}
	if err := e.writeSnapshots(slices.Delete(table, int(s.place.start), int(s.place.end)), len(im.Snapshots)-1); err != nil {
		return err
	}
	if err := e.mark(ctx); err != nil {
		return err
	}
	return e.writeL1()
}

// adopt makes the disk use the L2 tables of an L1 table, which becomes e.l1. All that they reach is counted once more, and
// no mark "copied" is left in them. A table that has some is written anew. both says that the new one is for a snapshot too.
func (e *Edit) adopt(ctx context.Context, l1 []uint64, both bool) error {
	im := e.im
	c := im.cluster()
	e.l1 = make([]uint64, len(l1))
	for i, word := range l1 {
		off, err := im.checkL1(word, i)
		if err != nil {
			return err
		}
		if err := ctx.Err(); off == 0 || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := im.eachEntry(off, func(_ int64, x entry) error { e.refer(x, 1); return nil }); err != nil {
			return err
		}
		table, err := im.l2(off)
		if err != nil {
			return err
		}
		unmarked, marks := im.unmarked(table)
		if !marks {
			e.l1[i] = uint64(off)
			e.change.add(off, c, c, 1)
			continue
		}
		to, err := e.place(unmarked)
		if err != nil {
			return err
		}
		if e.l1[i] = uint64(to) | copied; both {
			e.l1[i] = uint64(to)
			e.change.add(to, c, c, 1)
			e.change.add(off, c, c, -1)
		}
	}
	return nil
}

// leave counts down all that an L1 table reaches.
func (e *Edit) leave(ctx context.Context, l1 []uint64) error {
	im := e.im
	c := im.cluster()
	offsets, err := im.l2Offsets(l1)
	if err != nil {
		return err
	}
	for _, off := range offsets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := im.eachEntry(off, func(_ int64, x entry) error { e.refer(x, -1); return nil }); err != nil {
			return err
		}
		e.change.add(off, c, c, -1)
	}
	return nil
}

// mark sets the marks "copied" of the disk that the new counts ask for.
func (e *Edit) mark(ctx context.Context) error {
	im := e.im
	c := im.cluster()
	alone := func(off int64) bool { return e.counted(off/c) == 1 }
	for i, word := range e.l1 {
		off := int64(word & offsetMask)
		if off == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		table, err := im.l2(off)
		if err != nil {
			return err
		}
		marked, changed := slices.Clone(table), false
		err = im.eachEntry(off, func(j int64, x entry) error {
			if x.kind() == packed || x.host() == 0 || x.word&copied != 0 || !alone(x.host()) {
				return nil
			}
			x.word |= copied
			changed = true
			im.setEntry(marked, j, x)
			return nil
		})
		switch {
		case err != nil:
			return err
		case !changed && alone(off):
			e.l1[i] = word | copied
		case changed:
			to, err := e.place(marked)
			if err != nil {
				return err
			}
			e.change.add(off, c, c, -1)
			e.l1[i] = uint64(to) | copied
		}
	}
	return nil
}

// counted returns how often cluster g will be counted, as far as this edit is known by now.
func (e *Edit) counted(g int64) int64 {
	return int64(max(e.check.refs.get(g), e.check.high[g])) + e.change.of(g)
}

// countable fails if a count would not fit the width that the image has for it.
func (e *Edit) countable() error {
	most := e.im.mostCount()
	if e.plan.Snapshot.Do == target.NoSnapshot {
		return nil // clusters then are counted once
	}
	for g, n := range e.change.all() {
		if now := e.counted(g); n > 0 && uint64(now) > most {
			return &Refused{
				Why: fmt.Sprintf("has refcounts of %d bits, so no cluster can be used more than %d times, and this would take %d", e.im.RefcountBits, most, now),
				Do:  "delete a snapshot, or convert the image with `qemu-img convert -o refcount_bits=16`",
			}
		}
	}
	return nil
}

// unmarked returns an L2 table without the marks "copied", and whether there were any.
func (im *Image) unmarked(table []byte) (without []byte, marks bool) {
	for j := 0; j < len(table); j += im.l2Entry() {
		word := be.Uint64(table[j:])
		if word&copied == 0 || (entry{word: word}).kind() == packed {
			continue
		}
		if !marks {
			without, marks = slices.Clone(table), true
		}
		be.PutUint64(without[j:], word&^copied)
	}
	return without, marks
}

// placeWords writes an L1 table to free clusters in a row.
func (e *Edit) placeWords(list []uint64) (off int64, err error) {
	b := make([]byte, max(1, ceil(int64(len(list))*8, e.im.cluster()))*e.im.cluster())
	for i, word := range list {
		be.PutUint64(b[i*8:], word)
	}
	return e.place(b)
}

// snapshotBytes reads the snapshot table.
func (im *Image) snapshotBytes() ([]byte, error) {
	b := make([]byte, im.snapshotTable)
	return b, readFull(im.store, b, im.Header.snapshots.off)
}

// writeSnapshots writes a snapshot table of n entries to a new place.
func (e *Edit) writeSnapshots(b []byte, n int) error {
	im := e.im
	if im.snapshotTable > 0 {
		e.change.add(im.Header.snapshots.off, im.snapshotTable, im.cluster(), -1)
	}
	off := int64(0)
	if n > 0 {
		b = append(b, make([]byte, ceil(int64(len(b)), im.cluster())*im.cluster()-int64(len(b)))...)
		var err error
		if off, err = e.place(b); err != nil {
			return err
		}
	}
	be.PutUint32(e.sector[60:], uint32(n))
	be.PutUint64(e.sector[64:], uint64(off))
	return nil
}

// newSnapshot returns the entry of a snapshot table.
func newSnapshot(id string, edit target.SnapshotEdit, l1 int64, entries int, size int64) []byte {
	const extra = 24 // bytes: a machine's state, the size of the disk, instructions
	b := make([]byte, snapshotHead+extra)
	be.PutUint64(b, uint64(l1))
	be.PutUint32(b[8:], uint32(entries))
	be.PutUint16(b[12:], uint16(len(id)))
	be.PutUint16(b[14:], uint16(len(edit.Name)))
	be.PutUint32(b[16:], uint32(edit.Made.Unix()))
	be.PutUint32(b[20:], uint32(edit.Made.Nanosecond()))
	be.PutUint32(b[36:], extra)
	be.PutUint64(b[snapshotHead+8:], uint64(size))
	be.PutUint64(b[snapshotHead+16:], 1<<64-1) // instructions were not counted
	b = append(append(b, id...), edit.Name...)
	return append(b, make([]byte, ceil(int64(len(b)), 8)*8-int64(len(b)))...)
}

// nextSnapshotID returns a number above those of all present snapshots, as QEMU does.
func (im *Image) nextSnapshotID() string {
	most := uint64(0)
	for _, s := range im.Snapshots {
		if n, err := strconv.ParseUint(s.ID, 10, 63); err == nil {
			most = max(most, n)
		}
	}
	return strconv.FormatUint(most+1, 10)
}
