package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/ops/report"
)

func (s *settings) lsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls TARGET P [PATH]",
		Short: "List the files in partition P of a target, to make sure it is the right one",
		Long: "List one directory of the file system in partition P (its root without PATH): names, sizes and dates, never\n" +
			"contents. P is 0 for a file system that covers a disk without a partition table. Nothing is mounted where others\n" +
			"could see it, no link is followed, and nothing is written.",
		Args: argsBetween(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) == 3 {
				dir = args[2]
			}
			return s.list(cmd.Context(), args[0], args[1], dir, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (s *settings) list(ctx context.Context, path, number, dir string, asJSON bool) (err error) {
	v, err := s.view(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	id, err := partition(v, number)
	if err != nil {
		return err
	}
	list, err := v.List(ctx, id, dir)
	if err != nil {
		return err
	}
	if asJSON {
		return s.out.json(list, "  ")
	}
	for _, note := range list.Notes {
		if _, err := fmt.Fprintln(s.err, "note: "+note); err != nil {
			return err
		}
	}
	return writeListing(s.out, list)
}

func writeListing(out io.Writer, list report.Listing) error {
	var b strings.Builder
	sizes := make([]string, len(list.Entries))
	column := 0
	for i, e := range list.Entries {
		sizes[i] = entrySize(e)
		column = max(column, len(sizes[i]))
	}
	for i, e := range list.Entries {
		fmt.Fprintf(&b, "%s%s  %s  %s\n", strings.Repeat(" ", column-ansi.StringWidth(sizes[i])), sizes[i], entryTime(e.Modified), entryName(e))
	}
	if list.More {
		fmt.Fprintf(&b, "and more: only %d are listed\n", len(list.Entries))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func entrySize(e report.FileEntry) string {
	switch {
	case e.Kind == report.FileDirectory:
		return "dir"
	case e.Kind == report.FileSymlink:
		return "link"
	case e.Size < 0:
		return "-"
	}
	return geometry.FormatBytes(e.Size)
}

func entryTime(t time.Time) string {
	const layout = "2006-01-02 15:04"
	if t.IsZero() {
		return fmt.Sprintf("%*s", len(layout), "-")
	}
	return t.Format(layout)
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
