package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/ops/worker"
)

// with opens a target and calls do. If another process is committing to the target, with follows that commit to its end
// instead, and then fails. It first prints the result of an earlier commit that was not shown yet.
func (s *settings) with(ctx context.Context, path string, do func(*session.Session) error) error {
	return s.withOr(ctx, path, do, func(p *printer, r report.Result) error { return p.endOther(r, path) })
}

// withOr is like with, but ends with followed if it has followed the commit of another process to its end. When ctx is cancelled
// it stops following, and that commit goes on.
func (s *settings) withOr(ctx context.Context, path string, do func(*session.Session) error, followed func(*printer, report.Result) error) (err error) {
	sess, run, err := session.OpenOrAttach(path, s.opts)
	if err != nil {
		return err
	}
	if run != nil {
		defer run.Leave()
		s.say("A commit is under way on %s; following it to its end. This command does nothing else.", path)
		_, facts, _, _ := session.Inspect(path, s.opts) // only words depend on them
		var left atomic.Bool
		p := s.print(ctx, run, facts, func() {
			left.Store(true)
			run.Leave() // the commit belongs to another process, or to nobody: it goes on
		})
		if r := run.Result(); !left.Load() || !r.Silent {
			return followed(p, r)
		}
		return p.leave(path)
	}
	defer func() { err = errors.Join(err, sess.Close()) }()
	if last := sess.Last(); last != nil && s.json {
		s.line(struct {
			Last report.Last `json:"last"`
		}{*last})
	} else if last != nil {
		s.say("%s", lastText(sess.Facts().Path, *last))
		if last.Result.Advice != "" && last.Result.Outcome != report.Interrupted {
			s.say("%s", last.Result.Advice)
		}
	}
	for _, text := range sess.Facts().Mended {
		s.say("Note: %s.", text)
	}
	if damage := sess.Damage(); damage != nil {
		return unfinished(damage)
	}
	return do(sess)
}

// endOther prints how the commit of another process ended, and returns why the command has failed.
func (p *printer) endOther(r report.Result, path string) error {
	<-p.done
	failed := fmt.Errorf("what this command was asked to do was not done, because another commit was under way on %s; "+
		"it has ended, so you can run the command again now", path)
	switch r.Outcome {
	case report.Interrupted:
		return p.end(r, exitInterrupted) // it has to be recovered first
	case report.Done:
		p.say("That commit has ended: the target is exactly as planned by it.")
	case report.RolledBack:
		p.say("That commit has ended and was rolled back: the target is %s.", report.AsItWas(r.LostUnused))
	case report.Unchanged:
		p.say("That commit was given up, and the target was not changed: %s", r.Err)
	}
	if p.json {
		p.line(struct {
			Followed report.Result `json:"followed"`
		}{r})
	}
	return p.notDone(failed)
}

// leave returns why a command has failed that stopped following the commit of another process.
func (p *printer) leave(path string) error {
	<-p.done
	call := p.facts.Call
	call.Path = cmp.Or(call.Path, path)
	return unfinished(p.notDone(fmt.Errorf("this command has stopped following the commit on %s and has done nothing else. That commit goes on; "+
		"`%s` follows it again, and in shunt's editor q stops it", path, call.Line("recover"))))
}

// notDone prints as JSON that a command has changed nothing, and returns why.
func (p *printer) notDone(why error) error {
	if p.json {
		p.line(worker.Event{Result: &report.Result{Outcome: report.Unchanged, Err: why.Error()}})
	}
	return why
}
