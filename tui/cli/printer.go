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

// line prints a value as a line of JSON.
func (s *settings) line(v any) {
	_ = s.out.json(v, "") // the exit code also reports the result
}

// lastText describes in one line how a commit ended.
func lastText(path string, last report.Last) string {
	what := "The last commit of " + path
	if last.Task == report.Undo {
		what = "The undo of the last transaction of " + path
	} else if last.Task != report.Apply {
		what = "The last recovery of " + path
	}
	when := last.When.Local().Format(time.DateTime)
	switch last.Result.Outcome {
	case report.Done:
		return fmt.Sprintf("%s ended at %s: the target is exactly as planned.", what, when)
	case report.RolledBack:
		how := report.AsItWas(last.Result.LostUnused)
		return fmt.Sprintf("%s was rolled back at %s: the target is %s.", what, when, how)
	case report.Interrupted:
		return fmt.Sprintf("%s was interrupted at %s: %s", what, when, last.Result.Err)
	case report.Unchanged:
	}
	return fmt.Sprintf("%s was given up at %s, and the target was not changed: %s", what, when, last.Result.Err)
}

// printer prints the progress of a run, as text or as JSON lines.
type printer struct {
	*settings
	facts report.Facts // of the target
	tty   bool
	done  chan struct{} // closed when all progress is printed
}

// follow starts to print the progress of a run. When ctx is cancelled (ctrl+c, SIGTERM), the run stops at the next safe
// point.
func (s *settings) follow(ctx context.Context, run *session.Run, facts report.Facts) *printer {
	return s.print(ctx, run, facts, func() {
		run.Cancel()
		if !s.json {
			s.say("\nStopping at the next safe point ...")
		}
	})
}

// print starts to print the progress of a run, and calls cancelled when ctx is cancelled before the run has ended.
func (s *settings) print(ctx context.Context, run *session.Run, facts report.Facts, cancelled func()) *printer {
	p := &printer{settings: s, facts: facts, tty: s.err.terminal() && !s.json, done: make(chan struct{})}
	stop := context.AfterFunc(ctx, cancelled)
	go func() {
		defer close(p.done)
		defer stop()
		last := ""
		for u := range run.Updates() {
			last = p.progress(u, last)
		}
		p.clear()
	}()
	return p
}

// clear clears the progress line of a terminal.
func (p *printer) clear() {
	if p.tty {
		p.err.status("")
	}
}

// progress prints a snapshot and returns its stage. last is the stage that was printed before.
func (p *printer) progress(u report.Progress, last string) string {
	if p.json {
		p.line(worker.Event{Progress: &u})
		return u.Stage
	}
	if u.Phase == report.Deciding || u.Phase == report.Finished || u.Stage == "" {
		return last
	}
	switch text := progressText(u, p.facts); {
	case p.tty:
		p.err.status(text)
	case u.Stage != last:
		p.say("%s", text)
	}
	return u.Stage
}

// progressText says what a run does, in the words of the editor's page: "committing: copying data (step 3 of 6), 1.00 MiB of
// 2.00 MiB".
func progressText(u report.Progress, f report.Facts) string {
	text := fmt.Sprintf("%s: %s", u.Title(), u.Words(f))
	if count := u.Count(f); count != "" {
		text += " (" + count + ")"
	}
	if u.Total > 0 {
		text += fmt.Sprintf(", %s of %s", geometry.FormatBytes(u.Done), geometry.FormatBytes(u.Total))
	}
	return text
}

