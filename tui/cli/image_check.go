package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/ops/image"
	"shunt/ops/report"
)

func (s *settings) imageCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check the format, the table and every file system of an image",
		Long: "Check follows the references of the image's format and of its backing files, reads both copies of the partition\n" +
			"table, and has each file system checked by its own tool. Nothing is written to the image: the tools work on a\n" +
			"copy that keeps what they write, in which a journal is replayed. `journal not replayed` is no damage. What cannot\n" +
			"be checked is named, with the package of a checker that is missing, and does not count as wrong. A format\n" +
			"that only QEMU reads is checked by qemu-img, and what is inside is not. The exit code is 0 if nothing is wrong and\n" +
			"1 if anything is. `shunt check` looks at the format alone and can repair it; the line\n" +
			"`check P` of a plan repairs a file system.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.imageCheck(cmd, args[0]) },
	}
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return cmd
}

func (s *settings) imageCheck(cmd *cobra.Command, path string) error {
	found, left, err := image.Check(cmd.Context(), path, s.opts, s.doing())
	if s.err.terminal() {
		s.err.status("")
	}
	if err == nil {
		err = s.show(found, checkText(found))
	}
	if err != nil {
		return err
	}
	if left != nil {
		return unfinished(nil)
	}
	return checkEnd(s, found)
}

// doing returns a function that shows on a terminal what is being done.
func (s *settings) doing() func(what string) {
	return func(what string) {
		if s.err.terminal() {
			s.err.status(what)
		}
	}
}

// checkEnd says in a sentence what was found. Anything wrong makes the command fail.
func checkEnd(s *settings, c report.ImageCheck) error {
	var packages []string
	for _, one := range c.Checks {
		packages = append(packages, one.Install...)
	}
	slices.Sort(packages)
	unchecked := ""
	if n := c.Count(report.Unchecked); n > 0 {
		unchecked = fmt.Sprintf("; %d of its parts could not be checked", n)
	}
	if len(packages) > 0 {
		unchecked += ": `apt install " + strings.Join(slices.Compact(packages), " ") + "`"
	}
	if !c.Clean {
		return fmt.Errorf("faults were found in %d of %d parts of %s%s", c.Count(report.Faulty), len(c.Checks), c.Path, unchecked)
	}
	s.say("No fault was found in %s%s.", c.Path, unchecked)
	return nil
}

// checkText formats a check for people.
func checkText(c report.ImageCheck) string {
	var b strings.Builder
	title := c.Path + ": " + c.Format
	if c.Size > 0 {
		title += ", " + geometry.FormatBytes(c.Size)
	}
	b.WriteString(hang("", 0, title))
	if c.InUse != "" {
		b.WriteString(hang("in use by ", 2, c.InUse+": what is being changed meanwhile can look damaged"))
	}
	var rows [][]string
	for _, one := range c.Checks {
		by := ""
		if one.Verdict != report.Unchecked {
			by = one.By
		}
		rows = append(rows, []string{one.Part, one.Contents, string(one.Verdict), by})
	}
	b.WriteString("\n" + grid([]string{"Part", "Contents", "Verdict", "By"}, rows, "llll"))
	for _, one := range c.Checks {
		lines := slices.Clone(one.Faults)
		if one.Why != "" && one.Verdict == report.Unchecked {
			lines = append(lines, "not checked: "+one.Why)
		}
		for _, note := range one.Notes {
			lines = append(lines, "note: "+note)
		}
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", one.Part)
		for _, line := range lines {
			b.WriteString(hang("  ", 4, line))
		}
	}
	return b.String()
}
