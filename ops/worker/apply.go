package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/overlay"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/tool"
	"shunt/ops/txn"
)

// apply rehearses the plan, sends the report, and commits if the parent orders it. tools waits for what can be done on this
// machine.
func (w *process) apply(ctx context.Context, tools func() ops.Capabilities) report.Result {
	defer w.tidy()
	w.link.at(func(p *report.Progress) { p.Phase = report.Rehearsing })
	w.logHead()
	began, err := GlanceAt(w.target) // before the rehearsal reads anything
	if err != nil {
		return w.failed(err)
	}
	q, err := w.queue(tools)
	if err != nil {
		return w.failed(err)
	}
	tx, err := w.rehearse(ctx, q)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return w.cancelled()
	case w.rooms.unasked.exceeded():
		return w.failed(errTooMuchUnasked)
	default:
		return w.failed(w.crowded(err))
	}
	w.link.at(func(p *report.Progress) { p.Phase = report.Deciding })
	w.link.sendProgress()
	select {
	case <-w.decided:
	case <-ctx.Done():
	}
	if ctx.Err() == nil {
		return w.commit(ctx, q, tx, began)
	}
	if err := tx.Abandon(); err != nil {
		w.logf("%v", err)
	}
	return w.cancelled()
}

// cancelled returns the result of a rehearsal that was stopped.
func (w *process) cancelled() report.Result {
	result := w.failed(errors.New("cancelled"))
	result.Cancelled = true
	return result
}

// rehearse runs the plan's steps in the overlay and writes the journal.
func (w *process) rehearse(ctx context.Context, q ops.Queue) (*txn.Transaction, error) {
	steps, err := q.Compile()
	if err != nil {
		return nil, err
	}
	if len(steps) == 0 {
		return nil, errors.New("there is nothing to do")
	}
	side, err := txn.FreeSide(w.rooms)
	if err != nil {
		return nil, err
	}
	spill, err := side.Create(journal.SpillName)
	if err != nil {
		return nil, advised(tried.Errorf("make the spill file: %w", err))
	}
	options := w.job.Options
	if slices.ContainsFunc(steps, growsMounted) {
		options &^= journal.KeepUndo // a file system that the kernel has grown cannot be put back
	}
	ov := overlay.New(w.target, w.target.Size(), spill)
	r := &txn.Rehearsal{
		Device: w.target, Overlay: ov, Before: q.Initial(), After: q.Preview(), Steps: steps,
		Options: options, Limits: w.job.Limits, NewUUID: uuid.New, Now: time.Now, Sources: w.sources,
	}
	result, err := w.runSteps(ctx, r)
	if err == nil {
		err = ov.Err()
	}
	if err == nil && !slices.ContainsFunc(steps, rebases) {
		err = w.closeSources()
	}
	if err != nil {
		if result.Err != "" && !w.rooms.unasked.exceeded() {
			w.link.publish(Event{Report: &result})
		}
		return nil, errors.Join(err, spill.Close())
	}
	w.link.at(func(p *report.Progress) { p.Stage, p.Doing, p.Step = "writing the journal", "", p.Steps+1 })
	began := time.Now()
	tx, err := r.Prepare(side, spill, w.job.Plan, w.job.Path, &result)
	if err != nil {
		return nil, advised(err)
	}
	result.Warnings = append(result.Warnings, w.warnings(tx, q)...)
	result.Estimate = estimate(result, time.Since(began))
	w.link.publish(Event{Report: &result})
	return tx, nil
}

// rebases reports whether the commit compares the disk with another target.
func rebases(s ops.Step) bool { return s.Kind == ops.StepRebase }

// runSteps runs the rehearsal's steps with windows and confined tools.
func (w *process) runSteps(ctx context.Context, r *txn.Rehearsal) (out report.Rehearsal, err error) {
	dir, err := partfs.NewMountDir(w.job.Isolation, w.job.Path, w.job.Journal.Parent)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	server, err := dir.Serve(r.Overlay)
	if err != nil {
		return out, err
	}
	sandbox, lacks, err := dir.Confine()
	if err != nil {
		return out, err
	}
	if lacks != nil {
		w.logf("tools could see more of this machine than their partition: %v", lacks)
	}
	w.windows = server.Path("") + "/"
	ctx = tool.WithSandbox(ctx, func() *tool.Sandbox { return sandbox })
	var commands, outputs []string // of the current step
	tools := fsys.Tools{Run: func(ctx context.Context, argv []string, onLine func(string)) (int, string, error) {
		exit, output, err := w.runTool(ctx, argv, onLine)
		commands, outputs = append(commands, w.trimPath(safetext.Command(argv...))), append(outputs, output)
		return exit, output, err
	}}
	if w.job.Isolation == partfs.RootNamespace {
		tools.MountPoint = tool.MountPoint
	}
	tools.Open = func(path string) (fsys.File, error) { return server.Open(path) }
	r.Windows, r.Tools = server, tools
	r.ToolOutput = func() (command, output string) {
		command, output = strings.Join(commands, "; "), strings.Join(outputs, "")
		commands, outputs = nil, nil
		return command, output
	}
	r.OnStep = func(i int, result *report.StepResult) {
		words := r.Steps[i].Words(r.Before.SectorSize)
		if result == nil {
			w.logTimed(words.Do())
			w.link.at(func(p *report.Progress) {
				p.Phase, p.Stage, p.Doing, p.Step, p.Steps = report.Rehearsing, words.Do(), words.Doing(), i+1, len(r.Steps)
			})
			w.link.sendProgress()
			return
		}
		if result.Check != nil {
			for _, line := range result.Check.Lines(report.MostFates) {
				w.logf("%s", line)
			}
		}
		if result.Err != "" {
			w.logf("failed: %s", result.Err)
		}
	}
	return r.Run(ctx)
}

