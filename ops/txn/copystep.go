package txn

import (
	"context"
	"fmt"
	"io"

	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/fsys"
)

// copyChunk is how much is read at once, in bytes.
const copyChunk = 1 << 20

// copy puts the bytes of a partition, as they are at this point of the rehearsal, at another place. Blocks that its file
// system holds free stay behind. Another target is only read.
func (r *Rehearsal) copy(ctx context.Context, s ops.Step) error {
	z := r.Before.SectorSize
	from, to, n := int64(z.Bytes(s.From.Start)), int64(z.Bytes(s.To.Start)), int64(z.Bytes(s.From.Len()))
	var source io.ReaderAt = r.Overlay
	if s.Path != "" {
		if source = r.Sources[s.Path]; source == nil {
			return fmt.Errorf("%s is not open to be read", s.Path)
		}
	}
	free, err := fsys.FreeRanges(source, s.FS, from, n)
	if err != nil {
		return tried.Errorf("read which blocks are free: %w", err)
	}
	var unused []byteRange
	for _, f := range free {
		unused = append(unused, byteRange{f.Off, f.End()})
	}
	buf := make([]byte, copyChunk)
	for _, run := range newRanges(unused).outside(0, n) {
		for off := run.off; off < run.end; off += copyChunk {
			if err := ctx.Err(); err != nil {
				return err
			}
			b := buf[:min(copyChunk, run.end-off)]
			if _, err := source.ReadAt(b, from+off); err != nil {
				return tried.Errorf("read at offset %d: %w", from+off, err)
			}
			if err := r.put(b, to+off); err != nil {
				return err
			}
		}
	}
	return nil
}

// put writes to the overlay; zeroes take no room there.
func (r *Rehearsal) put(b []byte, off int64) error {
	for _, c := range b {
		if c != 0 {
			_, err := r.Overlay.WriteAt(b, off)
			return err
		}
	}
	return r.Overlay.Zero(off, int64(len(b)))
}
