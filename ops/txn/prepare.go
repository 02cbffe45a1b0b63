package txn

import (
	"errors"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/table"
	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/report"
)

// Prepare makes the rehearsed result ready to be committed: it writes the journal and nothing else. The windows
// must have been closed. It completes the report.
func (r *Rehearsal) Prepare(store journal.Store, spill journal.File, plan, name string, report *report.Rehearsal) (*Transaction, error) {
	unused, err := r.unused()
	if err != nil {
		return nil, errors.Join(err, spill.Close(), journal.Remove(store))
	}
	l, err := r.changes(spill, unused)
	if err != nil {
		return nil, errors.Join(err, spill.Close(), journal.Remove(store))
	}
	t, err := r.tables(l)
	if err != nil {
		return nil, errors.Join(err, spill.Close(), journal.Remove(store))
	}
	l.unused = newRanges(append(r.unclaimed(t.before), l.unused...))
	tx, err := prepare(r.Device, store, spill, l, t, r.words(name, plan), defaultTuning)
	if err != nil {
		return nil, err
	}
	report.CopyBytes, report.PlaceBytes = geometry.Bytes(tx.CopyBytes), geometry.Bytes(tx.PlaceBytes)
	report.JournalSize, report.UndoBytes = geometry.Bytes(tx.JournalBytes), geometry.Bytes(tx.UndoBytes)
	report.SkippedFree = geometry.Bytes(r.skipped)
	tx.Hidden = r.hidden(l)
	return tx, nil
}

// words are what the journal holds for messages.
func (r *Rehearsal) words(name, plan string) words {
	z := r.Before.SectorSize
	w := words{name: name, plan: plan, began: r.Now().Unix(), options: r.Options, sector: int64(z)}
	for i, d := range []model.Disk{r.Before, r.After} {
		for _, p := range d.Partitions() {
			if p.Role != model.Extended {
				w.parts = append(w.parts, journal.Part{Name: p.Ref(), Off: int64(z.Bytes(p.Span.Start)), Len: int64(z.Bytes(p.Span.Len())), Planned: i == 1})
			}
		}
	}
	return w
}

// changes is what the target must become.
func (r *Rehearsal) changes(spill journal.File, unused ranges) (changes, error) {
	l, err := changesOf(r.Overlay, r.Device.Size(), unused).trimmed(r.Device, spill, newRanges(spansOf(r.final)))
	if err == nil {
		l, err = r.apart(l)
	}
	l.heads = r.heads(l)
	return l, err
}

// tables works out the fence and the final table writes.
func (r *Rehearsal) tables(l changes) (tables, error) {
	t := tables{sector: int64(r.Before.SectorSize), primary: int64(r.Before.SectorSize)}
	for _, p := range r.final {
		t.final = append(t.final, Write{Off: p.Off, Data: p.Data})
	}
	if r.Before.Table.Kind == model.TableNone {
		return t, nil
	}
	regions, err := table.Regions(r.Device, r.Before)
	if err != nil {
		return t, tried.Errorf("find the present table: %w", err)
	}
	var runs []byteRange
	for _, g := range regions {
		runs = append(runs, byteRange{g.Off, g.Off + g.Len})
	}
	t.before = newRanges(runs)
	hidden, err := table.Hide(r.Device, r.Before, r.changing(l))
	if err != nil {
		return t, tried.Errorf("work out the fence: %w", err)
	}
	t.primary = int64(r.Before.SectorSize.Bytes(r.Before.Table.Usable.Start))
	if r.Before.Table.Kind == model.TableGPT && r.After.Table.Kind == model.TableMBR && len(hidden) > 0 {
		// On the way back the MBR must go first: as long as it is there nobody looks at the GPT.
		protective := make([]byte, t.sector)
		if _, err := r.Device.ReadAt(protective, 0); err != nil {
			return t, tried.Errorf("read the protective MBR: %w", err)
		}
		t.refence = append(t.refence, Write{Data: protective})
	}
	for _, p := range hidden {
		w := Write{Off: p.Off, Data: p.Data}
		t.fence = append(t.fence, w)
		if p.Off < t.primary {
			t.refence = append(t.refence, w)
		}
	}
	if t, err = r.keepVisible(l, t); err != nil {
		return t, err
	}
	err = r.unlist(&t)
	return t, err
}

