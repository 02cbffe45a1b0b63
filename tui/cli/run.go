package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/session"
)

// applyFlags are the flags of apply.
type applyFlags struct {
	yes, rehearse, verify, noUndo bool

	piped       bool   // standard input is the plan, and cannot answer a question
	nothing     string // what is said if there is nothing to do
	dropBitmaps bool   // of the image, first
	// asks reports whether a queue needs an answer before it is committed. If it is nil, all do.
	asks func(ops.Queue) bool
}

func (f applyFlags) options() journal.Options {
	options := journal.KeepUndo
	if f.noUndo {
		options = 0
	}
	if f.verify {
		options |= journal.Verify
	}
	return options
}

func (s *settings) applyCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "apply TARGET PLAN|LINE...",
		Short: "Rehearse a plan file, ask, and apply it in one transaction",
		Long: "Apply reads operations from the file PLAN, one a line (\"-\" reads standard input), rehearses all of them\n" +
			"without touching TARGET, shows the report, asks, and commits. Two words or more are the line of a plan\n" +
			"themselves: `shunt apply stick.raw grow 1`. The data to undo the transaction is kept beside TARGET; see\n" +
			"`shunt undo`.",
		Args: arguments(2, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.piped, f.nothing = args[1] == "-", "The plan contains no operations; nothing was changed."
			return s.apply(cmd.Context(), args[0], f, func(sess *session.Session) (ops.Queue, error) { return s.plan(sess, args[1:]) })
		},
	}
	takesNegative(cmd)
	s.applyFlags(cmd, &f)
	return cmd
}

// applyFlags adds the flags of commands that rehearse, ask and commit.
func (s *settings) applyFlags(cmd *cobra.Command, f *applyFlags) {
	cmd.Flags().BoolVar(&f.yes, "yes", false, "commit without asking")
	cmd.Flags().BoolVar(&f.rehearse, "rehearse", false, "stop after the rehearsal")
	cmd.Flags().BoolVar(&f.verify, "verify", false, "read back everything that was written and compare checksums")
	cmd.Flags().BoolVar(&f.noUndo, "no-undo", false, "keep no data for undoing the transaction")
	cmd.Flags().StringArrayVar(&s.overlays, "overlay", nil, "an image elsewhere that may show TARGET as its backing file; you are warned of those that do")
	cmd.Flags().BoolVar(&s.json, "json", false, "print progress, report and result as JSON lines")
}

// noAnswer is the error where nobody can be asked.
var noAnswer = usage(errors.New("there is no terminal for the question: add --yes to commit, or --rehearse to rehearse only"))

// mute reports whether there is a question, and nobody who could answer it.
func (s *settings) mute(f applyFlags) bool {
	return !f.yes && !f.rehearse && (f.piped || !term.IsTerminal(s.in.Fd()))
}

// apply applies the queue that stage returns for the target at path.
func (s *settings) apply(ctx context.Context, path string, f applyFlags, stage func(*session.Session) (ops.Queue, error)) error {
	return s.with(ctx, path, func(sess *session.Session) error {
		facts := sess.Facts()
		if err := requireTypedName(facts.Retype, f.yes && !f.rehearse); err != nil {
			return err
		}
		q, err := stage(sess)
		if err != nil {
			return err
		}
		if q.Len() == 0 {
			s.say("%s", f.nothing)
			return nil
		}
		if f.asks != nil {
			f.yes = f.yes || !f.asks(q)
		}
		if s.mute(f) {
			return noAnswer
		}
		return s.commit(ctx, sess, q, path, f)
	})
}

// commit rehearses a queue, asks, and commits it.
func (s *settings) commit(ctx context.Context, sess *session.Session, q ops.Queue, path string, f applyFlags) error {
	facts := sess.Facts()
	run, err := sess.Start(q, f.options())
	if err != nil {
		return err
	}
	p := s.follow(ctx, run, facts)
	rehearsal, ok := run.Report()
	if ok {
		p.report(run.Rehearsed(), rehearsal, facts.Call)
	}
	if !ok || rehearsal.Err != "" {
		return p.end(run.Result(), exitRefused)
	}
	if !rehearsal.Nothing && !f.rehearse && s.agreed(ctx, facts.Retype, "Write this to "+path+"?", f.yes) {
		run.Commit()
		return p.end(run.Result(), exitRefused)
	}
	run.Cancel()
	run.Result()
	<-p.done
	switch {
	case rehearsal.Nothing:
		s.say("%s is as planned already; nothing was changed.", path)
	case !f.rehearse:
		return errors.New("not confirmed; nothing was written")
	default:
		s.say("Rehearsed; the target is unchanged.")
	}
	return nil
}

// requireFinished refuses a target with an unfinished transaction.
func requireFinished(sess *session.Session) error {
	left, facts := sess.Unfinished(), sess.Facts()
	if left == nil {
		return nil
	}
	return unfinished(fmt.Errorf("%s has an unfinished transaction: %s", facts.Path, facts.Call.WaysOn(left.Ways())))
}

