package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops/attach"
	"shunt/ops/filefs"
	"shunt/ops/fsys"
	"shunt/ops/partfs"
	"shunt/ops/target"
	"shunt/ops/tool"
)

// A Show asks a worker with the task report.Look to show the files of one file system until they are unmounted. The last of
// its files is one end of a pipe. It closes when the worker ends, and the Keeper has the other end.
//
// The worker sends a ShowEvent when it needs the connection of the mount. The parent mounts, and sends one byte with the
// connection. After the parent has seen the files, it sends a byte alone, and the worker goes on without it. If the parent
// goes away before that, the worker ends.
type Show struct {
	Served   target.Served
	Off, Len int64 // where the file system lies on the target, in bytes
	Kind     model.FSKind
	Name     string // of the window, for people, without commas: "p1"
	UID, GID int    // who is to own files without an owner
}

// A ShowEvent is what such a worker sends.
type ShowEvent struct {
	Connect bool   `json:"connect,omitempty"` // the connection is needed now
	Err     string `json:"err,omitempty"`     // why the files cannot be shown; the last event
}

// A Keeper asks a worker to wait until the process that shows the files has ended, and then to tidy up after it. Its only
// file is an end of a pipe that ends then.
type Keeper struct {
	Served target.Served
	Made   bool // the directory was made for it
}

// keep waits in the mount namespace of the user, where the process that shows the files cannot unmount.
func (w *process) keep() error {
	end := w.take(1, "the process that shows files")[0]
	_, _ = end.Read(make([]byte, 1)) // nothing is written to it
	return attach.Settle(w.job.Keeper.Served, w.job.Keeper.Made)
}

// show serves the files of the job.
func (w *process) show(ctx context.Context, conn net.Conn) error {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.New("the parent is not connected by a socket")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := &patron{UnixConn: socket, connections: make(chan *os.File, 1)}
	go p.listen(stop)
	err := w.showing(ctx, p)
	if err = errors.Join(err, w.release()); err != nil {
		_ = json.NewEncoder(socket).Encode(ShowEvent{Err: err.Error()}) // nobody listens if all went well at first
	}
	return err
}

func (w *process) showing(ctx context.Context, p *patron) error {
	if err := limitMemory(); err != nil {
		return err
	}
	s := w.job.Show
	mode := target.Edit
	if s.Served.ReadOnly {
		mode = target.Read
	}
	if err := w.adopt(mode); err != nil {
		return err
	}
	lives := w.take(1, "keeper")[0]
	unix.CloseOnExec(int(lives.Fd()))
	defer runtime.KeepAlive(lives) // collecting it would close it
	if err := w.job.Isolation.UnmountUnneeded(w.target.Path()); err != nil {
		return err
	}
	if !s.Served.ReadOnly {
		if err := w.target.AllowWrites(); err != nil {
			return err
		}
	}
	// The superblock is read again, because it may have changed since the parent read it.
	found := scan.Probe(w.target, s.Off, s.Len)
	if no := found.Elsewhere.NoTools(); !no.OK() {
		return no.Err()
	}
	ctx, lost := context.WithCancel(ctx)
	defer lost()
	go watchTarget(ctx, w.target, lost)
	if fsys.Of(s.Kind).ServedHere(accessTo(s.Served)) {
		return w.serveHere(ctx, p, found)
	}
	return w.serveByTool(ctx, p)
}

func accessTo(s target.Served) model.Access {
	if s.ReadOnly {
		return model.ReadOnly
	}
	return model.ReadWrite
}

// watchTarget calls lost when a target cannot be read any more, because a program that reads its format has ended. Nobody
// else might notice while what the kernel has cached is enough.
func watchTarget(ctx context.Context, t target.Target, lost func()) {
	if _, err := target.AsPlain(t); err == nil {
		return
	}
	const pause = 2 * time.Second
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for b := make([]byte, t.SectorSize()); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := t.ReadAt(b, 0); err != nil {
				lost()
				return
			}
		}
	}
}

