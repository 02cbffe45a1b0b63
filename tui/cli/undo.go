package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/ops/session"
)

func (s *settings) undoCommand() *cobra.Command {
	var yes, list bool
	cmd := &cobra.Command{
		Use:   "undo TARGET",
		Short: "Undo the last applied transaction",
		Long: "Undo restores TARGET to its state before the last transaction, in one transaction, from the data that was kept\n" +
			"beside it. It refuses if TARGET was changed since in any way. Only the last transaction can be undone, and\n" +
			"only once.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				return s.history(cmd.Context(), args[0])
			}
			return s.undo(cmd.Context(), args[0], yes)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "show what can be undone and what was applied before, and do nothing")
	cmd.Flags().BoolVar(&yes, "yes", false, "undo without asking")
	cmd.Flags().BoolVar(&s.json, "json", false, "print progress and result as JSON lines")
	return cmd
}

func (s *settings) undo(ctx context.Context, path string, yes bool) error {
	if !yes && !term.IsTerminal(s.in.Fd()) {
		return usage(errors.New("there is no terminal for the question: add --yes to undo without being asked"))
	}
	s.opts.AnyContent = true // a commit of an overlay can be undone whatever the disk holds
	return s.with(ctx, path, func(sess *session.Session) error {
		facts := sess.Facts()
		if err := requireTypedName(facts.Retype, yes); err != nil {
			return err
		}
		if err := requireFinished(sess); err != nil {
			return err
		}
		last, err := sess.Undoable()
		if err != nil {
			return fmt.Errorf("%s: %w; nothing was changed", path, err)
		}
		s.say("The transaction of %s will be undone:", last.When.Local().Format(minute))
		for _, text := range last.Operations {
			s.say("  %s", text)
		}
		if len(facts.Overlays) > 0 {
			s.say("Warning: %s", report.OverlaysWarning(facts.Overlays))
		}
		s.say("%s will be %s. That also frees the %s kept for the undo.", path, report.AsItWas(last.LosesUnused),
			geometry.FormatBytes(last.Room))
		if !s.agreed(ctx, facts.Retype, "Undo it and restore "+path+"?", yes) {
			return errors.New("not confirmed; nothing was written")
		}
		return s.finish(ctx, sess.Facts(), sess.Undo)
	})
}

// history prints what can be undone, and what was applied before that.
func (s *settings) history(ctx context.Context, path string) error {
	s.opts.AnyContent = true
	return s.with(ctx, path, func(sess *session.Session) error {
		facts := sess.Facts()
		past := report.Past(finder(s.opts).History(facts.Path), facts.Undo)
		var text strings.Builder
		told := func(head string, list []string) {
			fmt.Fprintln(&text, head)
			for _, line := range list {
				fmt.Fprintln(&text, "  "+line)
			}
		}
		if u := facts.Undo; u != nil {
			told(u.When.Local().Format(minute)+"  applied, can be undone; "+geometry.FormatBytes(u.Room)+" are kept for it", u.Operations)
		} else if _, err := sess.Undoable(); err != nil {
			told(ops.Capital(tried.Text(err))+".", nil)
		}
		for _, p := range past {
			head := p.When.Local().Format(minute) + "  " + p.Did()
			if p.Did() == report.DidApply {
				head += ", cannot be undone any more"
			}
			told(head, p.Operations)
		}
		return s.show(struct {
			Undo *report.Applied `json:"undo,omitempty"`
			Past []report.Deed   `json:"past,omitempty"`
		}{facts.Undo, past}, text.String())
	})
}
