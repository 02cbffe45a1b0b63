package dialog

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Meaning is a key or a field with what it means.
type Meaning struct {
	Name, Text string
	Off        model.Reason // why the key cannot be used now
}

// KeySection is a part of the list of keys.
type KeySection struct {
	Title string // "" for none
	Lines []Meaning
}

// keysShown shows keys and what they do.
type keysShown struct {
	title    string
	sections []KeySection
	top      int               // the first line in view
	window   tea.WindowSizeMsg // as it was told last
}

// KeyNames says how a terminal shows the names of keys.
type KeyNames func(name string) string

// NewKeys returns a dialog that lists keys, and fields with their meanings. It takes a tea.WindowSizeMsg, to know where the end of
// the list is, and KeyNames.
func NewKeys(title string, sections ...KeySection) Dialog {
	return newForm(keysShown{title: title, sections: sections})
}

func (k *keysShown) check() {}

func (k *keysShown) layout() layout {
	scroll := keyList().As("scroll")
	if width, height := k.room(); len(k.lines(width)) <= height {
		scroll = scroll.Idle()
	}
	text := row{stop: stopText, draw: k.draw, take: k.scroll}
	return layout{
		title: k.title, rows: []row{text}, accept: func() Action { return Close{} }, does: "close", esc: noWord,
		keys: []keymap.Binding{scroll}, explained: true,
		first: func(msg tea.Msg) (Action, bool) {
			switch msg := msg.(type) {
			case tea.WindowSizeMsg:
				k.window = msg
				return nil, true
			case KeyNames:
				k.rename(msg)
				return nil, true
			case tea.KeyPressMsg:
				if keymap.Match(msg, keyHelp()) || msg.String() == "q" {
					return Close{}, true
				}
			}
			return nil, false
		},
	}
}

// rename gives the keys other names.
func (k *keysShown) rename(name KeyNames) {
	k.sections = slices.Clone(k.sections)
	for i, s := range k.sections {
		k.sections[i].Lines = slices.Clone(s.Lines)
		for j, m := range s.Lines {
			k.sections[i].Lines[j].Name = name(m.Name)
		}
	}
}

// visible returns how many lines are in view in a body of the given height.
func visible(height int) int { return max(3, height-1) }

// room returns the width of the text and the number of lines in view.
func (k *keysShown) room() (width, height int) {
	return min(k.window.Width-2*insetX-2, formWidth), visible(k.window.Height - 2*insetY - 2)
}

// scroll handles the keys of a list.
func (k *keysShown) scroll(msg tea.Msg) Action {
	press, _ := msg.(tea.KeyPressMsg)
	width, height := k.room()
	lines := k.lines(width)
	if by, ok := listKey(press, len(lines), height-1); ok {
		k.top = max(0, min(k.top+by, len(lines)-height))
	}
	return nil
}

// keyLine is a line of the text.
type keyLine struct {
	head, name, text string
	off              bool
}

// column returns the width of the names.
func (k *keysShown) column(width int) int {
	column := 0
	for _, s := range k.sections {
		for _, m := range s.Lines {
			column = max(column, min(widget.Width(m.Name)+2, width/3))
		}
	}
	return column
}

// lines returns the text in a body of the given width.
func (k *keysShown) lines(width int) (lines []keyLine) {
	column := k.column(width)
	for i, s := range k.sections {
		if i > 0 {
			lines = append(lines, keyLine{})
		}
		if s.Title != "" {
			lines = append(lines, keyLine{head: s.Title})
		}
		for _, m := range s.Lines {
			text := m.Text
			if !m.Off.OK() {
				text += ". Not possible now. " + ops.Capital(widget.Clean(string(m.Off)))
			}
			names, texts := widget.Wrap(m.Name, column-1), widget.Wrap(text, max(1, width-column-2))
			for j := range max(len(names), len(texts)) {
				lines = append(lines, keyLine{name: at(names, j), text: at(texts, j), off: !m.Off.OK()})
			}
		}
	}
	return lines
}

// at returns line i, or "" past the last.
func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// draw draws the part of the text that is in view.
func (k *keysShown) draw(p paper) drawing {
	column, height := k.column(p.width), visible(p.height)
	var lines []string
	for _, line := range k.lines(p.width) {
		look := p.st.Text
		if line.off {
			look = p.st.Muted
		}
		text := p.st.Key.Render(widget.Fit(line.name, column, "")) + look.Render(line.text)
		if line.head != "" {
			text = p.st.Title.Render(line.head)
		}
		lines = append(lines, text)
	}
	return drawing{lines: widget.Scroll(lines, k.top, p.width, min(height, len(lines)), p.st)}
}
