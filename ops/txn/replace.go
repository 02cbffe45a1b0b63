package txn

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
)

// A target that cannot change its size or give room back in place (target.Replacing) is replaced for that: the edited disk is
// written into a new image of the same format, which then takes the name in one step. The journal has one unit, which says
// which file has the name before and after. The stages of such a commit, and where a crash in each of them leads:
//
//	stage    the new image is written beside the old one, read back and synced. Crash here: nothing happened.
//	record   the journal and its commit record are synced. Crash here: nothing happened.
//	drop     the files are removed that were kept to undo transactions which cannot be undone after this one; if the new image
//	         needs their room, before it is written. Crash here: nothing happened.
//	table    the two files exchange their names. Crash here: the name leads to one or the other; Settle finds out which.
//	keep     as in commit; the old image waits where the new one was written
//	done     as in commit

// replaces reports whether the edited disk needs a new image.
func (r *Rehearsal) replaces() (target.Replacing, bool) {
	rp, ok := r.Device.(target.Replacing)
	return rp, ok && (r.Overlay.Size() != r.Device.Size() || r.spare.done)
}

// A replacement is what the stages of such a commit need.
type replacement struct {
	image  target.Replacing
	next   target.New
	room   Room
	header journal.Program
}

// prepareReplace makes the rehearsed result ready to be committed as a new image. It fails if there is not enough room for that.
func (r *Rehearsal) prepareReplace(
	rp target.Replacing, under *stack, store journal.Store, spill journal.File, text, name string, out *report.Rehearsal,
) (*Transaction, error) {
	fail := func(err error) (*Transaction, error) {
		return nil, errors.Join(err, spill.Close(), removeSide(store))
	}
	room, err := roomOf(store)
	if err != nil {
		return fail(err)
	}
	data, err := r.data()
	if err != nil {
		return fail(tried.Errorf("find the holes of the target: %w", err))
	}
	size := grains(data, rp.Grain())
	early, err := r.hasRoom(room, size, under)
	if err != nil {
		return fail(err)
	}
	takes, err := takenBy(room)
	if err != nil {
		return fail(tried.Errorf("look at the image: %w", err))
	}
	c := &wholeDisk{ReaderAt: r.Overlay, size: r.Overlay.Size(), data: data}
	header := r.header(name, text)
	header.Parts = nil // the journal's only write concerns the file as a whole
	tx := &Transaction{
		disk: r.Device, early: early,
		dev: named{Device: r.Device, room: room, over: !r.Options.Has(journal.KeepUndo)}, store: store, contents: contents{spill: spill},
		replace: &replacement{image: rp, next: target.New{Size: c.size, Content: c}, room: room, header: header},
	}
	tx.stage = tx.stageReplace
	out.NewImage, out.NewFile = true, geometry.Bytes(data.size())
	if r.Options.Has(journal.KeepUndo) {
		out.UndoBytes = takes
	}
	if r.spare.done {
		out.GivesBack = max(0, takes-geometry.Bytes(size))
	}
	under.tell(out)
	return tx.on(under), nil
}

// grains returns how much room data takes in whole grains of a format.
func grains(data ranges, grain int64) (n int64) {
	next := int64(0)
	for _, run := range data {
		first, end := max(next, run.off/grain), (run.end+grain-1)/grain
		n, next = n+max(0, end-first)*grain, max(next, end)
	}
	return n
}

// takenBy returns how much room the image takes.
func takenBy(room Room) (n geometry.Bytes, err error) {
	f, err := room.Image()
	if err != nil {
		return 0, err
	}
	takes, err := f.Takes()
	return geometry.Bytes(takes), errors.Join(err, f.Close())
}

// hasRoom fails if there is no room for the new image, or if it could not take the name of the old one. early says that the room
// of earlier transactions is needed, which go then.
func (r *Rehearsal) hasRoom(room Room, data int64, under *stack) (early bool, err error) {
	if err := room.Possible(); errors.Is(err, journal.ErrNoExchange) && !r.Options.Has(journal.KeepUndo) {
		// Then nothing of the old image stays.
	} else if errors.Is(err, journal.ErrNoExchange) {
		return false, fmt.Errorf("a new image would take the name of the old one, and %w: say `--no-undo`, or copy the image to another file system", err)
	} else if err != nil {
		return false, err
	}
	free, err := room.Free()
	if err != nil {
		return false, tried.Errorf("ask how much room there is: %w", err)
	}
	const tables, least = 256, 4 << 20 // one part of so many for the format's own tables, and what the smallest image takes
	need := data + data/tables + least
	if early = need > free; early {
		under.relieve(need, free)
		for _, gone := range under.told[len(under.stays):] {
			free += int64(gone.Room)
		}
	}
	if need > free {
		return early, fmt.Errorf("the edited disk is written into a new image beside the old one, which takes %s there, and %s are free: make room, "+
			"or copy the image to another file system", geometry.FormatAtLeast(geometry.Bytes(need)), geometry.FormatAtMost(geometry.Bytes(free)))
	}
	return early, nil
}

