package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops/extract"
	"shunt/ops/fsys"
	"shunt/ops/inspect"
	"shunt/ops/overlay"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/loop"
	"shunt/ops/tool"
)

// A Question asks a worker with the task report.Look about one file system.
type Question struct {
	Off, Len int64 // where it lies on the target, in bytes
	Kind     model.FSKind
	Shown    string // its name for people: "p1"
	// Examine asks for a check of the file system. It has no limits but those of the machine, and ends when the parent does.
	Examine bool
	// Tree asks for all files and directories.
	Tree bool
	// List asks for the contents of a directory. Otherwise the output of the file system's own tools is asked for.
	List bool
	Dir  string // the directory's exact path
	// Read asks for files with their contents. The answer is then a stream of package extract. It may take as long as it has
	// to, and the parent must watch that it goes on.
	Read *extract.Wish
	// Fstabs asks for the texts of all /etc/fstab there.
	Fstabs bool
	// Plain allows only tools in processes of their own, after a reader inside the worker has crashed on the file system.
	Plain bool
}

// An Answer is the whole output of a worker with the task report.Look.
type Answer struct {
	Said    []report.Said  `json:"said,omitempty"`
	Listing report.Listing `json:"listing"`
	Fstabs  []string       `json:"fstabs,omitempty"`
	// Tree holds all files, by their paths.
	Tree report.Tree `json:"tree,omitzero"`
	// Examined is what a check found.
	Examined report.Examined `json:"examined"`
	// NoDirectory says that the directory does not exist. Err is set too.
	NoDirectory bool   `json:"no_directory,omitempty"`
	Err         string `json:"err,omitempty"`
}

// Limits of the worker and of each of its tools, since a hostile file system could make them run wild. The kernel kills a
// process that exceeds them.
const (
	inspectMemory  = 512 << 20 // bytes of data
	inspectStack   = 64 << 20  // of a goroutine
	inspectSeconds = 30        // of processor time
	inspectTimeout = 60 * time.Second
)

// inspect answers the job's question on the socket. Its descriptor of the target was opened for reading only.
func (w *process) inspect(ctx context.Context, conn net.Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	if !w.job.Question.Examine && w.job.Question.Read == nil {
		ctx, cancel = context.WithTimeout(ctx, inspectTimeout)
	}
	defer cancel()
	go func() {
		_, _ = conn.Read(make([]byte, 1)) // the parent sends nothing more, so this returns when it is gone
		cancel()
	}()
	if w.job.Question.Read != nil {
		return errors.Join(w.read(ctx, conn), w.release())
	}
	answer, err := w.answer(ctx)
	if err != nil {
		answer.Err = err.Error()
	}
	return errors.Join(json.NewEncoder(conn).Encode(answer), w.release())
}

func (w *process) answer(ctx context.Context) (answer Answer, err error) {
	ctx, show, err := w.lookAt(ctx)
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, show.close()) }()
	q := w.job.Question
	if q.Examine {
		answer.Examined, err = show.examine(ctx)
		return answer, err
	}
	files := show.files()
	if q.Fstabs {
		answer.Fstabs, err = fsys.Of(q.Kind).Fstabs(ctx, files)
		return answer, err
	}
	if q.Tree {
		answer.Tree, err = inspect.Tree(ctx, files)
		return answer, err
	}
	if !q.List {
		path, err := show.window()
		if err != nil {
			return answer, err
		}
		answer.Said = []report.Said{inspect.Ask(ctx, q.Kind, path, q.Shown)}
		return answer, nil
	}
	answer.Listing, err = inspect.List(ctx, files, q.Dir)
	answer.NoDirectory = errors.Is(err, fsys.ErrNoDirectory)
	return answer, err
}

// lookAt limits this process, takes the target over and looks at the file system of the question. The context confines
// tools. The display must be closed.
func (w *process) lookAt(ctx context.Context) (context.Context, *display, error) {
	q := w.job.Question
	if !q.Examine {
		if err := limit(q.Read == nil); err != nil {
			return ctx, nil, err
		}
	}
	if err := w.adopt(target.Inspect); err != nil {
		return ctx, nil, err
	}
	// The superblock is read again, because it may have changed since the parent read it.
	found := scan.Probe(w.target, q.Off, q.Len)
	if no := found.Elsewhere.NoTools(); !no.OK() {
		return ctx, nil, no.Err()
	}
	show := &display{target: w.target, job: w.job, fs: found}
	return tool.WithSandbox(ctx, func() *tool.Sandbox { return show.sandbox }), show, nil
}

// read answers a question for files with a stream.
func (w *process) read(ctx context.Context, conn io.Writer) (err error) {
	ctx, show, err := w.lookAt(ctx)
	out := bufio.NewWriterSize(conn, 64<<10)
	if err != nil {
		return errors.Join(extract.SendFailure(out, err), out.Flush())
	}
	defer func() { err = errors.Join(err, show.close()) }()
	return errors.Join(extract.Send(ctx, show.files(), *w.job.Question.Read, out), out.Flush())
}

