package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/model"
	"shunt/ops/report"
	"shunt/ops/session"
)

// textWidth is how wide text for people is made: it fits every terminal, and is the same in a pipe.
const textWidth = 80

// sheet prints all there is to know of a partition, or of the target for number 0.
func (s *settings) sheet(ctx context.Context, path, number string, asJSON bool) (err error) {
	v, err := s.view(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	id, err := partition(v, number)
	if err != nil {
		return err
	}
	sheet, err := v.Inform(ctx, id)
	if err != nil {
		return err
	}
	if asJSON {
		return s.out.json(sheet, "  ")
	}
	return writeSheet(s.out, sheet)
}

func (s *settings) view(path string) (*session.Viewer, error) {
	opts, err := s.options()
	if err != nil {
		return nil, err
	}
	return session.View(path, opts)
}

// partition is the one with the number that was given, which may be written as it is shown ("p2"); 0 stands for the
// target itself.
func partition(v *session.Viewer, number string) (model.PartID, error) {
	n, err := partitionNumber(number)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, nil
	}
	p, ok := v.Disk().ByNumber(n)
	if ok {
		return p.ID, nil
	}
	var there []string
	for _, p := range v.Disk().Partitions() {
		there = append(there, p.Ref())
	}
	if len(there) == 0 {
		return 0, fmt.Errorf("there is no partition %d: %s has none; number 0 stands for the target itself", n, v.Facts().Path)
	}
	return 0, fmt.Errorf("there is no partition %d: there are %s", n, strings.Join(there, ", "))
}

func writeSheet(out io.Writer, sheet report.Sheet) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", sheet.Title)
	column := 0
	for _, section := range sheet.Sections {
		for _, line := range section.Lines {
			column = max(column, ansi.StringWidth(line.Name))
		}
	}
	for _, section := range sheet.Sections {
		fmt.Fprintf(&b, "\n%s\n", section.Title)
		for _, line := range section.Lines {
			hang := strings.Repeat(" ", column+4)
			name := "  " + line.Name + strings.Repeat(" ", column-ansi.StringWidth(line.Name)+2)
			for i, text := range wrapped(line.Value, textWidth-len(hang)) {
				if i > 0 {
					name = hang
				}
				fmt.Fprintf(&b, "%s%s\n", name, text)
			}
		}
	}
	for _, said := range sheet.Said {
		fmt.Fprintf(&b, "\n$ %s\n", said.Command)
		for line := range strings.Lines(said.Output) {
			fmt.Fprintf(&b, "  %s\n", strings.TrimRight(line, " \n"))
		}
		if said.Err != "" {
			for _, line := range wrapped(said.Err, textWidth-2) {
				fmt.Fprintf(&b, "  %s\n", line)
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// wrapped breaks text into lines of at most width cells: at spaces, and in the middle of a word only if that is longer
// than a line. What stands between backquotes is to be run as it stands and is never broken, so a line can be too wide.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range unbroken(text) {
		if line != "" && ansi.StringWidth(line)+1+ansi.StringWidth(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for ansi.StringWidth(word) > width && !strings.Contains(word, "`") {
			head := ansi.Truncate(word, width, "")
			lines, word = append(lines, head), strings.TrimPrefix(word, head)
		}
		line = word
	}
	return append(lines, line)
}

// unbroken are the words of a text, with what stands between backquotes as one.
func unbroken(text string) []string {
	var words []string
	for i, part := range strings.Split(text, "`") {
		if i%2 == 0 {
			for j, word := range strings.Split(part, " ") {
				if i > 0 && j == 0 {
					words[len(words)-1] += word
				} else {
					words = append(words, word)
				}
			}
			continue
		}
		words[len(words)-1] += "`" + part + "`"
	}
	return words
}
