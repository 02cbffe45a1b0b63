package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// Update passes each message to its receiver: results to their document, in view or not; keys to the top dialog,
// otherwise to the page in view.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	next, cmd := m.route(msg)
	if !next.finds() {
		next.find = finding{} // its page was left
	}
	next, gate := next.guardKeyboard(m, msg)
	next, rest := next.settle(m)
	next, late := next.follow(m, msg)
	next, behind := next.lookAhead(m)
	return next.glide(m, tea.Batch(cmd, gate, rest, late, behind))
}

func (m Model) route(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m, nil
	case tea.BackgroundColorMsg:
		if msg.IsDark() {
			return m.restyled(styles.Dark, m.depth), nil
		}
		return m.restyled(styles.Light, m.depth), nil
	case tea.ColorProfileMsg:
		return m.restyled(m.theme, depthOf(msg.Profile)), nil
	case result:
		return msg(m)
	case tea.KeyPressMsg:
		return m.press(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.MouseMsg:
		return m.mouse(msg)
	}
	return m, nil
}

func depthOf(p colorprofile.Profile) styles.Depth {
	switch p {
	case colorprofile.NoTTY, colorprofile.ASCII:
		return styles.Mono
	case colorprofile.ANSI:
		return styles.Sixteen
	}
	return styles.Full
}

func (m Model) restyled(theme styles.Theme, depth styles.Depth) Model {
	m.theme, m.depth, m.st = theme, depth, styles.New(theme, depth, m.Glyphs)
	return m
}

// press passes a key to whatever has the keyboard.
func (m Model) press(msg tea.KeyPressMsg) (Model, tea.Cmd) {
	if m.small() {
		// The window is too small to show what a key does. Only leaving is possible, and only if nothing is lost.
		if keymap.Match(msg, quitBinding().Binding) && !m.busy() && m.unsaved() == 0 {
			return m, tea.Quit
		}
		return m, nil
	}
	if m.gate.closed {
		return m.ignoreKeys()
	}
	said := m.note
	m.note = note{}
	if said.emptied != 0 && len(m.dialogs) == 0 && keymap.Match(msg, removeKeys()) {
		return m.removesNothing(said.settled)
	}
	if keymap.Match(msg, suspendBinding().Binding) {
		return m.suspend()
	}
	switch {
	case len(m.dialogs) > 0:
		return m.toDialog(msg)
	case m.finds() && m.find.typing:
		return m.findKey(msg)
	}
	return m.pageKey(msg)
}

func (m Model) paste(msg tea.PasteMsg) (Model, tea.Cmd) {
	switch {
	case m.gate.closed || m.small():
	case len(m.dialogs) > 0:
		return m.toDialog(msg)
	case m.finds() && m.find.typing:
		return m.findKey(msg)
	}
	return m, nil
}

// toDialog passes a message to the top dialog and performs the action that it returns.
func (m Model) toDialog(msg tea.Msg) (Model, tea.Cmd) {
	last := len(m.dialogs) - 1
	m.dialogs = slices.Clone(m.dialogs)
	if press, ok := msg.(tea.KeyPressMsg); ok && (press.Code == tea.KeyPgUp || press.Code == tea.KeyPgDown) {
		drawn, _ := m.placed(m.st)
		m.dialogs[last].Dialog, _ = m.dialogs[last].Update(dialog.Pageful{Lines: drawn.Entries})
	}
	next, action := m.dialogs[last].Update(msg)
	m.dialogs[last].Dialog = next
	if action == nil {
		return m, nil
	}
	return m.perform(action)
}

// toDialogs passes a message to every dialog. It performs the action of the top dialog, and the requests of the others.
func (m Model) toDialogs(msg tea.Msg) (Model, tea.Cmd) {
	m.dialogs = slices.Clone(m.dialogs)
	var cmds []tea.Cmd
	var last dialog.Action
	for i := range m.dialogs {
		m.dialogs[i].Dialog, last = m.dialogs[i].Update(msg)
		if cmd := m.ask(last); cmd != nil {
			cmds, last = append(cmds, cmd), nil
		}
	}
	if last != nil {
		return m.perform(last)
	}
	return m, tea.Batch(cmds...)
}
