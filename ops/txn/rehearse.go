package txn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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
	"shunt/ops/target"
)

// Windows shows parts of the overlay as files, for the file systems' own tools.
type Windows interface {
	// Set makes a file of n bytes that shows the overlay from byte off on, and returns its path.
	Set(name string, off, n int64) (path string)
	// Remove takes the file away.
	Remove(name string)
}

// A Rehearsal runs a queue's steps on an overlay of the target. It only reads the target.
type Rehearsal struct {
	Device  Device
	Overlay *overlay.Overlay
	// Sources holds the other targets that steps copy from, by the path in Step.Path.
	Sources       map[string]io.ReaderAt
	Windows       Windows
	Tools         fsys.Tools
	Before, After model.Disk
	Steps         []ops.Step
	Options       journal.Options
	Limits        Limits
	NewUUID       func() uuid.UUID
	Now           func() time.Time
	// OnStep is called for each step when it begins (result nil) and when it ends.
	OnStep func(i int, result *report.StepResult)
	// ToolOutput returns the tools' commands and output since its last call.
	ToolOutput func() (command, output string)

	running      int            // the index of the step that runs
	check        *report.Repair // of that step
	carried      *carried
	erased       []string   // old signatures, for the report
	asIs         []ops.Step // moved or copied file systems that were damaged before
	skipped      int64
	final        []table.Patch
	boot         []byte                // sector 0 with boot code that was told of a move, or nil
	sound        map[model.PartID]bool // the file system was checked or made by a step
	mended       map[model.PartID]bool // a check changed it
	judged       map[model.PartID]bool // it was moved, and its tool finds it in order with what was left out
	wiped        []table.Patch         // zeros between partitions
	foreign      []geometry.Span       // sectors with unknown contents that the final table and these zeros overwrite
	filesystems  map[model.PartID]report.Filesystem
	reserved     []target.Reserved
	spare        spareRoom
	alone        []string // warnings: file systems that keep their room
	mends, drops bool     // what the commit does to the image's own format
	snapshot     target.SnapshotEdit
	backing      *target.NewBacking
	tookIn       bool // all of an overlay
}

// Run does all steps and reports on them. If a step fails, the error is also in the report's Err.
func (r *Rehearsal) Run(ctx context.Context) (out report.Rehearsal, err error) {
	r.filesystems, r.sound = map[model.PartID]report.Filesystem{}, map[model.PartID]bool{}
	r.mended, r.judged = map[model.PartID]bool{}, map[model.PartID]bool{}
	defer func() { out.Warnings = r.warnings() }()
	if r.wipes() {
		r.Options &^= journal.KeepUndo
	}
	for i, step := range r.Steps {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		r.OnStep(i, nil)
		began := r.Now()
		r.check, r.running = nil, i
		r.note(step)
		err := r.step(ctx, step)
		if lost := r.Overlay.Err(); lost != nil {
			// The tool's own error is only a consequence of this one.
			err = fmt.Errorf("the rehearsal could not read or write: %w", lost)
			if errors.Is(lost, syscall.ENOSPC) {
				err = tried.Errorf("%w; make room there, or choose another directory with --journal", err)
			}
		}
		words := step.Words(r.Before.SectorSize)
		result := report.StepResult{Text: words.Do(), Did: words.Did(), Took: r.Now().Sub(began)}
		result.Command, result.Output = r.ToolOutput()
		result.Check = r.check
		if err != nil {
			result.Err = err.Error()
			err = tried.Errorf("%s: %w", result.Text, err)
			out.Err = tried.Text(err)
			if small := (*fsys.TooSmallError)(nil); errors.As(err, &small) {
				out.TooSmall = &report.TooSmall{Op: step.Op, Asked: step.NewSize, Least: small.Least}
			}
		}
		out.Steps = append(out.Steps, result)
		r.OnStep(i, &result)
		if err != nil {
			return out, err
		}
	}
	r.forgetDeleted()
	out.Nothing = r.tookIn && r.Overlay.Size() == r.Device.Size() && !r.changes()
	if fs, ok := r.filesystems[0]; ok {
		out.Filesystems = append(out.Filesystems, fs)
	}
	for _, p := range r.After.Partitions() {
		if fs, ok := r.filesystems[p.ID]; ok {
			fs.Ref = p.Ref()
			out.Filesystems = append(out.Filesystems, fs)
		}
	}
	return out, nil
}

// warnings returns the warnings of the scan, one for each foreign range that the new table overwrites, for
// each old signature that was erased, and for each damaged file system that was moved or copied.
func (r *Rehearsal) warnings() []string {
	var list []string
	for _, p := range r.Before.Problems() {
		if p.Severity >= model.Warning {
			list = append(list, p.Text)
		}
	}
	for _, span := range r.foreign {
		list = append(list, fmt.Sprintf("the new table overwrites what lies in sectors %s, outside of partitions and of the "+
			"old table; boards can have their boot loader in such a place", span.Inclusive()))
	}
	return slices.Concat(list, r.erased, r.alone, r.asIsWarnings())
}

