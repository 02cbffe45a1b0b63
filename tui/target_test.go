package tui_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui"
)

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
	Ahead      int // calls of StartAhead
	MountErr   error
	// Held makes Open, Mount, Unmount, Discover, Rescan and Start of it wait until it is false again.
	Held bool
	// Sheets and Listings are what Inform and List tell, by partition and by partition and directory ("1:/etc").
	Sheets   map[model.PartID]report.Sheet
	Listings map[string]report.Listing
	// Contents is what Head tells, by partition and path ("1:/etc/fstab").
	Contents map[string][]byte
	// Copies are the copies out that were asked for, and CopyEnd is how one ends. CopyHeld makes it wait, after it has told how
	// far it is.
	Copies   []tui.CopyOut
	CopyEnd  func(c tui.CopyOut) (report.CopiedOut, error)
	CopyHeld bool
	// Lost1 is what Lost finds, with its notes; LostHeld makes it wait, after it has told how far it is.
	Lost1    []model.Lost
	LostNote []string
	LostHeld bool
	// Tables are the texts of /etc/fstab in each partition.
	Tables map[model.PartID][]string
	// Discovered is what Discover finds.
	Discovered *ops.Env
	// Runs holds every run that was begun, the latest last.
	Runs []*Run
	// After is the layout that a rescan finds once the latest run ended with report.Done; by default it is
	// the preview of that run's queue.
	After *model.Disk
}

func (t *Target) Facts() report.Facts            { return t.What }
func (t *Target) Disk() model.Disk               { return t.Layout }
func (t *Target) Env() ops.Env                   { return t.World }
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

// StartAhead begins such a run that rests.
func (t *Target) StartAhead(q ops.Queue) (tui.Run, error) {
	t.backend.idle.do(func() { t.Ahead++ })
	return t.begin(&Run{Queue: q, Rests: true})
}

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

// Inform is the sheet in Sheets, or else what the layout says.
func (t *Target) Inform(_ context.Context, id model.PartID) (sheet report.Sheet, err error) {
	t.backend.idle.do(func() {
		p, there := t.Layout.Partition(id)
		var ok bool
		switch sheet, ok = t.Sheets[id]; {
		case ok:
		case there:
			sheet = report.PartitionSheet(t.Layout, p, t.name(), report.Exact)
		default:
			sheet = report.TargetSheet(t.Layout, t.What, t.name(), report.Exact)
		}
	})
	return sheet, err
}

func (t *Target) name() string { return filepath.Base(t.What.Path) }

// Head is the content in Contents.
func (t *Target) Head(_ context.Context, id model.PartID, path string, most int) (data []byte, more bool, err error) {
	t.backend.idle.do(func() {
		var ok bool
		if data, ok = t.Contents[fmt.Sprintf("%d:/%s", id, path)]; !ok {
			err = errors.New("there is no file of this name")
		}
		data, more = data[:min(most, len(data))], len(data) > most
	})
	return data, more, err
}

// CopyOut ends as CopyEnd says, or as a copy that was stopped.
func (t *Target) CopyOut(ctx context.Context, c tui.CopyOut) (out report.CopiedOut, err error) {
	c.Tell(c.Dest+"/first", 3<<20)
	tell := c.Tell
	c.Tell = nil
	t.backend.idle.do(func() { t.Copies = append(t.Copies, c) })
	t.backend.idle.until(func() bool { return !t.CopyHeld }, func() {
		if err = ctx.Err(); err != nil {
			err = errors.New("stopped: what was copied completely stays")
			out.Files = 1
		} else if t.CopyEnd != nil {
			out, err = t.CopyEnd(c)
		}
	})
	tell("", 0) // a word that comes late
	return out, err
}

// Lost finds what is in Lost1, unless it is stopped.
func (t *Target) Lost(ctx context.Context, _ bool, tell func(done, total int64)) (found []model.Lost, notes []string, err error) {
	all := int64(t.Layout.Size())
	tell(all/4, all)
	t.backend.idle.until(func() bool { return !t.LostHeld }, func() { found, notes, err = t.Lost1, t.LostNote, ctx.Err() })
	return found, notes, err
}

// List is the listing in Listings. A file system without a root directory cannot be read.
func (t *Target) List(_ context.Context, id model.PartID, dir string) (list report.Listing, err error) {
	t.backend.idle.do(func() {
		var ok bool
		switch list, ok = t.Listings[fmt.Sprintf("%d:/%s", id, strings.Trim(dir, "/"))]; {
		case ok:
		case dir == "":
			err = errors.New("the root directory cannot be read: the file system is damaged")
		default:
			err = errors.New("/" + dir + ": there is no such directory")
		}
	})
	return list, err
}

// Sectors is a disk on which each sector holds its own number. It knows no superblocks.
func (t *Target) Sectors(first geometry.Sector, n int) (list []report.Sector) {
	t.backend.idle.do(func() {
		for i := range geometry.Sector(n) {
			if at := first + i; at < t.Layout.Sectors {
				data := make([]byte, t.Layout.SectorSize)
				binary.BigEndian.PutUint64(data, uint64(at))
				means := "outside of all partitions"
				for p := range t.Layout.Each() {
					if p.Span.Contains(at) {
						means = geometry.Grouped(at-p.Span.Start+1) + " of " + geometry.Grouped(p.Span.Len()) + " in " + p.Ref()
					}
				}
				list = append(list, report.Sector{At: at, Data: data, Means: means})
			}
		}
	})
	return list
}

// Fstabs are those in Tables.
func (t *Target) Fstabs(_ context.Context, id model.PartID) (texts []string) {
	t.backend.idle.do(func() { texts = t.Tables[id] })
	return texts
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

// SwapOn makes a partition busy.
func (t *Target) SwapOn(id model.PartID) (err error) {
	t.patiently(func() {
		if err = t.MountErr; err == nil {
			t.use(id, model.Use{Kind: model.SwapSpace})
		}
	})
	return err
}

// Free makes a partition idle.
func (t *Target) Free(id model.PartID) (done string, err error) {
	t.patiently(func() {
		if err = t.MountErr; err != nil {
			return
		}
		done = "taken out of use as swap"
		if p, _ := t.Layout.Partition(id); p.Use.Kind == model.Mounted {
			done = "unmounted from " + p.Use.Place
		}
		t.What.Mounts = nil
		t.use(id, model.Use{})
	})
	return done, err
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
	Again       ops.Queue // with which the plan was made again
	undecidable bool      // no report will come

	progress []report.Progress
	report   *report.Rehearsal
	result   *report.Result
	log      []string
	// Commits and Cancels count the calls.
	Commits, Cancels int
	Rests            bool // it rests now
}

// Tell, Say, Finish and End are for tests: a snapshot of the progress, lines of the log, the end of the rehearsal, and the
// end of the run.
func (r *Run) Tell(p report.Progress)         { r.progress = []report.Progress{p} }
func (r *Run) Say(lines ...string)            { r.log = append(r.log, lines...) }
func (r *Run) Finish(result report.Rehearsal) { r.report = &result }
func (r *Run) End(result report.Result)       { r.result = &result }

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

func (r *Run) Rehearsed() ops.Queue { return r.Again }

func (r *Run) Rest()   { r.idle.do(func() { r.Rests = true }) }
func (r *Run) Resume() { r.idle.do(func() { r.Rests = false }) }
func (r *Run) Commit() { r.idle.do(func() { r.Commits++ }) }
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
