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
				Name: b.Help().Desc, Group: g.name, Shown: b.Help().Key, Key: b.Keys()[0], Off: b.refusal(m, d),
			})
		}
	}
	return m.push(dialog.NewPalette(commands)), nil
}