func (r *Rehearsal) step(ctx context.Context, s ops.Step) error {
	z, window := r.Before.SectorSize, r.bytesOf(s.Window)
	switch s.Kind {
	case ops.StepResizeImage:
		return r.resizeImage(s)
	case ops.StepCheckFS:
		return r.inspect(ctx, s, r.Tools.Ready)
	case ops.StepRepairFS:
		return r.inspect(ctx, s, r.Tools.Repair)
	case ops.StepVerifyFS:
		return r.verify(ctx, s)
	case ops.StepResizeFS:
		return r.inOnly(s, func(path string) error { return r.Tools.Resize(ctx, s.FS, path, s.NewSize) })
	case ops.StepMakeFS:
		r.sound[s.Part] = true
		spec := fsys.Spec{Label: s.Label, UUID: s.UUID, Start: s.Window.Start, SectorSize: z}
		return r.inWindow(s, func(path string) error { return r.Tools.Make(ctx, s.FS, path, spec) })
	case ops.StepMoved:
		return fsys.Moved(section{r.Overlay, window}, s.FS, window.len(), s.Window.Start, z)
	case ops.StepMoveLoader:
		return r.moveLoader(s)
	case ops.StepWipe:
		return r.zero(shifted(fsys.WipeRanges(window.len()), window.off))
	case ops.StepCopy:
		return r.copy(ctx, s, false)
	case ops.StepWipeDisk:
		return r.wipeDisk(window)
	case ops.StepRemap:
		return r.remap(s)
	case ops.StepWriteTable:
		return r.writeTable()
	case ops.StepLabelFS:
		return r.inWindow(s, func(path string) error { return r.Tools.SetLabel(ctx, s.FS, path, s.Label) })
	case ops.StepUUIDFS:
		return r.inWindow(s, func(path string) error { return r.Tools.NewUUID(ctx, s.FS, path, s.Half) })
	case ops.StepRepairImage:
		r.mends = true
		return nil
	case ops.StepDropBitmaps:
		r.drops = true
		return nil
	case ops.StepErase:
		return r.wipeOut(ctx, s)
	case ops.StepFindSpare:
		return r.findSpare(ctx, s)
	case ops.StepGiveBack:
		return r.giveBack(ctx)
	case ops.StepSnapshot:
		r.snapshot = target.SnapshotEdit{Do: target.CreateSnapshot, Name: s.Label, Made: r.Now()}
		return nil
	case ops.StepApplySnapshot:
		r.snapshot = target.SnapshotEdit{Do: target.ApplySnapshot, ID: s.ID}
		return nil
	case ops.StepDeleteSnapshot:
		r.snapshot = target.SnapshotEdit{Do: target.DeleteSnapshot, ID: s.ID}
		return nil
	case ops.StepFlatten:
		r.backing = &target.NewBacking{}
		return nil
	case ops.StepRebase:
		return r.rebase(s)
	case ops.StepCommit:
		return r.takeIn(ctx, s)
	case ops.StepGrowMounted:
		return r.clearBehind(s) // the kernel grows the mounted file system, after the commit
	}
	return fmt.Errorf("step %d is not known", s.Kind)
}

// inWindow calls do with the path of a file that shows the step's window of the overlay.
func (r *Rehearsal) inWindow(s ops.Step, do func(path string) error) error {
	window := r.bytesOf(s.Window)
	name := s.Ref
	if s.Part == 0 {
		name = "p0" // of the whole disk
	}
	path := r.Windows.Set(name, window.off, window.len())
	defer r.Windows.Remove(name)
	return do(path)
}

// inspect has the file system checked and keeps what that did to it. Of damage it says how to repair it.
func (r *Rehearsal) inspect(
	ctx context.Context, s ops.Step, check func(context.Context, model.FSKind, string) (report.Repair, error),
) error {
	r.sound[s.Part] = true
	return r.inOnly(s, func(path string) error {
		found, err := check(ctx, s.FS, path)
		if found.Told() {
			r.check, r.mended[s.Part] = &found, true
		}
		damaged := (*fsys.DamagedError)(nil)
		if s.Kind == ops.StepCheckFS && errors.As(err, &damaged) && damaged.Repairs {
			p, _ := r.Before.Partition(s.Part)
			err = fmt.Errorf("%w; it is not repaired along the way, because that can lose files: have it checked by an operation of its own "+
				"(`check %d`), which says what becomes of the files before anything is written", err, p.Number)
		}
		return err
	})
}

// verify checks the file system, and reads its size and how much of it is used. One that was damaged before it was moved or
// copied passes. A fault in another one that no step has checked was there before: it is corrected if that loses nothing.
func (r *Rehearsal) verify(ctx context.Context, s ops.Step) error {
	if r.gaveBack(s) && !slices.Contains(r.spare.judge, s.Part) {
		return nil // none of its free blocks were cleared
	}
	err := r.inOnly(s, func(path string) error { return r.Tools.Verify(ctx, s.FS, path) })
	switch carried := r.carried != nil && r.carried.step.Part == s.Part; {
	case err == nil:
		r.judged[s.Part] = r.judged[s.Part] || carried && !r.mended[s.Part]
	case carried:
		err = r.asItWas(ctx, s, err)
	case !r.sound[s.Part] && isDamage(err) && r.inspect(ctx, s, r.Tools.Ready) == nil:
		err = nil
	}
	if err != nil {
		return err
	}
	window := r.bytesOf(s.Window)
	found := scan.Probe(r.Overlay, window.off, window.len())
	if found.Kind != s.FS {
		return fmt.Errorf("it holds %q where %s was expected", found.Kind, s.FS)
	}
	if int64(found.Size) > window.len() {
		return fmt.Errorf("its file system is %d bytes long and its partition only %d", found.Size, window.len())
	}
	r.filesystems[s.Part] = report.Filesystem{Ref: s.Ref, Kind: string(found.Kind), Size: found.Size, Used: found.Used}
	return nil
}
