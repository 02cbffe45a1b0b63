package session

import (
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/worker"
)

func undoable(dir *journal.Dir) (*report.Applied, error) {
	a, err := worker.Undoable(dir)
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// Undoable is the transaction that was applied last and what is kept to take it back; the error says why there is none
// and wraps txn.ErrNoUndo where none was to be expected. Whether the target has changed since is found out by Undo.
func (s *Session) Undoable() (*report.Applied, error) { return s.applied, s.noUndo }

// Undo has a worker take back the transaction that was applied last. It does so at once; if the target has changed since
// the run ends with report.Unchanged.
func (s *Session) Undo() (*Run, error) {
	if s.damage != nil {
		return nil, s.damage
	}
	if s.noUndo != nil {
		return nil, s.noUndo
	}
	return s.launch(worker.Job{Task: report.Undo, Plan: s.applied.Plan})
}
