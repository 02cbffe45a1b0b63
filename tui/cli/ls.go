package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/ops/session"
)

func (s *settings) lsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ls TARGET P [PATH]",
		Short: "List the files in partition P of a target, to make sure it is the right one",
		Long: "List one directory of the file system in partition P (its root without PATH), or one file: names, sizes and\n" +
			"dates, never " +
			"contents. P is 0 for a file system that covers a disk without a partition table. Nothing is mounted where others\n" +
			"could see it, no link is followed, and nothing is written.",
		Args: arguments(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.view(args[0], args[1], func(v *session.Viewer, id model.PartID) error {
				list, err := v.List(cmd.Context(), id, strings.Join(args[2:], ""))
				if err != nil {
					return err
				}
				if len(list.Notes) > 0 && !s.json {
					s.say("note: %s", strings.Join(list.Notes, "\nnote: "))
				}
				return s.show(list, listingText(list))
			})
		},
	}
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return cmd
}

func listingText(list report.Listing) string {
	var rows [][]string
	for _, e := range list.Entries {
		rows = append(rows, []string{entrySize(e), entryTime(e.Modified), entryName(e)})
	}
	text := grid(nil, rows, "rrl")
	if list.More {
		text += fmt.Sprintf("and more: only %d are listed\n", len(list.Entries))
	}
	return text
}

func entrySize(e report.FileEntry) string {
	switch {
	case e.Kind == report.FileDirectory:
		return "dir"
	case e.Kind == report.FileSymlink:
		return "link"
	case e.Kind == report.FileOther:
		return "special"
	case e.Size < 0:
		return "-"
	}
	return geometry.FormatBytes(e.Size)
}

func entryTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(minute)
}

func entryName(e report.FileEntry) string {
	switch {
	case e.Kind == report.FileDirectory:
		return e.Name + "/"
	case e.Target != "":
		return e.Name + " -> " + e.Target
	}
	return e.Name
}
