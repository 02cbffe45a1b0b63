package table

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
)

// Encode returns the writes that change the table on r from before to after. before must be what Read returned for r. The
// writes must be done in this order: for a GPT the backup array, backup header, primary array, primary header, sector 0,
// and then zeros over the header of a backup that has moved; for an MBR the boot records from last to first, then sector
// 0. Each write has whole sectors. Sectors at its ends that would not change are left out, so an edit without changes has
// no writes. If r is shorter than after, the rest counts as zeros.
//
// Partitions are matched by ID. A partition that before lacks keeps its PARTUUID, or gets one from newUUID if it has
// none. If the kind of table changes or after has no table ID, a new table is made.
//
// The error means that before is read-only and after does not cure that, that r does not hold before, or that no table of
// this kind can express after. After is a cure if it has none of the problems of before, which must all be in the table.
// Before Encode returns the writes, it reads them back and compares the result with after.
func Encode(r io.ReaderAt, before, after model.Disk, newUUID func() uuid.UUID) ([]Patch, error) {
	return EncodeOver(r, r, before, after, newUUID)
}

// EncodeOver is like Encode for a table whose sectors have been overwritten in part. was holds the table that before
// describes; the writes go over now. The two differ if data has moved over boot records or headers that the final table
// needs again.
func EncodeOver(was, now io.ReaderAt, before, after model.Disk, newUUID func() uuid.UUID) (patches []Patch, err error) {
	defer func() {
		if err != nil {
			patches, err = nil, fmt.Errorf("encode partition table: %w", err)
		}
	}()
	was, now = padded{was}, padded{now}
	if why := cmp.Or(before.WithSectors(after.Sectors).Incurable(), after.WithSectors(after.Sectors).ReadOnly()); !why.OK() {
		return nil, fmt.Errorf("the disk is read-only: %s", why)
	}
	if before.SectorSize != after.SectorSize {
		return nil, fmt.Errorf("sector size changed from %d to %d", before.SectorSize, after.SectorSize)
	}
	src, err := holding(was, before)
	if err != nil {
		return nil, err
	}
	after = withDefaults(before, after)
	for _, p := range model.Check(after) {
		if p.Severity == model.Fatal {
			return nil, errors.New(p.Text)
		}
	}
	if patches, err = layout(src, before, after, newUUID); err != nil {
		return nil, err
	}
	if patches, err = changed(now, patches, after.SectorSize); err != nil {
		return nil, err
	}
	back, err := Read(patched{now, patches}, int64(after.Size()), after.SectorSize)
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	if diff := cmp.Or(difference(back, after), string(back.ReadOnly())); diff != "" {
		return nil, fmt.Errorf("the new table would not be read back as it was meant: %s", diff)
	}
	return patches, nil
}

// layout returns all sectors of the table after in the order of writing, even those that do not change.
func layout(src source, before, after model.Disk, newUUID func() uuid.UUID) ([]Patch, error) {
	g, err := loadGPT(src)
	if err != nil {
		return nil, err
	}
	fresh := isFresh(before, after)
	switch {
	case after.Table.Kind == model.TableGPT && fresh:
		return freshGPT(g, before, after, newUUID)
	case after.Table.Kind == model.TableGPT:
		return editGPT(g, before, after, newUUID)
	case after.Table.Kind == model.TableMBR && fresh:
		return freshMBR(g, before, after, newUUID)
	case after.Table.Kind == model.TableMBR:
		return editMBR(src, before, after)
	case before.Table.Kind != model.TableNone:
		return nil, errors.New("a partition table cannot be removed, only replaced by another")
	}
	return nil, nil
}

// isFresh reports whether after has a new table instead of an edited one. Another number of entries needs a new one, and so
// does damage that the edit cures.
func isFresh(before, after model.Disk) bool {
	was, t := before.Table, after.Table
	return was.Kind != t.Kind || t.ID == "" || was.Slots != t.Slots || t.EntrySize != 0 && was.EntrySize != t.EntrySize ||
		!before.WithSectors(after.Sectors).ReadOnly().OK() && after.ReadOnly().OK()
}

// withDefaults sets what a new table leaves open: the range for partitions and the number of slots.
func withDefaults(before, after model.Disk) model.Disk {
	if after.Table.Kind == model.TableNone || !isFresh(before, after) {
		return after
	}
	t := &after.Table
	if t.Kind == model.TableMBR {
		t.Slots = mbrSlots
		if t.Usable.Empty() {
			t.Usable = geometry.Span{Start: 1, End: min(after.Sectors, model.MBRSectors)}
		}
		return after
	}
	t.Slots, t.EntrySize = cmp.Or(t.Slots, gptSlots), cmp.Or(t.EntrySize, gptEntrySize)
	if t.Usable.Empty() {
		n := t.ArraySectors(after.SectorSize)
		t.Usable = geometry.Span{Start: max(geometry.AlignMiB.Grain(after.SectorSize), 2+n), End: after.Sectors - 1 - n}
	}
	return after
}

// changed shortens the patches by the whole sectors at their ends that r already holds.
func changed(r io.ReaderAt, patches []Patch, z geometry.SectorSize) ([]Patch, error) {
	var list []Patch
	for _, p := range patches {
		held := make([]byte, len(p.Data))
		if n, err := r.ReadAt(held, p.Off); n < len(held) {
			return nil, tried.Errorf("read %s at byte %d: %w", p.What, p.Off, err)
		}
		from, to := 0, len(held)
		for from < to && bytes.Equal(held[from:from+int(z)], p.Data[from:from+int(z)]) {
			from += int(z)
		}
		for from < to && bytes.Equal(held[to-int(z):to], p.Data[to-int(z):to]) {
			to -= int(z)
		}
		if from < to {
			list = append(list, Patch{Off: p.Off + int64(from), Data: p.Data[from:to], What: p.What})
		}
	}
	return list, nil
}
