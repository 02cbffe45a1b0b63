package worker

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops/fsys"
	"shunt/ops/inspect"
	"shunt/ops/overlay"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/tool"
)

// Question is what a worker with the task Look finds out, about one file system.
type Question struct {
	Off, Len int64 // where it lies on the target, in bytes
	Kind     model.FSKind
	Shown    string // what people call it: "p1"
	// List asks for a directory; without it the tools are asked what they know.
	List bool
	Dir  []byte // the directory's exact path
	// Plain keeps to tools in processes of their own: for file systems on which a reader inside the worker fell over.
	Plain bool
}

// Answer is all a worker with the task Look says.
type Answer struct {
	Said    []report.Said   `json:"said,omitempty"`
	Listing *report.Listing `json:"listing,omitempty"`
	// NoDirectory says that the directory is not there, which Err tells as well.
	NoDirectory bool   `json:"no_directory,omitempty"`
	Err         string `json:"err,omitempty"`
}

// The worker that looks and its tools get no more than this, whatever a file system makes them do: they are killed.
const (
	lookMemory  = 512 << 20 // bytes of data, each
	lookStack   = 64 << 20  // of a goroutine
	lookSeconds = 30        // of processor time, each
	lookTime    = 60 * time.Second
)

// look answers the job's question on the socket. It works on its own descriptor, which was opened for reading only; what
// tools write goes nowhere.
func (w *process) look(conn net.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	go func() { // who asked is gone: nobody needs the answer
		_, _ = conn.Read(make([]byte, 1))
		cancel()
	}()
	answer, err := w.answer(ctx)
	if err != nil {
		answer.Err = err.Error()
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	_, err = conn.Write(append(text, '\n'))
	return errors.Join(err, w.release())
}

func (w *process) answer(ctx context.Context) (answer Answer, err error) {
	if w.job.Question == nil {
		return answer, errors.New("internal error: no question")
	}
	q := *w.job.Question
	if w.job.How != partfs.SetuidHelper.String() {
		if err := partfs.IsolateMounts(); err != nil {
			return answer, err
		}
	}
	if err := limit(); err != nil {
		return answer, err
	}
	opts := target.Options{Mode: target.Inspect, SectorSize: w.job.SectorSize, NoLock: true}
	w.target, err = registry.Adopt(w.job.Path, opts, w.job.files())
	if err != nil {
		return answer, err
	}
	// The superblock is read here once more: what the asker knows of it may be old.
	if no := scan.Probe(w.target, q.Off, q.Len).Elsewhere.NoTools(); !no.OK() {
		return answer, no.Err()
	}
	show := &display{target: w.target, question: q, how: w.job.How}
	defer func() { err = errors.Join(err, show.close()) }()
	ctx = tool.WithSandbox(ctx, func() *tool.Sandbox { return show.sandbox })
	if !q.List {
		path, err := show.window()
		if err != nil {
			return answer, err
		}
		answer.Said = inspect.Tools(ctx, q.Kind, path, q.Shown)
		return answer, nil
	}
	list, err := inspect.List(ctx, fsys.Files{
		Base: w.target, Off: q.Off, Len: q.Len, Kind: q.Kind, Window: show.window, Mount: show.mount, Plain: q.Plain,
	}, string(q.Dir))
	answer.Listing, answer.NoDirectory = &list, errors.Is(err, fsys.ErrNoDirectory)
	return answer, err
}

// limit bounds what this process and those it starts can take.
func limit() error {
	debug.SetMaxStack(lookStack)
	debug.SetMemoryLimit(lookMemory / 2)
	for _, l := range []struct {
		what int
		most uint64
	}{{unix.RLIMIT_DATA, lookMemory}, {unix.RLIMIT_CPU, lookSeconds}, {unix.RLIMIT_CORE, 0}} {
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return tried.Errorf("limit the reader: %w", err)
		}
	}
	return nil
}

// display shows the file system that is looked at to tools, as a window or mounted, when it is first asked for.
type display struct {
	target   target.Target
	question Question
	how      string
	server   *partfs.Server
	sandbox  *tool.Sandbox // for the tools, once there is a window
	path     string
	undo     []func() error
}

// window is the path of a file that holds the file system and nothing else. What is written to it is kept in memory for
// as long as the worker lives, and never reaches the target.
func (d *display) window() (string, error) {
	if d.server != nil {
		return d.path, nil
	}
	if _, err := partfs.DetectIsolation(); err != nil {
		return "", err
	}
	spill, err := scratch()
	if err != nil {
		return "", tried.Errorf("make room for what tools write: %w", err)
	}
	d.undo = append(d.undo, spill.Close)
	room, err := d.room()
	if err != nil {
		return "", err
	}
	server, err := room.Serve(overlay.New(d.target, d.target.Size(), spill))
	if err != nil {
		return "", err
	}
	d.undo = append(d.undo, server.Close)
	if d.sandbox, _, err = room.Confine(); err != nil {
		return "", err
	}
	d.server, d.path = server, server.Set(d.question.Shown, d.question.Off, d.question.Len)
	return d.path, nil
}

func (d *display) room() (*partfs.MountDir, error) {
	how, err := partfs.ParseIsolation(d.how)
	if err != nil {
		return nil, err
	}
	room, err := partfs.NewMountDir(how, d.target.Path())
	if err == nil {
		d.undo = append(d.undo, room.Close)
	}
	return room, err
}

// scratch is a file in memory that cannot grow beyond its length.
func scratch() (*os.File, error) {
	const most = 64 << 20
	fd, err := unix.MemfdCreate("shunt-look", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "memory")
	err = f.Truncate(most)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SHRINK)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (d *display) close() error {
	var errs []error
	for i := len(d.undo) - 1; i >= 0; i-- {
		errs = append(errs, d.undo[i]())
	}
	return errors.Join(errs...)
}
