package dialog

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Command is a line of the command palette.
type Command struct {
	Name  string       // what the key does
	Group string       // the section of the help that has it
	Shown string       // the names of the keys for people, "" if it has none
	Off   model.Reason // why it cannot be done now
}

// palette finds a command by its name. The user types a part of it, and Enter does it.
type palette struct {
	commands []Command
	field    widget.Field
	found    []Command
	list     list
}

// NewPalette returns the palette of some commands. It must have at least one.
func NewPalette(commands []Command) Dialog {
	const longest = 40 // no name is as long
	p := palette{commands: commands, field: widget.NewField("", longest).Touch(), list: list{page: palettePage}}
	p.refresh()
	return newForm(p)
}

// nameColumn is the width of the names; the keys and the reasons follow.
const nameColumn = 26

// palettePage is the number of commands that a page key moves.
const palettePage = 11

func (p *palette) check() {}

// layout consists of the field, the commands that match it, and the reason why the selected one cannot be used.
func (p *palette) layout() layout {
	field := pathField(&p.field)
	field.draw = func(on paper) drawing { return wideLine("Find", p.field, on) }
	field.take = p.write
	return layout{
		title: "Commands", rows: []row{field, blank(), p.commandsRow(), blank(), shown(p.why)}, keys: []keymap.Binding{p.list.key()}, does: "do it",
		first: func(msg tea.Msg) (Action, bool) {
			press, _ := msg.(tea.KeyPressMsg)
			moves := !keymap.Match(press, keyHome(), keyEnd()) // these belong to the field
			return nil, moves && p.list.take(msg)
		},
		accept: p.accept,
	}
}

// why says why the selected command cannot be used.
func (p *palette) why(on paper) []string {
	text := ""
	switch c, ok := p.chosen(); {
	case !ok:
		text = "No command has these words."
	case !c.Off.OK():
		text = "Not possible now. " + ops.Capital(string(c.Off))
	}
	return whole(widget.Clean(text), 2, on.st.Warn, on)
}

// commandsRow returns the row with the list. A click on the selected command does it.
func (p *palette) commandsRow() row {
	const column = nameColumn + 12
	height := func(on paper) int { return max(2, min(len(p.commands), on.height-5-len(p.why(on)))) }
	list := listOf(stopName, column, &p.list, height)
	list.draw = func(on paper) drawing {
		on.here = true
		return p.list.draw(height(on), column, on)
	}
	list.mouse = func(m Mouse) Action {
		if m.Event != Press || m.Entry == 0 {
			return nil
		}
		if p.list.at == m.Entry-1 {
			return p.accept()
		}
		p.list.at = m.Entry - 1
		return nil
	}
	return list
}

// write passes a message to the field and finds the commands that match.
func (p *palette) write(msg tea.Msg) Action {
	next, changed := p.field.Update(msg)
	p.field = next
	if changed {
		p.refresh()
	}
	return nil
}

// refresh lists the commands that have all typed words, and selects the first that can be used.
func (p *palette) refresh() {
	words := strings.Fields(strings.ToLower(p.field.Value()))
	p.found, p.list.choices, p.list.at = nil, nil, 0
	for _, c := range p.commands {
		text := strings.ToLower(c.Name + " " + c.Group + " " + c.Shown)
		if slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			continue
		}
		p.found = append(p.found, c)
		p.list.choices = append(p.list.choices, choice{text: widget.Fit(c.Name, nameColumn, "") + c.Shown, off: c.Off})
	}
	if at := slices.IndexFunc(p.found, func(c Command) bool { return c.Off.OK() }); at > 0 {
		p.list.at = at
	}
}

// chosen returns the command under the cursor; ok is false if none matches.
func (p *palette) chosen() (c Command, ok bool) {
	if p.list.at >= len(p.found) {
		return Command{}, false
	}
	return p.found[p.list.at], true
}

func (p *palette) accept() Action {
	c, ok := p.chosen()
	if !ok || !c.Off.OK() {
		return nil
	}
	return Do{Name: c.Name, Group: c.Group}
}
