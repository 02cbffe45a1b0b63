package qcow2

import (
	"context"
	"fmt"
	"io"
	"iter"

	"shunt/ops/target"
)

// A Writer writes to the file of an image.
type Writer interface {
	io.WriterAt
	Sync() error
}

// An Edit is a commit that has been prepared: everything but the header has been written, to clusters that were free. The
// disk is as it was until Switch.
type Edit struct {
	Cost target.SwitchCost

	im     *Image
	check  *Check
	plan   target.Next
	w      Writer // nil for an estimate
	out    batch
	alloc  allocator
	change *changes

	size   int64   // of the new disk in bytes
	below  Backing // of the new disk
	l1     []uint64
	sector [sectorLen]byte
	// limit is the first cluster of the file that is to become free, so that the file can be cut there; 0 for none.
	limit int64

	spare spare
}

// Estimate returns what a commit of the plan takes. It writes nothing.
func (im *Image) Estimate(ctx context.Context, check *Check, plan target.Next) (target.SwitchCost, error) {
	e, err := im.prepare(ctx, check, plan, nil)
	return e.Cost, err
}

// Prepare writes what a plan needs to free clusters, and syncs it. check is the result of Walk on this image. After an error
// the disk is unchanged, and the file can have garbage in free clusters and behind its end.
func (im *Image) Prepare(ctx context.Context, check *Check, plan target.Next, w Writer) (*Edit, error) {
	e, err := im.prepare(ctx, check, plan, w)
	if err != nil {
		return nil, err
	}
	return e, w.Sync()
}

func (im *Image) prepare(ctx context.Context, check *Check, plan target.Next, w Writer) (*Edit, error) {
	return im.newEdit(check, plan, w).prepare(ctx)
}

func (im *Image) newEdit(check *Check, plan target.Next, w Writer) *Edit {
	return &Edit{
		im: im, check: check, plan: plan, size: plan.Size, below: im.belowAfter(plan), w: w, out: batch{w: w}, change: &changes{}, sector: im.sector,
		alloc: allocator{
			refs: check.refs, lost: check.lost, kept: touched(plan.Kept, im.cluster()), next: 1, end: ceil(im.store.Size(), im.cluster()),
		},
	}
}

func (e *Edit) prepare(ctx context.Context) (*Edit, error) {
	im, check := e.im, e.check
	if err := e.admit(); err != nil {
		return e, err
	}
	before := max(e.alloc.end, ceil(im.store.Size(), im.cluster()))
	err := e.tables(ctx)
	if err == nil {
		err = e.editSnapshots(ctx)
	}
	if err == nil {
		err = e.rename()
	}
	if err == nil {
		err = e.dropBitmaps()
	}
	if err == nil {
		err = e.countable()
	}
	if err == nil {
		err = e.counts(ctx)
	}
	if err == nil {
		err = e.out.flush()
	}
	if err == nil {
		err = e.reserve()
	}
	e.Cost.Longer = (e.alloc.end - before - e.spare.holes) * im.cluster()
	for range e.change.freed(check.refs) {
		e.Cost.Freed += im.cluster()
	}
	return e, err
}

