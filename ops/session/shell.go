package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/attach"
	"shunt/ops/extract"
	"shunt/ops/fstab"
	"shunt/ops/fsys"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/worker"
)

// ShellOptions say how a shell over an image is to be.
type ShellOptions struct {
	Access model.Access
	// Argv is the program. {start} in it stands for a file that bash can read at its start, which sets the prompt.
	Argv []string
	// Tell is called with a line for people about each mount, and about what is not mounted. problem says that it is the
	// latter.
	Tell func(line string, problem bool)
	// Prompt makes the prompt from the directory of the image.
	Prompt func(name string) []string
	// In, Out and Err are the standard streams of the program. In may be nil.
	In       *os.File
	Out, Err io.Writer
}

// Shell mounts all file systems of a target in namespaces of their own, as its /etc/fstab says, or else each in a directory
// with its name, and runs a program there. It returns the exit code of the program. When it returns, all is unmounted and
// all processes that the program has started have ended. The target is locked meanwhile, for reading or for writing.
func Shell(ctx context.Context, path string, opts Options, o ShellOptions) (exit int, err error) {
	v, err := hold(path, opts, servingMode(o.Access), false)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	if d, ok := v.target.(target.KernelDisk); ok && o.Access == model.ReadWrite && d.Physical() && !opts.AllowDisks {
		return 0, fmt.Errorf("%s %w", v.target.Path(), target.ErrPhysical)
	}
	how, err := partfs.DetectIsolation()
	if err == nil && how == partfs.SetuidHelper {
		err = errors.New("this system allows no user namespaces: mount the partitions one by one (`shunt mount`), or use sudo")
	}
	if err != nil {
		return 0, err
	}
	sh := &shell{Viewer: v, ShellOptions: o, how: how, nodes: map[int]string{}}
	mounts := sh.plan(ctx)
	if err := sh.start(mounts); err != nil {
		return 0, err
	}
	defer sh.end()
	defer context.AfterFunc(ctx, func() { _ = sh.host.cmd.Process.Kill() })()
	done := 0
	for _, m := range mounts {
		err := sh.mount(m)
		if errors.As(err, new(*attach.NotServed)) && o.Access == model.ReadWrite && !m.ReadOnly {
			if m.ReadOnly = true; sh.mount(m) == nil {
				o.Tell(fmt.Sprintf("%s is mounted read-only: %s", named(m.Part), tried.Text(err)), true)
				err = nil
			}
		}
		if err != nil {
			o.Tell(fmt.Sprintf("%s is not mounted at %s: %s", m.Part.Ref(), sh.shown(m), tried.Text(err)), true)
			continue
		}
		done++
		o.Tell(fmt.Sprintf("%s (%s) at %s", named(m.Part), m.Part.FS.Kind, sh.shown(m)), false)
	}
	if done == 0 {
		return 0, fmt.Errorf("nothing in %s can be mounted", path)
	}
	reply, _, err := sh.order(worker.ShellOrder{Run: o.Argv, Env: o.Prompt(filepath.Base(sh.dir))})
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return reply.Exit, err
}

// shell is a shell over an image.
type shell struct {
	*Viewer
	ShellOptions
	how    partfs.Isolation
	rooted bool   // a file system is the root of the others
	dir    string // of the image
	host   *process
	shows  []showing
	nodes  map[int]string // the devices that are mounted, by the numbers of their partitions
}

// named names a partition, or the file system that covers the disk, for people.
func named(p model.Partition) string {
	if p.Number == 0 {
		return "the disk"
	}
	return p.Ref()
}

// shown returns the directory of a mount for people.
func (s *shell) shown(m fstab.Mount) string { return safetext.Printable(filepath.Join(s.dir, m.Dir)) }

// plan returns what to mount where. It tells what is not mounted.
func (s *shell) plan(ctx context.Context) []fstab.Mount {
	if s.disk.Table.Kind == model.TableNone {
		s.rooted = true
		return []fstab.Mount{{Part: model.Partition{FS: s.disk.Whole}, Dir: "/"}}
	}
	for _, p := range s.disk.Partitions() {
		if !p.FS.Kind.HoldsRoot() {
			continue
		}
		texts := s.Fstabs(ctx, p.ID)
		if len(texts) == 0 {
			texts = s.fstab(ctx, p.ID)
		}
		if i := slices.IndexFunc(texts, func(text string) bool { return fstab.NamesItself(p, []string{text}) }); i >= 0 {
			s.rooted = true
			mounts, left := fstab.Layout(s.disk, texts[i])
			for _, l := range left {
				s.Tell(fmt.Sprintf("%s is not mounted at %s: %s", safetext.Printable(l.Source), safetext.Printable(l.Dir), l.Why), true)
			}
			return mounts
		}
	}
	var mounts []fstab.Mount
	for _, p := range s.disk.Partitions() {
		if p.Role != model.Extended && p.FS.Known() && (len(fsys.Of(p.FS.Kind).Mounts) > 0 || p.FS.Kind != model.Swap) {
			mounts = append(mounts, fstab.Mount{Part: p, Dir: "/" + p.Ref()})
		}
	}
	return mounts
}