// editable refuses a target that no plan can change.
func editable(sess *session.Session) error {
	if err := requireFinished(sess); err != nil {
		return err
	}
	if d := sess.Disk(); !d.ReadOnly().OK() && (d.Needs() == 0 || d.Fixed) && !d.TableGone() {
		p, _ := d.Fatal()
		facts := sess.Facts()
		if p.Advice != "" {
			p.Text += "; " + facts.Call.Fill(p.Advice)
		}
		return fmt.Errorf("%s cannot be edited: %s", facts.Path, p.Text)
	}
	return nil
}

// plan reads the plan file that the only word names, or takes the words as a line of a plan, and stages the operations.
func (s *settings) plan(sess *session.Session, words []string) (ops.Queue, error) {
	barred := editable(sess)
	if barred != nil && (sess.Unfinished() != nil || !sess.Disk().Incurable().OK()) {
		return ops.Queue{}, barred
	}
	in, name := io.Reader(s.in), words[0]
	switch {
	case len(words) > 1:
		name = plan.Line(words)
		in = strings.NewReader(name)
	case name != "-":
		file, err := os.Open(name)
		if err != nil {
			return ops.Queue{}, tried.Errorf("read the plan: %w", err)
		}
		defer func() { _ = file.Close() }() // only read
		in = file
	}
	q, err := plan.Parse(in, ops.NewQueue(sess.Disk(), sess.Env()), s.grid)
	refusal := new(ops.Refusal)
	if barred != nil && errors.As(err, &refusal) && refusal.Reason == sess.Disk().ReadOnly() {
		return ops.Queue{}, barred // only another table can be staged
	}
	if err != nil {
		return ops.Queue{}, fmt.Errorf("%s: %w. Nothing was changed", name, err)
	}
	return q, nil
}

func (s *settings) recoverCommand() *cobra.Command {
	var back bool
	cmd := &cobra.Command{
		Use:   "recover TARGET",
		Short: "Finish or roll back an interrupted transaction",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			how := report.Finish
			if back {
				how = report.RollBack
			}
			return s.recover(cmd.Context(), args[0], how)
		},
	}
	cmd.Flags().BoolVar(&back, "rollback", false, "restore the target to its previous state")
	cmd.Flags().BoolVar(&s.json, "json", false, "print progress and result as JSON lines")
	return cmd
}

func (s *settings) recover(ctx context.Context, path string, how report.Task) error {
	ended := func(p *printer, r report.Result) error { return p.end(r, exitDone) } // following a commit to its end is a recovery, too
	return s.withOr(ctx, path, func(sess *session.Session) error {
		if sess.Unfinished() == nil {
			s.say("%s has no unfinished transaction; nothing was changed.", path)
			return nil
		}
		return s.finish(ctx, sess.Facts(), func() (*session.Run, error) { return sess.Recover(how) })
	}, ended)
}

// finish starts a run and follows it to its end.
func (s *settings) finish(ctx context.Context, facts report.Facts, begin func() (*session.Run, error)) error {
	run, err := begin()
	if err != nil {
		return err
	}
	return s.follow(ctx, run, facts).end(run.Result(), exitDone)
}

// agreed asks before the target is written. For a physical disk the user has to type its name, retype.
func (s *settings) agreed(ctx context.Context, retype, question string, yes bool) bool {
	switch {
	case retype != "":
		return s.ask(ctx, "This is a physical disk. Type its name, "+retype+", to write to it: ") == retype
	case yes:
		return true
	}
	answer := strings.ToLower(s.ask(ctx, question+" [y/N] "))
	return answer == "y" || answer == "yes"
}

// requireTypedName refuses --yes for a physical disk.
func requireTypedName(retype string, yes bool) error {
	if retype == "" || !yes {
		return nil
	}
	return usage(fmt.Errorf("%s is a physical disk: --yes is not enough, its name has to be typed", retype))
}

// ask asks a question and returns the answer without surrounding space. Ctrl+c, SIGTERM and the end of the input give an
// empty answer.
func (s *settings) ask(ctx context.Context, question string) string {
	_, _ = fmt.Fprint(s.err, question)
	if !waitFor(ctx, s.in) {
		s.say("")
		return ""
	}
	answer, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimSpace(answer)
}

// waitFor waits until f can be read, on a terminal a whole line, and reports whether it was before ctx ended. Nothing reads
// f after that: the library that prints errors asks the terminal for its colours, and would wait for the other reader.
func waitFor(ctx context.Context, f *os.File) bool {
	r, w, err := os.Pipe()
	if err != nil || f == nil {
		return ctx.Err() == nil
	}
	defer func() { _ = r.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = w.Close() })
	defer func() {
		if stop() {
			_ = w.Close()
		}
	}()
	wait := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}, {Fd: int32(r.Fd()), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(wait, -1); err != unix.EINTR {
			return err == nil && wait[1].Revents == 0
		}
	}
}
