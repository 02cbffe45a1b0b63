package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/ops/worker"
)

// printer tells a run's progress to people, or to programs as JSON lines.
type printer struct {
	out, err *stream
	json     bool
	tty      bool
	done     chan struct{}
}

func (s *settings) newPrinter(asJSON bool) *printer {
	return &printer{out: s.out, err: s.err, json: asJSON, tty: s.err.terminal() && !asJSON, done: make(chan struct{})}
}

// follow prints progress until the run ends. A cancelled context (ctrl+c, SIGTERM) stops the run at the next safe
// point.
func (p *printer) follow(ctx context.Context, run *session.Run) {
	defer close(p.done)
	stop := ctx.Done()
	last := ""
	for {
		select {
		case u, ok := <-run.Updates():
			if !ok {
				if p.tty {
					p.err.status("")
				}
				return
			}
			last = p.progress(u, last)
		case <-stop:
			run.Cancel()
			stop = nil
			if !p.json {
				_, _ = fmt.Fprintln(p.err, "\nStopping where that is safe ...")
			}
		}
	}
}

// progress prints a snapshot and returns the stage it told.
func (p *printer) progress(u report.Progress, last string) string {
	if p.json {
		p.line(worker.Event{Progress: &u})
		return u.Stage
	}
	if u.Phase == report.Deciding || u.Phase == report.Finished || u.Stage == "" {
		return last
	}
	text := whereItStands(u)
	switch {
	case p.tty:
		p.err.status(text)
	case u.Stage != last:
		_, _ = fmt.Fprintln(p.err, text)
	}
	return u.Stage
}

func whereItStands(u report.Progress) string {
	text := fmt.Sprintf("%s: %s", u.Phase, u.Stage)
	if u.Phase == report.Rehearsing {
		text = fmt.Sprintf("%s: %s", u.Phase, ops.Acting(u.Stage))
	}
	if u.Total > 0 {
		text += fmt.Sprintf(", %s of %s", geometry.FormatBytes(u.Done), geometry.FormatBytes(u.Total))
	}
	return text
}

func (p *printer) line(v any) {
	_ = p.out.json(v, "") // who has gone away needs no progress; how it ended is the exit code
}

// report prints what the rehearsal found.
func (p *printer) report(q ops.Queue, r report.Rehearsal, call ops.Call) {
	if p.json {
		p.line(worker.Event{Report: &r})
		return
	}
	w := p.err
	if p.tty {
		w.status("")
	}
	_, _ = fmt.Fprintln(w, "Rehearsal")
	for i, op := range q.Ops() {
		_, _ = fmt.Fprintf(w, "  %d. %-60s %s\n", i+1, op.Describe(q.Before(i)), q.Cost(i))
	}
	for _, s := range r.Steps {
		mark, text := "ok", ops.Did(s.Text)
		if s.Err != "" {
			mark, text = "FAILED", s.Text
		}
		_, _ = fmt.Fprintf(w, "  %-6s %s (%s)\n", mark, text, s.Took.Round(time.Millisecond))
	}
	if r.Err != "" {
		return
	}
	for _, f := range r.Filesystems {
		used := "usage not known"
		if f.Used >= 0 {
			used = geometry.FormatBytes(f.Used) + " used"
		}
		_, _ = fmt.Fprintf(w, "  verified: %s in %s, %s, %s\n", f.Kind, f.Ref, geometry.FormatBytes(f.Size), used)
	}
	_, _ = fmt.Fprintf(w, "  The commit copies %s within the target, writes %s of new content and keeps a journal of %s; unused space that is not copied: %s.\n",
		geometry.FormatBytes(r.CopyBytes), geometry.FormatBytes(r.PlaceBytes), geometry.FormatBytes(r.JournalSize), geometry.FormatBytes(r.SkippedFree))
	if r.UndoBytes > 0 {
		_, _ = fmt.Fprintf(w, "  After it %s stay beside the target, for `%s`.\n", geometry.FormatBytes(r.UndoBytes), call.Line("undo"))
	}
	for _, text := range q.Consequences() {
		_, _ = fmt.Fprintf(w, "  %s\n", text)
	}
	for _, text := range r.Warnings {
		_, _ = fmt.Fprintf(w, "  Warning: %s\n", text)
	}
}

// note tells what else there is to say of a run that ended well.
func (p *printer) note(r report.Result) {
	if r.Advice != "" {
		_, _ = fmt.Fprintln(p.err, r.Advice)
	}
}

func (p *printer) drain() { <-p.done }

// end tells how a run ended. rolledBack is the exit code for a target that was brought back to what it was.
func (p *printer) end(r report.Result, rolledBack int) error {
	p.drain()
	if p.json {
		p.line(worker.Event{Result: &r})
	}
	err := errors.New(r.Err)
	if r.Advice != "" {
		err = fmt.Errorf("%s. %s", strings.TrimSuffix(r.Err, "."), r.Advice)
	}
	switch r.Outcome {
	case report.Done:
		_, _ = fmt.Fprintln(p.err, "Done: the target is exactly as planned.")
		p.note(r)
		return nil
	case report.RolledBack:
		_, _ = fmt.Fprintln(p.err, "Rolled back: the target is exactly as it was.")
		p.note(r)
		if rolledBack == exitDone {
			return nil
		}
		return &exitError{rolledBack, nil}
	case report.Interrupted:
		return &exitError{exitInterrupted, err}
	case report.Unchanged:
	}
	return &exitError{exitRefused, fmt.Errorf("%w. The target is unchanged", err)}
}
