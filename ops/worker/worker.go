package worker

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
)

// Called reports whether this process was started as a worker.
func Called() bool { return os.Getenv(EnvWorker) != "" }

// Sum returns a checksum of a disk as the model knows it, without what changes while nobody edits the disk. It ignores the
// ids of partitions, which depend on the order of edits and on undone ones, and their smallest sizes, which are estimates
// that the parent may know better.
func Sum(d model.Disk) string {
	parts := d.Steady().Partitions()
	for i := range parts {
		parts[i].ID, parts[i].FS.Min = model.PartID(i+1), 0
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", d.WithPartitions(parts)))
	return hex.EncodeToString(sum[:])
}

// Main runs the worker process and returns its exit code. Errors before there is a link go to stderr, which the session
// that started the worker reads. Everything else goes to the socket.
func Main(stderr io.Writer) int {
	// The terminal may go away at any time. A write to a peer that is gone must be an ordinary error.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	if err := run(); err != nil {
		_, _ = fmt.Fprintln(stderr, "shunt worker:", safetext.Printable(err.Error()))
		return 1
	}
	return 0
}

// A process is the state of the worker.
type process struct {
	link    *link
	job     Job
	adopted int               // how many of the parent's files were taken over
	target  target.Target     // nil until it is taken over
	dir     *journal.Dir      // the journal's; nil until it is taken over
	rooms   Rooms             // dir, and what goes with it
	socket  *net.UnixListener // nil until the commit begins
	doorman chan struct{}     // closed when the socket accepts no more connections
	windows string            // the path of the directory with the windows, ending in a slash; "" until there is one

	decide  sync.Once          // makes the first of commit and cancel count
	decided chan struct{}      // closed when the parent has ordered the commit
	stop    context.CancelFunc // cancels the rehearsal, or stops the commit at the next safe point

	sources map[string]io.ReaderAt // the other targets that the plan copies from, by their paths
	lenders []target.Target        // the same targets, to be closed

	pace pace
}

func run() error {
	sock := os.NewFile(3, "socket")
	conn, err := net.FileConn(sock)
	if err := errors.Join(err, sock.Close()); err != nil {
		return fmt.Errorf("no parent: %w", err)
	}
	w := &process{link: newLink(), decided: make(chan struct{})}
	in := bufio.NewReader(conn) // gob does not read ahead on an io.ByteReader, so the commands stay in it
	if err := gob.NewDecoder(in).Decode(&w.job); err != nil {
		return fmt.Errorf("no job: %w", err)
	}
	terminated, forget := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer forget()
	ctx, stop := context.WithCancel(terminated)
	defer stop()
	w.stop, w.link.task = stop, w.job.Task
	if w.job.Rests {
		w.pace.set(true)
	}
	switch w.job.Task {
	case report.Look:
		return w.look(ctx, conn, in)
	case report.Finish, report.RollBack, report.Undo:
		w.decide.Do(func() {}) // these go on without the parent
	case report.Apply:
	}
	w.link.serve(conn, in, w.order, func() { w.decide.Do(stop) })
	ticker := time.NewTicker(250 * time.Millisecond)
	go func() {
		for range ticker.C {
			w.link.sendProgress()
		}
	}()
	result := w.work(ctx)
	ticker.Stop()
	return w.deliver(result)
}

// order carries out a command of a peer. A process that follows a commit arrives after the decision, so it can only stop
// the commit.
func (w *process) order(c Command) {
	switch c {
	case Commit:
		w.decide.Do(func() { close(w.decided) })
	case Cancel:
		w.stop()
	case Rest, Resume:
		w.pace.set(c == Rest)
	case Seen: // the link has recorded it
	}
}

// deliver sends the result to every peer, stores it if none confirms it, and releases the target. It removes the socket
// after the present peers have confirmed the result, then waits for those that have connected meanwhile. When a peer sees
// its connection end, the target is free and the result is stored.
func (w *process) deliver(result report.Result) error {
	w.link.at(func(p *report.Progress) { p.Phase = report.Finished })
	w.link.sendProgress()
	result.Log = w.link.log()
	w.link.publish(Event{Result: &result})
	w.link.heard()
	if w.socket == nil {
		return w.release()
	}
	err := w.closeSocket()
	if !w.link.heard() {
		err = errors.Join(err, StoreLast(w.dir, report.Last{When: time.Now(), Task: w.job.Task, Plan: w.job.Plan, Result: result}))
	}
	return errors.Join(err, w.dir.RemoveIfEmpty(), w.release())
}

func (w *process) release() error {
	if w.target == nil {
		return nil
	}
	return w.target.Close()
}

// take returns the next n files that the parent handed over.
func (w *process) take(n int, name string) []*os.File {
	const first = 4 // behind the socket
	files := make([]*os.File, n)
	for i := range files {
		files[i] = os.NewFile(uintptr(first+w.adopted), name)
		w.adopted++
	}
	return files
}