// limit limits the memory of this process and of those it starts, and with timed their processor time.
func limit(timed bool) error {
	debug.SetMaxStack(inspectStack)
	debug.SetMemoryLimit(inspectMemory / 2)
	limits := map[int]uint64{unix.RLIMIT_DATA: inspectMemory, unix.RLIMIT_CORE: 0}
	if timed {
		limits[unix.RLIMIT_CPU] = inspectSeconds
	}
	for resource, most := range limits {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return tried.Errorf("limit the reader: %w", err)
		}
	}
	return nil
}

// A display shows the inspected file system to tools, as a window or mounted, once they ask for it.
type display struct {
	target  target.Target
	job     Job
	fs      model.Filesystem // as it was found
	sandbox *tool.Sandbox    // confines the tools
	path    string           // the window's; "" until there is one
	server  *partfs.Server   // serves the window
	overlay *overlay.Overlay // keeps what tools write to the window
	mounted string           // where it is mounted; "" until then
	undo    []func() error
}

// files describes the file system for its readers.
func (d *display) files() fsys.Files {
	q := d.job.Question
	return fsys.Files{Base: d.target, Off: q.Off, Len: q.Len, Kind: q.Kind, Window: d.window, Mount: d.mount, Plain: q.Plain}
}

// window returns the path of a file that shows the file system only. What tools write to it stays in memory and never
// reaches the target.
func (d *display) window() (string, error) {
	if d.path != "" {
		return d.path, nil
	}
	if _, err := partfs.DetectIsolation(); err != nil {
		return "", err
	}
	spill, err := d.scratch()
	if err != nil {
		return "", tried.Errorf("make room for what tools write: %w", err)
	}
	d.undo = append(d.undo, spill.Close)
	dir, err := d.newMountDir()
	if err != nil {
		return "", err
	}
	d.overlay = overlay.New(d.target, d.target.Size(), spill)
	server, err := dir.Serve(d.overlay)
	if err != nil {
		return "", err
	}
	d.server = server
	if d.sandbox, _, err = dir.Confine(); err != nil {
		return "", err
	}
	q := d.job.Question
	d.path = server.Set(q.Shown, q.Off, q.Len)
	return d.path, nil
}

func (d *display) newMountDir() (*partfs.MountDir, error) {
	dir, err := partfs.NewMountDir(d.job.Isolation, d.target.Path())
	if err == nil {
		d.undo = append(d.undo, dir.Close)
	}
	return dir, err
}

// mount mounts the file system read-only, through a read-only loop device, and returns a path that is valid in this process
// only. The mount has no name and vanishes with the process, and so does the loop device. A hostile file system can attack
// the kernel through this mount, as it could when mounted by hand.
func (d *display) mount(fstype, options string) (string, error) {
	if d.mounted != "" {
		return d.mounted, nil
	}
	if d.job.Isolation != partfs.RootNamespace {
		return "", fmt.Errorf("only root can list the files in %s: the kernel has to mount it", fstype)
	}
	q := d.job.Question
	if no := fsys.Of(q.Kind).MayMount(d.fs); !no.OK() {
		return "", no.Err()
	}
	l, device, err := loop.SetUp(d.target, target.Loop{Offset: q.Off, Limit: q.Len, ReadOnly: true, Passing: true})
	if err != nil {
		return "", err
	}
	defer func() { _ = device.Close() }() // a mount keeps the loop device
	dir, err := d.newMountDir()
	if err != nil {
		return "", err
	}
	sandbox, _, err := dir.Confine()
	if err != nil {
		return "", err
	}
	mounted, err := sandbox.Attach(l.Node, fstype, options)
	switch {
	case errors.Is(err, unix.ENODEV):
		return "", fmt.Errorf("this kernel cannot mount %s", fstype)
	case err != nil:
		return "", fmt.Errorf("the kernel does not mount it as %s: %w; check it first", fstype, err)
	}
	d.undo = append(d.undo, mounted.Close)
	d.mounted = fmt.Sprintf("/proc/self/fd/%d", mounted.Fd())
	return d.mounted, nil
}

func (d *display) close() error {
	var errs []error
	for _, undo := range slices.Backward(d.undo) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}

// scratch returns the file for what tools write to the window.
func (d *display) scratch() (*os.File, error) {
	if d.job.Question.Examine {
		return roomyFile()
	}
	return scratchFile()
}

// scratchFile returns a file in memory that cannot grow beyond its length.
func scratchFile() (*os.File, error) {
	const size = 64 << 20
	fd, err := unix.MemfdCreate("shunt-scratch", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "memory")
	err = f.Truncate(size)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SHRINK)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
