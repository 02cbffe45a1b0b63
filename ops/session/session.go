// Package session opens targets for the editor and the command line: to edit them, to look at them, and to attach or mount
// them. A session starts a worker process to rehearse and commit a queue.
//
// Invariants: while a Session is open its target is locked, and a worker keeps it locked as long as it runs. The session
// itself never writes to the target.
package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// Options say how to open a target. The zero value is right for an image with 512-byte sectors and for any loop device.
type Options struct {
	SectorSize geometry.SectorSize // 0 means 512
	// Format is the format that the target has, as in target.Options; "" to recognise it.
	Format string
	// Journal is the directory that holds the journals' directories. If it is "", each is beside its target.
	Journal string
	// NoLock opens targets without locks, for file systems that have none.
	NoLock bool
	// Overlays are images that may show the target as their backing file, besides those in its directory.
	Overlays []string
	// Limits say how much is kept to undo transactions before the last one. The zero value stands for txn.DefaultLimits.
	Limits txn.Limits
	// AllowDisks allows physical disks to be edited.
	AllowDisks bool
	// AnyContent also opens a file whose content is not known to be that of a disk, for edits of what lies around it.
	AnyContent bool
	// Group is the sessions that may copy from each other's targets; nil for a session alone.
	Group *Group
	// Version is that of this program, for logs.
	Version string
	// Program is the name of this program, for commands in advice; "" means "shunt".
	Program string
	// Note is called with every transaction that ends and has changed the target, before the end of its run. It may be nil.
	Note func(report.Deed)
	// Tell is called with words for people about each step of opening and reading a target; it may be nil.
	Tell func(what string)
}

// Call returns how to call this program again for a target that was opened with these options.
func (o Options) Call(path string) ops.Call {
	c := ops.Call{Program: o.Program, Path: path}
	if o.Journal != "" {
		dir := o.Journal
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs
		}
		c.Flags = append(c.Flags, "--journal="+dir)
	}
	if o.SectorSize != 0 && o.SectorSize != geometry.Sector512 {
		c.Flags = append(c.Flags, fmt.Sprintf("--sector-size=%d", o.SectorSize))
	}
	if o.Format != "" {
		c.Flags = append(c.Flags, "--format="+o.Format)
	}
	if o.NoLock {
		c.Flags = append(c.Flags, "--no-lock")
	}
	if o.AllowDisks {
		c.Flags = append(c.Flags, "--allow-disks")
	}
	return c
}

// A Session is a target that is open for editing. Its methods may be called from any goroutine; those that need the target wait for
// each other.
type Session struct {
	Viewer
	dir        *journal.Dir
	env        ops.Env
	borrowed   map[string]target.Target // opened to copy from, by their paths
	unfinished *report.Unfinished
	damage     error        // the journal cannot be read
	noUndo     error        // why no transaction can be undone
	beside     *journal.Dir // beside the image, if the journal lies elsewhere and a new file may take the name; else nil
	next       *os.File     // the file to which a worker may have given the target's name; nil if there is none

	one    sync.Mutex // see alone
	latest *Run       // the run that was started last; nil if there is none
	closed bool
}

// Open locks and scans a target for editing. Errors are those of registry.Open, and a *journal.UnsafeError if the journal's
// directory cannot be trusted. A target with an unfinished transaction can be opened too: see Unfinished.
func Open(path string, opts Options) (*Session, error) {
	if opts.Tell == nil {
		opts.Tell = func(string) {}
	}
	opts.Tell("locking it")
	tools := fsys.Discovering() // meanwhile
	t, err := registry.Open(path, targetOptions(opts, target.Edit))
	if err != nil {
		return nil, err
	}
	if opts.Group == nil {
		opts.Group = &Group{}
	}
	s := &Session{Viewer: Viewer{path: path, opts: opts, target: t}, borrowed: map[string]target.Target{}}
	if s.dir, err = openDir(t.Place(), opts); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	opts.Tell("looking for tools")
	s.env = s.environment(tools())
	err = s.read()
	if err == nil {
		err = s.checkNames()
	}
	if err != nil {
		return nil, errors.Join(err, s.dir.Close(), t.Close())
	}
	opts.Group.join(s)
	return s, nil
}

