package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/session"
)

func (s *settings) imageSnapshotCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list FILE", Short: "List the snapshots in a qcow2 image", Args: arguments(1, 1),
		RunE: func(_ *cobra.Command, args []string) error { return s.listSnapshots(args[0]) },
	}
	list.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return group(&cobra.Command{
		Use:   "snapshot COMMAND",
		Short: "List, make, apply and delete the snapshots in a qcow2 image",
		Long: "A snapshot keeps the disk of an image as it is at a moment: its size, its partition table and all bytes. It lies in\n" +
			"the image itself and shares what does not change. Each command is one transaction, which can be undone.",
	},
		list,
		s.snapshotCommand("create", "Keep the disk as it is now under a name",
			"Create keeps the disk of the image FILE as it is now, under NAME. No data is copied. No two snapshots can have one name.",
			func(_ *session.Session, name string) (ops.Operation, error) {
				return ops.CreateSnapshot{Name: name}, nil
			}),
		s.snapshotCommand("apply", "Go back to a snapshot",
			"Apply makes the disk what the snapshot keeps, which may have another partition table and another size. What was written\n"+
				"since is lost, unless another snapshot keeps it. NAME is a name or an ID. The snapshot stays.",
			func(sess *session.Session, name string) (ops.Operation, error) {
				found, err := snapshotOf(sess, name)
				return ops.ApplySnapshot{Snapshot: found}, err
			}),
		s.snapshotCommand("delete", "Delete a snapshot",
			"Delete gives back what only the snapshot needs. The disk stays as it is. NAME is a name or an ID.",
			func(sess *session.Session, name string) (ops.Operation, error) {
				found, err := snapshotOf(sess, name)
				return ops.DeleteSnapshot{Snapshot: found}, err
			}),
	)
}

// snapshotCommand returns a command that edits one snapshot. Only create does not ask.
func (s *settings) snapshotCommand(verb, short, long string, operation func(*session.Session, string) (ops.Operation, error)) *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use: verb + " FILE NAME", Short: short, Long: long, Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if verb == "create" {
				f.asks = func(ops.Queue) bool { return false }
			}
			return s.editImage(cmd.Context(), args[0], f, func(sess *session.Session) (ops.Operation, error) { return operation(sess, args[1]) })
		},
	}
	s.editFlags(cmd, &f)
	return cmd
}

// snapshotOf finds a snapshot of an opened image.
func snapshotOf(sess *session.Session, name string) (model.ImageSnapshot, error) {
	layers := sess.Env().Layers
	if layers == nil {
		return model.ImageSnapshot{}, noSnapshots(sess.Facts().Path, sess.Facts().Format)
	}
	found, err := ops.FindSnapshot(layers.Snapshots(), name)
	if err != nil {
		err = fmt.Errorf("%s: %w", sess.Facts().Path, err)
	}
	return found, err
}

func noSnapshots(path, format string) error {
	return fmt.Errorf("%s is %s, and only qcow2 images have snapshots", path, format)
}

func (s *settings) listSnapshots(path string) error {
	s.opts.AnyContent = true
	_, facts, _, err := session.Inspect(path, s.opts)
	if err != nil {
		return err
	}
	if facts.Around == nil {
		return noSnapshots(path, facts.Format)
	}
	list := facts.Around.Snapshots
	if len(list) == 0 && !s.json {
		s.say("%s has no snapshots.", path)
		return nil
	}
	rows := [][]string{{"ID", "NAME", "MADE", "DISK", "MEMORY OF A RUNNING MACHINE"}}
	for _, shot := range list {
		size, state := "not stored", "no"
		if shot.Size > 0 {
			size = geometry.FormatBytes(shot.Size)
		}
		if shot.State > 0 {
			state = geometry.FormatBytes(shot.State)
		}
		rows = append(rows, []string{shot.ID, shot.Name, time.Unix(shot.Made, 0).Format(minute), size, state})
	}
	return s.show(list, columns(rows))
}

// columns formats rows of words in columns.
func columns(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, word := range row {
			widths[i] = max(widths[i], ansi.StringWidth(word))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, word := range row {
			line += word + strings.Repeat(" ", widths[i]-ansi.StringWidth(word)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
