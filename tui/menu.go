package tui

import (
	"slices"

	"charm.land/lipgloss/v2"

	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// This file opens the menu of the right mouse button: the actions of what is under it.

// openMenu selects what lies in a cell and lists what can be done with it. If a menu is open and hides that, it is only closed. Over
// any other dialog the button does nothing.
func (m Model) openMenu(x, y int) Model {
	if n := len(m.dialogs); n > 0 {
		if m.dialogs[n-1].corner == nil {
			return m
		}
		_, seen := m.placed(m.st)
		if m = m.pop(); empty(lineOf(seen, y)) {
			return m
		}
	}
	p, d := m.shown()
	parts := p.parts()
	groups := []string{""}
	if parts.aim != nil {
		hit := lipgloss.NewCompositor(parts.zones(m, d)...).Hit(x, y)
		bounds := hit.Bounds()
		if m, groups = parts.aim(m, d, hit, x-bounds.Min.X, y-bounds.Min.Y); groups == nil {
			groups = []string{""}
		}
		m.find = finding{}
	}
	_, d = m.shown()
	commands := m.commandsOf(d, groups...)
	if len(commands) == 0 {
		return m
	}
	m = m.push(dialog.NewActions(m.menuTitle(p, d, groups), commands))
	m.dialogs[len(m.dialogs)-1].corner = &dialog.Point{X: x, Y: y}
	return m
}

// commandsOf returns the commands of some sections of the help. The section without a name are the keys of the page in view.
func (m Model) commandsOf(d document, groups ...string) (commands []dialog.Command) {
	p, _ := m.shown()
	for _, g := range append(editorGroups(), bindingGroup{list: m.pageBindings(p, d)}) {
		if !slices.Contains(groups, g.name) {
			continue
		}
		for _, b := range g.list {
			moves := b.bar != nil // the cursor, or a text
			if moves || b.Help().Desc == "" || b.Has(paletteKey) || b.Has(helpKey) {
				continue
			}
			commands = append(commands, dialog.Command{
				Name: b.Help().Desc, Group: g.name, Shown: m.st.KeyName(shownKeys(b)), Off: b.hopeless(m, d),
			})
		}
	}
	return commands
}

// menuTitle names what the menu is about.
func (m Model) menuTitle(p page, d document, groups []string) string {
	switch _, ok := d.selected(); {
	case p == pageFiles && m.files.at < len(m.files.list.Entries):
		return widget.Clean(m.files.list.Entries[m.files.at].Name)
	case p != pageEditor || !ok || groups[0] == diskGroup:
		return d.name()
	case groups[0] == pendingGroup:
		return described(d.queue, d.pending)
	default:
		return m.tableRows(d)[d.row].Name
	}
}