// read reads the journal and scans the disk.
func (s *Session) read() error {
	s.unfinished, s.damage = nil, nil
	s.opts.Tell("reading the journal")
	if err := s.dir.Refresh(); err != nil {
		return err
	}
	if err := s.settle(); err != nil {
		return err
	}
	status, err := txn.Inspect(s.dir)
	if err == nil && status.Complete {
		if err := s.complete(status); err != nil {
			return err
		}
		status, err = txn.Inspect(s.dir)
	}
	switch {
	case err == nil:
		s.unfinished = &status
	case errors.Is(err, journal.ErrNone):
		if err := s.sweep(); err != nil {
			return tried.Errorf("remove the files of an earlier rehearsal in %s: %w", s.dir.Path(), err)
		}
	case errors.As(err, new(*journal.UnsafeError)):
		return err
	default:
		s.damage = unusable(s.dir, err)
	}
	disk, err := worker.ScanWithProgress(s.target, s.opts.Tell)
	if err != nil {
		return tried.Errorf("read %s: %w", s.path, err)
	}
	if err := checkDisk(s.path, s.target, disk); err != nil && s.unfinished == nil && !s.opts.AnyContent {
		return err
	}
	s.disk, s.facts = disk, facts(s.target, s.opts)
	s.facts.Image, s.facts.Mounts = s.image(), s.mounts()
	s.facts.Mountable, s.facts.Attachable = s.mountable(), s.attachable()
	s.facts.NoMount = s.noMount()
	rooms, err := s.rooms()
	if err != nil {
		return err
	}
	applied, err := worker.Undoable(rooms)
	if err == nil {
		err = txn.Rebacks(s.target, s.dir)
	}
	if s.noUndo = err; err == nil {
		s.facts.Undos = applied
	}
	return nil
}

// sweep removes what no transaction needs.
func (s *Session) sweep() error {
	rooms, err := s.rooms()
	if err != nil {
		return err
	}
	return worker.SweepRooms(rooms)
}

// settle ends an interrupted commit of a target that changes as a whole, and keeps its result for Last.
func (s *Session) settle() error {
	rooms, err := s.rooms()
	if err != nil {
		return err
	}
	last, err := txn.Settle(s.target, rooms)
	if last != nil && err == nil {
		err = worker.StoreLast(s.dir, *last)
	}
	if err != nil && !errors.Is(err, journal.ErrDamaged) && !errors.Is(err, journal.ErrVersion) && !errors.As(err, new(*journal.UnsafeError)) {
		return tried.Errorf("end the interrupted transaction of %s: %w", s.path, err)
	}
	return nil // read reports what is wrong with the journal
}

// complete ends a transaction whose worker died after its last write to the target, before it removed the journal and sent
// the result.
func (s *Session) complete(status report.Unfinished) error {
	last := report.Last{When: s.dir.LastWritten(), Task: report.Apply, Plan: plan.With(status.Plan, status.Operations), Result: report.Result{Outcome: report.Done}}
	if status.RollingBack {
		last.Task, last.Result.Outcome, last.Result.LostUnused = report.RollBack, report.RolledBack, status.LosesUnused
	}
	if err := worker.StoreLast(s.dir, last); err != nil {
		return err
	}
	if err := txn.Recover(context.Background(), s.target, s.dir, txn.Finish, nil); err != nil {
		return tried.Errorf("remove the journal of a transaction that is complete: %w", err)
	}
	d, known := s.target.(target.KernelDisk)
	if !known {
		return nil
	}
	_, err := worker.UpdateKernel(d) // the worker died before this
	return err
}

// Last returns the result of a commit that ended while no process followed it, or nil. It returns each result once.
func (s *Session) Last() *report.Last {
	last := worker.TakeLast(s.dir)
	if last != nil {
		s.note(report.Deed{When: last.When, Task: last.Task, Outcome: last.Result.Outcome, Operations: last.Operations})
	}
	return last
}

// note passes on what has changed the target.
func (s *Session) note(d report.Deed) {
	if s.opts.Note != nil && (d.Outcome == report.Done || d.Outcome == report.RolledBack) {
		d.Path = s.target.Path()
		s.opts.Note(d)
	}
}

// noting returns what a run calls at its end. told is what it does, unless it applies a queue.
func (s *Session) noting(task report.Task, told []string) func(report.Result, ops.Queue) {
	return func(end report.Result, q ops.Queue) {
		d := report.Deed{When: time.Now(), Task: task, Outcome: end.Outcome, Operations: told}
		if task == report.Apply {
			d.Operations = plan.Sentences(plan.Told(q))
		}
		s.note(d)
	}
}

// Rescan reads the target again. After an error the session keeps the previous disk.
func (s *Session) Rescan() error {
	defer s.alone()()
	if err := s.succeed(); err != nil {
		return err
	}
	if err := s.target.Refresh(); err != nil {
		return err
	}
	return s.read()
}

// Env describes what can be done on this machine.
func (s *Session) Env() ops.Env { return s.env }