// start starts the host of the shell.
func (s *shell) start(mounts []fstab.Mount) (err error) {
	at := &worker.Shell{Name: filepath.Base(s.target.Path()), Keep: []string{s.target.Path()}}
	if dir, err := os.Getwd(); err == nil {
		at.Keep = append(at.Keep, dir)
	}
	for _, m := range mounts {
		if !s.rooted {
			at.Dirs = append(at.Dirs, m.Dir)
		}
	}
	job := worker.Job{Task: report.Look, Path: s.target.Path(), Shell: at}
	s.host, err = spawnAs(job, nil, s.how, func(cmd *exec.Cmd) {
		if s.In != nil {
			cmd.Stdin = s.In
		}
		cmd.Stdout, cmd.Stderr = s.Out, s.Err
		cmd.SysProcAttr.Setsid = false // it is in the terminal of its parent
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWPID
	})
	if err != nil {
		return err
	}
	reply, _, err := s.order(worker.ShellOrder{Prepare: true})
	s.dir = reply.Dir
	if err != nil {
		s.end()
	}
	return err
}

// order sends an order to the host and waits for the answer, which may bring a connection.
func (s *shell) order(o worker.ShellOrder) (reply worker.ShellReply, connection *os.File, err error) {
	socket, ok := s.host.conn.(*net.UnixConn)
	if !ok {
		return reply, nil, errors.New("the worker is not connected by a socket")
	}
	if err := json.NewEncoder(socket).Encode(o); err != nil {
		return reply, nil, tried.Errorf("talk to the worker: %w", err)
	}
	text, oob := make([]byte, 64<<10), make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := socket.ReadMsgUnix(text, oob)
	if err != nil || n == 0 || json.Unmarshal(text[:n], &reply) != nil {
		return reply, nil, errors.New("the process in which the shell runs has ended: everything is unmounted")
	}
	if messages, err := unix.ParseSocketControlMessage(oob[:oobn]); err == nil && len(messages) == 1 {
		if fds, err := unix.ParseUnixRights(&messages[0]); err == nil && len(fds) == 1 {
			unix.CloseOnExec(fds[0])
			connection = os.NewFile(uintptr(fds[0]), "connection")
		}
	}
	if reply.Err != "" {
		err = errors.New(reply.Err)
	}
	return reply, connection, err
}

// mount mounts one file system: for root by the kernel if that can, otherwise by a worker that shows the files.
func (s *shell) mount(m fstab.Mount) error {
	at, err := s.locateNumber(m.Part.Number)
	if err != nil {
		return err
	}
	access := s.Access
	if m.ReadOnly {
		access = model.ReadOnly
	}
	if no := attach.NotMountable(at.FS); !no.OK() {
		return no.Err()
	}
	if at.Use.Busy() && !(at.Use.ReadOnly && access == model.ReadOnly) {
		return fmt.Errorf("it is %s: %s", at.Use, at.Use.Way())
	}
	if at.Part.Start+at.Part.Len > s.target.Size() {
		return errors.New("it reaches behind the end of the disk")
	}
	order := &worker.ShellMount{Dir: m.Dir, Source: s.target.Path() + ":" + strconv.Itoa(m.Part.Number), Access: access}
	if s.how == partfs.RootNamespace {
		err := s.mountByKernel(at, m, order)
		var no *attach.NotByKernel
		if err == nil || !errors.As(err, &no) {
			return err
		}
		other := s.serve(at, order, access)
		if errors.As(other, new(*attach.NotServed)) {
			other = fmt.Errorf("%w (%w)", other, err)
		}
		return other
	}
	if m.Subvolume != "" {
		return errors.New("only root can mount a subvolume")
	}
	return s.serve(at, order, access)
}

