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
// page, so it is kept as parts that either can lay out.
type topic struct {
	name, short string
	section     string // its heading in the manual page
	parts       []passage
}

// passage is a piece of a topic; one of text, code and list is set, under a heading if there is one. Words between
// backquotes are to be typed as they are.
type passage struct {
	heading string
	text    string
	code    []string
	list    []item
}

// item is what is explained, in one or more forms, and the explanation.
type item struct {
	terms []string
	text  string
}

// topics are all of them, in the order of the manual page.
func topics() []topic { return []topic{planTopic(), exitTopic()} }

// topicGroup lists the topics in the help of the program.
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

// topicWidth is how wide lines are where the width of the terminal is not known.
const topicWidth = 80

// print lays the topic out for a terminal in the look of the other help, or plainly for anything else.
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
		title: colored(scheme.Title).Bold(true), text: colored(scheme.Base), code: colored(scheme.Program), comment: colored(scheme.Comment),
	}
	for _, p := range t.parts {
		_, _ = fmt.Fprintln(w, strings.Join(p.lines(width, look), "\n"))
	}
	_, _ = fmt.Fprintln(w)
}

type topicLook struct{ title, text, code, comment lipgloss.Style }

// lines lays a part out below an empty line.
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

// prose is wrapped text with what is to be typed in the look of code; without colours its backquotes stay.
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
