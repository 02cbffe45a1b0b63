package tui_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui"
)

// Backend stands in for what opens targets: it knows the ones it was given, by path.
type Backend struct {
	Files
	idle    *idle
	Targets map[string]*Target
	// Refuse has an error for each path that cannot be opened.
	Refuse map[string]error
	// Machine is what Discover finds.
	Machine ops.Env
	// Devices are what images become when they are attached; the way back is the same.
	Devices map[string]string
	// Opened and Closed list the paths in the order of the calls.
	Opened, Closed []string
}

// Open finds the target of a path.
func (b *Backend) Open(path string) (target tui.Target, err error) {
	b.idle.until(func() bool { return b.Targets[path] == nil || !b.Targets[path].Held }, func() {
		b.Opened = append(b.Opened, path)
		err = b.Refuse[path]
		t := b.Targets[path]
		switch {
		case err != nil:
		case t == nil:
			err = tried.Errorf("open %s: no such file", path)
		default:
			t.backend, t.path = b, path
			target = t
		}
	})
	return target, err
}

// Discover is Machine.
func (b *Backend) Discover() ops.Env { return b.Machine }

// Attach is the device in Devices.
func (b *Backend) Attach(image string) (device string, err error) {
	b.idle.do(func() {
		if device = b.Devices[image]; device == "" {
			err = errors.New("attaching " + image + ": there is no free loop device")
		}
	})
	return device, err
}

// Detach is the image of the device in Devices.
func (b *Backend) Detach(device string) (image string, err error) {
	b.idle.do(func() {
		for i, d := range b.Devices {
			if d == device {
				image = i
			}
		}
		if image == "" {
			err = errors.New("detaching " + device + ": it is in use")
		}
	})
	return image, err
}

// Target stands in for a target. Its exported fields are what it shows; they are changed before it is
// opened, or in Driver.Do.
type Target struct {
	backend *Backend
	path    string

	What       report.Facts
	Layout     model.Disk
	World      ops.Env
	Broken     *report.Unfinished
	Busy       *Run         // a commit of an earlier start that is under way, or nil
	Told       *report.Last // how a commit ended that nobody saw end, or nil
	StartErr   error        // what Start and Recover fail with
	RescanErr  error
	Rescans    int
	Recoveries []report.Task
	Undos      int // calls of Undo
	MountErr   error
	// Held makes Open, Mount, Unmount, Discover, Rescan and Start of it wait until it is false again.
	Held bool
	// Sheets and Listings are what Inform and List tell, by partition and by partition and directory ("1:/etc").
	Sheets   map[model.PartID]report.Sheet
	Listings map[string]report.Listing
	// Discovered is what Discover finds.
	Discovered *ops.Env
	// Runs holds every run that was begun, the latest last.
	Runs []*Run
	// After is the layout that a rescan finds once the latest run ended with report.Done; by default it is
	// the preview of that run's queue.
	After *model.Disk
}

// Facts is What.
func (t *Target) Facts() report.Facts { return t.What }

// Disk is Layout.
func (t *Target) Disk() model.Disk { return t.Layout }

// Env is World.
func (t *Target) Env() ops.Env { return t.World }

// Unfinished is Broken.
func (t *Target) Unfinished() *report.Unfinished { return t.Broken }

// Committing is Busy, until that has ended.
func (t *Target) Committing() (run tui.Run) {
	t.backend.idle.do(func() {
		if t.Busy != nil && t.Busy.result == nil {
			t.Busy.idle, t.Busy.undecidable = t.backend.idle, true
			run = t.Busy
		}
	})
	return run
}

// Last is Told, once.
func (t *Target) Last() (last *report.Last) {
	t.backend.idle.do(func() { last, t.Told = t.Told, nil })
	return last
}

// Start begins a run that does what the test tells it to.
func (t *Target) Start(q ops.Queue) (tui.Run, error) { return t.begin(&Run{Queue: q}) }

// Recover begins a run that ends an unfinished transaction.
func (t *Target) Recover(how report.Task) (tui.Run, error) {
	t.backend.idle.do(func() { t.Recoveries = append(t.Recoveries, how) })
	return t.begin(&Run{undecidable: true})
}

// Undo begins a run that takes back what was applied last.
func (t *Target) Undo() (tui.Run, error) {
	t.backend.idle.do(func() { t.Undos++ })
	return t.begin(&Run{undecidable: true})
}

func (t *Target) begin(r *Run) (run tui.Run, err error) {
	r.idle = t.backend.idle
	t.patiently(func() {
		if err = t.StartErr; err == nil {
			t.Runs = append(t.Runs, r)
			run = r
		}
	})
	return run, err
}

// Inform is the sheet in Sheets.
func (t *Target) Inform(_ context.Context, id model.PartID) (sheet report.Sheet, err error) {
	t.backend.idle.do(func() {
		var ok bool
		if sheet, ok = t.Sheets[id]; !ok {
			err = errors.New("this partition is only pending: nothing of it is on the target yet")
		}
	})
	return sheet, err
}

