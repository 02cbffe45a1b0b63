package cli

import (
	"errors"
	"fmt"
	"os"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/guide"
	"shunt/ops/journal"
	"shunt/ops/nearby"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/tui"
)

// backend gives the editor sessions in the shape it asks for.
type backend struct {
	nearby.Finder
	opts  session.Options
	ahead *ahead // nil if no target is opened ahead
}

// newBackend is the backend of an editor. What it remembers is the user's.
func newBackend(opts session.Options) backend {
	finder := nearby.Finder{State: nearby.StateDir(os.Getenv), Disks: opts.AllowDisks, SectorSize: opts.SectorSize}
	return backend{Finder: finder, opts: grouped(opts)}
}

// OpenTelling is Open that tells what it is doing.
func (b backend) OpenTelling(path string, tell func(what string)) (tui.Target, error) {
	if b.ahead != nil && b.ahead.take(path, tell) {
		<-b.ahead.done
		return b.ahead.target, b.ahead.err
	}
	b.opts.Tell = tell
	return b.Open(path)
}

func (b backend) Open(path string) (tui.Target, error) {
	t, err := b.open(path)
	if err == nil {
		_ = b.Remember(path) // a list that cannot be kept is no reason to keep somebody from a target
	}
	return t, err
}

func (b backend) open(path string) (tui.Target, error) {
	s, run, err := session.OpenOrAttach(path, b.opts)
	if err != nil {
		return nil, err
	}
	if run != nil {
		return b.follow(path, run)
	}
	return b.editable(s)
}

// grouped makes the sessions that are opened with these options copy from each other's targets.
func grouped(opts session.Options) session.Options {
	opts.Group = &session.Group{}
	return opts
}

// Discover looks for the tools of this machine.
func (b backend) Discover() ops.Env { return ops.Env{Caps: fsys.Discover(), Room: guide.Room} }

func (b backend) editable(s *session.Session) (tui.Target, error) {
	if damage := s.Damage(); damage != nil {
		return nil, errors.Join(damage, s.Close())
	}
	return editTarget{s, b.opts}, nil
}

type editTarget struct {
	*session.Session
	opts session.Options
}

// Attach gives up nothing: the editor has closed the image.
func (b backend) Attach(image string) (string, error) {
	a, err := session.Attach(image, b.opts, model.ReadWrite)
	return a.Node, err
}

// Detach is the way back. It is refused if the image would be opened with other sectors than the device has, as there is
// nothing in an image that tells their size.
func (b backend) Detach(device string) (string, error) {
	disk, facts, _, err := session.Inspect(device, b.opts)
	if err != nil {
		return "", err
	}
	if z := disk.SectorSize; z != max(b.opts.SectorSize, geometry.Sector512) {
		return "", fmt.Errorf("%s has sectors of %d bytes: leave shunt, run `%s`, and open the image with --sector-size %d", device, z, facts.Call.Line("detach"), z)
	}
	l, err := session.Detach(device, b.opts)
	return l.File, err
}

// Committing is nil: who has the session has the target.
func (t editTarget) Committing() tui.Run { return nil }

func (t editTarget) Start(q ops.Queue) (tui.Run, error) {
	return asRun(t.Session.Start(q, journal.KeepUndo))
}

func (t editTarget) Recover(how report.Task) (tui.Run, error) { return asRun(t.Session.Recover(how)) }

func (t editTarget) Undo() (tui.Run, error) { return asRun(t.Session.Undo()) }

// asRun keeps a run that is nil from becoming an interface that is not.
func asRun(r *session.Run, err error) (tui.Run, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}
