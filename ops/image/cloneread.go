package image

import (
	"bytes"
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/overlay"
	"shunt/ops/target"
)

const (
	// cloneChunk is how much is read at once, in bytes.
	cloneChunk = 1 << 20
	// cloneSave is how much is read between two writes of the map.
	cloneSave = 1 << 30
	// clonePage is the piece that stays a hole in the copy if it is zero.
	clonePage = 4096
)

// A cloner copies the source to the part.
type cloner struct {
	src           target.Target
	disk          model.Disk
	part          *part
	skip          bool
	watch         func(done, total int64)
	chunk         []byte
	read, leftOut int64
	unsaved       int64
}

// copy copies everything that is not free. After an error that leaves something to go on with it returns a *StoppedError.
func (w *cloner) copy(ctx context.Context, free []overlay.Range) error {
	for _, f := range free {
		w.leftOut += f.Len
		w.part.mark(f.Off, f.End(), signDone)
	}
	err := w.copyOpen(ctx)
	if saved := w.part.save(); saved != nil && err == nil {
		err = tried.Errorf("write %s: %w", w.part.path, saved)
	}
	if err == nil {
		return nil
	}
	if stopped := (*StoppedError)(nil); errors.As(err, &stopped) {
		return err
	}
	return &StoppedError{Part: w.part.path, Err: err}
}

// copyOpen copies what the map calls open, and leaves out the holes of the source.
func (w *cloner) copyOpen(ctx context.Context) error {
	for at := int64(0); at < w.src.Size(); {
		start, end, err := w.src.Data(at)
		if err != nil {
			return err
		}
		w.part.mark(at, start, signDone)
		for _, r := range w.part.open(start, end) {
			if err := w.copyRun(ctx, r.off, r.end); err != nil {
				return err
			}
		}
		if start >= end {
			break
		}
		at = end
	}
	return nil
}

func (w *cloner) copyRun(ctx context.Context, off, end int64) error {
	for off < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(end-off, cloneChunk-off%cloneChunk)
		if err := w.piece(off, n); err != nil {
			return err
		}
		off += n
		if w.watch != nil {
			w.watch(w.read, w.src.Size()-w.leftOut)
		}
		if w.unsaved += n; w.unsaved >= cloneSave {
			w.unsaved = 0
			if err := w.part.save(); err != nil {
				return tried.Errorf("write %s: %w", w.part.path, err)
			}
		}
	}
	return nil
}

// piece copies at most a chunk. What cannot be read is narrowed down to sectors.
func (w *cloner) piece(off, n int64) error {
	b := w.chunk[:n]
	_, err := w.src.ReadAt(b, off)
	sector := int64(w.src.SectorSize())
	switch {
	case err == nil:
		w.read += n
		if err := w.write(b, off); err != nil {
			return tried.Errorf("write %s: %w", w.part.path, tried.Cause(err))
		}
		w.part.mark(off, off+n, signDone)
		return nil
	case !unreadable(err):
		return err
	case n > sector:
		half := max(sector, n/2/sector*sector)
		if err := w.piece(off, half); err != nil {
			return err
		}
		return w.piece(off+half, n-half)
	}
	w.part.mark(off, off+n, signBad)
	if w.skip {
		return nil
	}
	bad := w.badAt(off, off+n)
	return &StoppedError{Part: w.part.path, Bad: &bad, Err: err}
}

// unreadable reports whether an error of the medium keeps its bytes from being read.
func unreadable(err error) bool {
	for _, errno := range []error{unix.EIO, unix.EREMOTEIO, unix.ENODATA, unix.EILSEQ, unix.EUCLEAN} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// write writes what is not zero.
func (w *cloner) write(b []byte, off int64) error {
	zeros := make([]byte, clonePage)
	for at := 0; at < len(b); {
		end := min(len(b), at+clonePage)
		if bytes.Equal(b[at:end], zeros[:end-at]) {
			at = end
			continue
		}
		for end < len(b) && !bytes.Equal(b[end:min(len(b), end+clonePage)], zeros[:min(len(b), end+clonePage)-end]) {
			end = min(len(b), end+clonePage)
		}
		if _, err := w.part.file.WriteAt(b[at:end], off+int64(at)); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// badAt describes a run that cannot be read.
func (w *cloner) badAt(off, end int64) Bad {
	z := int64(w.disk.SectorSize)
	b := Bad{Off: off, Len: end - off, Sectors: geometry.Span{Start: geometry.Sector(off / z), End: geometry.Sector((end + z - 1) / z)}}
	for _, p := range w.disk.Partitions() {
		if p.Role != model.Extended && p.Span.Overlaps(b.Sectors) {
			b.Ref = p.Ref()
		}
	}
	return b
}

// bad describes all that could not be read, cut where partitions begin and end.
func (w *cloner) bad() (list []Bad) {
	for _, r := range w.part.bad() {
		cuts := []int64{r.off}
		for _, p := range w.disk.Partitions() {
			for _, at := range []geometry.Sector{p.Span.Start, p.Span.End} {
				if off := int64(w.disk.SectorSize.Bytes(at)); off > cuts[len(cuts)-1] && off < r.end {
					cuts = append(cuts, off)
				}
			}
		}
		cuts = append(cuts, r.end)
		for i := range cuts[1:] {
			list = append(list, w.badAt(cuts[i], cuts[i+1]))
		}
	}
	return list
}