// runTool runs a program and logs what it says.
func (w *process) runTool(ctx context.Context, argv []string, onLine func(string)) (int, string, error) {
	w.logf("$ %s", w.trimPath(safetext.Command(argv...)))
	result, err := tool.Run(ctx, tool.Cmd{Argv: argv, Needs: fsys.Needs(argv), OnOutput: func(line string) {
		w.logf("  %s", line)
		if onLine != nil {
			onLine(line)
		}
	}, OnDraft: func(line string) {
		w.link.at(func(p *report.Progress) {
			var said string
			if said, p.ToolShare = drafted(p.ToolShare, line); said != "" {
				p.Said = said // a line that holds only a bar leaves the last one in place
			}
		})
	}})
	return result.Exit, result.Output, err
}

// trimPath removes the path of the windows from text for people.
func (w *process) trimPath(text string) string {
	if w.windows == "" {
		return text
	}
	return strings.ReplaceAll(text, w.windows, "")
}

// commit writes the rehearsed result to the target, if the target has not changed since.
func (w *process) commit(ctx context.Context, q ops.Queue, tx *txn.Transaction, began Glance) report.Result {
	w.acceptFollowers()
	dropped := tx.Recheck() // before the target is opened for writing
	err := errors.Join(w.dir.CheckInPlace(), w.untouched(ctx, tx, began))
	if err == nil {
		err = w.ready(q, tx)
	}
	if err == nil {
		err = w.withdraw(tx.Hidden)
	}
	if err != nil {
		return w.failed(errors.Join(err, tx.Abandon()))
	}
	r := w.conclude(report.Done, tx.Commit(ctx, w.watch(report.Committing)))
	if dropped != nil && r.Outcome == report.Done {
		r.Advice = strings.TrimSpace(r.Advice + " Note: earlier commits cannot be undone any more: " + dropped.Error() + ".")
	}
	disk := w.updateKernel(&r)
	if r.Outcome == report.Done {
		w.growMounted(ctx, q, disk, &r)
	}
	return r
}

// ready opens the target for writing and checks that nobody has changed it despite the locks.
func (w *process) ready(q ops.Queue, tx *txn.Transaction) error {
	allow := w.allowWrites
	if tx.Replaces() {
		allow = w.target.Unused // nothing is written to the present file
	}
	if err := allow(); err != nil {
		return err
	}
	disk, err := Scan(w.target)
	if err != nil {
		return err
	}
	if Sum(disk) != Sum(q.Initial()) {
		return w.changed()
	}
	return nil
}

// tidy removes files from the journal's directory that no transaction needs.
func (w *process) tidy() {
	if err := sweepRooms(w.rooms); err != nil {
		w.logf("clean up: %v", err)
	}
}

// Sweep removes files that a dead worker left in the journal's directory and no transaction needs. A stored result stays.
// The caller must hold the target's lock, so that no other process uses the directory.
func Sweep(dir *journal.Dir) error {
	if err := dir.Remove(socketName); err != nil {
		return err
	}
	return sweep(dir)
}

func sweep(dir *journal.Dir) error {
	if _, err := txn.Inspect(dir); !errors.Is(err, journal.ErrNone) {
		return nil
	}
	return errors.Join(txn.Sweep(dir), dir.RemoveIfEmpty())
}

// SweepRooms does the same for a target that a new file may replace.
func SweepRooms(r Rooms) error {
	if err := r.Remove(socketName); err != nil {
		return err
	}
	return sweepRooms(r)
}

func sweepRooms(r Rooms) error {
	if _, err := txn.Inspect(r.Dir); !errors.Is(err, journal.ErrNone) {
		return nil
	}
	err := errors.Join(txn.Sweep(r), r.RemoveIfEmpty())
	if r.Beside != nil {
		err = errors.Join(err, r.Beside.RemoveIfEmpty())
	}
	return err
}

// estimate guesses how long a commit takes from the time that writing the journal took, since both depend on the same disk. A new
// image is written and read back.
func estimate(r report.Rehearsal, journalTook time.Duration) time.Duration {
	const (
		assumedRate = 200 * geometry.MiB // per second, if the journal is too short to measure
		worthwhile  = 32 * geometry.MiB  // the shortest journal that is measured
	)
	rate := float64(assumedRate)
	if r.JournalSize >= worthwhile && journalTook > 0 {
		rate = float64(r.JournalSize) / journalTook.Seconds()
	}
	return time.Duration(float64(r.CopyBytes+r.PlaceBytes+2*r.NewFile)/rate*float64(time.Second)) + journalTook
}