// data returns the parts of the edited disk that may hold anything but zeros.
func (r *Rehearsal) data() (ranges, error) {
	old, err := dataRanges(r.Device)
	if err != nil {
		return nil, err
	}
	var runs []byteRange
	for p := range pieces(r.Overlay).Pieces {
		switch p.Kind {
		case target.Keep, target.Move:
			src := p.Off
			if p.Kind == target.Move {
				src = p.Src
			}
			runs = append(runs, shiftedRuns(old.within(src, src+p.Len), p.Off-src)...)
		case target.Write:
			runs = append(runs, run(p.Off, p.Len))
		case target.Empty, target.Free:
		}
	}
	return newRanges(runs), nil
}

func shiftedRuns(list ranges, by int64) []byteRange {
	return runsOf(list, func(b byteRange) byteRange { return byteRange{b.off + by, b.end + by} })
}

// stageReplace writes the new image and the journal. After an error the target is as it was, and has no journal.
func (tx *Transaction) stageReplace(ctx context.Context, watch Watch) (err error) {
	p := tx.replace
	defer func() {
		if err != nil {
			err = errors.Join(err, removeSide(tx.store))
		}
	}()
	if _, err := p.old(); err != nil {
		return err
	}
	p.next.Watch = func(done int64) { watch(journal.StagePlace, min(done, p.next.Size), p.next.Size) }
	f, err := p.room.Open()
	if err != nil {
		return tried.Errorf("open the new file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	err = p.image.Renew(ctx, f, p.next)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return tried.Errorf("write the new image: %w; make room on the file system of the image", err)
	case err != nil:
		return tried.Errorf("write the new image: %w", err)
	}
	if err := tx.compareNew(ctx, f, watch); err != nil {
		return err
	}
	if err := p.room.Lock(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return tried.Errorf("sync the new image: %w", err)
	}
	is, err := marked(p.room.Waiting)
	if err != nil {
		return tried.Errorf("open the new image: %w", err)
	}
	was, err := p.old() // writing took its time
	if err != nil {
		return err
	}
	return tx.recordReplace(ctx, was, is)
}

// old returns the mark of the image. It fails with target.ErrReplaced if the image's name leads to another file than the one that
// was opened: that file must not lose its name.
func (p *replacement) old() (journal.Op, error) {
	was, err := marked(p.room.Image)
	if err != nil {
		return was, tried.Errorf("open the image: %w", err)
	}
	return was, p.image.InPlace()
}

// recordReplace writes the journal of an exchange.
func (tx *Transaction) recordReplace(ctx context.Context, was, is journal.Op) (err error) {
	header := tx.replace.header
	header.SizeBefore, header.SizeAfter = is.Len, is.Len // a roll back sets no length
	header.Units = []journal.Unit{{Stage: journal.StageTable, Ops: []journal.Op{is}}}
	header.RestoreTable = []journal.Op{was}
	if header.Heads, err = tx.headsOfNew(is.Len); err != nil {
		return err
	}
	if err := journal.Check(header); err != nil {
		return err
	}
	if tx.contents.before, err = tx.store.Create(journal.BeforeName); err != nil {
		return tried.Errorf("create journal: %w", err)
	}
	if tx.contents.stage, err = tx.store.Create(journal.StageName); err != nil {
		return tried.Errorf("create journal: %w", err)
	}
	if err := errors.Join(tx.contents.spill.Sync(), tx.contents.before.Sync(), tx.contents.stage.Sync()); err != nil {
		return tried.Errorf("sync journal: %w", err)
	}
	tx.program = header
	f, err := tx.replace.room.Waiting()
	if err != nil {
		return tried.Errorf("open the new image: %w", err)
	}
	return errors.Join(tx.create(ctx, f, sealed(header, false)), f.Close())
}

// headsOfNew lists the parts of the new file that hold something. An undo compares all of them.
func (tx *Transaction) headsOfNew(size int64) (heads []journal.Run, err error) {
	const most = 8192 // parts; more than that are joined
	f, err := tx.replace.room.Waiting()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	grain := size/most + 1
	for off := int64(0); off < size; {
		start, end, err := f.Data(off)
		if err != nil {
			return nil, err
		}
		if start >= end {
			break
		}
		if n := len(heads); n > 0 && start-heads[n-1].Off-heads[n-1].Len < grain {
			heads[n-1].Len = end - heads[n-1].Off
		} else {
			heads = append(heads, journal.Run{Off: start, Len: end - start})
		}
		off = end
	}
	return heads, nil
}

// backOut removes the new file after an error, if the name leads to the old one all the same. The transaction is over then.
func (tx *Transaction) backOut(err error) error {
	image, unread := marked(tx.replace.room.Image)
	if unread != nil || !has(image, tx.program.RestoreTable[0], tx.program.Units[0].Ops[0]) {
		return err // Settle finds out
	}
	return errors.Join(err, removeSide(tx.store))
}

// exchanges reports whether the only write of a program gives another file the image's name.
func exchanges(p journal.Program) bool {
	return len(p.Units) == 1 && len(p.Units[0].Ops) == 1 && p.Units[0].Ops[0].Kind == journal.OpExchange && len(p.RestoreTable) == 1
}
