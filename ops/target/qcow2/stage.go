package qcow2

import (
	"context"
	"errors"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
)

// A container is the file of an image, as bytes.
type container struct{ *held.File }

func (c container) Forget(off, n int64) { c.File.Forget(off, n) }

// Copy is never needed: nothing moves inside the container.
func (c container) Copy(dst, src, n int64) error {
	if _, err := c.CopyWriter(dst, src, n); err != nil {
		return err
	}
	const chunk, grain = 1 << 20, 4096
	return c.CopyThrough(dst, src, n, chunk, grain)
}

func (f *file) ImageState() model.ImageState {
	im, check := f.now()
	state := model.ImageState{Leaks: check != nil && check.Leaks.Count > 0}
	if im.hasBitmaps() {
		state.Bitmaps = im.Header.bitmaps.count
	}
	state.Longest = geometry.Bytes(min(maxL1/8*im.perL2(), 1<<62/im.cluster()) * im.cluster())
	if im.Version == 2 && len(im.Snapshots) > 0 {
		state.OfSize = "the image has version 2 of its format and snapshots, which do not store their size: make it version 3 first, by " +
			"`qemu-img amend -o compat=1.1`, or delete the snapshots"
	}
	switch {
	case im.Dirty:
		state.Faults = "the image was not closed cleanly, so its refcounts may be wrong"
	case im.Marked:
		state.Faults = "QEMU has marked the image as corrupt"
	case check != nil && check.Errors.Count > 0:
		state.Faults = "the refcounts of the image are too low, so a writer would take used clusters for free"
	case check != nil && check.Copied.Count > 0:
		state.Faults = "marks in the image contradict its refcounts"
	}
	return state
}

func (f *file) Cluster() int64 {
	im, _ := f.now()
	return im.cluster()
}

func (f *file) Below(off, n int64) int64 {
	im, _ := f.now()
	below, err := im.below(off, min(n, im.Size()-off))
	if err != nil {
		return n
	}
	return below
}

func (f *file) Container() target.Device { return container{f.File} }

func (f *file) Estimate(ctx context.Context, next target.Next) (target.SwitchCost, error) {
	im, check := f.now()
	cost, err := im.Estimate(ctx, check, next)
	if err != nil {
		return cost, tried.Errorf("plan the change of %s: %w", f.Given, err)
	}
	return cost, nil
}

// A writer writes to the file of an image and makes it longer where that is needed.
type writer struct {
	f     *file
	watch func(done int64)
	done  int64
}

func (w *writer) WriteAt(p []byte, off int64) (int, error) {
	if end := off + int64(len(p)); end > w.f.File.Size() {
		// Writing beyond the end is what makes the file longer. Without the length the write would be refused.
		w.f.SetSize(end)
	}
	n, err := w.f.File.WriteAt(p, off)
	w.done += int64(n)
	w.watch(w.done)
	return n, err
}

func (w *writer) Sync() error { return w.f.Sync() }

func (f *file) Stage(ctx context.Context, next target.Next, watch func(done int64)) (target.Switch, error) {
	im, check := f.now()
	f.length = f.File.Size()
	e, err := im.Prepare(ctx, check, next, &writer{f: f, watch: watch})
	if err != nil {
		return target.Switch{}, errors.Join(tried.Errorf("write to free clusters of %s: %w", f.Given, err), f.Unstage())
	}
	if err := e.verify(ctx, store{f.File}, next.Verify); err != nil {
		return target.Switch{}, errors.Join(tried.Errorf("check the new clusters of %s: %w", f.Given, err), f.Unstage())
	}
	before, after := e.Before(), e.sector
	s := target.Switch{Before: before[:], After: after[:], Cost: e.Cost}
	for off, n := range e.Freed() {
		if n = min(n, f.File.Size()-off); n > 0 { // the file may have been cut
			s.Freed = append(s.Freed, target.Part{Start: off, Len: n})
		}
	}
	return s, nil
}

func (f *file) Unstage() error {
	st, err := f.Stat()
	if err != nil || f.length == 0 || st.Size <= f.length {
		return err
	}
	if err := f.File.Truncate(f.length); err != nil {
		return err
	}
	return f.Sync()
}

// Release punches the clusters that nothing refers to, and cuts the file behind the last one that is used.
func (f *file) Release() error {
	im, _ := f.now()
	check, err := im.Walk(context.Background())
	if err != nil {
		return err
	}
	if check.Errors.Count > 0 {
		return nil // counts that are too low say nothing about what is free
	}
	w := &writer{f: f, watch: func(int64) {}}
	if changed, err := im.compact(context.Background(), check, w); err != nil {
		return err
	} else if changed {
		if err := f.Refresh(); err != nil {
			return err
		}
		im, _ = f.now()
		if check, err = im.Walk(context.Background()); err != nil {
			return err
		}
	}
	c := im.cluster()
	end := max(check.refs.end, lastOf(check.lost))
	if size := f.File.Size(); size < end*c {
		end = ceil(size, c) // it was cut before
	} else if size > end*c {
		if err := f.File.Truncate(end * c); err != nil {
			return err
		}
	}
	free := clusters{}
	punch := func() error {
		if free.end == free.start {
			return nil
		}
		off, n := free.start*c, min(free.end*c, f.File.Size())-free.start*c
		start, _, err := f.File.Data(off)
		if err != nil || start >= off+n {
			return err
		}
		return f.File.Punch(off, n)
	}
	a := allocator{refs: check.refs, lost: check.lost}
	for g := int64(1); g < end; g++ {
		switch {
		case !a.free(g):
		case g == free.end:
			free.end++
		default:
			if err := punch(); err != nil {
				return err
			}
			free = clusters{g, g + 1}
		}
	}
	return errors.Join(punch(), f.Sync())
}

func lastOf(list []clusters) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].end
}
