package session

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"

	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/worker"
)

// A Run is a worker that does a job. Its methods may be called from any goroutine.
type Run struct {
	// again starts a worker with another plan after a tool found no room; ok is false if there is none. It may be nil.
	again   func(now rehearsing, small report.TooSmall) (next rehearsing, p *process, ok bool)
	note    func(report.Result, ops.Queue) // called with the result before the end; it may be nil
	updates chan report.Progress
	decided chan struct{} // closed when the report has arrived or can no longer come
	ended   chan struct{} // closed when the result has arrived

	mu      sync.Mutex
	conn    net.Conn
	writes  bool // the worker may write to the target
	stopped bool // Cancel was called
	rests   bool // see Rest
	plan    rehearsing
	report  *report.Rehearsal
	result  report.Result
	log     []string
}

// start starts a worker, in a mount namespace of its own if the system allows one, so that its mounts vanish with it. The
// files are those of the target, the journal and the sources, in this order.
func start(job worker.Job, files []*os.File, plan *replanner, note func(report.Result, ops.Queue)) (*Run, error) {
	how, err := partfs.DetectIsolation()
	if err != nil {
		if job.Task == report.Apply {
			return nil, err
		}
		how = partfs.SetuidHelper // a recovery needs no windows
	}
	p, err := spawn(job, files, how)
	if err != nil {
		return nil, err
	}
	r := newRun(p.conn)
	r.writes, r.rests = job.Task != report.Apply, job.Rests
	r.note = note
	if plan != nil {
		r.plan.queue, r.again = plan.queue, plan.again
	}
	go r.listen(p.feed())
	return r, nil
}

// A process is a worker that has received its job.
type process struct {
	conn   net.Conn
	cmd    *exec.Cmd
	stderr *tail
}

// A feed is what a worker sends. wait waits for its process.
type feed struct {
	in     *json.Decoder
	wait   func() error
	stderr *tail
}

func (p *process) feed() feed { return feed{json.NewDecoder(p.conn), p.cmd.Wait, p.stderr} }

// spawn starts a worker and gives it its job and its files.
func spawn(job worker.Job, files []*os.File, how partfs.Isolation) (*process, error) {
	return spawnAs(job, files, how, func(*exec.Cmd) {})
}

