package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/attach"
	"shunt/ops/fsys"
	"shunt/ops/guide"
	"shunt/ops/journal"
	"shunt/ops/nearby"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/ops/txn"
	"shunt/ops/worker"
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

func (t editTarget) Facts() tui.Facts {
	f := outside(t.Session.Facts(), t.Disk())
	f.Device, f.Image, f.Mounts, f.NoMount = t.Device(), t.Image(), t.Mounts(), t.Mountable()
	return f
}

// Attach gives up nothing: the editor has closed the image.
func (b backend) Attach(image string) (string, error) {
	a, err := session.Attach(image, b.opts, attach.ReadWrite)
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

func (t editTarget) Mount(id model.PartID, access tui.Access) (string, error) {
	how := attach.ReadOnly
	if access == tui.ReadWrite {
		how = attach.ReadWrite
	}
	return t.Session.Mount(id, how)
}

func outside(f session.Facts, d model.Disk) tui.Facts {
	facts := tui.Facts{Path: f.Path, Call: f.Call, Format: f.Format, Size: f.Size, Note: f.Note, Retype: f.Retype, Applied: f.Undo}
	facts.Details = []tui.Fact{
		{Name: "Size", Value: fmt.Sprintf("%s (%d bytes)", geometry.FormatBytes(f.Size), f.Size)},
		{Name: "Sectors", Value: fmt.Sprintf("%d of %d bytes", d.Sectors, d.SectorSize)},
	}
	if f.Undo != nil {
		facts.Details = append(facts.Details, tui.Fact{
			Name: "Undo", Value: "the transaction of " + f.Undo.When.Format("2006-01-02 15:04") + ", " + geometry.FormatBytes(f.Undo.Room) + " are kept for it",
		})
	}
	return facts
}

func (t editTarget) Unfinished() *tui.Unfinished {
	s := t.Session.Unfinished()
	if s == nil {
		return nil
	}
	u := &tui.Unfinished{
		When: s.When.Format("2006-01-02 15:04"), What: fmt.Sprintf("%d of %d steps done", s.Next, s.Units),
		Stage: s.Stage.String(), Text: s.Plan,
	}
	if s.RollingBack {
		u.NoFinish = "it is being rolled back already, and only that can be finished"
	}
	return u
}

// Committing is nil: who has the session has the target.
func (t editTarget) Committing() tui.Run { return nil }

func (t editTarget) Last() *tui.Last {
	last := t.LastResult()
	if last == nil {
		return nil
	}
	return &tui.Last{
		When: last.When.Local().Format(time.DateTime), Plan: last.Plan, Result: last.Result, Recovery: last.Task != worker.Apply,
	}
}

func (t editTarget) Start(q ops.Queue) (tui.Run, error) {
	r, err := t.Session.Start(q, journal.KeepUndo)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (t editTarget) Recover(how tui.Recovery) (tui.Run, error) {
	direction := txn.Finish
	if how == tui.RollBack {
		direction = txn.RollBack
	}
	r, err := t.Session.Recover(direction)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (t editTarget) Undo() (tui.Run, error) {
	r, err := t.Session.Undo()
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (t editTarget) Inform(ctx context.Context, id model.PartID) (report.Sheet, error) {
	return t.Viewer().Inform(ctx, id)
}

func (t editTarget) List(ctx context.Context, id model.PartID, dir string) (report.Listing, error) {
	return t.Viewer().List(ctx, id, dir)
}
