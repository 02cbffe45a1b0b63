package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/overlay"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/ops/target"
	"shunt/ops/worker"
)

// A Cloning copies the used blocks of a device or an image.
type Cloning struct {
	Source, Path string
	Format       Format
	// Size is the size of the copy in bytes, 0 for that of the source. The backup of a GPT goes to its end.
	Size geometry.Bytes
	// SkipBad makes what cannot be read zero. Without it the first place that cannot be read ends the work.
	SkipBad bool
	// Resume goes on where an earlier Clone of the same source stopped.
	Resume bool
	// Watch is called with the bytes that were read and those that are to be read. It may be nil.
	Watch func(done, total int64)
}

// Cloned says what was copied.
type Cloned struct {
	Size    geometry.Bytes // of the copy
	Read    geometry.Bytes // from the source
	LeftOut geometry.Bytes // free space that was not read
	Bad     []Bad          // what could not be read and is zero
}

// Bad is a run of bytes of the source that cannot be read.
type Bad struct {
	Off, Len int64
	Ref      string // the partition, "" outside of all
	Sectors  geometry.Span
}

// String returns "sectors 2,048-2,055, in p1".
func (b Bad) String() string {
	where := "outside of all partitions"
	if b.Ref != "" {
		where = "in " + b.Ref
	}
	return b.Sectors.Named() + ", " + where
}

// A StoppedError is returned by Clone after it was stopped. What was copied is kept, so that Resume can go on.
type StoppedError struct {
	Part string // the file that holds it
	Bad  *Bad   // what could not be read, nil if something else stopped it
	Err  error
}

func (e *StoppedError) Error() string {
	text := fmt.Sprintf("%v; what was copied is kept in %s: --resume goes on", e.Err, e.Part)
	if e.Bad != nil {
		text = fmt.Sprintf("%s cannot be read (%v); what was copied is kept in %s: --resume tries again, --resume --skip-bad goes on "+
			"and makes what cannot be read zero", e.Bad, e.Err, e.Part)
	}
	return text
}

func (e *StoppedError) Unwrap() error { return e.Err }

// Clone copies the used parts of a device or an image to a new image. It copies everything before the first partition, all
// tables, and everything that is not certain to be free. The source is only read. Until the copy is complete nothing has
// its name: it grows in a file beside it with the ending ".part", and a map of that file says how far it is.
func Clone(ctx context.Context, c Cloning, o Options) (done Cloned, err error) {
	src, err := OpenSource(c.Source, o.Session)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	disk, err := worker.Scan(src)
	if err != nil {
		return done, err
	}
	if err := fits(disk, c.Size); err != nil {
		return done, err
	}
	sources, err := files(src)
	if err != nil {
		return done, err
	}
	r, err := New(c.Path, o, sources...) // whether a file may have this name
	if err != nil {
		return done, err
	}
	final := r.Final()
	if err := r.Drop(); err != nil {
		return done, err
	}
	free := spare(src, disk)
	p, err := openPart(final+".part", src, c.Resume)
	if err != nil {
		return done, err
	}
	w := cloner{src: src, disk: disk, part: p, skip: c.SkipBad, watch: c.Watch, chunk: make([]byte, cloneChunk)}
	if err := w.copy(ctx, free); err != nil {
		return done, errors.Join(err, p.close())
	}
	done = Cloned{Size: geometry.Bytes(src.Size()), Read: geometry.Bytes(w.read), LeftOut: geometry.Bytes(w.leftOut), Bad: w.bad()}
	if err := p.close(); err != nil {
		return done, err
	}
	if c.Size > 0 && c.Size != done.Size {
		if err := resizePart(p.path, c.Size, o.Session); err != nil {
			return done, &StoppedError{Part: p.path, Err: err}
		}
		done.Size = c.Size
	}
	if err := p.finish(ctx, c, o, sources); err != nil {
		return done, &StoppedError{Part: p.path, Err: err}
	}
	return done, nil
}

// fits returns a *Refusal if a disk cannot have this size; 0 stands for its own.
func fits(disk model.Disk, size geometry.Bytes) error {
	if size == 0 || size == disk.Size() {
		return nil
	}
	disk.Fixed, disk.Image = false, model.ImageState{} // what the source is does not matter to the copy
	if size%geometry.Bytes(disk.SectorSize) != 0 {
		return fmt.Errorf("a size of %d bytes is not possible: it must be a multiple of %d bytes, the disk's sectors", size, disk.SectorSize)
	}
	_, err := ops.ImageSize{Sectors: disk.SectorSize.Down(size)}.Apply(disk, ops.Env{Caps: fsys.Discover()})
	return err
}

// spare returns the runs of the source that need not be copied, in order.
func spare(src target.Target, disk model.Disk) []overlay.Range {
	var list []overlay.Range
	bytesOf := func(s geometry.Span) (off, n int64) {
		z := disk.SectorSize
		return int64(z.Bytes(s.Start)), int64(z.Bytes(s.Len()))
	}
	for _, p := range ops.SpareParts(disk) {
		off, n := bytesOf(p.Span)
		free, err := fsys.SpareRanges(src, p.FS.Kind, off, n)
		if err != nil {
			continue // it cannot be read, so all that can be is copied
		}
		for _, f := range free {
			list = append(list, overlay.Range{Off: off + f.Off, Len: f.Len})
		}
	}
	for _, gap := range ops.SpareGaps(disk) {
		off, n := bytesOf(gap)
		list = append(list, overlay.Range{Off: off, Len: n})
	}
	slices.SortFunc(list, func(a, b overlay.Range) int { return cmp.Compare(a.Off, b.Off) })
	return list
}

// resizePart makes the copy longer or shorter as any edit does.
func resizePart(path string, size geometry.Bytes, o session.Options) error {
	sess, err := session.Open(path, o)
	if err != nil {
		return err
	}
	q, err := ops.NewQueue(sess.Disk(), sess.Env()).Stage(ops.ImageSize{Sectors: sess.Disk().SectorSize.Down(size)})
	var run *session.Run
	if err == nil {
		run, err = sess.Start(q, journal.Options(0))
	}
	if err == nil {
		if rehearsal, ok := run.Report(); ok && rehearsal.Err == "" {
			run.Commit()
		}
		if result := run.Result(); result.Outcome != report.Done {
			err = errors.New(result.Err)
		}
	}
	return errors.Join(err, sess.Close())
}
