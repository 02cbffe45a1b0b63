package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/ops/txn"
)

// undoFlags are the flags of undo.
type undoFlags struct{ yes, json bool }

func (s *settings) undoCommand() *cobra.Command {
	var f undoFlags
	cmd := &cobra.Command{
		Use:   "undo TARGET",
		Short: "Take back the transaction that was applied last",
		Long: "Undo brings TARGET back to what it was before the last transaction, in one transaction, from what was kept\n" +
			"beside it. It refuses if TARGET was changed since in any way. Only the last transaction can be undone, and\n" +
			"only once.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.undo(cmd.Context(), args[0], f) },
	}
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do it without asking")
	cmd.Flags().BoolVar(&f.json, "json", false, "print progress and result as JSON lines")
	return cmd
}

func (s *settings) undo(ctx context.Context, path string, f undoFlags) (err error) {
	if !f.yes && !term.IsTerminal(s.in.Fd()) {
		return usage(errors.New("there is no terminal to ask on: add --yes to undo without being asked"))
	}
	sess, err := s.take(ctx, path, f.json)
	if err != nil || sess == nil {
		return err
	}
	defer func() { err = errors.Join(err, sess.Close()) }()
	if sess.Damage() != nil {
		return unfinished(sess.Damage())
	}
	if err := typed(sess.Facts().Retype, f.yes); err != nil {
		return err
	}
	last, err := sess.Undoable()
	switch {
	case errors.Is(err, txn.ErrUnfinished):
		return unfinished(fmt.Errorf("%s: %w: run `%s`", path, err, sess.Facts().Call.Line("recover")))
	case err != nil:
		return fmt.Errorf("%s: %w; nothing was changed", path, err)
	}
	s.say("The transaction of %s will be taken back:", last.When.Format("2006-01-02 15:04"))
	for line := range strings.Lines(last.Plan) {
		s.say("  %s", strings.TrimRight(line, "\n"))
	}
	s.say("That also gives back the %s kept for it.", geometry.FormatBytes(last.Room))
	if !s.agreed(ctx, sess.Facts().Retype, "Bring "+path+" back to what it was?", f.yes) {
		return errors.New("not confirmed; nothing was written")
	}
	run, err := sess.Undo()
	if err != nil {
		return err
	}
	p := s.newPrinter(f.json)
	go p.follow(ctx, run)
	return p.end(run.Result(), exitDone)
}