// Discover finds out again what can be done on this machine, for Env.
func (s *Session) Discover() ops.Env {
	s.one.Lock()
	defer s.one.Unlock()
	s.env = s.environment(fsys.Discover())
	return s.env
}

// Unfinished returns the interrupted transaction of the target, or nil. With one, the target can only be recovered.
func (s *Session) Unfinished() *report.Unfinished { return s.unfinished }

// Damage returns why the target's journal cannot be used, or nil. A target with a damaged journal must not be edited: it
// may be in the middle of a transaction.
func (s *Session) Damage() error { return s.damage }

// Close closes the target. A worker that still runs keeps it open and locked.
func (s *Session) Close() error {
	defer s.alone()()
	s.closed = true
	s.opts.Group.leave(s)
	err := errors.Join(s.closeBorrowed(), s.forgetNext(), s.dir.Close(), s.target.Close())
	if s.beside != nil {
		err = errors.Join(err, s.beside.Close())
	}
	return err
}

// Start starts a worker that rehearses the queue, which must have been made from Disk and Env. The options are for the
// commit.
func (s *Session) Start(q ops.Queue, options journal.Options) (*Run, error) {
	return s.start(q, options, false)
}

func (s *Session) start(q ops.Queue, options journal.Options, ahead bool) (*Run, error) {
	defer s.alone()()
	switch {
	case s.closed:
		return nil, os.ErrClosed
	case s.damage != nil:
		return nil, s.damage
	case s.unfinished != nil:
		return nil, errors.New("the target has an unfinished transaction: finish it or roll it back first")
	}
	if err := s.target.Unused(); err != nil {
		return nil, err // the commit would be refused after the rehearsal
	}
	sources, files, err := s.loans(q)
	if err != nil {
		return nil, err
	}
	job := worker.Job{
		Task: report.Apply, Plan: plan.Told(q), Initial: worker.Sum(q.Initial()), Preview: worker.Sum(q.Preview()),
		Options: options, Limits: cmp.Or(s.opts.Limits, txn.DefaultLimits), Sources: sources, Rests: ahead,
	}
	return s.launch(job, &replanner{session: s, queue: q, job: job, files: files}, nil)
}

// Recover starts a worker that ends the unfinished transaction, by report.Finish or report.RollBack.
func (s *Session) Recover(how report.Task) (*Run, error) {
	defer s.alone()()
	if s.damage != nil {
		return nil, s.damage
	}
	if s.unfinished == nil {
		return nil, journal.ErrNone
	}
	return s.launch(worker.Job{Task: how}, nil, s.unfinished.Operations)
}

// Undoable returns the transactions that can be undone one after the other, the newest first. The error says why there is none,
// and wraps txn.ErrNoUndo if none was applied. Only Undo finds out whether the target has changed since.
func (s *Session) Undoable() ([]report.Applied, error) { return s.facts.Undos, s.noUndo }

// Undo starts a worker that takes back the transaction that was applied last. After Rescan the one before it is the last. If the
// target has changed since, the run ends with report.Unchanged.
func (s *Session) Undo() (*Run, error) {
	defer s.alone()()
	if err := cmp.Or(s.damage, s.noUndo); err != nil {
		return nil, err
	}
	last := s.facts.Undos[0]
	return s.launch(worker.Job{Task: report.Undo, Plan: plan.With(last.Plan, last.Operations)}, nil, last.Operations)
}

// launch starts a worker. plan is for an apply, else nil; then told is what it does.
func (s *Session) launch(job worker.Job, plan *replanner, told []string) (*Run, error) {
	if err := s.unserved(); err != nil {
		return nil, err
	}
	var sources []*os.File
	if plan != nil {
		sources = plan.files
	}
	var q ops.Queue
	if plan != nil {
		q = plan.queue
	}
	job, files, err := s.prepared(job, q, sources)
	if err != nil {
		return nil, err
	}
	r, err := s.opts.Group.launch(job.Path, job.Sources, func() (*Run, error) {
		return start(job, files, plan, s.noting(job.Task, told))
	})
	if err == nil {
		s.latest = r
	}
	return r, err
}

// prepared completes a job and returns the files that go with it. q is the queue of an apply, and sources are those of
// job.Sources.
func (s *Session) prepared(job worker.Job, q ops.Queue, sources []*os.File) (worker.Job, []*os.File, error) {
	if err := s.makeStateDir(); err != nil {
		return job, nil, err
	}
	job = s.job(job)
	next, err := s.successor(&job, q)
	if err != nil {
		return job, nil, err
	}
	var dir []*os.File
	if job.Journal, dir, err = s.dir.Handle(); err != nil {
		return job, nil, err
	}
	return job, slices.Concat(s.target.Files(), dir, next, sources), nil
}
