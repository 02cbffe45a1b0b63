package worker

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
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
	"shunt/ops/partfs"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
)

// Called reports whether this process was started as a worker.
func Called() bool { return os.Getenv(EnvWorker) != "" }

// Sum identifies a disk's contents as far as the model knows them, less what changes by itself. Which identities a queue
// gave to the partitions it makes does not count: they depend on what was taken back in between.
func Sum(d model.Disk) string {
	parts := d.Steady().Partitions()
	for i := range parts {
		parts[i].ID = model.PartID(i + 1)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", d.WithPartitions(parts)))
	return hex.EncodeToString(sum[:])
}

// Main is the worker process. It returns the exit code, which only matters to people who look at process lists:
// what came of the job is told on the socket.
// What goes wrong before that is told on stderr, which the session that started it reads.
func Main(stderr io.Writer) int {
	// The terminal may go away at any time; a write to a peer that is gone is an error like others.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	w := &process{link: newLink(), orders: make(chan Command, orderRoom), stops: make(chan struct{}, 1)}
	if err := w.run(); err != nil {
		_, _ = fmt.Fprintln(stderr, "shunt worker:", safetext.Printable(err.Error()))
		return 1
	}
	return 0
}

type process struct {
	link   *link
	job    Job
	target target.Target // nil until it is taken over
	dir    *journal.Dir  // nil until it is taken over
	orders chan Command  // of the parent; closed when it is gone
	stops  chan struct{} // somebody who follows a commit wants it to stop
	door   *door         // nil until the commit begins

	windows string // the directory with the windows and a slash, "" until there is one

	sources map[string]io.ReaderAt // the targets that are copied from, by their paths
	lent    map[string]model.Disk  // what is on them
	lenders []target.Target        // the same targets, to be closed
}

// orderRoom is how many orders can wait. Nobody who sends more than that means anything by it.
const orderRoom = 16

func (w *process) run() error {
	sock := os.NewFile(3, "socket")
	conn, err := net.FileConn(sock)
	if err != nil {
		return fmt.Errorf("no parent: %w", err)
	}
	if err := sock.Close(); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("no job: %w", err)
	}
	if w.job, err = readJob(line); err != nil {
		return fmt.Errorf("no job: %w", err)
	}
	if w.job.Task == report.Look {
		return w.look(conn)
	}
	parent := newPeer(conn)
	w.link.attach(parent)
	go w.listen(parent, in)
	stop := make(chan struct{})
	go w.link.ticker(stop)
	result := w.work()
	close(stop)
	return w.part(result)
}

// listen takes the parent's orders until it is gone.
func (w *process) listen(parent *peer, in *bufio.Reader) {
	defer close(w.orders)
	parent.read(in, func(c Command) {
		if c == Seen {
			w.link.confirmed()
			return
		}
		select {
		case w.orders <- c:
		default:
		}
	})
}

func (w *process) orderStop() {
	select {
	case w.stops <- struct{}{}:
	default: // it was ordered already
	}
}

// part tells the result, or leaves it behind if nobody listens, and lets go of the target: in this order, so that who
// sees the connection end finds the target free and the result in its place.
func (w *process) part(result report.Result) error {
	w.link.at(func(p *report.Progress) { p.Phase = report.Finished })
	w.link.sendProgress()
	result.Log = w.link.said()
	w.link.tell(Event{Result: &result})
	heard := w.link.heard()
	if w.door == nil {
		return w.release()
	}
	var left error
	if !heard {
		left = LeaveLast(w.dir, report.Last{When: time.Now(), Task: w.job.Task, Plan: w.job.Plan, Result: result})
	}
	return errors.Join(left, w.door.close(), w.dir.RemoveIfEmpty(), w.release())
}

func (w *process) release() error {
	if w.target == nil {
		return nil
	}
	return w.target.Close()
}

