package qcow2

import (
	"context"

	"shunt/ops/target"
)

// A commit that frees clusters leaves holes in the file, and live clusters behind them. compact moves these down into the
// holes, as a commit of its own that shows the same disk, so that the file can be cut behind the last cluster that is used.

// compactPasses is how often compact may move clusters. A table can find no room below the clusters that the first pass moves,
// since they are in use until its end; it then lies behind them, and would keep the file as long as it was.
const compactPasses = 2

// compact moves live clusters of the present disk from the end of the file to free clusters further down. It reports
// whether it has changed anything. check is the result of Walk on this image.
func (im *Image) compact(ctx context.Context, check *Check, w Writer) (changed bool, err error) {
	used := int64(0)
	_ = check.refs.each(func(int64, uint64) error { used++; return nil })
	for _, l := range check.lost {
		used += l.end - l.start
	}
	if check.refs.end <= used || !check.Clean() || im.hasBitmaps() {
		return false, nil
	}
	keep := target.Piece{Len: im.Size(), Kind: target.Keep}
	next := target.Next{Size: im.Size(), Content: im, Pieces: func(yield func(target.Piece) bool) { yield(keep) }}
	plan := func(w Writer) (*Edit, error) {
		e := im.newEdit(check, next, w)
		e.limit = used
		return e.prepare(ctx)
	}
	// The new tables need room too, so a file that is nearly dense would only become longer.
	length := max(check.refs.end, ceil(im.store.Size(), im.cluster())) // a first pass has not cut it
	if e, err := plan(nil); err != nil || e.alloc.end > length || e.end() >= check.refs.end {
		return false, err
	}
	e, err := plan(w)
	if err == nil {
		err = w.Sync()
	}
	if err == nil {
		_, err = e.verify(ctx, im.store, true)
	}
	if err == nil {
		err = e.Switch()
	}
	return err == nil, err
}

// end returns the end of the last cluster that the new disk uses.
func (e *Edit) end() int64 {
	last := lastOf(e.check.lost)
	_ = e.check.refs.each(func(g int64, n uint64) error {
		if int64(n)+e.change.of(g) > 0 {
			last = max(last, g+1)
		}
		return nil
	})
	for g, n := range e.change.all() {
		if n > 0 {
			last = max(last, g+1)
		}
	}
	return last
}

// high reports whether L2 table i lies where the file is to become free.
func (e *Edit) high(i int) bool {
	return e.limit > 0 && i < len(e.im.l1) && int64(e.im.l1[i]&offsetMask)/e.im.cluster() >= e.limit && e.owns(int64(e.im.l1[i]&offsetMask))
}

// owns reports whether only the active tree uses the cluster at an offset.
func (e *Edit) owns(off int64) bool { return e.check.refs.get(off/e.im.cluster()) == 1 }

// lowered returns the entry of a cluster of the disk, whose data moves down in the file if it lies where that is to become
// free.
func (b *builder) lowered(was entry) (entry, error) {
	e, c := b.e, b.e.im.cluster()
	if e.limit == 0 || was.kind() == packed || was.host() == 0 || was.host()/c < e.limit || !e.owns(was.host()) {
		return was, nil
	}
	if start, _, err := e.im.store.Data(min(was.host(), e.im.store.Size())); err != nil || start >= was.host()+c {
		return was, err // a hole takes no room
	}
	if e.w != nil {
		if err := readFull(e.im.store, b.buf, was.host()); err != nil {
			return entry{}, err
		}
	}
	host := e.alloc.one() * c
	now := was
	now.word = now.word&^offsetMask | uint64(host)
	e.Cost.Copied += c
	return now, e.put(b.buf, host)
}
