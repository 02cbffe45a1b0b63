package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"shunt/model/tried"
	"shunt/ops/journal"
)

// A wholeDisk is the edited disk as the content of a new image.
type wholeDisk struct {
	io.ReaderAt
	size int64
	data ranges
}

func (d *wholeDisk) Size() int64 { return d.size }

func (d *wholeDisk) Data(off int64) (start, end int64, err error) {
	i := sort.Search(len(d.data), func(i int) bool { return d.data[i].end > off })
	if i == len(d.data) {
		return d.size, d.size, nil
	}
	return max(off, d.data[i].off), d.data[i].end, nil
}

// compareNew reads the new image and compares it with the edited disk. Where both say that they have no data there is nothing
// to compare.
func (tx *Transaction) compareNew(ctx context.Context, f *os.File, watch Watch) (err error) {
	want := tx.replace.next.Content
	disk, done, err := tx.replace.image.Reread(ctx, f)
	if err != nil {
		return tried.Errorf("read the new image: %w", err)
	}
	defer func() { err = errors.Join(err, done()) }()
	if disk.Size() != want.Size() {
		return fmt.Errorf("the new image is a disk of %d bytes and not of %d; the old one is as it was", disk.Size(), want.Size())
	}
	a, b := make([]byte, copyChunk), make([]byte, copyChunk)
	for off := int64(0); off < want.Size(); {
		start, end, err := nextData(want.Data, disk.Data, off)
		if err != nil {
			return tried.Errorf("read the new image: %w", err)
		}
		for off = start; off < end; off += int64(len(a)) {
			if ctx.Err() != nil {
				return ErrStopped
			}
			watch(journal.StageVerify, off, want.Size())
			a, b = a[:min(int64(cap(a)), end-off)], b[:min(int64(cap(b)), end-off)]
			if _, err := want.ReadAt(a, off); err != nil {
				return tried.Errorf("read the edited disk: %w", err)
			}
			if _, err := disk.ReadAt(b, off); err != nil {
				return tried.Errorf("read the new image: %w", err)
			}
			if !bytes.Equal(a, b) {
				return fmt.Errorf("the new image reads back different from what was written, within %d bytes from byte %d of the disk on; "+
					"the old one is as it was, and the storage may be failing", len(a), off)
			}
		}
		off = end
	}
	return nil
}

// nextData returns the next run in which one of two disks may hold data.
func nextData(one, other func(int64) (int64, int64, error), off int64) (start, end int64, err error) {
	s1, e1, err1 := one(off)
	s2, e2, err2 := other(off)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, err
	}
	if s2 < s1 {
		s1, e1 = s2, e2
	}
	return s1, max(e1, s1), nil
}