// work does the job and tells how it ended.
func (w *process) work() report.Result {
	if w.job.How != partfs.SetuidHelper.String() {
		if err := partfs.IsolateMounts(); err != nil {
			return unchanged(err)
		}
	}
	opts := target.Options{Mode: target.Edit, SectorSize: w.job.SectorSize, NoLock: w.job.NoLock}
	t, err := registry.Adopt(w.job.Path, opts, w.job.files())
	if err != nil {
		return unchanged(err)
	}
	w.target = t
	if w.job.How != partfs.SetuidHelper.String() {
		if err := partfs.UnmountUnneeded(w.paths()...); err != nil {
			return unchanged(err)
		}
	}
	if w.dir, err = w.job.openJournal(); err != nil {
		return unchanged(err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	switch w.job.Task {
	case report.Apply:
		return w.apply(ctx)
	case report.Undo:
		return w.undo(ctx)
	case report.Finish, report.RollBack:
		return w.recover(ctx)
	case report.Look: // is answered without a link
	}
	return unchanged(fmt.Errorf("internal error: there is no task %q", w.job.Task))
}

// paths are those that the worker goes by: of the target and of what is copied from, of the journal, and of what of the target
// is mounted and may have to grow.
func (w *process) paths() []string {
	list := []string{w.job.Path, w.job.Journal.Parent}
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

func unchanged(err error) report.Result {
	return report.Result{Outcome: report.Unchanged, Err: tried.Text(err)}
}

func (w *process) logf(format string, args ...any) {
	for line := range strings.SplitSeq(strings.TrimRight(fmt.Sprintf(format, args...), "\n"), "\n") {
		if line != "" {
			w.link.tell(Event{Log: line})
		}
	}
}

// queue makes the parent's queue again from the target itself.
func (w *process) queue() (ops.Queue, error) {
	disk, err := Scan(w.target)
	if err != nil {
		return ops.Queue{}, err
	}
	if Sum(disk) != w.job.Initial {
		return ops.Queue{}, w.changed()
	}
	if err := w.openSources(); err != nil {
		return ops.Queue{}, err
	}
	env := ops.Env{Caps: fsys.Discover(), Sources: w.source}
	q, err := plan.Parse(strings.NewReader(w.job.Plan), ops.NewQueue(disk, env), geometry.AlignNone)
	if err != nil {
		return ops.Queue{}, err
	}
	if Sum(q.Preview()) != w.job.Preview {
		return ops.Queue{}, errors.New("internal error: the plan does not lead where the editor said; nothing was changed, please report this")
	}
	return q, nil
}

// changed is the error for a target that is not as it was scanned. A partition that came into use counts as a change: who uses
// it is named then.
func (w *process) changed() error {
	if err := w.target.Unused(); err != nil {
		return err
	}
	return errors.New("the target changed since it was opened; shunt has written nothing: open it again and look at the plan once more")
}

// recover ends an unfinished transaction.
func (w *process) recover(ctx context.Context) report.Result {
	store := w.dir
	phase := report.Committing
	if w.job.Task == report.RollBack {
		phase = report.Undoing
	}
	w.open(store)
	if err := errors.Join(w.target.AllowWrites(), w.idle(store)); err != nil {
		return report.Result{Outcome: report.Interrupted, Err: tried.Text(err)}
	}
	r := w.walk(ctx, store, phase)
	w.tell(&r)
	return r
}

// walk goes on with the interrupted transaction.
func (w *process) walk(ctx context.Context, store *journal.Dir, phase report.Phase) report.Result {
	w.logf("%s: the interrupted transaction of %s", w.job.Task, w.job.Path)
	ctx, cancel := w.stoppable(ctx)
	defer cancel()
	outcome := report.Done
	if w.job.Task == report.RollBack {
		outcome = report.RolledBack
	}
	err := txn.Recover(ctx, w.target, store, recovery(w.job.Task), w.watch(phase))
	if err != nil && !whole(store, err) {
		w.logf("failed: %v", err)
		return w.interrupted(err)
	}
	w.logf("done")
	w.tidy(store)
	return w.ended(outcome, err)
}

// open lets others follow the commit that begins. Without that it goes on all the same: file systems exist that have
// no sockets.
func (w *process) open(dir *journal.Dir) {
	door, err := w.openDoor(dir)
	if err != nil {
		w.logf("this commit cannot be followed by others: %v", err)
		return
	}
	w.door = door
}

// stoppable is a context that also ends when a peer orders a stop. A peer that goes away stops nothing.
func (w *process) stoppable(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for c := range w.orders {
			if c == Cancel {
				w.orderStop()
			}
		}
	}()
	go func() {
		select {
		case <-w.stops:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (w *process) watch(phase report.Phase) txn.Watch {
	last := journal.Stage(0)
	return func(stage journal.Stage, done, total int64) {
		if stage != last {
			w.logf("%s: %s", phase, stage)
		}
		w.link.at(func(p *report.Progress) {
			p.Phase, p.Stage = phase, stage.String()
			p.Done, p.Total = geometry.Bytes(done), geometry.Bytes(total)
		})
		if stage != last {
			last = stage
			w.link.sendProgress()
		}
	}
}

func (w *process) interrupted(err error) report.Result {
	r := report.Result{Outcome: report.Interrupted, Err: tried.Text(err)}
	finish, rollBack := "`"+w.job.Call.Line("recover")+"`", "`"+w.job.Call.Line("recover", "--rollback")+"`"
	fault := new(txn.FaultError)
	switch {
	case errors.As(err, new(*txn.MismatchError)):
		r.Advice = "The storage may be failing. Run " + finish + " to read everything back once more and finish if it is right then, or " + rollBack + " to roll back; what is still whole at its old place is left there."
	case errors.Is(err, txn.ErrOtherTarget):
		r.Advice = "The target was changed or replaced after the transaction was interrupted, so neither finishing nor rolling back is safe. Put the image back that the journal belongs to; the journal was left as it is."
	case errors.Is(err, journal.ErrDamaged):
		r.Advice = "The journal beside the target is damaged and is not replayed. Nothing was written. Restore the journal's files from a backup of their directory, or the whole target."
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		r.Advice = "Nothing is lost: the journal holds all that is needed. Make room on the file system of the image and run " + finish + " to finish, or run " + rollBack + " to roll back, which needs no more room."
	case errors.As(err, &fault) && fault.What == "read":
		r.Advice = "Nothing that could be read before is lost. " + finish + " tries to read there again and goes on where it stands; " + rollBack + " brings back what was moved and leaves the place that cannot be read as it is. Both can also be done later."
	case errors.Is(err, txn.ErrStopped):
		r.Advice = "Nothing is lost. Run " + finish + " to finish, or " + rollBack + " to roll back."
	default:
		r.Advice = "Nothing is lost: the journal holds all that is needed. Mend the cause, then run " + finish + " to finish or " + rollBack + " to roll back."
	}
	return r
}