// adopt isolates this process's mounts and takes the target over.
func (w *process) adopt(mode target.Mode) error {
	if err := w.job.Isolation.IsolateMounts(); err != nil {
		return err
	}
	opts := target.Options{Mode: mode, SectorSize: w.job.SectorSize, Format: w.job.Format, NoLock: w.job.NoLock}
	t, err := registry.Adopt(w.job.Path, opts, w.take(w.job.Files, w.job.Path))
	if err == nil {
		w.target = t
	}
	return err
}

// work does the job and returns how it ended.
func (w *process) work(ctx context.Context) report.Result {
	err := w.adopt(target.Edit)
	if err == nil {
		err = w.job.Isolation.UnmountUnneeded(w.paths()...)
	}
	if err == nil {
		w.dir, err = journal.Adopt(w.job.Journal, w.take(w.job.Journal.Count(), w.job.Journal.Name))
	}
	if err == nil {
		err = w.furnish()
	}
	if err != nil {
		return w.failed(err)
	}
	if w.job.Task == report.Apply {
		return w.apply(ctx, fsys.Discovering())
	}
	return w.recover(ctx)
}

// furnish takes over what a new file needs to take the target's name.
func (w *process) furnish() (err error) {
	w.rooms = Rooms{Dir: w.dir, Unlocked: w.job.NoLock, unasked: w.unasked()}
	if h := w.job.Beside; h != nil {
		if w.rooms.Beside, err = journal.Adopt(*h, w.take(h.Count(), h.Name)); err != nil {
			return err
		}
	}
	if w.job.Waits {
		w.rooms.Waits = w.take(1, w.job.Path)[0]
		unix.CloseOnExec(int(w.rooms.Waits.Fd()))
	}
	return nil
}

// paths returns the paths that this process needs: those of the targets, of the journal, and of mounted partitions that
// may have to grow.
func (w *process) paths() []string {
	list := []string{w.job.Path, w.job.Journal.Parent}
	if w.job.Beside != nil {
		list = append(list, w.job.Beside.Parent)
	}
	for _, s := range w.job.Sources {
		list = append(list, s.Path)
	}
	plain, err := target.AsPlain(w.target)
	if err != nil {
		return list // the kernel knows nothing of it
	}
	for number := range plain.Uses(nil) {
		list = append(list, plain.Mounts(target.Part{Number: number})...)
	}
	return list
}

// failed returns the result of a job that has written nothing, and logs the error.
func (w *process) failed(err error) report.Result {
	w.logf("%v", err)
	return report.Result{Outcome: report.Unchanged, Err: tried.Text(err)}
}

func (w *process) logf(format string, args ...any) {
	for line := range strings.SplitSeq(strings.TrimRight(fmt.Sprintf(format, args...), "\n"), "\n") {
		if line != "" {
			w.link.publish(Event{Log: line})
		}
	}
}

// queue builds the parent's queue again, from the target itself. tools waits for what can be done on this machine.
func (w *process) queue(tools func() ops.Capabilities) (ops.Queue, error) {
	disk, err := Scan(w.target)
	if err != nil {
		return ops.Queue{}, err
	}
	if Sum(disk) != w.job.Initial {
		return ops.Queue{}, w.changed()
	}
	sources, err := w.openSources()
	if err != nil {
		return ops.Queue{}, err
	}
	env := ops.Env{Caps: tools(), Sources: sources, Layers: LayersOf(w.target), Other: w.others(), Contents: ContentsOf(w.target)}
	q, err := plan.Parse(strings.NewReader(w.job.Plan), ops.NewQueue(disk, env), geometry.AlignNone)
	if err != nil {
		return ops.Queue{}, err
	}
	if Sum(q.Preview()) != w.job.Preview {
		return ops.Queue{}, errors.New("internal error: the plan has another result than in the editor; nothing was changed, please report this")
	}
	return q, nil
}

// changed returns the error for a target that differs from its scan. If a partition is in use now, the error names its
// user.
func (w *process) changed() error {
	if err := w.target.Unused(); err != nil {
		return err
	}
	return errors.New("another program has changed the target since it was opened: open it again and check the plan")
}

// acceptFollowers lets other processes follow the commit. On a file system without sockets the commit goes on without.
func (w *process) acceptFollowers() {
	if err := w.listen(); err != nil {
		w.logf("this commit cannot be followed by others: %v", err)
	}
}

// watch returns a function that shows the progress of a phase.
func (w *process) watch(phase report.Phase) txn.Watch {
	last := journal.Stage(0)
	return func(stage journal.Stage, done, total int64) {
		if stage != last {
			w.logTimed(fmt.Sprintf("%s: %s", phase, stage))
		}
		w.link.at(func(p *report.Progress) {
			p.Phase, p.Stage, p.Doing = phase, stage.String(), ""
			p.Done, p.Total = geometry.Bytes(done), geometry.Bytes(total)
		})
		if stage != last {
			last = stage
			w.link.sendProgress()
		}
	}
}
