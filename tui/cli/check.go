package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/ops/session"
)

func (s *settings) checkCommand() *cobra.Command {
	var f applyFlags
	var repair bool
	cmd := &cobra.Command{
		Use:   "check IMAGE",
		Short: "Check the format of an image file, or repair it",
		Long: "Check follows all references in an image file with a format of its own, such as qcow2, and compares them with\n" +
			"its refcounts. It looks at the format alone: `shunt image check` also checks backing files, the table and\n" +
			"the file systems, and the line `check P` of a plan repairs a file system. With --repair it mends counts and marks\n" +
			"and gives leaked clusters back, in one transaction that can be undone.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !repair {
				return s.checkImage(cmd.Context(), args[0])
			}
			return s.apply(cmd.Context(), args[0], f, stageRepair)
		},
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "repair what is found")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "with --repair: commit without asking")
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return cmd
}

// checkImage shows what is wrong with the format of an image. Faults make it fail.
func (s *settings) checkImage(ctx context.Context, path string) (err error) {
	v, err := session.ViewFormat(path, s.opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	facts := v.Facts()
	checks, err := v.CheckFormat(ctx)
	if err != nil {
		return err
	}
	switch {
	case facts.Around == nil && len(checks) == 0:
		return noFormat(facts)
	case facts.Around == nil:
		return s.foreignFormat(path, checks[0])
	}
	facts.Around.Faults = checks[0].Faults // the description gives up on a large image
	sheet := report.ImageSheet(facts)
	if err := s.show(facts.Around, sheetText(sheet)); err != nil {
		return err
	}
	switch n := len(facts.Around.Faults); {
	case n > 0 && !facts.Around.Repairable:
		return fmt.Errorf("%s has damage that shunt cannot repair: work on a copy, with `qemu-img check -r all`, and compare what it holds with a backup", path)
	case n > 0:
		return fmt.Errorf("%s has faults; `%s` repairs them", path, facts.Call.Line("check", "--repair"))
	}
	s.say("No faults were found in the format of %s.", path)
	return nil
}

// foreignFormat shows what QEMU's own program says of one of its formats.
func (s *settings) foreignFormat(path string, c report.Check) error {
	text := fmt.Sprintf("Format of %s: %s, %s (%s)\n", path, c.Contents, c.Verdict, c.By)
	if err := s.show(c, text); err != nil {
		return err
	}
	switch {
	case len(c.Faults) > 0:
		return fmt.Errorf("%s has faults: %s; work on a copy, with `qemu-img check -r all`, and compare what it holds with a backup",
			path, strings.Join(c.Faults, "; "))
	case c.Verdict == report.Unchecked:
		s.say("The format of %s was not checked: %s.", path, c.Why)
		return nil
	}
	s.say("No faults were found in the format of %s.", path)
	return nil
}

func noFormat(f report.Facts) error {
	return fmt.Errorf("%s (%s) has no format of its own that could be checked; `shunt image check` checks table and file systems", f.Path, f.Format)
}

// stageRepair stages the repair of an image, if it needs one.
func stageRepair(sess *session.Session) (ops.Queue, error) {
	q := ops.NewQueue(sess.Disk(), sess.Env())
	facts := sess.Facts()
	if err := requireFinished(sess); err != nil {
		return q, err
	}
	if facts.Around == nil {
		if sess.Disk().Image.Renews {
			return q, fmt.Errorf("shunt mends only what a writer of %s (%s) has left when it was killed, and does that when it opens the image; for other faults "+
				"work on a copy, with `qemu-img check -r all`, and compare what it holds with a backup", facts.Path, facts.Format)
		}
		return q, noFormat(facts)
	}
	if sess.Disk().Image == (model.ImageState{Bitmaps: sess.Disk().Image.Bitmaps}) {
		return q, errors.New("there is nothing to repair in the format of " + facts.Path)
	}
	return q.Stage(ops.RepairImage{})
}
