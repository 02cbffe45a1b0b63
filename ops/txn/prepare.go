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
	"shunt/ops/target"
)

// Prepare makes the rehearsed result ready to be committed: it writes the journal and nothing else. It completes the
// report. All windows must be closed first.
func (r *Rehearsal) Prepare(
	store journal.Store, spill journal.File, plan, name string, report *report.Rehearsal,
) (*Transaction, error) {
	under, err := r.stackOn(store)
	if err != nil {
		return nil, errors.Join(err, spill.Close(), journal.Remove(store))
	}
	if sw, ok := r.Device.(target.Switching); ok {
		return r.prepareSwitch(sw, under, store, spill, plan, name, report)
	}
	if rp, ok := r.replaces(); ok {
		return r.prepareReplace(rp, under, store, spill, plan, name, report)
	}
	changed, t, err := r.compare(spill)
	if err != nil {
		return nil, errors.Join(err, spill.Close(), journal.Remove(store))
	}
	changed.unused = newRanges(r.unclaimed(t.before), changed.unused)
	changed.zeros = newRanges(r.spare.zeros)
	header := r.header(name, plan)
	if r.wipes() {
		header.Options |= journal.Erases
	}
	tune := defaultTuning
	tune.saves = under.saves(r.Limits)
	tx, err := prepare(r.Device, store, spill, changed, t, header, tune)
	if err != nil {
		return nil, err
	}
	if err := tx.settleOn(under); err != nil {
		return nil, errors.Join(err, tx.Abandon())
	}
	under.tell(report)
	if err := tx.measure(report); err != nil {
		return nil, errors.Join(err, tx.Abandon())
	}
	report.SkippedFree = geometry.Bytes(r.skipped)
	if r.spare.done {
		idle, err := tx.trimming()
		if err != nil {
			return nil, errors.Join(err, tx.Abandon())
		}
		report.GivesBack = geometry.Bytes(tx.cleared() + idle)
	}
	tx.Hidden = r.hidden(changed)
	return tx, nil
}

// compare works out what the overlay changes, and the table writes that go with it.
func (r *Rehearsal) compare(spill journal.File) (changed changes, t tables, err error) {
	unused, err := r.unused()
	if err != nil {
		return changed, t, err
	}
	changed, err = changesOf(r.Overlay, r.Device.Size(), unused).trimmed(r.Device, spill, newRanges(spans(r.final)))
	if err == nil {
		changed, err = r.withoutBusy(changed)
	}
	if err != nil {
		return changed, t, err
	}
	changed.heads, changed.reserve = r.heads(changed), r.fallocated()
	t, err = r.tables(changed)
	return changed, t, err
}

// header returns the part of the program that does not depend on the changes.
func (r *Rehearsal) header(name, plan string) journal.Program {
	h := journal.Program{
		Name: name, Plan: plan, Began: r.Now().UnixNano(), Options: r.Options, Sector: int64(r.Before.SectorSize),
	}
	for i, d := range []model.Disk{r.Before, r.After} {
		for _, p := range d.Partitions() {
			if at := r.bytesOf(p.Span); p.Role != model.Extended {
				h.Parts = append(h.Parts, journal.Part{Name: p.Ref(), Off: at.off, Len: at.len(), Planned: i == 1})
			}
		}
	}
	return h
}

// bytesOf converts a span of sectors to bytes.
func (r *Rehearsal) bytesOf(s geometry.Span) byteRange {
	z := r.Before.SectorSize
	return byteRange{int64(z.Bytes(s.Start)), int64(z.Bytes(s.End))}
}

// partitions returns the bytes of those present partitions for which want returns true.
func (r *Rehearsal) partitions(want func(model.Partition) bool) ranges {
	var runs []byteRange
	for _, p := range r.Before.Partitions() {
		if want(p) {
			runs = append(runs, r.bytesOf(p.Span))
		}
	}
	return newRanges(runs)
}

func isNotExtended(p model.Partition) bool { return p.Role != model.Extended }

// presentTable returns the bytes that the structures of the present table take.
func (r *Rehearsal) presentTable() (ranges, error) {
	regions, err := table.Regions(r.Device, r.Before)
	if err != nil {
		return nil, tried.Errorf("find the present table: %w", err)
	}
	return newRanges(runsOf(regions, func(g table.Range) byteRange { return run(g.Off, g.Len) })), nil
}

