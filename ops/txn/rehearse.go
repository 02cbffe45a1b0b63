package txn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/table"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/overlay"
	"shunt/ops/report"
)

// Windows shows parts of the overlay as files, for the file systems' own tools.
type Windows interface {
	// Set makes a file of n bytes that shows the overlay from byte off on, and returns its path.
	Set(name string, off, n int64) (path string)
	// Remove takes the file away.
	Remove(name string)
}

// Tools does what only a file system's own tools can do, on a file that holds exactly one file system. Each
// returns an error that says what happened, what it means and what to do.
type Tools interface {
	Check(ctx context.Context, kind model.FSKind, path string) error
	Verify(ctx context.Context, kind model.FSKind, path string) error
	Resize(ctx context.Context, kind model.FSKind, path string, size geometry.Bytes) error
	Make(ctx context.Context, kind model.FSKind, path string, spec fsys.Spec) error
	SetLabel(ctx context.Context, kind model.FSKind, path, label string) error
	NewUUID(ctx context.Context, kind model.FSKind, path string, half fsys.Half) error
}

// Rehearsal runs a queue's steps on an overlay of the target. The target is only read.
type Rehearsal struct {
	Device  Device
	Overlay *overlay.Overlay
	// Sources are the other targets that the steps copy from, by the path in the steps.
	Sources       map[string]io.ReaderAt
	Windows       Windows
	Tools         Tools
	Before, After model.Disk
	Steps         []ops.Step
	Options       journal.Options
	NewUUID       func() uuid.UUID
	Now           func() time.Time
	// OnStep is told each step when it begins (result nil) and when it ends.
	OnStep func(i int, result *report.StepResult)
	// Said collects what the tools ran and said since it was last called.
	Said func() (command, output string)

	skipped     int64
	final       []table.Patch
	planned     model.Disk
	filesystems map[model.PartID]report.Filesystem
}

// Run does all steps and reports. The report's Err is set where a step failed; the error is the same.
func (r *Rehearsal) Run(ctx context.Context) (report.Rehearsal, error) {
	r.filesystems = map[model.PartID]report.Filesystem{}
	var out report.Rehearsal
	for i, step := range r.Steps {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		r.OnStep(i, nil)
		began := r.Now()
		err := r.step(ctx, step)
		if lost := r.Overlay.Err(); lost != nil {
			// What the tool says is a consequence; this is the cause.
			err = fmt.Errorf("the rehearsal lost a read or a write: %w", lost)
			if errors.Is(lost, syscall.ENOSPC) {
				err = tried.Errorf("%w; make room there, or choose another directory with --journal", err)
			}
		}
		result := report.StepResult{Text: step.Text(r.Before.SectorSize), Took: r.Now().Sub(began)}
		result.Command, result.Output = r.Said()
		if err != nil {
			result.Err = err.Error()
			err = tried.Errorf("%s: %w", result.Text, err)
			out.Err = tried.Text(err)
		}
		out.Steps = append(out.Steps, result)
		r.OnStep(i, &result)
		if err != nil {
			return out, err
		}
	}
	for _, p := range r.After.Partitions() {
		if fs, ok := r.filesystems[p.ID]; ok {
			fs.Ref = p.Ref()
			out.Filesystems = append(out.Filesystems, fs)
		}
	}
	return out, nil
}

func (r *Rehearsal) step(ctx context.Context, s ops.Step) error {
	z := r.Before.SectorSize
	off, n := int64(z.Bytes(s.Window.Start)), int64(z.Bytes(s.Window.Len()))
	switch s.Kind {
	case ops.StepResizeImage:
		return r.Overlay.Resize(int64(z.Bytes(s.Sectors)))
	case ops.StepCheckFS:
		return r.inWindow(s, func(path string) error { return r.Tools.Check(ctx, s.FS, path) })
	case ops.StepVerifyFS:
		return r.verify(ctx, s)
	case ops.StepResizeFS:
		return r.inWindow(s, func(path string) error { return r.Tools.Resize(ctx, s.FS, path, s.NewSize) })
	case ops.StepMakeFS:
		spec := fsys.Spec{Label: s.Label, UUID: s.UUID, Start: s.Window.Start, SectorSize: z}
		return r.inWindow(s, func(path string) error { return r.Tools.Make(ctx, s.FS, path, spec) })
	case ops.StepMoved:
		return fsys.Moved(section{r.Overlay, off, n}, s.FS, n, s.Window.Start, z)
	case ops.StepWipe:
		for _, w := range fsys.WipeRanges(n) {
			if err := r.Overlay.Zero(off+w.Off, w.Len); err != nil {
				return err
			}
		}
		return nil
	case ops.StepCopy:
		return r.copy(ctx, s)
	case ops.StepWipeDisk:
		return r.wipeDisk(off, off+n)
	case ops.StepRemap:
		return r.remap(s)
	case ops.StepWriteTable:
		return r.writeTable()
	case ops.StepLabelFS:
		return r.inWindow(s, func(path string) error { return r.Tools.SetLabel(ctx, s.FS, path, s.Label) })
	case ops.StepUUIDFS:
		half := fsys.WholeUUID
		if s.Half {
			half = fsys.HalfUUID
		}
		return r.inWindow(s, func(path string) error { return r.Tools.NewUUID(ctx, s.FS, path, half) })
	case ops.StepGrowMounted:
		return nil // the kernel that has it mounted does it, after the commit
	}
	return fmt.Errorf("step %d is not known", s.Kind)
}

