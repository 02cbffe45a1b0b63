package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"charm.land/fang/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"shunt/tui/widget"
)

// topic is a page of help that belongs to no command. It is shown by `shunt help NAME` and is a section of the manual
// page, so it is stored as parts that can be formatted for both.
type topic struct {
	name, short string
	section     string // the heading in the manual page
	parts       []passage
}

// passage is a part of a topic: a text, code, or a list, with an optional heading. Words between backquotes are literal.
type passage struct {
	heading string
	text    string
	code    []string
	list    []item
}

// item is an entry of a list: one or more forms, and their explanation.
type item struct {
	terms []string
	text  string
}

// topics returns all topics, in the order of the manual page.
func topics() []topic { return []topic{planTopic(), exitTopic()} }

// topicGroup is the group of the topics in the help of the program.
const topicGroup = "topics"

func (s *settings) topicCommands() []*cobra.Command {
	var list []*cobra.Command
	for _, t := range topics() {
		cmd := &cobra.Command{Use: t.name, Short: t.short, GroupID: topicGroup}
		cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) { t.print(cmd.OutOrStdout(), s.noColor) })
		list = append(list, cmd)
	}
	return list
}

// topicWidth is the width of lines if the width of the terminal is unknown.
const topicWidth = 80

// print prints the topic in the style of the other help on a terminal, and as plain text otherwise.
func (t topic) print(out io.Writer, noColor bool) {
	width, isDark := topicWidth, true
	if help, ok := out.(helpStream); ok && help.terminal() {
		if w, _, err := term.GetSize(help.Fd()); err == nil {
			width = min(max(w, 40), 100)
		}
		if !noColor && os.Getenv("NO_COLOR") == "" {
			isDark = help.dark()
		}
	}
	w := colorprofile.NewWriter(out, os.Environ())
	if noColor {
		w.Profile = min(w.Profile, colorprofile.ASCII)
	}
	scheme := fang.DefaultColorScheme(lipgloss.LightDark(isDark))
	colored := lipgloss.NewStyle().Foreground
	look := topicLook{
		title: colored(scheme.Title).Bold(true), text: colored(scheme.Base), code: colored(scheme.Program),
		comment: colored(scheme.Comment),
	}
	for _, p := range t.parts {
		_, _ = fmt.Fprintln(w, strings.Join(p.lines(width, look), "\n"))
	}
	_, _ = fmt.Fprintln(w)
}

type topicLook struct{ title, text, code, comment lipgloss.Style }

// lines formats a passage below an empty line.
func (p passage) lines(width int, look topicLook) []string {
	const indent, deeper, deepest = "  ", "    ", "        "
	out := []string{""}
	if p.heading != "" {
		out = append(out, indent+look.title.Render(strings.ToUpper(p.heading)), "")
	}
	if p.text != "" {
		out = append(out, prose(p.text, indent, width, look)...)
	}
	for _, line := range p.code {
		style := look.code
		if strings.HasPrefix(line, "#") {
			style = look.comment
		}
		if line != "" {
			line = deeper + style.Render(line)
		}
		out = append(out, line)
	}
	for _, it := range p.list {
		for _, term := range it.terms {
			out = append(out, deeper+look.code.Render(term))
		}
		out = append(out, prose(it.text, deepest, width, look)...)
	}
	return out
}

// prose wraps a text and shows literal words in the look of code. Without colours the backquotes stay.
func prose(text, indent string, width int, look topicLook) []string {
	lines := widget.Wrap(text, width-len(indent)-1)
	styles := []lipgloss.Style{look.text, look.code}
	quotes := 0
	for i, line := range lines {
		pieces := strings.Split(line, "`")
		for j, piece := range pieces {
			pieces[j] = styles[(quotes+j)%2].Render(piece)
		}
		quotes += len(pieces) - 1
		lines[i] = indent + strings.Join(pieces, look.text.Render("`"))
	}
	return lines
}
