package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/dialog"
)

// paletteKey opens the command palette.
const paletteKey = ":"

func paletteBinding() binding {
	return on(": ctrl+p", "find a command", noTarget(Model.openPalette), paletteKey, "ctrl+p")
}

// openPalette opens the list of all commands of the editor, with the reasons why some cannot be used now.
func (m Model) openPalette() (Model, tea.Cmd) {
	_, d := m.shown()
	var commands []dialog.Command
	for _, g := range editorGroups() {
		if g.name == selectGroup {
			continue // the keys that move the cursor would move it to where it cannot be seen
		}
		for _, b := range g.list {
			if b.Has(paletteKey) {
				continue
			}
			commands = append(commands, dialog.Command{
				Name: b.Help().Desc, Group: g.name, Shown: m.st.KeyName(shownKeys(b)), Off: b.hopeless(m, d),
			})
		}
	}
	return m.push(dialog.NewPalette(commands)), nil
}

// shownKeys returns the names of the keys of a binding, "" if it has none.
func shownKeys(b binding) string {
	if len(b.Keys()) == 0 {
		return ""
	}
	return b.Help().Key
}

// byPalette returns a binding without a key: the palette does it. Help and README show the key of the palette for it.
func byPalette(does string, do doFunc) binding { return on(paletteKey, does, do) }

// command does what was chosen in the palette, or shows why that cannot be done.
func (m Model) command(a dialog.Do) (Model, tea.Cmd) {
	p, d := m.shown()
	for _, g := range append(editorGroups(), bindingGroup{list: m.pageBindings(p, d)}) {
		for _, b := range g.list {
			if g.name != a.Group || b.Help().Desc != a.Name {
				continue
			}
			if no := b.refusal(m, d); !no.OK() {
				return m.say(toneWarn, string(no)), nil
			}
			return b.begin(m, d)
		}
	}
	return m, nil
}
