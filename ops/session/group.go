package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// A Group holds the sessions that this program has open. They may copy from each other's targets, which are locked for all
// other programs. The zero value is an empty group. Its methods may be called from any goroutine.
type Group struct {
	mu   sync.Mutex
	open map[string]*Session // by the path of the target
	lent map[string]int      // how many rehearsals copy from the target
	busy map[string]*Run     // the latest run on each target
}

func (g *Group) join(s *Session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == nil {
		g.open, g.lent, g.busy = map[string]*Session{}, map[string]int{}, map[string]*Run{}
	}
	g.open[s.target.Path()] = s
}

func (g *Group) leave(s *Session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if path := s.target.Path(); g.open[path] == s {
		delete(g.open, path)
	}
}

// find returns the open session of a target, nil if there is none. It fails while a run changes the target.
func (g *Group) find(path string) (*Session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open[path], g.atRest(path)
}

// atRest returns an error while a run on the target has not ended, since it may change the target. One that rests is ended.
func (g *Group) atRest(path string) error {
	r := g.busy[path]
	if r == nil {
		return nil
	}
	r.giveWay()
	select {
	case <-r.ended:
		return nil
	default:
		return fmt.Errorf("%s, the source of the copy, is being changed: wait until that is done", path)
	}
}

// launch starts a run on the target at path that copies from the sources. It fails while a rehearsal copies from that
// target, and while a run changes a source. Until the rehearsal is over, no run on a source can start.
func (g *Group) launch(path string, sources []worker.Source, start func() (*Run, error)) (*Run, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lent[path] > 0 {
		return nil, fmt.Errorf("the rehearsal of another target is copying from %s: wait until it is done", path)
	}
	for _, s := range sources {
		if err := g.atRest(s.Path); err != nil {
			return nil, err
		}
	}
	r, err := start()
	if err != nil {
		return nil, err
	}
	g.busy[path] = r
	for _, s := range sources {
		g.lent[s.Path]++
	}
	go func() {
		<-r.decided
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, s := range sources {
			g.lent[s.Path]--
		}
	}()
	return r, nil
}

// A loan is another target that a queue copies from.
type loan struct {
	target target.Target
	disk   model.Disk // as scanned, with its uses
	sum    string     // of the disk without its uses, as the worker will scan it
}

// scanLoan scans another target that a queue copies from.
func scanLoan(t target.Target) (loan, error) {
	disk, err := worker.Scan(t)
	var plain model.Disk
	if err == nil {
		plain, err = scan.Scan(t, t.Size(), t.SectorSize())
	}
	if err != nil {
		return loan{}, tried.Errorf("read it: %w", err)
	}
	return loan{target: t, disk: disk, sum: worker.Sum(plain)}, nil
}

// source returns a partition of another target for a plan.
func (s *Session) source(path string, number int) (ops.Source, error) {
	l, err := s.borrow(path)
	if err != nil {
		return ops.Source{}, err
	}
	return worker.FindSource(l.target.Path(), l.disk, number)
}

var errItself = errors.New("that is the target itself: leave out from=")

// borrow scans another target that a queue copies from. If no session of this program has it open, borrow opens it for
// reading. It then stays open, and locked against changes, until the session is closed.
func (s *Session) borrow(path string) (loan, error) {
	real, err := filepath.Abs(path)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return loan{}, errors.New("it does not exist")
	case err != nil:
		return loan{}, err
	case real == s.target.Path():
		return loan{}, errItself
	}
	lender, err := s.opts.Group.find(real)
	if err != nil {
		return loan{}, err
	}
	if lender != nil {
		t := lender.target
		if err := errors.Join(checkLender(lender.dir, lender.opts.Call(t.Path())), t.Unused(), t.Refresh()); err != nil {
			return loan{}, err
		}
		return scanLoan(t)
	}
	t := s.borrowed[real]
	if t == nil {
		if t, err = s.openSource(real); err != nil {
			return loan{}, err
		}
		s.borrowed[real] = t
	} else if err := t.Refresh(); err != nil {
		return loan{}, err
	}
	return scanLoan(t)
}

// checkFinished returns txn.ErrUnfinished if there is an unfinished transaction, or the error of a journal that cannot be
// read.
func checkFinished(dir *journal.Dir) error {
	status, err := txn.Inspect(dir)
	switch {
	case errors.Is(err, journal.ErrNone), err == nil && status.Complete:
		return nil
	case err == nil:
		return txn.ErrUnfinished
	}
	return err
}

// checkLender does the same for a target that a queue copies from, and adds advice.
func checkLender(dir *journal.Dir, call ops.Call) error {
	err := dir.Refresh()
	if err != nil {
		return err
	}
	if err = checkFinished(dir); err == nil || errors.As(err, new(*journal.UnsafeError)) {
		return err
	}
	return fmt.Errorf("it has an unfinished transaction: run `%s` first", call.Line("recover"))
}

func (s *Session) openSource(path string) (target.Target, error) {
	o := s.opts
	o.Format = "" // it is that of this target, and not of the other
	t, err := openUnchanging(path, o)
	if err != nil {
		return nil, err
	}
	if busy := t.Busy(); busy != nil {
		err = fmt.Errorf("it could change while it is copied: %w", busy)
	} else {
		err = withDir(t.Place(), s.opts, func(dir *journal.Dir) error { return checkLender(dir, s.opts.Call(t.Path())) })
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// openUnchanging opens a target for reading and, if possible, keeps others from writing to it. For an image it takes a
// lock that other readers can share. A device has no such lock and is opened as if it were edited.
func openUnchanging(path string, opts Options) (target.Target, error) {
	info, err := os.Stat(path)
	if err == nil && info.Mode()&os.ModeDevice != 0 {
		t, err := registry.Open(path, targetOptions(opts, target.Edit))
		refused := errors.Is(err, target.ErrReadOnly) || errors.Is(err, target.ErrPhysical) || errors.Is(err, os.ErrPermission)
		if !refused {
			return t, err
		}
	}
	return registry.Open(path, targetOptions(opts, target.Inspect))
}

// closeBorrowed closes the targets that borrow opened.
func (s *Session) closeBorrowed() error {
	var errs []error
	for path, t := range s.borrowed {
		errs = append(errs, t.Close())
		delete(s.borrowed, path)
	}
	return errors.Join(errs...)
}

// loans returns the other targets that a queue copies from, and their files in the same order. It fails if a partition has
// changed since it was copied.
func (s *Session) loans(q ops.Queue) ([]worker.Source, []*os.File, error) {
	var sources []worker.Source
	var files []*os.File
	found := map[string]loan{}
	for _, op := range q.Ops() {
		path, from := "", ops.SourceOf(op)
		if other := ops.OtherOf(op); other != nil {
			path = other.Path
		} else if from != nil {
			path = from.Path
		} else {
			continue
		}
		l, ok := found[path]
		if !ok {
			var err error
			if l, err = s.borrow(path); err != nil {
				return nil, nil, tried.Errorf("copy from %s: %w", path, err)
			}
			found[path] = l
			more := l.target.Files()
			sources = append(sources, worker.Source{Path: path, Files: len(more), SectorSize: l.target.SectorSize(), Sum: l.sum})
			files = append(files, more...)
		}
		if from == nil {
			continue
		}
		if p, ok := l.disk.ByNumber(from.Part.Number); !ok || p != from.Part {
			return nil, nil, fmt.Errorf("%s of %s has changed since it was copied: undo that operation and copy it again",
				from.Part.Ref(), from.Path)
		}
	}
	return sources, files, nil
}
