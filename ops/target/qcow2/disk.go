package qcow2

import (
	"context"
	"errors"
	"io"
	"sync"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/target"
)

// A Host is the file of an image that can be written to.
type Host interface {
	Store
	Writer // a write behind the end makes the file longer
	Truncate(n int64) error
	Punch(off, n int64) error
}

// A Disk is an image that is changed as a whole. It has the methods that target.Switching adds to a target, on any file: the
// driver puts it on one that is locked, the crash tests on one that loses its power.
type Disk struct {
	host  Host
	name  string // of the file, for messages
	open  func() (*Image, error)
	edits bool // the references are followed whenever the image is read

	mu    sync.RWMutex // guards the image, which a switch replaces
	image *Image
	check *Check // of the image; nil if it is not edited

	length int64 // of the file before the last stage

	// What the last stage has made ready. Its references have been followed, and nobody else can write to the file.
	staged struct {
		sector [sectorLen]byte
		check  *Check
	}
}

// NewDisk reads the image that open returns, whose file is host. To be edited, all its references are followed, since a
// writer must not trust the counts alone.
func NewDisk(host Host, name string, edits bool, open func() (*Image, error)) (*Disk, error) {
	d := &Disk{host: host, name: name, open: open, edits: edits}
	return d, d.load()
}

func (d *Disk) load() error {
	im, err := d.open()
	var check *Check
	if err == nil && d.edits {
		if check = d.staged.check; check == nil || im.sector != d.staged.sector {
			check, err = im.Walk(context.Background())
		}
	}
	d.staged.check = nil
	if err != nil {
		return tried.Errorf("open %s: %w", d.name, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.image, d.check = im, check
	return nil
}

// now returns the image as it is now.
func (d *Disk) now() (*Image, *Check) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.image, d.check
}

// Refresh reads the image anew if somebody has switched it.
func (d *Disk) Refresh() error {
	var sector [sectorLen]byte
	if err := readFull(d.host, sector[:], 0); err != nil {
		return err
	}
	if im, _ := d.now(); im.sector == sector {
		return nil
	}
	return d.load()
}

// Size returns the length of the disk. That of the file is the container's.
func (d *Disk) Size() int64 {
	im, _ := d.now()
	return im.Size()
}

// ReadAt implements target.Device.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) {
	im, _ := d.now()
	if off < 0 || off > im.Size() || int64(len(p)) > im.Size()-off {
		return 0, tried.Errorf("read %s: %d bytes at byte %d of %d: %w", d.name, len(p), off, im.Size(), target.ErrRange)
	}
	n, err := im.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	return n, tried.Errorf("read %s: got %d of %d bytes at byte %d: %w", d.name, n, len(p), off, tried.Cause(err))
}

// Data implements target.Device.
func (d *Disk) Data(off int64) (start, end int64, err error) {
	im, _ := d.now()
	return im.Data(off)
}

// ImageState implements target.Switching.
func (d *Disk) ImageState() model.ImageState {
	im, check := d.now()
	state := model.ImageState{Leaks: check != nil && check.Leaks.Count > 0}
	if im.hasBitmaps() {
		state.Bitmaps = im.Header.bitmaps.count
	}
	state.Maps, state.Preallocated = true, check != nil && check.Preallocated
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
	case check == nil:
	case check.Beyond.Count > 0:
		state.Faults = model.Because("its file was cut short: clusters that it needs lie behind its end (%d, the first is cluster %d) and read as zeros, so parts of the "+
			"disk are lost; get the whole file again if there is one", check.Beyond.Count, check.Beyond.First.Cluster)
	case check.Errors.Count > 0:
		state.Faults = model.Because("the refcounts of the image are too low, so a writer would take used clusters for free (%d, the first is cluster %d)",
			check.Errors.Count, check.Errors.First.Cluster)
	case check.Copied.Count > 0:
		state.Faults = model.Because("marks in the image contradict its refcounts (%d, the first at cluster %d)", check.Copied.Count, check.Copied.First.Cluster)
	}
	return state
}