// admit fails for what is not edited.
func (e *Edit) admit() error {
	h, c := e.im.Header, e.check
	switch {
	case e.plan.Size <= 0 || e.plan.Size%sectorLen != 0:
		return fmt.Errorf("a qcow2 image cannot have a size of %d bytes: it has to be a multiple of %d", e.plan.Size, sectorLen)
	case e.plan.Mend:
	case h.Dirty:
		return &Refused{Why: "was not closed cleanly, and its refcounts may be wrong", Do: "have it mended by `shunt check --repair`, or by `qemu-img check -r all`"}
	case c.Beyond.Count > 0:
		return &Refused{
			Why: fmt.Sprintf("needs clusters behind the end of its file, which was cut short (%d, the first is cluster %d)", c.Beyond.Count, c.Beyond.First.Cluster),
			Do:  "get the whole file again if there is one",
		}
	case c.Errors.Count > 0:
		return corrupt("cluster %d of the file is used %d times and counted %d times (%d such clusters)", c.Errors.First.Cluster,
			c.Errors.First.Found, c.Errors.First.Stored, c.Errors.Count)
	case c.Copied.Count > 0:
		return corrupt("the mark of cluster %d of the file contradicts its %d references (%d such clusters)", c.Copied.First.Cluster,
			c.Copied.First.Stored, c.Copied.Count)
	case h.Marked:
		return corrupt("QEMU has marked it as corrupt")
	}
	if h.hasBitmaps() && !e.plan.DropBitmaps {
		return &Refused{Why: fmt.Sprintf("has %d persistent bitmaps, which an edit makes worthless", h.bitmaps.count), Do: "agree to drop them; the next incremental backup then is a full one"}
	}
	if e.plan.Backing != nil && len(e.im.Snapshots) > 0 {
		return &Refused{Why: "has snapshots, which show the backing file too and would change with it", Do: "delete them first"}
	}
	if h.Version == 2 && len(e.im.Snapshots) > 0 && e.plan.Size != h.Size {
		return &Refused{Why: "has version 2 and snapshots, so its size cannot change", Do: "convert it to version 3 first: `qemu-img amend -o compat=1.1`, or delete the snapshots"}
	}
	if need := ceil(ceil(e.plan.Size, h.cluster()), h.perL2()); need*8 > maxL1 {
		return &Refused{
			Why: fmt.Sprintf("cannot have %d bytes with clusters of %d bytes", e.plan.Size, h.cluster()), Do: "convert it to larger clusters with `qemu-img convert -o cluster_size=`",
		}
	}
	return nil
}

func (h *Header) hasBitmaps() bool {
	return h.bitmaps != nil && h.bitmaps.count > 0 && h.auto&autoBitmaps != 0
}

// Switch makes the new disk the one that the image shows, by one write of 512 bytes. After an error the image shows one
// of the two disks, and both are whole.
func (e *Edit) Switch() error {
	if _, err := e.w.WriteAt(e.sector[:], 0); err != nil {
		return err
	}
	return e.w.Sync()
}

// Before returns the first sector as it was, for an undo.
func (e *Edit) Before() [sectorLen]byte { return e.im.sector }

// Freed yields the runs of bytes of the file that the new disk does not need and the old one does, in order.
func (e *Edit) Freed() iter.Seq2[int64, int64] {
	return runsOf(e.change.freed(e.check.refs), e.im.cluster())
}

// runsOf yields the runs of bytes of the file that clusters of c bytes make, which are in order.
func runsOf(list iter.Seq[int64], c int64) iter.Seq2[int64, int64] {
	return func(yield func(off, n int64) bool) {
		run := clusters{}
		for g := range list {
			if g == run.end {
				run.end++
				continue
			}
			if run.end > run.start && !yield(run.start*c, (run.end-run.start)*c) {
				return
			}
			run = clusters{g, g + 1}
		}
		if run.end > run.start {
			yield(run.start*c, (run.end-run.start)*c)
		}
	}
}

// batch joins writes of neighbouring bytes.
type batch struct {
	w   io.WriterAt
	off int64
	buf []byte
}

// most is how many bytes are joined.
const mostBatch = 2 << 20

// put writes p at off, now or with later bytes.
func (b *batch) put(p []byte, off int64) error {
	if b.off+int64(len(b.buf)) != off || len(b.buf)+len(p) > mostBatch {
		if err := b.flush(); err != nil {
			return err
		}
		b.off = off
	}
	b.buf = append(b.buf, p...)
	return nil
}

func (b *batch) flush() error {
	if len(b.buf) == 0 {
		return nil
	}
	_, err := b.w.WriteAt(b.buf, b.off)
	b.buf = b.buf[:0]
	return err
}