// report prints the report of a rehearsal.
func (p *printer) report(q ops.Queue, r report.Rehearsal, call ops.Call) {
	if p.json {
		p.line(worker.Event{Report: &r})
		return
	}
	p.clear()
	p.say("Rehearsal")
	for _, again := range r.Replanned {
		p.say("  %s.", again)
	}
	for i := range q.Len() {
		p.say("  %d. %-60s %s", i+1, q.DescribeAt(i), q.Cost(i))
	}
	for _, s := range r.Steps {
		mark, text := "ok", s.Did
		if s.Err != "" {
			mark, text = "FAILED", s.Text
		}
		p.say("  %-6s %s (%s)", mark, text, s.Took.Round(time.Millisecond))
		p.repair(s)
	}
	if r.Err != "" {
		return
	}
	for _, f := range r.Filesystems {
		used := "usage not known"
		if f.Used >= 0 {
			used = geometry.FormatBytes(f.Used) + " used"
		}
		p.say("  verified: %s in %s, %s, %s", f.Kind, f.Ref, geometry.FormatBytes(f.Size), used)
	}
	p.cost(r)
	if r.Remapped > 0 {
		p.say("  It moves %s without copying it.", geometry.FormatBytes(r.Remapped))
	}
	if r.GivesBack > 0 {
		p.say("  It gives %s back to the host.", geometry.FormatBytes(r.GivesBack))
	}
	if r.UndoBytes > 0 {
		p.say("  %s", r.KeptWords("`"+call.Line("undo")+"`"))
	}
	for _, text := range append([]string{r.Earlier.Kept(), r.Earlier.Gone()}, q.Consequences()...) {
		if text != "" {
			p.say("  %s", text)
		}
	}
	for _, text := range r.Warnings {
		p.say("  Warning: %s", text)
	}
}

// cost prints what a commit writes.
func (p *printer) cost(r report.Rehearsal) {
	if r.OneWrite {
		copied := ""
		if r.CopyBytes > 0 {
			copied = "copies " + geometry.FormatBytes(r.CopyBytes) + " from the backing file, "
		}
		p.say("  The commit %swrites %s to free places of the file; one write of 512 bytes then makes that the disk, so it cannot stay half done; "+
			"unused space that is not moved: %s.", copied, geometry.FormatBytes(r.PlaceBytes), geometry.FormatBytes(r.SkippedFree))
		return
	}
	if r.NewImage {
		p.say("  The commit writes a new image with %s of data beside the present one, checks it and compares it; then it takes the name in one step, "+
			"so it cannot stay half done; unused space that is not copied: %s.", geometry.FormatBytes(r.NewFile), geometry.FormatBytes(r.SkippedFree))
		return
	}
	p.say("  The commit copies %s within the target, writes %s of new content and keeps a journal of %s; "+
		"unused space that is not copied: %s.", geometry.FormatBytes(r.CopyBytes), geometry.FormatBytes(r.PlaceBytes),
		geometry.FormatBytes(r.JournalSize), geometry.FormatBytes(r.SkippedFree))
}

// repair prints what a check did to a file system, in the tool's own words and in numbers.
func (p *printer) repair(s report.StepResult) {
	if s.Check == nil {
		return
	}
	const mostSaid, mostFiles = 30, 20
	for _, line := range s.Said(mostSaid) {
		p.say("         | %s", line)
	}
	for _, line := range s.Check.Lines(mostFiles) {
		p.say("         %s", line)
	}
}

// end prints how a run ended. rolledBack is the exit code for a target that was rolled back.
func (p *printer) end(r report.Result, rolledBack int) error {
	<-p.done
	if p.json {
		p.line(worker.Event{Result: &r})
	}
	if r.Outcome != report.Done && r.Outcome != report.RolledBack {
		err := errors.New(r.Err)
		if r.Advice != "" {
			err = fmt.Errorf("%s. %s", strings.TrimSuffix(r.Err, "."), r.Advice)
		}
		if r.Outcome == report.Interrupted {
			return &exitError{code: exitInterrupted, err: err}
		}
		return fmt.Errorf("%w. shunt has left the target unchanged", err)
	}
	text, code := "Done: the target is exactly as planned.", exitDone
	if r.Outcome == report.RolledBack {
		text, code = "Rolled back: the target is "+report.AsItWas(r.LostUnused)+".", rolledBack
	}
	p.say("%s", text)
	if r.Advice != "" {
		p.say("%s", r.Advice)
	}
	if code != exitDone {
		return &exitError{code: code}
	}
	return nil
}
