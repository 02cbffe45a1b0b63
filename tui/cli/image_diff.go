package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shunt/ops/image"
	"shunt/ops/report"
)

func (s *settings) imageDiffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare the disks in two images, by partition and file system",
		Long: "Diff compares what two images or devices hold, whatever their formats, backing files and holes, and writes nothing.\n" +
			"It names what differs in the table, boot code, unallocated space and each partition, and which files were added,\n" +
			"removed or changed. The exit code is 0 for the same content and 1 for different content. Blocks that are free in\n" +
			"both file systems do not count, nor zeros behind the end of the shorter disk; both are mentioned. A partition is\n" +
			"compared with the one of the same number, also if that lies elsewhere.",
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := image.Diff(cmd.Context(), args[0], args[1], s.opts, s.doing())
			if s.err.terminal() {
				s.err.status("")
			}
			if err != nil {
				return err
			}
			if err := s.show(d, diffText(d)); err != nil {
				return err
			}
			if !d.Same {
				return &exitError{code: exitRefused}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return cmd
}

// diffText formats a difference for people.
func diffText(d report.Difference) string {
	var b strings.Builder
	line := func(indent int, format string, a ...any) {
		b.WriteString(hang(strings.Repeat(" ", indent), indent+2, fmt.Sprintf(format, a...)))
	}
	if d.Same {
		line(0, "The content of %s and %s is the same.", d.A.Path, d.B.Path)
	} else {
		line(0, "The content of %s (A) and %s (B) differs.", d.A.Path, d.B.Path)
	}
	for _, note := range d.Notes {
		line(0, "note: %s", note)
	}
	if len(d.Table) > 0 {
		b.WriteString("\ntable: B has\n")
		for _, text := range d.Table {
			line(2, "%s", text)
		}
	}
	for _, a := range d.Areas {
		areaText(line, a)
	}
	return b.String()
}

func areaText(line func(int, string, ...any), a report.AreaDiff) {
	name := a.Name
	if a.Contents != "" {
		name += ", " + a.Contents
	}
	if a.Bytes == 0 {
		line(0, "\n%s: identical", name)
		return
	}
	line(0, "\n%s: differs in %d bytes, in %d ranges", name, a.Bytes, a.Ranges)
	var first []string
	for _, r := range a.First {
		first = append(first, fmt.Sprintf("%d+%d", r.Off, r.Len))
	}
	more := ""
	if int64(len(first)) < a.Ranges {
		more = ", …"
	}
	line(2, "at byte + length: %s%s", strings.Join(first, ", "), more)
	switch f := a.Files; {
	case a.NoFiles != "":
		line(2, "its files could not be compared: %s", a.NoFiles)
	case f == nil:
	case f.Total == 0:
		line(2, "no file has another name, size or date: what differs is content, or what the file system keeps about itself")
	default:
		filesText(line, *f)
	}
}

// mostFilesSaid is how many files of each list are printed. JSON has more of them.
const mostFilesSaid = 50

func filesText(line func(int, string, ...any), f report.FileDiff) {
	said := 0
	entry := func(sign, text string) {
		said++
		line(2, "%s %s", sign, text)
	}
	about := func(e report.FileEntry) string {
		return fmt.Sprintf("%s  %s  %s", e.Name, entrySize(e), entryTime(e.Modified))
	}
	for _, e := range f.Removed[:min(len(f.Removed), mostFilesSaid)] {
		entry("-", about(e))
	}
	for _, e := range f.Added[:min(len(f.Added), mostFilesSaid)] {
		entry("+", about(e))
	}
	for _, c := range f.Changed[:min(len(f.Changed), mostFilesSaid)] {
		entry("~", c.Path+changeText(c))
	}
	if f.Total > said {
		line(2, "and %d more", f.Total-said)
	}
	if f.Partly {
		line(2, "not all files were compared: there are too many")
	}
}

func changeText(c report.FileChange) (text string) {
	pair := func(a, b string) {
		if a != b {
			text += "  " + a + " → " + b
		}
	}
	pair(c.Kind[0], c.Kind[1])
	if c.Size[0] != c.Size[1] {
		pair(fmt.Sprintf("%d bytes", c.Size[0]), fmt.Sprintf("%d bytes", c.Size[1]))
	}
	if !c.Modified[0].Equal(c.Modified[1]) {
		pair(c.Modified[0].Format(time.DateTime), c.Modified[1].Format(time.DateTime))
	}
	return text
}
