package cli

import (
	"errors"
	"fmt"
	"os"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/enlarge"
	"shunt/ops/fsys"
	"shunt/ops/guide"
	"shunt/ops/journal"
	"shunt/ops/nearby"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/tui"
)

// backend opens sessions for the editor.
type backend struct {
	nearby.Finder
	opts  session.Options
	ahead *ahead // nil if no target was opened before the editor started
}

// newBackend returns the backend of an editor. It remembers recent targets in the user's state directory.
func newBackend(opts session.Options) backend {
	opts.Group = &session.Group{} // so that partitions can be copied from one target to another
	return backend{Finder: finder(opts), opts: opts}
}

func finder(opts session.Options) nearby.Finder {
	return nearby.Finder{State: nearby.StateDir(os.Getenv), Disks: opts.AllowDisks, SectorSize: opts.SectorSize, Format: opts.Format}
}

// Open opens a target, or returns the one that was opened before the editor started.
func (b backend) Open(path string, tell func(what string)) (tui.Target, error) {
	if b.ahead != nil && b.ahead.take(path, tell) {
		<-b.ahead.done
		return b.ahead.target, b.ahead.err
	}
	b.opts.Tell = tell
	return b.openNow(path)
}

func (b backend) openNow(path string) (tui.Target, error) {
	s, run, err := session.OpenOrAttach(path, b.opts)
	if err != nil {
		return nil, err
	}
	var t tui.Target = editTarget{s}
	if run != nil {
		if t, err = b.follow(path, run); err != nil {
			return nil, err
		}
	} else if damage := s.Damage(); damage != nil {
		return nil, errors.Join(damage, s.Close())
	}
	_ = b.Remember(path) // failing to save the list must not prevent editing
	return t, nil
}

// Discover finds the tools of this machine.
func (b backend) Discover() ops.Env {
	return ops.Env{Caps: fsys.Discover(), Room: guide.Room, Tight: enlarge.Tight}
}

// editTarget adapts a session to the interface of the editor.
type editTarget struct{ *session.Session }

// Attach makes an image a loop device. The editor has closed the image before.
func (b backend) Attach(image string) (string, error) {
	a, err := session.Attach(image, b.opts, model.ReadWrite)
	return a.Node, err
}

// Detach undoes Attach. It refuses if the device has other sectors than the image would be opened with, because an image
// does not record its sector size.
func (b backend) Detach(device string) (string, error) {
	disk, facts, _, err := session.Inspect(device, b.opts)
	if err != nil {
		return "", err
	}
	if z := disk.SectorSize; z != max(b.opts.SectorSize, geometry.Sector512) {
		return "", fmt.Errorf("%s has sectors of %d bytes: leave shunt, run `%s`, and open the image with --sector-size %d",
			device, z, facts.Call.Line("detach"), z)
	}
	l, err := session.Detach(device, b.opts)
	return l.File, err
}

// Committing returns nil: the session holds the lock, so no other process can commit.
func (t editTarget) Committing() tui.Run { return nil }

func (t editTarget) Start(q ops.Queue) (tui.Run, error) {
	return asRun(t.Session.Start(q, journal.KeepUndo))
}

func (t editTarget) StartAhead(q ops.Queue) (tui.Run, error) {
	return asRun(t.Session.StartAhead(q, journal.KeepUndo))
}

func (t editTarget) Recover(how report.Task) (tui.Run, error) { return asRun(t.Session.Recover(how)) }
func (t editTarget) Undo() (tui.Run, error)                   { return asRun(t.Session.Undo()) }

// asRun returns a nil interface for a nil run.
func asRun(r *session.Run, err error) (tui.Run, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}
