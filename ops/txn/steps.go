package txn

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"shunt/model"
	"shunt/model/table"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/overlay"
)

// copyChunk is how many bytes are read at once.
const copyChunk = 1 << 20

// copy copies the bytes of a partition, as they are at this point of the rehearsal, to another place. Unless all is
// set, it leaves out the blocks that the file system holds free.
func (r *Rehearsal) copy(ctx context.Context, s ops.Step, all bool) error {
	from, to := r.bytesOf(s.From), r.bytesOf(s.To).off
	var source io.ReaderAt = r.Overlay
	if s.Path != "" {
		if source = r.Sources[s.Path]; source == nil {
			return fmt.Errorf("%s is not open to be read", s.Path)
		}
	}
	var free []overlay.Range
	if !all {
		var err error
		if free, err = r.freeRanges(source, s); err != nil {
			return err
		}
	}
	buf := make([]byte, copyChunk)
	for _, run := range newRanges(shifted(free, 0)).outside(0, from.len()) {
		for off := run.off; off < run.end; off += copyChunk {
			if err := ctx.Err(); err != nil {
				return err
			}
			b := buf[:min(copyChunk, run.end-off)]
			if _, err := source.ReadAt(b, from.off+off); err != nil {
				return tried.Errorf("read at offset %d: %w", from.off+off, err)
			}
			if err := r.put(b, to+off); err != nil {
				return err
			}
		}
	}
	return nil
}

// put writes b to the overlay. Zeroes take no space there.
func (r *Rehearsal) put(b []byte, off int64) error {
	if allZero(b) {
		return r.Overlay.Zero(off, int64(len(b)))
	}
	_, err := r.Overlay.WriteAt(b, off)
	return err
}

// remap moves a partition's bytes within the overlay. It leaves out the blocks that the file system holds free.
func (r *Rehearsal) remap(s ops.Step) error {
	from := r.bytesOf(s.From)
	free, err := r.freeRanges(r.Overlay, s)
	if err != nil {
		return err
	}
	for _, f := range free {
		r.skipped += f.Len
	}
	return r.Overlay.Move(from.off, r.bytesOf(s.To).off, from.len(), free)
}

// freeRanges returns the bytes that the file system in s.From holds free, counted from its start. There are none unless
// they are certain, or a later step of the same operation has a tool judge the result.
func (r *Rehearsal) freeRanges(source io.ReaderAt, s ops.Step) ([]overlay.Range, error) {
	judged := slices.ContainsFunc(r.Steps[r.running:], func(next ops.Step) bool {
		return next.Kind == ops.StepVerifyFS && next.Op == s.Op && next.Part == s.Part
	})
	return freeRanges(source, s.FS, r.bytesOf(s.From), judged)
}

// freeRanges returns the bytes of a partition that its file system holds free, counted from the partition's start. Unless
// they are judged, they must be certain.
func freeRanges(source io.ReaderAt, kind model.FSKind, at byteRange, judged bool) ([]overlay.Range, error) {
	if !judged && !fsys.FreeCertain(kind) {
		return nil, nil
	}
	free, err := fsys.FreeRanges(source, kind, at.off, at.len())
	if err != nil {
		return nil, tried.Errorf("read which blocks are free: %w", err)
	}
	return free, nil
}

// unused returns the bytes of the target that its file systems hold free before the transaction. A roll back need not
// restore their content. Blocks that became free only during the rehearsal do not count: a roll back must restore them.
func (r *Rehearsal) unused() (ranges, error) {
	var runs []byteRange
	if r.tookIn {
		return nil, nil // other overlays of the target show all its bytes
	}
	for _, p := range r.Before.Partitions() {
		if p.Use.Busy() || r.wasDamaged(p) {
			continue // its free blocks change, and nothing in it is written; or they may be in use
		}
		at := r.bytesOf(p.Span)
		free, err := freeRanges(r.Device, p.FS.Kind, at, r.judged[p.ID])
		if err != nil {
			return nil, tried.Errorf("read which blocks of %s are free: %w", p.Ref(), err)
		}
		runs = append(runs, shifted(free, at.off)...)
	}
	return newRanges(runs, r.spare.gone), nil
}