// spawnAs does the same, and lets adapt change how the process is started.
func spawnAs(job worker.Job, files []*os.File, how partfs.Isolation, adapt func(*exec.Cmd)) (*process, error) {
	job.Isolation = how
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, tried.Errorf("talk to the worker: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
	conn, err := net.FileConn(ours)
	if err := errors.Join(err, ours.Close()); err != nil {
		return nil, errors.Join(err, theirs.Close())
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = job.Argv()
	cmd.Dir = "/" // it must not keep anything in use
	cmd.Env = append(os.Environ(), worker.EnvWorker+"=1")
	cmd.ExtraFiles = append([]*os.File{theirs}, files...)
	cmd.SysProcAttr = how.NamespaceAttr()
	stderr := &tail{}
	cmd.Stderr = stderr
	adapt(cmd)
	if err := errors.Join(cmd.Start(), theirs.Close()); err != nil {
		return nil, errors.Join(tried.Errorf("start the worker: %w", err), conn.Close())
	}
	if err := gob.NewEncoder(conn).Encode(job); err != nil {
		return nil, errors.Join(tried.Errorf("talk to the worker: %w", err), conn.Close(), cmd.Wait())
	}
	return &process{conn: conn, cmd: cmd, stderr: stderr}, nil
}

// newRun returns a Run for a worker that may be writing already.
func newRun(conn net.Conn) *Run {
	return &Run{
		conn: conn, updates: make(chan report.Progress, 1), decided: make(chan struct{}), ended: make(chan struct{}), writes: true,
	}
}

// send sends a command. It ignores errors, since Result shows whether the worker is gone.
func (r *Run) send(c worker.Command) {
	r.mu.Lock()
	conn := r.conn
	r.mu.Unlock()
	_ = json.NewEncoder(conn).Encode(c)
}

// listen receives the events of the worker, and of those that follow it with other plans, until there are no more.
func (r *Run) listen(f feed) {
	decided := sync.OnceFunc(func() { close(r.decided) })
	for {
		found := r.hear(f, decided)
		if found == nil {
			break
		}
		next, ok := r.replan(*found.TooSmall)
		if !ok {
			r.mu.Lock()
			r.report = found
			r.mu.Unlock()
			break
		}
		f = next
	}
	decided()
	if r.note != nil {
		r.note(r.result, r.plan.queue)
	}
	close(r.updates)
	close(r.ended)
	r.Leave() // both ends are done with it
}

// hear receives a worker's events until it closes its end of the socket, then waits for the process. It returns the
// report of a rehearsal that may have another plan, and else nil.
func (r *Run) hear(f feed, decided func()) (small *report.Rehearsal) {
	var result *report.Result
	for {
		var e worker.Event
		if f.in.Decode(&e) != nil {
			break
		}
		r.mu.Lock()
		switch {
		case e.Progress != nil:
			r.latest(*e.Progress)
		case e.Log != "":
			r.log = append(r.log, e.Log)
		case e.Report != nil && e.Report.TooSmall != nil && r.again != nil:
			small = e.Report
		case e.Report != nil:
			e.Report.Replanned = r.plan.told
			r.report = e.Report
			decided()
		case e.Result != nil:
			result = e.Result
		}
		r.mu.Unlock()
		if e.Result != nil {
			r.send(worker.Seen) // otherwise the worker stores the result in a file as well
		}
	}
	waited := f.wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if result == nil {
		result = r.silent(waited, f.stderr.text())
	}
	r.result = *result
	return small
}

// silent returns a result for a worker that ended without sending one. waited is how it ended, if it was a child of this
// process. said is its last output.
func (r *Run) silent(waited error, said string) *report.Result {
	result := report.Result{Outcome: report.Unchanged, Err: "the worker process ended without a result"}
	if waited != nil {
		result.Err += fmt.Sprintf(" (%v)", waited)
	}
	if said = strings.TrimSpace(said); said != "" {
		result.Err += ": " + said
	}
	if r.writes {
		result.Outcome, result.Silent = report.Interrupted, true
		result.Advice = "No data is lost: if the commit had begun, `shunt recover` finishes it, and `shunt recover --rollback` takes it back; " +
			"if not, nothing was changed."
	}
	return &result
}

// latest offers a snapshot to Updates, in place of one that was not received yet.
func (r *Run) latest(p report.Progress) {
	select {
	case <-r.updates:
	default:
	}
	r.updates <- p
}

// Updates returns a channel of progress snapshots. A new snapshot replaces one that was not received yet. The channel is
// closed when the run has ended.
func (r *Run) Updates() <-chan report.Progress { return r.updates }

// Report waits for the end of the rehearsal and returns its report. ok is false if the run ended without one. Result then
// says why.
func (r *Run) Report() (result report.Rehearsal, ok bool) {
	<-r.decided
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.report == nil {
		return report.Rehearsal{}, false
	}
	return *r.report, true
}

// Rehearsed returns the queue that is or was rehearsed. It has other numbers than the one that the run was started with if a tool
// found no room in them.
func (r *Run) Rehearsed() ops.Queue {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plan.queue
}

// Commit orders the worker to write the rehearsed result to the target. It has no effect after Cancel or a second time.
func (r *Run) Commit() {
	r.mu.Lock()
	r.writes, r.rests = true, false
	r.mu.Unlock()
	r.send(worker.Commit)
}

// Cancel ends a rehearsal, or stops a commit at the next safe point.
func (r *Run) Cancel() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.send(worker.Cancel)
}

// Result waits for the end of the run and returns its result.
func (r *Run) Result() report.Result {
	<-r.ended
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result
}

// Log returns the lines logged so far.
func (r *Run) Log() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// A tail keeps the last bytes that are written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-most):]
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