// unlist has a way back put in place, behind the fence, the old content of whatever else in the table the final one changes,
// but for the copies of a GPT: partitions that the plan adds must go out of sight before their content does. Nothing has
// been taken back by then, so what the table shows between two of these writes is whole.
func (r *Rehearsal) unlist(t *tables) error {
	seen := t.before
	if r.Before.Table.Kind == model.TableMBR && r.After.Table.Kind == model.TableGPT {
		// The MBR says which table counts; readers that do not care find a GPT by its headers.
		last := r.Device.Size() - r.Device.Size()%t.sector
		seen = newRanges([]byteRange{{0, 2 * t.sector}, {last - t.sector, last}})
		for _, p := range r.Before.Partitions() {
			if p.Role != model.Extended {
				// What lies there may be kept by a copy alone.
				seen = seen.minus(newRanges([]byteRange{{t.sector * int64(p.Span.Start), t.sector * int64(p.Span.End)}}))
			}
		}
	}
	for _, w := range t.final {
		if r.Before.Table.Kind == model.TableGPT && w.Off >= t.primary {
			continue
		}
		for _, run := range newRanges([]byteRange{{w.Off, w.Off + int64(len(w.Data))}}).intersect(seen).minus(newRanges(spans(t.refence))) {
			was := Write{Off: run.off, Data: make([]byte, run.end-run.off)}
			if _, err := r.Device.ReadAt(was.Data, was.Off); err != nil {
				return tried.Errorf("read the present table: %w", err)
			}
			t.refence = append(t.refence, was)
		}
	}
	if r.Before.Table.Kind != r.After.Table.Kind {
		// The MBR says which of the two tables counts.
		if i := slices.IndexFunc(t.refence, func(w Write) bool { return w.Off == 0 }); i > 0 {
			first := t.refence[i]
			t.refence = slices.Insert(slices.Delete(t.refence, i, i+1), 0, first)
		}
	}
	return nil
}

// changing are the partitions that nobody must see while the commit runs: those whose bytes or place change.
func (r *Rehearsal) changing(l changes) []model.PartID {
	z := r.Before.SectorSize
	tableRegions := newRanges(spansOf(r.final))
	writes := l.writes().minus(tableRegions)
	var ids []model.PartID
	for _, p := range r.Before.Partitions() {
		after, ok := r.After.Partition(p.ID)
		touched := len(writes.within(int64(z.Bytes(p.Span.Start)), int64(z.Bytes(p.Span.End)))) > 0
		// A partition in use stays, and its entry at most says that it is longer; see busy.
		if !p.Use.Busy() && p.Role != model.Extended && (touched || !ok || after.Span != p.Span) {
			ids = append(ids, p.ID)
		}
	}
	return slices.Clip(ids)
}

// headLen is how much of a partition tells whether its file system was used, in bytes: the superblocks of all file
// systems that shunt knows lie in it.
const headLen = 64 << 10

// heads are the first bytes of every partition whose bytes or place the commit changes, as planned, and of those that
// it takes out of the table.
func (r *Rehearsal) heads(l changes) ranges {
	var runs []byteRange
	z := r.Before.SectorSize
	add := func(p model.Partition) {
		off, end := int64(z.Bytes(p.Span.Start)), int64(z.Bytes(p.Span.End))
		runs = append(runs, byteRange{off, min(off+headLen, end, l.sizeAfter)})
	}
	changing := r.changing(l)
	for _, p := range r.After.Partitions() {
		_, old := r.Before.Partition(p.ID)
		if p.Role != model.Extended && (!old || slices.Contains(changing, p.ID)) {
			add(p)
		}
	}
	for _, p := range r.Before.Partitions() {
		if _, stays := r.After.Partition(p.ID); !stays && p.Role != model.Extended {
			add(p)
		}
	}
	return newRanges(runs)
}

func spansOf(patches []table.Patch) []byteRange {
	runs := make([]byteRange, 0, len(patches))
	for _, p := range patches {
		runs = append(runs, byteRange{p.Off, p.Off + int64(len(p.Data))})
	}
	return runs
}