func (s *shell) mountByKernel(at attach.Source, m fstab.Mount, order *worker.ShellMount) error {
	d := fsys.Of(at.FS.Kind)
	node, again := s.nodes[m.Part.Number] // for another subvolume of what is mounted already
	if no := d.MayMount(at.FS); !no.OK() && !again {
		return no.Err()
	}
	for _, how := range d.Mounts {
		var options []string
		if order.Access == model.ReadOnly && how.Quiet != "" {
			options = append(options, how.Quiet)
		}
		if m.Subvolume != "" && at.FS.Kind == model.Btrfs && !strings.Contains(m.Subvolume, ",") {
			options = append(options, "subvol="+m.Subvolume)
		}
		order.Kinds, order.Options = append(order.Kinds, how.FS), append(order.Options, strings.Join(options, ","))
	}
	mount := func(node string) error {
		order.Node = node
		reply, _, err := s.order(worker.ShellOrder{Mount: order})
		if reply.Unknown {
			err = &attach.NotByKernel{Err: fmt.Errorf("this kernel does not know %s", at.FS.Kind)}
		}
		if err == nil {
			s.nodes[m.Part.Number] = node
		}
		return err
	}
	var err error
	if again {
		err = mount(node)
	} else {
		err = attach.WithNode(s.target, worker.PartsOf(s.disk), at, order.Access, mount)
	}
	order.Node, order.Kinds, order.Options = "", nil, nil
	return err
}

// shellPlace is a directory in the namespace of the shell.
type shellPlace struct {
	*shell
	mount *worker.ShellMount
}

// Connect has the host mount.
func (p shellPlace) Connect() (*os.File, error) {
	_, connection, err := p.order(worker.ShellOrder{Mount: p.mount})
	if err == nil && connection == nil {
		err = errors.New("the worker sent no connection")
	}
	return connection, err
}

// Answers has the host look at the files.
func (p shellPlace) Answers() error {
	_, _, err := p.order(worker.ShellOrder{Seen: true})
	return err
}

// serve has a worker show the files.
func (s *shell) serve(at attach.Source, order *worker.ShellMount, access model.Access) error {
	if err := attach.MayServeAlone(s.target, at, attach.MountOptions{Access: access}); err != nil {
		return err
	}
	name := at.Name
	if at.Part.Number == 0 {
		name = "disk"
	}
	show := &worker.Show{
		Served: target.Served{
			Image: s.target.Path(), Number: at.Part.Number, Dir: filepath.Join(s.dir, order.Dir), ReadOnly: access == model.ReadOnly,
		},
		Off: at.Part.Start, Len: at.Part.Len, Kind: at.FS.Kind, Name: name, // the files belong to the root of the namespace
	}
	end, lives, err := os.Pipe() // nobody has to tidy up after this worker
	if err != nil {
		return err
	}
	defer func() { _, _ = end.Close(), lives.Close() }()
	job := s.job(worker.Job{Task: report.Look, Show: show})
	started, err := spawn(job, append(slices.Clone(s.target.Files()), lives), s.how)
	if err != nil {
		return err
	}
	one := showing{worker: started}
	if err := one.mount(shellPlace{s, order}); err != nil {
		_ = started.conn.Close()
		started.wait()
		return err
	}
	s.shows = append(s.shows, one)
	return nil
}

// end ends the host, and waits for the workers, which end when what they show is unmounted.
func (s *shell) end() {
	_ = s.host.conn.Close()
	s.host.wait()
	for _, one := range s.shows {
		_ = one.worker.conn.Close()
		one.worker.wait()
	}
}

// fstab returns the text of /etc/fstab as the reader of files sees it.
func (s *shell) fstab(ctx context.Context, id model.PartID) []string {
	var text shortText
	if _, err := s.Read(ctx, id, extract.Wish{Path: "/etc/fstab", File: true}, &text); err != nil {
		return nil
	}
	return []string{text.String()}
}

// shortText is a Handler that keeps a short file.
type shortText struct{ strings.Builder }

func (t *shortText) Enter(extract.Entry) error { return nil }
func (t *shortText) Leave() error              { return nil }
func (t *shortText) Hole(int64) error          { return errLong }

func (t *shortText) Fault(f extract.Fault) error { return errors.New(f.Why) }

func (t *shortText) Data(b []byte) error {
	const most = 64 << 10
	if t.Len()+len(b) > most {
		return errLong
	}
	_, err := t.Write(b)
	return err
}

var errLong = errors.New("it is too long")
