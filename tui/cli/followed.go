package cli

import (
	"context"
	"errors"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/tui"
)

// followed is a target on which a worker is committing that this process did not start. Once that has ended, a Rescan
// opens the target, and it is a target like others from then on.
type followed struct {
	backend backend
	path    string
	run     *session.Run
	disk    model.Disk
	facts   report.Facts
	open    tui.Target // nil as long as the worker has the target
}

var errCommitting = errors.New("a commit is under way on this target: nothing else can be done until it has ended")

func (b backend) follow(path string, run *session.Run) (tui.Target, error) {
	disk, facts, _, err := session.Inspect(path, b.opts)
	if err != nil {
		run.Leave()
		return nil, err
	}
	return &followed{backend: b, path: path, run: run, disk: disk, facts: facts}, nil
}

func (t *followed) Facts() report.Facts {
	if t.open != nil {
		return t.open.Facts()
	}
	return t.facts
}

func (t *followed) Disk() model.Disk {
	if t.open != nil {
		return t.open.Disk()
	}
	return t.disk
}

func (t *followed) Env() ops.Env {
	if t.open != nil {
		return t.open.Env()
	}
	return ops.Env{}
}

func (t *followed) Unfinished() *report.Unfinished {
	if t.open != nil {
		return t.open.Unfinished()
	}
	return nil
}

func (t *followed) Committing() tui.Run {
	if t.open != nil {
		return t.open.Committing()
	}
	return t.run
}

// Last is nil: the commit's end is seen here.
func (t *followed) Last() *report.Last { return nil }

func (t *followed) Start(q ops.Queue) (tui.Run, error) {
	if t.open == nil {
		return nil, errCommitting
	}
	return t.open.Start(q)
}

func (t *followed) Recover(how report.Task) (tui.Run, error) {
	if t.open == nil {
		return nil, errCommitting
	}
	return t.open.Recover(how)
}

func (t *followed) Undo() (tui.Run, error) {
	if t.open == nil {
		return nil, errCommitting
	}
	return t.open.Undo()
}

func (t *followed) Inform(ctx context.Context, id model.PartID) (report.Sheet, error) {
	if t.open == nil {
		return report.Sheet{}, errCommitting
	}
	return t.open.Inform(ctx, id)
}

func (t *followed) List(ctx context.Context, id model.PartID, dir string) (report.Listing, error) {
	if t.open == nil {
		return report.Listing{}, errCommitting
	}
	return t.open.List(ctx, id, dir)
}

func (t *followed) Mount(id model.PartID, access model.Access) (string, error) {
	if t.open == nil {
		return "", errCommitting
	}
	return t.open.Mount(id, access)
}

func (t *followed) Unmount(id model.PartID) (string, error) {
	if t.open == nil {
		return "", errCommitting
	}
	return t.open.Unmount(id)
}

func (t *followed) Discover() ops.Env {
	if t.open == nil {
		return ops.Env{}
	}
	return t.open.Discover()
}

func (t *followed) Rescan() error {
	if t.open != nil {
		return t.open.Rescan()
	}
	opened, err := t.backend.Open(t.path)
	if err != nil {
		return err
	}
	t.run.Leave()
	t.open = opened
	return nil
}

func (t *followed) Close() error {
	if t.open != nil {
		return t.open.Close()
	}
	t.run.Leave()
	return nil
}
