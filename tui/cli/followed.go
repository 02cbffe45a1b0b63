package cli

import (
	"context"
	"errors"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/tui"
)

// followed is a target on which a worker of another process is committing. After the commit has ended, Rescan opens the
// target, and it behaves like any other.
type followed struct {
	tui.Target // committing, until Rescan opens the target
	backend    backend
	path       string
}

func (b backend) follow(path string, run *session.Run) (tui.Target, error) {
	disk, facts, _, err := session.Inspect(path, b.opts)
	if err != nil {
		run.Leave()
		return nil, err
	}
	return &followed{committing{run, disk, facts}, b, path}, nil
}

func (t *followed) Rescan() error {
	was, waiting := t.Target.(committing)
	if !waiting {
		return t.Target.Rescan()
	}
	opened, err := t.backend.openNow(t.path)
	if err != nil {
		return err
	}
	t.Target = opened
	return was.Close()
}

// Last returns nil: the editor has shown how the commit ended.
func (t *followed) Last() *report.Last { return nil }

// committing is a target while another process commits to it. It can be shown, and nothing else.
type committing struct {
	run   *session.Run
	disk  model.Disk
	facts report.Facts
}

var errCommitting = errors.New("a commit is under way on this target: nothing else can be done until it ends")

func (c committing) Facts() report.Facts  { return c.facts }
func (c committing) Disk() model.Disk     { return c.disk }
func (c committing) Committing() tui.Run  { return c.run }
func (committing) Env() ops.Env           { return ops.Env{} }
func (committing) Discover() ops.Env      { return ops.Env{} }
func (committing) Last() *report.Last     { return nil }
func (committing) Rescan() error          { return errCommitting }
func (committing) Undo() (tui.Run, error) { return nil, errCommitting }

func (committing) Sectors(geometry.Sector, int) []report.Sector { return nil }

func (committing) Unfinished() *report.Unfinished                   { return nil }
func (committing) Start(ops.Queue) (tui.Run, error)                 { return nil, errCommitting }
func (committing) StartAhead(ops.Queue) (tui.Run, error)            { return nil, errCommitting }
func (committing) Recover(report.Task) (tui.Run, error)             { return nil, errCommitting }
func (committing) Unmount(model.PartID) (string, error)             { return "", errCommitting }
func (committing) SwapOn(model.PartID) error                        { return errCommitting }
func (committing) Free(model.PartID) (string, error)                { return "", errCommitting }
func (committing) Mount(model.PartID, model.Access) (string, error) { return "", errCommitting }

func (committing) Inform(context.Context, model.PartID) (report.Sheet, error) {
	return report.Sheet{}, errCommitting
}

func (committing) List(context.Context, model.PartID, string) (report.Listing, error) {
	return report.Listing{}, errCommitting
}

func (committing) Head(context.Context, model.PartID, string, int) ([]byte, bool, error) {
	return nil, false, errCommitting
}

func (committing) Lost(context.Context, bool, func(done, total int64)) ([]model.Lost, []string, error) {
	return nil, nil, errCommitting
}

func (committing) CopyOut(context.Context, tui.CopyOut) (report.CopiedOut, error) {
	return report.CopiedOut{}, errCommitting
}
func (committing) Fstabs(context.Context, model.PartID) []string { return nil }

func (c committing) Close() error {
	c.run.Leave()
	return nil
}
