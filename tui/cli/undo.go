package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/ops/txn"
)

func (s *settings) undoCommand() *cobra.Command {
	var yes, list bool
	to, forget := 1, 0
	cmd := &cobra.Command{
		Use:   "undo TARGET",
		Short: "Undo the last applied transaction, or several",
		Long: "Undo restores TARGET to its state before the last transaction, in one transaction, from the data that was kept\n" +
			"beside it. It refuses if TARGET was changed since in any way. Then the transaction before it can be undone, as\n" +
			"far as it is kept: --list numbers those that are, and --to goes back to before one of them, one after the other.\n" +
			"If that stops on the way, TARGET is as it was before one of them.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case list:
				return s.history(args[0])
			case forget != 0 || cmd.Flags().Changed("forget"):
				return s.forget(cmd.Context(), args[0], forget, yes)
			}
			return s.undo(cmd.Context(), args[0], to, yes)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "show what can be undone and what was applied before, and do nothing")
	cmd.Flags().IntVar(&to, "to", 1, "undo the last `N` transactions, as numbered by --list")
	cmd.Flags().IntVar(&forget, "forget", 0, "undo nothing, and free what is kept for `N` and all older ones, as numbered by --list")
	cmd.Flags().BoolVar(&yes, "yes", false, "do it without asking")
	cmd.Flags().BoolVar(&s.json, "json", false, "print progress and result as JSON lines")
	return cmd
}

// limitFlags adds the flags that say how much is kept for undos.
func (s *settings) limitFlags(flags *pflag.FlagSet) {
	flags.IntVar(&s.keep, "keep-undos", txn.DefaultLimits.Most, fmt.Sprintf("how many transactions of a target can be undone one after the other, 1 to %d; "+
		"the oldest go first", journal.MostKept))
	flags.StringVar(&s.keepRoom, "undo-room", plainSize(txn.DefaultLimits.Room), "how much room may be kept for all of them but the last; never more than half of "+
		"what is free")
}

// plainSize returns a size as a flag takes it.
func plainSize(n geometry.Bytes) string { return strings.ReplaceAll(geometry.FormatBytes(n), " ", "") }

// limits reads them.
func (s *settings) limits() (txn.Limits, error) {
	room, err := geometry.ParseSize(s.keepRoom, geometry.Sector512)
	if err != nil {
		return txn.Limits{}, usage(fmt.Errorf("--undo-room: %w", err))
	}
	if s.keep < 1 || s.keep > journal.MostKept {
		return txn.Limits{}, usage(fmt.Errorf("--keep-undos %d is not possible: use 1 to %d", s.keep, journal.MostKept))
	}
	return txn.Limits{Most: s.keep, Room: room}, nil
}

func (s *settings) undo(ctx context.Context, path string, n int, yes bool) error {
	if !yes && !term.IsTerminal(s.in.Fd()) {
		return usage(errors.New("there is no terminal for the question: add --yes to undo without being asked"))
	}
	if n < 1 {
		return usage(fmt.Errorf("--to %d is not possible: use a number that `shunt undo --list` shows", n))
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
		list, err := sess.Undoable()
		if err != nil {
			return fmt.Errorf("%s: %w; nothing was changed", path, err)
		}
		if n > len(list) {
			return fmt.Errorf("%s: %s can be undone, and not %d; nothing was changed", path, transactions(len(list)), n)
		}
		s.tellUndo(path, list[:n], facts)
		question := "Undo it and restore " + path + "?"
		if n > 1 {
			question = fmt.Sprintf("Undo these %d and restore %s?", n, path)
		}
		if !s.agreed(ctx, facts.Retype, question, yes) {
			return errors.New("not confirmed; nothing was written")
		}
		return s.undoAll(ctx, sess, list[:n])
	})
}

// forget frees what is kept to undo transaction n and all older ones.
func (s *settings) forget(ctx context.Context, path string, n int, yes bool) error {
	if !yes && !term.IsTerminal(s.in.Fd()) {
		return usage(errors.New("there is no terminal for the question: add --yes to free it without being asked"))
	}
	s.opts.AnyContent = true
	return s.with(ctx, path, func(sess *session.Session) error {
		if err := requireFinished(sess); err != nil {
			return err
		}
		list, err := sess.Undoable()
		if err != nil {
			return fmt.Errorf("%s: %w; nothing was changed", path, err)
		}
		if n < 1 || n > len(list) {
			return usage(fmt.Errorf("--forget %d is not possible: `shunt undo --list` shows %s", n, transactions(len(list))))
		}
		gone := list[n-1:]
		s.say("%s cannot be undone any more then, and %s are freed; %s itself stays as it is:", transactions(len(gone)), geometry.FormatBytes(report.RoomOf(gone)), path)
		for i, a := range gone {
			s.say("  %d. %s  %s", n+i, a.When.Local().Format(minute), strings.Join(a.Operations, "; "))
		}
		if !s.agreed(ctx, "", "Free it?", yes) {
			return errors.New("not confirmed; nothing was changed")
		}
		if err := sess.Forget(n - 1); err != nil {
			return err
		}
		s.say("Done.")
		return nil
	})
}

