// Package widget draws the parts of screens and dialogs. Every function is pure: it takes values, a width in cells and
// looks, and returns text.
//
// Invariant: no line is wider than the given width, if text from a disk or a tool went through Clean. Other text is still
// safe, because styles.Look escapes invisible characters, but its line may become too wide and be cut.
package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/model/safetext"
)

// Clean returns text from outside, such as a label, a path or a tool's output, as the screen shows it: tabs become
// spaces, and invisible characters are escaped. The width must be measured afterwards.
func Clean(text string) string { return safetext.Printable(strings.ReplaceAll(text, "\t", " ")) }

// Fit returns the styled line in exactly width cells: cut, with the mark more at its end, or filled with spaces.
func Fit(line string, width int, more string) string {
	if width <= 0 {
		return ""
	}
	have := Width(line)
	if have > width {
		if width <= Width(more) {
			more = ""
		}
		line = ansi.Truncate(line, width, more)
		have = Width(line)
	}
	return line + strings.Repeat(" ", max(0, width-have))
}

// FitRight returns the styled line aligned right in width cells.
func FitRight(line string, width int) string {
	return Fit(strings.Repeat(" ", max(0, width-Width(line)))+line, width, "")
}

// Wrap breaks plain text into lines of at most width cells, at spaces if possible, so that paths and options stay whole.
// Spaces within a line are kept.
func Wrap(text string, width int) []string {
	if width < 1 {
		return nil
	}
	var out []string
	for _, line := range strings.Split(text, "\n") {
		broken := false
		for Width(line) > width {
			var head string
			head, line = breakLine(line, width)
			out = append(out, head)
			broken = true
		}
		if line != "" || !broken {
			out = append(out, line)
		}
	}
	return out
}

// WrapSigned breaks plain text as Wrap does, with a sign before the first word; the other lines are as far to the right as the
// text behind the sign. A text that begins with the sign gets no second one, and an empty text none.
func WrapSigned(text string, width int, sign string) []string {
	body := strings.TrimLeft(text, " ")
	if sign == "" || body == "" || strings.HasPrefix(body, sign) {
		return Wrap(text, width)
	}
	before := text[:len(text)-len(body)] + sign
	indent := Width(before)
	lines := Wrap(body, max(1, width-indent))
	for i, line := range lines {
		lines[i] = before + line
		before = strings.Repeat(" ", indent)
	}
	return lines
}

// breakLine splits a line that is too wide at the last space within width cells, or after width cells if there is none.
func breakLine(line string, width int) (head, tail string) {
	head = ansi.Truncate(line, width, "")
	if head == "" {
		// Not even one character fits. Take one anyway, so that Wrap ends.
		c, _ := ansi.FirstGraphemeCluster(line, ansi.GraphemeWidth)
		return c, line[len(c):]
	}
	rest := line[len(head):]
	if strings.HasPrefix(rest, " ") && !amountAt(line, len(head)) {
		return strings.TrimRight(head, " "), strings.TrimLeft(rest, " ")
	}
	at := strings.LastIndexByte(head, ' ')
	if at > 0 && amountAt(line, at) {
		if before := strings.LastIndexByte(head[:at], ' '); before > 0 {
			at = before
		}
	}
	if strings.TrimSpace(head[:max(0, at)]) != "" {
		return strings.TrimRight(head[:at], " "), head[at+1:] + rest
	}
	return head, strings.TrimLeft(rest, " ")
}

// amountAt reports whether line[at] is the space between a number and its unit.
func amountAt(line string, at int) bool {
	if at < 1 || at >= len(line) || line[at-1] < '0' || line[at-1] > '9' {
		return false
	}
	unit, _, _ := strings.Cut(line[at+1:], " ")
	switch strings.TrimRight(unit, ".,;:)") {
	case "B", "KiB", "MiB", "GiB", "TiB", "bytes", "sectors":
		return true
	}
	return false
}

// Pad returns lines as a block of exactly height lines of exactly width cells.
func Pad(lines []string, width, height int, more string) []string {
	out := make([]string, height)
	for i := range out {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out[i] = Fit(line, width, more)
	}
	return out
}

// Center returns the styled line in the middle of width cells.
func Center(line string, width int, more string) string {
	return Fit(strings.Repeat(" ", max(0, (width-Width(line))/2))+line, width, more)
}
