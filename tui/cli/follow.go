package cli

import (
	"context"
	"fmt"
	"time"

	"shunt/ops"
	"shunt/ops/report"
	"shunt/ops/session"
)

// take opens a target to do something to it. Where a commit is under way, begun by a shunt that may be gone, that is
// followed to its end instead: the session is nil then and the error is how the commit ended. A result that nobody
// was there to see is told.
func (s *settings) take(ctx context.Context, path string, asJSON bool) (*session.Session, error) {
	opts, err := s.options()
	if err != nil {
		return nil, err
	}
	sess, run, err := session.OpenOrAttach(path, opts)
	if err != nil {
		return nil, err
	}
	p := s.newPrinter(asJSON)
	if run == nil {
		if last := sess.Last(); last != nil {
			p.last(sess.Facts().Path, *last)
		}
		return sess, nil
	}
	defer run.Leave()
	s.say("A commit is under way on %s; following it to its end. Nothing else is done.", path)
	go p.follow(ctx, run)
	return nil, p.end(run.Result(), exitDone)
}

// last tells how a commit ended that nobody saw end.
func (p *printer) last(path string, last report.Last) {
	if p.json {
		p.line(struct {
			Last report.Last `json:"last"`
		}{last})
		return
	}
	_, _ = fmt.Fprintln(p.err, tellLast(path, last))
}

// tellLast is how a commit ended, in a line.
func tellLast(path string, last report.Last) string {
	what := "The last commit of " + path
	switch last.Task {
	case report.Apply, report.Look:
	case report.Finish, report.RollBack:
		what = "The last recovery of " + path
	case report.Undo:
		what = "The undo of the last transaction of " + path
	}
	when := last.When.Local().Format(time.DateTime)
	switch last.Result.Outcome {
	case report.Done:
		return fmt.Sprintf("%s finished at %s: done, the target is exactly as planned.", what, when)
	case report.RolledBack:
		return fmt.Sprintf("%s finished at %s: rolled back, the target is exactly as it was.", what, when)
	case report.Interrupted:
		return fmt.Sprintf("%s was interrupted at %s: %s", what, when, ops.Telling(last.Result.Err))
	case report.Unchanged:
	}
	return fmt.Sprintf("%s ended at %s: the target was not changed: %s", what, when, ops.Telling(last.Result.Err))
}
