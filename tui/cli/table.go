package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"shunt/model"
	"shunt/model/dump"
	"shunt/ops"
	"shunt/ops/image"
	"shunt/ops/session"
	"shunt/tui"
)

// tableCommand holds the commands that save and restore partition tables.
func (s *settings) tableCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "table COMMAND",
		Short: "Save and restore partition tables",
		Long: "A saved table is a text in the format of sfdisk: `sfdisk TARGET < FILE` restores what `shunt table save` wrote, and\n" +
			"`shunt table restore` what `sfdisk --dump` wrote. It has no contents of partitions.",
	}, s.tableSaveCommand(), s.tableRestoreCommand(), s.tableReadingsCommand())
}

func (s *settings) tableSaveCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "save TARGET [FILE]",
		Short: "Write the partition table as text, in sfdisk's format",
		Long: "Save writes the partition table of TARGET to FILE, or to standard output without FILE: every partition with its place,\n" +
			"type, number and name, the IDs, and the limits of the table. It changes nothing, and works on targets in use.",
		Args: arguments(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			file := ""
			if len(args) == 2 {
				file = args[1]
			}
			return s.saveTable(args[0], file, force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it exists")
	return cmd
}

func (s *settings) saveTable(path, file string, force bool) error {
	disk, facts, left, err := session.Inspect(path, s.opts)
	switch {
	case err != nil:
		return err
	case left != nil:
		return unfinished(fmt.Errorf("%s has an unfinished transaction, so that its table is not whole: %s", path, facts.Call.WaysOn(left.Ways())))
	case disk.Table.Kind == model.TableNone:
		return fmt.Errorf("%s has no partition table that could be saved", path)
	}
	if why := disk.ReadOnly(); !why.OK() {
		s.say("shunt: the table is damaged, and what is saved is what could be read of it: %s", why)
	}
	for _, text := range dump.Missing(disk) {
		s.say("shunt: %s", text)
	}
	text := dump.Of(disk).Text(facts.Path)
	if file == "" {
		_, err := fmt.Fprint(s.out, text)
		return err
	}
	there, missing := os.Stat(file)
	if source, err := os.Stat(path); err == nil && missing == nil && os.SameFile(source, there) {
		return fmt.Errorf("%s %w", file, image.ErrSource)
	}
	err = tui.SaveText(file, text, force, finder(s.opts).Summarize)
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%s exists: --force replaces it", file)
	}
	return err
}

func (s *settings) tableRestoreCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "restore TARGET FILE",
		Short: "Replace the partition table by a saved one",
		Long: "Restore replaces the partition table of TARGET by the one in FILE (\"-\" reads standard input), which `shunt table save` or\n" +
			"`sfdisk --dump` wrote, in one transaction that can be undone. Only the table is written: what lies on the disk stays there.\n" +
			"It says which partitions appear, vanish and change. A table that does not fit is refused. A damaged table can be replaced.",
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.piped = args[1] == "-"
			return s.restoreTable(cmd.Context(), args[0], args[1], f)
		},
	}
	s.applyFlags(cmd, &f)
	return cmd
}

func (s *settings) restoreTable(ctx context.Context, path, file string, f applyFlags) error {
	read := func() (dump.Table, error) { return session.ReadDump(file) }
	if file == "-" {
		read = func() (dump.Table, error) { return session.ParseDump(s.in) }
	}
	t, err := read()
	if err != nil {
		return err
	}
	s.opts.AnyContent = true // a disk without its table may look like anything
	return s.apply(ctx, path, f, func(sess *session.Session) (ops.Queue, error) {
		q := ops.NewQueue(sess.Disk(), sess.Env())
		if err := requireFinished(sess); err != nil {
			return q, err
		}
		return q.Stage(ops.NewRestore(q, t))
	})
}

func (s *settings) tableReadingsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "readings TARGET",
		Short: "Show the ways to understand a damaged partition table",
		Long: "Readings shows what each copy of a damaged GPT says, and which partitions fit where they overlap or go on beyond the end of\n" +
			"the disk. `shunt apply TARGET table use NAME` takes one of them. Nothing is changed.",
		Args: arguments(1, 1),
		RunE: func(_ *cobra.Command, args []string) error { return s.tableReadings(args[0]) },
	}
}

func (s *settings) tableReadings(path string) (err error) {
	s.opts.AnyContent = true
	v, err := session.View(path, s.opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	list := v.Readings()
	if len(list) == 0 {
		s.say("The table of %s is not damaged: nothing in it is ambiguous.", path)
	}
	for _, r := range list {
		if _, err := fmt.Fprintf(s.out, "# %s: %s\n%s\n", r.Name, r.Text, r.Table); err != nil {
			return err
		}
	}
	return nil
}
