package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops/report"
	"shunt/ops/session"
)

func (s *settings) findCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "find DIR|IMAGE...",
		Short: "List images with their partitions and file systems",
		Long: "Find lists the images that are named and those in directories and below them, with partitions, file systems, labels,\n" +
			"sizes, the space in use, and what each file takes on this machine. In directories it looks at files whose name or\n" +
			"size suggests an image, also in hidden ones; it follows no link and stays on one file system. Nothing is locked or\n" +
			"written, and each image is read by a process with limits. A broken image is a line with its error. The exit code is\n" +
			"1 only if something that is named is missing, no image or cannot be read.",
		Args: arguments(1, 1<<16),
		RunE: func(cmd *cobra.Command, args []string) error { return s.find(cmd, args) },
	}
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return cmd
}

func (s *settings) find(cmd *cobra.Command, roots []string) error {
	found, err := session.Find(cmd.Context(), roots, s.opts)
	if err != nil {
		return err
	}
	for _, path := range found.Unread {
		s.say("note: the directory %s cannot be read", path)
	}
	if len(found.Mounts) > 0 {
		s.say("note: other file systems are mounted at %s; name them to search them too", strings.Join(found.Mounts, ", "))
	}
	if err := s.show(found.Images, foundText(found.Images)); err != nil {
		return err
	}
	if found.Failed {
		return &exitError{code: exitRefused}
	}
	return nil
}

// foundText formats images for people: one line for each, and one below it for each partition.
func foundText(list []report.Found) string {
	var sizes, used, allocated []geometry.Bytes
	for _, f := range list {
		if f.Error == "" {
			sizes, allocated = append(sizes, f.Size), append(allocated, f.Allocated)
		}
		for _, p := range f.Partitions {
			if sizes = append(sizes, p.Size); p.Used != nil {
				used = append(used, geometry.Bytes(*p.Used))
			}
		}
	}
	size, use, take := unitOf(sizes), unitOf(used), unitOf(allocated)
	var rows [][]string
	for _, f := range list {
		note := f.Note
		if f.Error != "" {
			note = "ERROR: " + f.Error
		}
		if f.InUse != "" {
			note = strings.TrimPrefix(note+"; in use by "+f.InUse, "; ")
		}
		row := []string{safetext.Printable(f.Path), f.Format, f.Table, "", size.text(f.Size), "", take.text(f.Allocated), note}
		rows = append(rows, row)
		for _, p := range f.Partitions {
			used := ""
			if p.Used != nil {
				used = use.text(geometry.Bytes(*p.Used))
			}
			if p.Number == 0 { // on the image's own line
				row[2], row[3], row[5] = p.Kind, p.Label, used
				continue
			}
			rows = append(rows, []string{fmt.Sprintf("  p%d", p.Number), "", p.Kind, p.Label, size.text(p.Size), used, "", ""})
		}
	}
	header := []string{"Image", "Format", "Contents", "Label", "Size " + size.name, "Used " + use.name, "Allocated " + take.name, "Note"}
	return grid(header, rows, "llllrrrl")
}

// A unit is the unit of a column.
type unit struct {
	name string
	of   geometry.Bytes
	form string
}

// unitOf returns the largest unit in which no number of a column loses all of its digits.
func unitOf(list []geometry.Bytes) unit {
	least := geometry.Bytes(0)
	for _, n := range list {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	switch {
	case least >= 10*geometry.GiB:
		return unit{"GiB", geometry.GiB, "%.1f"}
	case least >= geometry.MiB/10 || least == 0:
		return unit{"MiB", geometry.MiB, "%.1f"}
	}
	return unit{"KiB", geometry.KiB, "%.1f"}
}

// text formats a size. An unknown one, 0, has no text.
func (u unit) text(n geometry.Bytes) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(u.form, float64(n)/float64(u.of))
}