// Cluster implements target.Switching.
func (d *Disk) Cluster() int64 {
	im, _ := d.now()
	return im.cluster()
}

// Below implements target.Switching.
func (d *Disk) Below(off, n int64) int64 {
	im, _ := d.now()
	below, err := im.below(off, min(n, im.Size()-off))
	if err != nil {
		return n
	}
	return below
}

// EmptyFrom implements target.Switching.
func (d *Disk) EmptyFrom() int64 {
	if im, _ := d.now(); im.Version < 3 && im.backing != nil {
		return im.backing.Size()
	}
	return 0
}

// Estimate implements target.Switching.
func (d *Disk) Estimate(ctx context.Context, next target.Next) (target.SwitchCost, error) {
	im, check := d.now()
	cost, err := im.Estimate(ctx, check, next)
	if err != nil {
		return cost, tried.Errorf("plan the change of %s: %w", d.name, err)
	}
	return cost, nil
}

// watched reports how many bytes have been written.
type watched struct {
	Writer
	watch func(done int64)
	done  int64
}

func (w *watched) WriteAt(p []byte, off int64) (int, error) {
	n, err := w.Writer.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	w.done += int64(n)
	w.watch(w.done)
	return n, err
}

// Reserve gives a part of the file room on its host, if that can be done.
func (w *watched) Reserve(off, n int64) error {
	if r, ok := w.Writer.(target.Reserver); ok {
		return r.Reserve(off, n)
	}
	return nil
}

// Stage implements target.Switching.
func (d *Disk) Stage(ctx context.Context, next target.Next, watch func(done int64)) (target.Switch, error) {
	im, check := d.now()
	d.length = d.host.Size()
	e, err := im.Prepare(ctx, check, next, &watched{Writer: d.host, watch: watch})
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		err = tried.Errorf("%w; the disk shows its old content: make room on the file system of the image, or raise the limit, and try again", err)
	}
	if err != nil {
		return target.Switch{}, errors.Join(tried.Errorf("write to free clusters of %s: %w", d.name, err), d.Unstage())
	}
	if d.staged.check, err = e.verify(ctx, d.host, next.Verify); err != nil {
		return target.Switch{}, errors.Join(tried.Errorf("check the new clusters of %s: %w", d.name, err), d.Unstage())
	}
	d.staged.sector = e.sector
	before, after := e.Before(), e.sector
	s := target.Switch{Before: before[:], After: after[:], Cost: e.Cost}
	for off, n := range runsOf(e.alloc.given.all(), im.cluster()) {
		if n = min(n, d.host.Size()-off); n > 0 {
			s.Placed = append(s.Placed, target.Part{Start: off, Len: n})
		}
	}
	for off, n := range e.Freed() {
		if n = min(n, d.host.Size()-off); n > 0 { // the file may have been cut
			s.Freed = append(s.Freed, target.Part{Start: off, Len: n})
		}
	}
	for _, r := range e.spare.reused {
		if s.Freed, err = d.withData(s.Freed, r.start*im.cluster(), r.end*im.cluster()); err != nil {
			return target.Switch{}, errors.Join(err, d.Unstage())
		}
	}
	return s, nil
}

// withData adds the runs of [off, end) of the file that are not holes.
func (d *Disk) withData(list []target.Part, off, end int64) ([]target.Part, error) {
	for end = min(end, d.host.Size()); off < end; {
		start, next, err := d.host.Data(off)
		if err != nil || start >= end {
			return list, err
		}
		list = append(list, target.Part{Start: start, Len: min(next, end) - start})
		off = next
	}
	return list, nil
}

// Unstage implements target.Switching.
func (d *Disk) Unstage() error {
	d.staged.check = nil
	if d.length == 0 || d.host.Size() <= d.length {
		return nil
	}
	if err := d.host.Truncate(d.length); err != nil {
		return err
	}
	return d.host.Sync()
}