// List is the listing in Listings.
func (t *Target) List(_ context.Context, id model.PartID, dir string) (list report.Listing, err error) {
	t.backend.idle.do(func() {
		var ok bool
		if list, ok = t.Listings[fmt.Sprintf("%d:/%s", id, strings.Trim(dir, "/"))]; !ok {
			err = errors.New("/" + dir + ": there is no such directory")
		}
	})
	return list, err
}

// Mount mounts a partition below /run/shunt, which makes it busy.
func (t *Target) Mount(id model.PartID, access model.Access) (dir string, err error) {
	t.patiently(func() {
		if err = t.MountErr; err != nil {
			return
		}
		dir = fmt.Sprintf("/run/shunt/p%d", id)
		t.What.Mounts = map[model.PartID][]string{id: {dir}}
		t.use(id, model.Use{Kind: model.Mounted, Place: dir, ReadOnly: access == model.ReadOnly})
	})
	return dir, err
}

// Unmount undoes Mount.
func (t *Target) Unmount(id model.PartID) (dir string, err error) {
	t.patiently(func() {
		if err = t.MountErr; err != nil {
			return
		}
		dir, t.What.Mounts = t.What.Mounts[id][0], nil
		t.use(id, model.Use{})
	})
	return dir, err
}

// patiently is idle.do once nobody holds the target.
func (t *Target) patiently(fn func()) {
	t.backend.idle.until(func() bool { return !t.Held }, fn)
}

func (t *Target) use(id model.PartID, use model.Use) {
	if p, ok := t.Layout.Partition(id); ok {
		p.Use = use
		t.Layout = t.Layout.With(p)
	}
}

// Discover finds Discovered.
func (t *Target) Discover() (env ops.Env) {
	t.patiently(func() {
		if t.Discovered != nil {
			t.World = *t.Discovered
		}
		env = t.World
	})
	return env
}

// Rescan finds what the latest run left.
func (t *Target) Rescan() (err error) {
	t.patiently(func() {
		t.Rescans++
		if err = t.RescanErr; err != nil || len(t.Runs) == 0 {
			return
		}
		last := t.Runs[len(t.Runs)-1]
		if last.result == nil || last.undecidable {
			return
		}
		if last.result.Outcome == report.Done {
			t.Layout = last.Queue.Preview()
			if t.After != nil {
				t.Layout = *t.After
			}
		}
	})
	return err
}

// Close notes that the target was closed.
func (t *Target) Close() error {
	t.backend.idle.do(func() { t.backend.Closed = append(t.backend.Closed, t.path) })
	return nil
}

// Run stands in for a run: its methods block until the test says what happens, inside Driver.Do.
type Run struct {
	idle        *idle
	Queue       ops.Queue
	undecidable bool // no report will come

	progress []report.Progress
	report   *report.Rehearsal
	result   *report.Result
	log      []string
	// Commits and Cancels count the calls.
	Commits, Cancels int
}

// Tell sends a snapshot of the progress.
func (r *Run) Tell(p report.Progress) { r.progress = []report.Progress{p} }

// Say adds lines to the log.
func (r *Run) Say(lines ...string) { r.log = append(r.log, lines...) }

// Finish ends the rehearsal.
func (r *Run) Finish(result report.Rehearsal) { r.report = &result }

// End ends the run.
func (r *Run) End(result report.Result) { r.result = &result }

// Updates blocks until there is a snapshot, so that waiting for one counts as idle; the channel it
// returns holds the snapshot, or is closed if the run has ended.
func (r *Run) Updates() <-chan report.Progress {
	ch := make(chan report.Progress, 1)
	r.idle.until(func() bool { return len(r.progress) > 0 || r.result != nil }, func() {
		if len(r.progress) == 0 {
			close(ch)
			return
		}
		ch <- r.progress[0]
		r.progress = r.progress[1:]
	})
	return ch
}

// Report blocks until Finish or End.
func (r *Run) Report() (result report.Rehearsal, ok bool) {
	r.idle.until(func() bool { return r.report != nil || r.result != nil || r.undecidable }, func() {
		if r.report != nil {
			result, ok = *r.report, true
		}
	})
	return result, ok
}

// Commit counts.
func (r *Run) Commit() { r.idle.do(func() { r.Commits++ }) }

// Cancel counts.
func (r *Run) Cancel() { r.idle.do(func() { r.Cancels++ }) }

// Result blocks until End.
func (r *Run) Result() (result report.Result) {
	r.idle.until(func() bool { return r.result != nil }, func() { result = *r.result })
	return result
}

// Log is what was said so far.
func (r *Run) Log() (log []string) {
	r.idle.do(func() { log = slices.Clone(r.log) })
	return log
}
