package cli

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/ops/report"
)

// textWidth is the width of text for people: it fits every terminal, and is the same in a pipe.
const textWidth = 80

// sheetText formats everything that is known about a partition or the target.
func sheetText(sheet report.Sheet) string {
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
			pad := strings.Repeat(" ", column-ansi.StringWidth(line.Name))
			b.WriteString(hang("  "+line.Name+pad+"  ", column+4, line.Value))
		}
	}
	for _, said := range sheet.Said {
		fmt.Fprintf(&b, "\n$ %s\n", said.Command)
		for line := range strings.Lines(said.Output) {
			fmt.Fprintf(&b, "  %s\n", strings.TrimRight(line, " \n"))
		}
		if said.Err != "" {
			b.WriteString(hang("  ", 2, said.Err))
		}
	}
	return b.String()
}

// hang wraps text after a prefix on its first line; the other lines are indented.
func hang(first string, indent int, text string) string {
	return first + strings.Join(wrapped(text, textWidth-indent), "\n"+strings.Repeat(" ", indent)) + "\n"
}

// wrapped breaks text into lines of at most width cells: at spaces, and within a word only if the word is longer than a
// line. Text between backquotes is a command to copy and is never broken, so a line can be longer.
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

// unbroken splits a text into words. Text between backquotes is one word.
func unbroken(text string) (words []string) {
	open := false
	for _, word := range strings.Split(text, " ") {
		if open {
			words[len(words)-1] += " " + word
		} else {
			words = append(words, word)
		}
		open = open != (strings.Count(word, "`")%2 == 1)
	}
	return words
}