// wipeDisk erases, within a range, the signatures of anything that covered the whole disk. It leaves the present table
// alone, which must stay in force until a later step writes the final one.
func (r *Rehearsal) wipeDisk(within byteRange) error {
	present, err := r.presentTable()
	if err != nil {
		return err
	}
	signatures := newRanges(shifted(fsys.WipeRanges(r.Overlay.Size()), 0))
	runs := signatures.within(within.off, within.end).minus(present)
	z := int64(r.Before.SectorSize)
	for _, wiped := range runs {
		from, to := (wiped.off+z-1)/z*z, wiped.end/z*z
		if from < to {
			r.wiped = append(r.wiped, table.Patch{Off: from, Data: make([]byte, to-from)})
		}
	}
	return r.zero(runs)
}

// zero makes runs of the overlay read as zero.
func (r *Rehearsal) zero(runs []byteRange) error {
	for _, z := range runs {
		if err := r.Overlay.Zero(z.off, z.len()); err != nil {
			return err
		}
	}
	return nil
}

// shifted converts ranges that are counted from off to ranges that are counted from 0.
func shifted(list []overlay.Range, off int64) []byteRange {
	return runsOf(list, func(r overlay.Range) byteRange { return run(off+r.Off, r.Len) })
}

// writeTable writes the planned table to the overlay and reads it back. The result must agree with the model.
func (r *Rehearsal) writeTable() error {
	patches, err := table.EncodeOver(r.booting(), r.Overlay, r.Before, r.After, r.NewUUID)
	if err != nil {
		return err
	}
	for _, p := range patches {
		if _, err := r.Overlay.WriteAt(p.Data, p.Off); err != nil {
			return tried.Errorf("write %s: %w", p.What, err)
		}
	}
	r.final = patches
	if r.foreign, err = table.Foreign(padded{r.Device}, r.Before, append(r.wiped, patches...)); err != nil {
		return err
	}
	planned, err := table.Read(r.Overlay, r.Overlay.Size(), r.After.SectorSize)
	if err != nil {
		return tried.Errorf("read the table back: %w", err)
	}
	return sameTable(planned, r.After)
}

// sameTable returns an error that lists the differences between the table that was read back and the planned one.
func sameTable(got, want model.Disk) error {
	var wrong []string
	if got.Table.Kind != want.Table.Kind || got.Table.ID != want.Table.ID && want.Table.ID != "" {
		wrong = append(wrong, fmt.Sprintf("table %s %s instead of %s %s",
			got.Table.Kind, got.Table.ID, want.Table.Kind, want.Table.ID))
	}
	gotParts, wantParts := got.Partitions(), want.Partitions()
	if len(gotParts) != len(wantParts) {
		wrong = append(wrong, fmt.Sprintf("%d partitions instead of %d", len(gotParts), len(wantParts)))
	}
	for _, w := range wantParts {
		g, ok := got.ByNumber(w.Number)
		switch {
		case !ok:
			wrong = append(wrong, w.Ref()+" is missing")
		case g.Span != w.Span || g.Type != w.Type || g.Role != w.Role || g.Name != w.Name ||
			g.Active != w.Active || g.Attributes != w.Attributes:
			wrong = append(wrong, fmt.Sprintf("%s is at sectors %s, type %s, instead of %s, type %s",
				w.Ref(), g.Span.Inclusive(), g.Type, w.Span.Inclusive(), w.Type))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the table does not read back as written: %s", strings.Join(wrong, "; "))
	}
	return nil
}

// A section is a part of the overlay. Its offsets are counted from its own start.
type section struct {
	ov *overlay.Overlay
	at byteRange
}

func (s section) ReadAt(p []byte, off int64) (int, error) {
	if err := s.check("read", off, len(p)); err != nil {
		return 0, err
	}
	return s.ov.ReadAt(p, s.at.off+off)
}

func (s section) WriteAt(p []byte, off int64) (int, error) {
	if err := s.check("write", off, len(p)); err != nil {
		return 0, err
	}
	return s.ov.WriteAt(p, s.at.off+off)
}

func (s section) check(verb string, off int64, n int) error {
	if off < 0 || off+int64(n) > s.at.len() {
		return tried.Errorf("%s bytes [%d, %d) in a window of %d bytes", verb, off, off+int64(n), s.at.len())
	}
	return nil
}

// A padded is a device that reads as zero behind its end, as it will once it has grown.
type padded struct{ dev Device }

func (d padded) ReadAt(p []byte, off int64) (int, error) {
	n := max(0, min(int64(len(p)), d.dev.Size()-off))
	if n > 0 {
		if _, err := d.dev.ReadAt(p[:n], off); err != nil {
			return 0, err
		}
	}
	clear(p[n:])
	return len(p), nil
}