// wipeDisk erases what may lie between two bytes of the disk of the signatures of something that covered all of it. The
// present table is left to the step that writes the final one, as it must stay in force until then.
func (r *Rehearsal) wipeDisk(from, to int64) error {
	regions, err := table.Regions(r.Device, r.Before)
	if err != nil {
		return tried.Errorf("find the present table: %w", err)
	}
	var table []byteRange
	for _, g := range regions {
		table = append(table, byteRange{g.Off, g.Off + g.Len})
	}
	for _, w := range fsys.WipeRanges(r.Overlay.Size()) {
		for _, run := range newRanges(table).outside(max(w.Off, from), min(w.End(), to)) {
			if err := r.Overlay.Zero(run.off, run.end-run.off); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Rehearsal) inWindow(s ops.Step, do func(path string) error) error {
	z := r.Before.SectorSize
	path := r.Windows.Set(s.Ref, int64(z.Bytes(s.Window.Start)), int64(z.Bytes(s.Window.Len())))
	defer r.Windows.Remove(s.Ref)
	return do(path)
}

// verify has the file system checked read-only and looks itself how large and how full it is.
func (r *Rehearsal) verify(ctx context.Context, s ops.Step) error {
	if err := r.inWindow(s, func(path string) error { return r.Tools.Verify(ctx, s.FS, path) }); err != nil {
		return err
	}
	z := r.Before.SectorSize
	found := scan.Probe(r.Overlay, int64(z.Bytes(s.Window.Start)), int64(z.Bytes(s.Window.Len())))
	if found.Kind != s.FS {
		return fmt.Errorf("it holds %q where %s was expected", found.Kind, s.FS)
	}
	if found.Size > z.Bytes(s.Window.Len()) {
		return fmt.Errorf("its file system is %d bytes long and its partition only %d", found.Size, z.Bytes(s.Window.Len()))
	}
	r.filesystems[s.Part] = report.Filesystem{Ref: s.Ref, Kind: string(found.Kind), Size: found.Size, Used: found.Used}
	return nil
}

// remap moves a partition's bytes within the overlay. Blocks that its file system holds free stay behind.
func (r *Rehearsal) remap(s ops.Step) error {
	z := r.Before.SectorSize
	from, to, n := int64(z.Bytes(s.From.Start)), int64(z.Bytes(s.To.Start)), int64(z.Bytes(s.From.Len()))
	free, err := fsys.FreeRanges(r.Overlay, s.FS, from, n)
	if err != nil {
		return tried.Errorf("read which blocks are free: %w", err)
	}
	for _, f := range free {
		r.skipped += f.Len
	}
	return r.Overlay.Move(from, to, n, free)
}

// unused are the bytes of the target that its file systems hold free as they are before anything is done: nobody will
// miss what is in them. Blocks that only became free during the rehearsal are not among them, since a roll back must
// bring their content back.
func (r *Rehearsal) unused() (ranges, error) {
	z := r.Before.SectorSize
	var runs []byteRange
	for _, p := range r.Before.Partitions() {
		if p.Use.Busy() {
			continue // what is free in it changes, and nothing in it is written
		}
		off := int64(z.Bytes(p.Span.Start))
		free, err := fsys.FreeRanges(r.Device, p.FS.Kind, off, int64(z.Bytes(p.Span.Len())))
		if err != nil {
			return nil, tried.Errorf("read which blocks of %s are free: %w", p.Ref(), err)
		}
		for _, f := range free {
			runs = append(runs, byteRange{off + f.Off, off + f.End()})
		}
	}
	return newRanges(runs), nil
}

// writeTable puts the planned table on the overlay and reads it back: it must say what the model says.
func (r *Rehearsal) writeTable() error {
	patches, err := table.EncodeOver(padded{r.Device}, r.Overlay, r.Before, r.After, r.NewUUID)
	if err != nil {
		return err
	}
	for _, p := range patches {
		if _, err := r.Overlay.WriteAt(p.Data, p.Off); err != nil {
			return tried.Errorf("write %s: %w", p.What, err)
		}
	}
	r.final = patches
	r.planned, err = table.Read(r.Overlay, r.Overlay.Size(), r.After.SectorSize)
	if err != nil {
		return tried.Errorf("read the table back: %w", err)
	}
	return sameTable(r.planned, r.After)
}

// sameTable compares what a table says with what it should say, partition by partition.
func sameTable(got, want model.Disk) error {
	var wrong []string
	if got.Table.Kind != want.Table.Kind || got.Table.ID != want.Table.ID && want.Table.ID != "" {
		wrong = append(wrong, fmt.Sprintf("table %s %s instead of %s %s", got.Table.Kind, got.Table.ID, want.Table.Kind, want.Table.ID))
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
		case g.Span != w.Span || g.Type != w.Type || g.Role != w.Role || g.Name != w.Name || g.Active != w.Active || g.Attributes != w.Attributes:
			wrong = append(wrong, fmt.Sprintf("%s is at sectors %s, type %s, instead of %s, type %s",
				w.Ref(), g.Span.Inclusive(), g.Type, w.Span.Inclusive(), w.Type))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the table does not read back as written: %s", strings.Join(wrong, "; "))
	}
	return nil
}

// section is a part of the overlay as a thing of its own.
type section struct {
	ov     *overlay.Overlay
	off, n int64
}

func (s section) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > s.n {
		return 0, tried.Errorf("read [%d, %d) of a window of %d bytes", off, off+int64(len(p)), s.n)
	}
	return s.ov.ReadAt(p, s.off+off)
}

func (s section) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > s.n {
		return 0, tried.Errorf("write [%d, %d) of a window of %d bytes", off, off+int64(len(p)), s.n)
	}
	return s.ov.WriteAt(p, s.off+off)
}

// padded reads as zero behind the end of the device, as the part that will be added does.
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
