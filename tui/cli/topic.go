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

// topicWidth is how wide lines are where nothing tells how wide they may be.
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
	look := topicLook{
		title: lipgloss.NewStyle().Bold(true).Foreground(scheme.Title), text: lipgloss.NewStyle().Foreground(scheme.Base),
		code: lipgloss.NewStyle().Foreground(scheme.Program), comment: lipgloss.NewStyle().Foreground(scheme.Comment),
	}
	for _, p := range t.parts {
		for _, line := range p.lines(width, look) {
			_, _ = fmt.Fprintln(w, line)
		}
	}
	_, _ = fmt.Fprintln(w)
}

type topicLook struct{ title, text, code, comment lipgloss.Style }

// lines lays a part out below an empty line.
func (p passage) lines(width int, look topicLook) []string {
	const margin = 2
	indent := strings.Repeat(" ", margin)
	out := []string{""}
	if p.heading != "" {
		out = append(out, indent+look.title.Render(strings.ToUpper(p.heading)), "")
	}
	if p.text != "" {
		out = append(out, prose(p.text, margin, width, look)...)
	}
	for _, line := range p.code {
		style := look.code
		if strings.HasPrefix(line, "#") {
			style = look.comment
		}
		if line != "" {
			line = strings.Repeat(" ", 2*margin) + style.Render(line)
		}
		out = append(out, line)
	}
	for _, it := range p.list {
		for _, term := range it.terms {
			out = append(out, strings.Repeat(" ", 2*margin)+look.code.Render(term))
		}
		out = append(out, prose(it.text, 4*margin, width, look)...)
	}
	return out
}

// prose is wrapped text with what is to be typed in the look of code; on paper its backquotes stay.
func prose(text string, margin, width int, look topicLook) []string {
	lines := widget.Wrap(text, width-margin-1)
	typed := false
	for i, line := range lines {
		var b strings.Builder
		for j, piece := range strings.Split(line, "`") {
			if j > 0 {
				typed = !typed
				b.WriteString(look.text.Render("`"))
			}
			style := look.text
			if typed {
				style = look.code
			}
			if piece != "" {
				b.WriteString(style.Render(piece))
			}
		}
		lines[i] = strings.Repeat(" ", margin) + b.String()
	}
	return lines
}