// tables works out the fence and the final table writes.
func (r *Rehearsal) tables(changed changes) (tables, error) {
	t := tables{sector: int64(r.Before.SectorSize), primary: int64(r.Before.SectorSize), final: r.final}
	if r.Before.Table.Kind == model.TableNone {
		return t, nil
	}
	var err error
	if t.before, err = r.presentTable(); err != nil {
		return t, err
	}
	if t.fence, err = table.Hide(r.Device, r.Before, r.changing(changed)); err != nil {
		return t, tried.Errorf("find the partitions to hide: %w", err)
	}
	t.primary = int64(r.Before.SectorSize.Bytes(r.Before.Table.Usable.Start))
	if r.Before.Table.Kind == model.TableGPT && r.After.Table.Kind == model.TableMBR && len(t.fence) > 0 {
		// A roll back must replace the MBR first: as long as it is there, no system reads the GPT.
		protective := make([]byte, t.sector)
		if _, err := r.Device.ReadAt(protective, 0); err != nil {
			return t, tried.Errorf("read the protective MBR: %w", err)
		}
		t.refence = append(t.refence, table.Patch{Data: protective})
	}
	for _, p := range t.fence {
		if p.Off < t.primary {
			t.refence = append(t.refence, p)
		}
	}
	if t, err = r.keepVisible(changed, t); err != nil {
		return t, err
	}
	err = r.hideAdded(&t)
	return t, err
}

// hideAdded makes a roll back hide the partitions that the plan adds: they must leave the table before their content
// changes. It adds to t.refence the old content of everything in the table that the final one changes, except the backup
// copy of a GPT. When a roll back does these writes it has not taken back any data yet, so every partition that the table
// shows between two of them is whole.
func (r *Rehearsal) hideAdded(t *tables) error {
	seen := t.before
	if r.Before.Table.Kind == model.TableMBR && r.After.Table.Kind == model.TableGPT {
		// The MBR says which table counts. Readers that ignore it find a GPT by its headers.
		last := r.Device.Size() - r.Device.Size()%t.sector
		seen = newRanges([]byteRange{{0, 2 * t.sector}, {last - t.sector, last}})
		seen = seen.minus(r.partitions(isNotExtended)) // the only copy of their old bytes may be where they moved to
	}
	for _, w := range t.final {
		if r.Before.Table.Kind == model.TableGPT && w.Off >= t.primary {
			continue
		}
		for _, run := range seen.within(w.Off, w.Off+int64(len(w.Data))).minus(newRanges(spans(t.refence))) {
			was := table.Patch{Off: run.off, Data: make([]byte, run.len())}
			if _, err := r.Device.ReadAt(was.Data, was.Off); err != nil {
				return tried.Errorf("read the present table: %w", err)
			}
			t.refence = append(t.refence, was)
		}
	}
	if r.Before.Table.Kind != r.After.Table.Kind {
		// The MBR says which of the two tables counts.
		if i := slices.IndexFunc(t.refence, func(w table.Patch) bool { return w.Off == 0 }); i > 0 {
			first := t.refence[i]
			t.refence = slices.Insert(slices.Delete(t.refence, i, i+1), 0, first)
		}
	}
	return nil
}

// changing lists the partitions that the table must not show while the commit runs, since their bytes or their place
// change.
func (r *Rehearsal) changing(changed changes) []model.PartID {
	writes := changed.writes().minus(newRanges(spans(r.final)))
	var ids []model.PartID
	another := chainOrder(r.Before, r.After)
	for _, p := range r.Before.Partitions() {
		after, stays := r.After.Partition(p.ID)
		at := r.bytesOf(p.Span)
		touched := len(writes.within(at.off, at.end)) > 0 || another && p.Role == model.Logical
		// A partition in use stays, and its entry changes at most its length; see withoutBusy.
		if !p.Use.Busy() && p.Role != model.Extended && (touched || !stays || after.Span != p.Span) {
			ids = append(ids, p.ID)
		}
	}
	return slices.Clip(ids)
}

// chainOrder reports whether the chain of logical partitions gets another order. While it is written it could show one
// partition twice.
func chainOrder(before, after model.Disk) bool {
	number := 0
	for _, p := range before.Logicals() {
		q, stays := after.Partition(p.ID)
		if !stays || q.Role != model.Logical {
			continue
		}
		if q.Number < number {
			return true
		}
		number = q.Number
	}
	return false
}

// headLen is how many bytes at the start of a partition are compared to see whether its file system was used. The
// superblocks of all file systems that shunt knows lie there.
const headLen = 64 << 10

// heads returns the first bytes of every partition that the commit changes or moves, at its planned place, and of those
// that it deletes.
func (r *Rehearsal) heads(changed changes) ranges {
	var runs []byteRange
	changing := r.changing(changed)
	add := func(p model.Partition, change bool) {
		if at := r.bytesOf(p.Span); change && p.Role != model.Extended {
			runs = append(runs, byteRange{at.off, min(at.off+headLen, at.end, changed.sizeAfter)})
		}
	}
	for _, p := range r.After.Partitions() {
		_, old := r.Before.Partition(p.ID)
		add(p, !old || slices.Contains(changing, p.ID))
	}
	for _, p := range r.Before.Partitions() {
		_, stays := r.After.Partition(p.ID)
		add(p, !stays)
	}
	return newRanges(runs)
}
