package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/session"
)

// applyFlags are the flags of apply.
type applyFlags struct {
	yes, rehearse, json bool
	verify, noUndo      bool
}

// wishes are what the flags ask of the commit.
func (f applyFlags) wishes() journal.Options {
	wishes := journal.KeepUndo
	if f.noUndo {
		wishes = 0
	}
	if f.verify {
		wishes |= journal.Verify
	}
	return wishes
}

func (s *settings) applyCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "apply TARGET PLAN",
		Short: "Rehearse a plan file, ask, and apply it in one transaction",
		Long: "Apply reads operations from the file PLAN, one a line (\"-\" reads standard input), rehearses all of them\n" +
			"without touching TARGET, shows the report, asks, and commits. What it takes to undo the transaction is kept\n" +
			"beside TARGET until the next one; see `shunt undo`.",
		Args: exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return s.apply(cmd.Context(), args[0], args[1], f) },
	}
	cmd.Flags().BoolVar(&f.yes, "yes", false, "commit without asking")
	cmd.Flags().BoolVar(&f.rehearse, "rehearse", false, "stop after the rehearsal")
	cmd.Flags().BoolVar(&f.verify, "verify", false, "read everything back that was written and compare checksums")
	cmd.Flags().BoolVar(&f.noUndo, "no-undo", false, "keep nothing to undo the transaction with")
	cmd.Flags().BoolVar(&f.json, "json", false, "print progress, report and result as JSON lines")
	return cmd
}

func (s *settings) recoverCommand() *cobra.Command {
	var back, asJSON bool
	cmd := &cobra.Command{
		Use:   "recover TARGET",
		Short: "Finish or roll back an interrupted transaction",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			how := report.Finish
			if back {
				how = report.RollBack
			}
			return s.recover(cmd.Context(), args[0], how, asJSON)
		},
	}
	cmd.Flags().BoolVar(&back, "rollback", false, "bring the target back to what it was")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print progress and result as JSON lines")
	return cmd
}

func (s *settings) apply(ctx context.Context, path, plan string, f applyFlags) (err error) {
	if !f.yes && !f.rehearse && (plan == "-" || !term.IsTerminal(s.in.Fd())) {
		return usage(errors.New("there is no terminal to ask on: add --yes to commit or --rehearse to only try"))
	}
	align, err := s.alignment()
	if err != nil {
		return err
	}
	sess, err := s.take(ctx, path, f.json)
	if err != nil || sess == nil {
		return err
	}
	defer func() { err = errors.Join(err, sess.Close()) }()
	if err := typed(sess.Facts().Retype, f.yes && !f.rehearse); err != nil {
		return err
	}
	q, err := s.plan(sess, plan, align)
	if err != nil {
		return err
	}
	if q.Len() == 0 {
		s.say("The plan holds no operation; nothing was changed.")
		return nil
	}
	run, err := sess.Start(q, f.wishes())
	if err != nil {
		return err
	}
	p := s.newPrinter(f.json)
	go p.follow(ctx, run)
	report, ok := run.Report()
	if !ok {
		return p.end(run.Result(), exitRefused)
	}
	p.report(q, report, sess.Facts().Call)
	if report.Err != "" {
		return p.end(run.Result(), exitRefused)
	}
	if f.rehearse {
		run.Cancel()
		run.Result()
		p.drain()
		s.say("Rehearsed; the target is unchanged.")
		return nil
	}
	if !s.agreed(ctx, sess.Facts().Retype, "Write this to "+path+"?", f.yes) {
		run.Cancel()
		run.Result()
		p.drain()
		return errors.New("not confirmed; nothing was written")
	}
	run.Commit()
	return p.end(run.Result(), exitRefused)
}

// plan opens the plan file and stages it.
func (s *settings) plan(sess *session.Session, name string, align geometry.Alignment) (ops.Queue, error) {
	switch {
	case sess.Damage() != nil:
		return ops.Queue{}, unfinished(sess.Damage())
	case sess.Unfinished() != nil:
		return ops.Queue{}, unfinished(fmt.Errorf("%s has an unfinished transaction: run `%s` to finish it, or `%s` to roll it back",
			sess.Facts().Path, sess.Facts().Call.Line("recover"), sess.Facts().Call.Line("recover", "--rollback")))
	case !sess.Disk().ReadOnly().OK():
		return ops.Queue{}, readOnly(sess)
	}
	in := io.Reader(s.in)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return ops.Queue{}, fmt.Errorf("read the plan: %w", err)
		}
		defer func() { _ = file.Close() }() // only read
		in = file
	}
	q, err := plan.Parse(in, ops.NewQueue(sess.Disk(), sess.Env()), align)
	if err != nil {
		return ops.Queue{}, fmt.Errorf("%s: %w. Nothing was changed", name, err)
	}
	return q, nil
}

func readOnly(sess *session.Session) error {
	p, _ := sess.Disk().Fatal()
	if p.Advice != "" {
		p.Text += "; " + sess.Facts().Call.Fill(p.Advice)
	}
	return fmt.Errorf("%s cannot be edited: %s", sess.Facts().Path, p.Text)
}

func (s *settings) recover(ctx context.Context, path string, how report.Task, asJSON bool) (err error) {
	sess, err := s.take(ctx, path, asJSON)
	if err != nil || sess == nil {
		return err
	}
	defer func() { err = errors.Join(err, sess.Close()) }()
	if sess.Damage() != nil {
		return unfinished(sess.Damage())
	}
	if sess.Unfinished() == nil {
		s.say("%s has no unfinished transaction; nothing was changed.", path)
		return nil
	}
	run, err := sess.Recover(how)
	if err != nil {
		return err
	}
	p := s.newPrinter(asJSON)
	go p.follow(ctx, run)
	return p.end(run.Result(), exitDone)
}

func (s *settings) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.err, format+"\n", args...)
}

// agreed asks before the target is written to. For a physical disk its name, retype, is what has to be typed.
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

// typed refuses to do without the name of a physical disk.
func typed(retype string, yes bool) error {
	if retype == "" || !yes {
		return nil
	}
	return usage(fmt.Errorf("%s is a physical disk: --yes does not do, its name has to be typed", retype))
}

// ask asks a question and returns the answer without the space around it. Ctrl+c, SIGTERM and the end of the input are
// an empty answer.
func (s *settings) ask(ctx context.Context, question string) string {
	_, _ = fmt.Fprint(s.err, question)
	answers := make(chan string, 1)
	go func() {
		answer, err := bufio.NewReader(s.in).ReadString('\n')
		if err != nil {
			answer = ""
		}
		answers <- strings.TrimSpace(answer)
	}()
	select {
	case answer := <-answers:
		return answer
	case <-ctx.Done():
		s.say("")
		return ""
	}
}