// tellUndo says what is undone, and what that means.
func (s *settings) tellUndo(path string, list []report.Applied, facts report.Facts) {
	if len(list) == 1 {
		s.say("The transaction of %s will be undone:", list[0].When.Local().Format(minute))
		for _, text := range list[0].Operations {
			s.say("  %s", text)
		}
	} else {
		s.say("These %d transactions will be undone, one after the other:", len(list))
		for i, a := range list {
			s.say("  %d. %s", i+1, a.When.Local().Format(minute))
			for _, text := range a.Operations {
				s.say("     %s", text)
			}
		}
	}
	if len(facts.Overlays) > 0 {
		s.say("Warning: %s", report.OverlaysWarning(facts.Overlays))
	}
	s.say("%s will be %s. That also frees the %s kept for the undo.", path, report.AsItWas(report.LosesUnused(list)),
		geometry.FormatBytes(report.RoomOf(list)))
}

// undoAll undoes transactions one after the other, and says where it has stopped if it has.
func (s *settings) undoAll(ctx context.Context, sess *session.Session, list []report.Applied) error {
	for i, a := range list {
		if len(list) > 1 {
			s.say("Undoing %d of %d, of %s.", i+1, len(list), a.When.Local().Format(minute))
		}
		done, err := i, s.finish(ctx, sess.Facts(), sess.Undo)
		if err == nil && i+1 < len(list) {
			done++
			if err = sess.Rescan(); err == nil {
				err = stillThere(sess, list[i+1])
			}
		}
		if err != nil && len(list) > 1 {
			s.say("%d of %d were undone before it stopped.%s", done, len(list), goOn(sess, done, err))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stillThere fails unless a transaction is the next one that can be undone.
func stillThere(sess *session.Session, next report.Applied) error {
	last, err := sess.Undoable()
	if errors.Is(err, txn.ErrNoUndo) || err == nil && (!last[0].When.Equal(next.When) || last[0].Plan != next.Plan) {
		err = errors.New("what was kept to undo the next one no longer fits and is gone")
	}
	return err
}

// goOn says what the target is when several undos have stopped, and how to see what can still be undone.
func goOn(sess *session.Session, done int, err error) string {
	if exitCode(err) == exitInterrupted {
		return "" // it has to be recovered first
	}
	text := ""
	if done > 0 {
		text = " The target is as it was before one of them."
	}
	f := sess.Facts()
	if _, none := sess.Undoable(); none == nil {
		text += fmt.Sprintf(" `%s` shows what can still be undone.", f.Call.Line("undo", "--list"))
	}
	return text
}

// transactions says how many there are.
func transactions(n int) string {
	if n == 1 {
		return "1 transaction"
	}
	return fmt.Sprintf("%d transactions", n)
}

// history prints what can be undone, and what was applied before that. It only reads the target, which may be in use.
func (s *settings) history(path string) (err error) {
	s.opts.AnyContent = true
	v, err := session.View(path, s.opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	facts := v.Facts()
	undos, whyNot, err := v.Undos()
	switch {
	case errors.As(err, new(*journal.UnsafeError)):
		return err
	case err != nil:
		return unfinished(err)
	}
	facts.Undos = undos
	past := report.Past(finder(s.opts).History(facts.Path), undos)
	return s.show(struct {
		Commit *report.Progress `json:"commit,omitempty"` // in progress
		Undo   *report.Applied  `json:"undo,omitempty"`
		Undos  []report.Applied `json:"undos,omitempty"` // the newest first
		Past   []report.Deed    `json:"past,omitempty"`
	}{facts.Commit, facts.Undo(), undos, past}, historyText(facts, whyNot, past))
}

// historyText shows what can be undone, or why nothing can, and what was applied before.
func historyText(f report.Facts, whyNot error, past []report.Deed) string {
	var text strings.Builder
	told := func(head string, list []string) {
		fmt.Fprintln(&text, head)
		for _, line := range list {
			fmt.Fprintln(&text, "  "+line)
		}
	}
	for i, u := range f.Undos {
		told(fmt.Sprintf("%d. %s  applied, can be undone; %s are kept for it", i+1, u.When.Local().Format(minute), geometry.FormatBytes(u.Room)), u.Operations)
	}
	switch {
	case f.Commit != nil:
		told(ops.Capital(underWay(f))+".", nil)
	case whyNot != nil:
		told(ops.Capital(tried.Text(whyNot))+".", nil)
	}
	if len(f.Undos) > 1 {
		told("`"+f.Call.Line("undo", "--to=N")+"` undoes 1 to N, one after the other.", nil)
	}
	for _, p := range past {
		head := p.When.Local().Format(minute) + "  " + p.Did()
		if p.Did() == report.DidApply {
			head += ", cannot be undone any more"
		}
		told(head, p.Operations)
	}
	return text.String()
}
