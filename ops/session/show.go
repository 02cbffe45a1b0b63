package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/attach"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/served"
	"shunt/ops/worker"
)

// serve shows the files of a partition at a directory, which it returns, by a worker that goes on until they are unmounted.
// The worker shares the locks of the target. After an error nothing is mounted and no process is left.
func (v Viewer) serve(at attach.Source, w attach.MountOptions) (dir string, err error) {
	if err := v.unshown(at); err != nil {
		return "", err
	}
	if err := v.mayServe(at, w); err != nil {
		return "", err
	}
	how, err := partfs.DetectIsolation()
	if err != nil {
		return "", err
	}
	place, err := attach.FindPlace(v.target.Path(), at, w)
	if err != nil {
		return "", err
	}
	show := &worker.Show{
		Served: place.Served, Off: at.Part.Start, Len: at.Part.Len, Kind: at.FS.Kind, Name: at.Name,
		UID: os.Getuid(), GID: os.Getgid(),
	}
	switch n := at.Part.Number; {
	case n == 0:
		show.Name = "disk"
	case n < 0: // fuse2fs repeats the name in options, with commas between them
		show.Name = fmt.Sprintf("lost-at-%d", model.PartID(n).LostAt())
	}
	started, err := v.startShow(show, place.Made, how)
	if err != nil {
		return "", errors.Join(err, place.GiveUp())
	}
	if err := started.mount(place); err != nil {
		started.end()
		return "", errors.Join(err, place.GiveUp())
	}
	started.leave()
	return place.Dir, place.Close()
}

// unshown fails if the files are shown already.
func (v Viewer) unshown(at attach.Source) error {
	shown, err := attach.Shown(v.target.Path(), at.Part.Number)
	if err == nil && len(shown) > 0 {
		err = fmt.Errorf("%s is mounted at %s already", at.Name, shown[0].Dir)
	}
	return err
}

func (v Viewer) mayServe(at attach.Source, w attach.MountOptions) error {
	if at.Use.Busy() && !at.Use.ReadOnly {
		return fmt.Errorf("%s is %s: %s", at.Name, at.Use, at.Use.Way())
	}
	if d, ok := v.target.(target.KernelDisk); ok && w.Access == model.ReadWrite && d.Physical() && !w.AllowDisks {
		return fmt.Errorf("%s %w", v.target.Path(), target.ErrPhysical)
	}
	return attach.MayServe(v.target, at, w)
}

// A showing is a worker that shows files, and its keeper.
type showing struct{ worker, keeper *process }

// startShow starts the keeper, and then the worker that it waits for.
func (v Viewer) startShow(show *worker.Show, made bool, how partfs.Isolation) (s showing, err error) {
	end, lives, err := os.Pipe()
	if err != nil {
		return s, tried.Errorf("start showing files: %w", err)
	}
	defer func() { _, _ = end.Close(), lives.Close() }() // the two processes have them
	keeper := worker.Job{Task: report.Look, Path: v.target.Path(), Keeper: &worker.Keeper{Served: show.Served, Made: made}}
	if s.keeper, err = spawn(keeper, []*os.File{end}, partfs.SetuidHelper); err != nil {
		return s, err
	}
	job := v.job(worker.Job{Task: report.Look, Show: show})
	s.worker, err = spawn(job, append(slices.Clone(v.target.Files()), lives), how)
	if err != nil {
		_ = lives.Close() // so the keeper ends
		s.keeper.wait()
	}
	return s, err
}

// placed is where a file system is to be shown.
type placed interface {
	// Connect mounts there and returns the connection.
	Connect() (*os.File, error)
	// Answers waits until the files are shown. It fails if they are not.
	Answers() error
}

// mount mounts when the worker asks for it, and returns when the files can be seen.
func (s showing) mount(place placed) error {
	socket, ok := s.worker.conn.(*net.UnixConn)
	if !ok {
		return errors.New("the worker is not connected by a socket")
	}
	in := json.NewDecoder(socket)
	var e worker.ShowEvent
	if err := in.Decode(&e); err != nil {
		return s.died()
	}
	if !e.Connect {
		return errors.New(e.Err)
	}
	connection, err := place.Connect()
	if err != nil {
		return err
	}
	_, _, err = socket.WriteMsgUnix([]byte{'c'}, unix.UnixRights(int(connection.Fd())), nil)
	if err := errors.Join(err, connection.Close()); err != nil {
		return tried.Errorf("talk to the worker: %w", err)
	}
	if unseen := place.Answers(); unseen != nil {
		if in.Decode(&e) == nil && e.Err != "" {
			return errors.New(e.Err)
		}
		return fmt.Errorf("what was mounted does not answer: %w", unseen)
	}
	if _, err := socket.Write([]byte{'g'}); err != nil {
		return s.died()
	}
	return nil
}

// died returns the error for a worker that ended without a word.
func (s showing) died() error {
	s.worker.wait()
	return &readerDied{ending(nil, strings.TrimSpace(s.worker.stderr.text()))}
}

// end ends both and waits for them.
func (s showing) end() {
	_ = s.worker.conn.Close()
	s.worker.wait()
	s.keeper.wait()
}

// leave leaves both alone. The caller may go on for long, so it waits for them in the background.
func (s showing) leave() {
	for _, p := range []*process{s.worker, s.keeper} {
		_ = p.conn.Close() // they need nothing more
		go p.wait()
	}
}

func (p *process) wait() { _ = p.cmd.Wait() }

// servedOn lists where files of the target at path are shown. The file may be gone.
func servedOn(path string) []target.Served {
	if list, err := served.On(path); err == nil {
		return list
	}
	var list []target.Served
	for _, s := range served.All() {
		if s.Image == path {
			list = append(list, s)
		}
	}
	return list
}

// unserved fails with *target.InUse while files of the target are shown by a process that was started from here, and which
// shares its locks.
func (s *Session) unserved() error {
	list := servedOn(s.target.Path())
	if len(list) == 0 {
		return nil
	}
	at := list[0]
	unmount := s.opts.Call(s.path).LineTo("unmount", at.Arg())
	return &target.InUse{
		Path: s.path, Holder: fmt.Sprintf("shunt, which has %s mounted at %s", at.Part(), safetext.Printable(at.Dir)),
		Advice: fmt.Sprintf("unmount it: `%s`, or M in the editor", unmount),
	}
}