// serveHere reads the files in this process.
func (w *process) serveHere(ctx context.Context, p *patron, found model.Filesystem) error {
	s := w.job.Show
	files, err := fsys.Of(s.Kind).Contents(ctx, fsys.Files{Base: w.target, Off: s.Off, Len: s.Len, Kind: s.Kind})
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }() // it has only read
	if _, err := files.Root(ctx); err != nil {
		return err
	}
	connection, err := p.connect(ctx)
	if err != nil {
		return err
	}
	o := filefs.Options{UID: uint32(s.UID), GID: uint32(s.GID), Size: int64(found.Size)}
	if found.Used >= 0 {
		o.Free = max(0, int64(found.Size-found.Used))
	}
	return errors.Join(filefs.Serve(ctx, files, connection, o), connection.Close())
}

// serveByTool has a program serve the files in a window, in a sandbox.
func (w *process) serveByTool(ctx context.Context, p *patron) (err error) {
	s := w.job.Show
	dir, err := partfs.NewMountDir(w.job.Isolation, w.target.Path())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	server, err := dir.Serve(&plainDisk{w.target, s.Served.ReadOnly})
	if err != nil {
		return err
	}
	sandbox, at, err := dir.ConfineServing()
	if err != nil {
		return err
	}
	argv, ok := fsys.Of(s.Kind).Serves.Of(accessTo(s.Served), server.Set(s.Name, s.Off, s.Len), at, s.UID, s.GID)
	if !ok {
		return fmt.Errorf("no program serves %s", s.Kind)
	}
	connect := func() (*os.File, error) { return p.connect(ctx) }
	ctx = tool.WithSandbox(ctx, func() *tool.Sandbox { return sandbox })
	result, err := tool.Run(ctx, tool.Cmd{Argv: argv, Dir: at, Connect: connect})
	if !s.Served.ReadOnly {
		err = errors.Join(err, w.target.Sync())
	}
	if err == nil && !p.left.Load() {
		said := safetext.Printable(strings.Join(strings.Fields(result.Output), " "))
		err = fmt.Errorf("%s does not mount it: %s; check it first (`check` in a plan, x in the editor)", argv[0], said)
	}
	return err
}

// limitMemory limits this process and those that it starts, since a hostile file system could make them run wild.
func limitMemory() error {
	for resource, most := range map[int]uint64{unix.RLIMIT_DATA: inspectMemory, unix.RLIMIT_CORE: 0} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return tried.Errorf("limit the reader: %w", err)
		}
	}
	return nil
}

// A patron is the parent, which mounts.
type patron struct {
	*net.UnixConn
	connections chan *os.File
	left        atomic.Bool // it has seen the files, and need not be there any more
}

// listen receives what the parent sends. It calls stop if the parent goes away too early.
func (p *patron) listen(stop func()) {
	for {
		word, oob := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
		n, oobn, _, _, err := p.ReadMsgUnix(word, oob)
		if err != nil || n == 0 {
			if !p.left.Load() {
				stop()
			}
			return
		}
		connection := received(oob[:oobn])
		if connection == nil {
			p.left.Store(true)
			continue
		}
		select {
		case p.connections <- connection:
		default:
			_ = connection.Close() // nobody has asked for a second one
		}
	}
}

// received returns the file that a message brought, or nil.
func received(oob []byte) *os.File {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) == 0 {
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil
	}
	unix.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "connection")
}

// connect has the parent mount.
func (p *patron) connect(ctx context.Context) (*os.File, error) {
	if err := json.NewEncoder(p).Encode(ShowEvent{Connect: true}); err != nil {
		return nil, tried.Errorf("ask for the mount: %w", err)
	}
	select {
	case connection := <-p.connections:
		return connection, nil
	case <-ctx.Done():
		return nil, errors.New("it was not mounted")
	}
}

// look does what a job of the task report.Look asks for.
func (w *process) look(ctx context.Context, conn net.Conn, in io.Reader) error {
	switch {
	case w.job.Search != nil:
		return w.search(conn)
	case w.job.Keeper != nil:
		return w.keep()
	case w.job.Shell != nil:
		return w.shell(conn, in)
	case w.job.Show != nil:
		return w.show(ctx, conn)
	case w.job.Hunt != nil:
		return w.hunt(ctx, conn)
	}
	return w.inspect(ctx, conn)
}
