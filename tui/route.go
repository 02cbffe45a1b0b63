package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// Update brings each message to what it is meant for: results to their owners, whether those are in view
// or not; keys to the uppermost of dialog, text, run, recovery and editor.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	next, cmd := m.route(msg)
	next, gate := next.guarded(m, msg)
	return next.glide(m, tea.Batch(cmd, gate))
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
		if msg.Profile == colorprofile.ANSI {
			return m.restyled(m.theme, styles.Sixteen), nil
		}
		return m.restyled(m.theme, styles.Full), nil
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

func (m Model) restyled(theme styles.Theme, depth styles.Depth) Model {
	m.theme, m.depth, m.st = theme, depth, styles.New(theme, depth, m.Glyphs)
	return m
}

// press brings a key to what has the keyboard.
func (m Model) press(msg tea.KeyPressMsg) (Model, tea.Cmd) {
	if m.small() {
		// Nobody can see what a key would do here; only leaving without loss is safe.
		if keymap.Match(msg, quitBinding().Binding) && !m.busy() && m.unsaved() == 0 {
			return m, tea.Quit
		}
		return m, nil
	}
	if m.gate.closed {
		return m.shut()
	}
	m.note = note{}
	if len(m.dialogs) > 0 {
		return m.toDialog(msg)
	}
	return m.pageKey(msg)
}

func (m Model) paste(msg tea.PasteMsg) (Model, tea.Cmd) {
	if len(m.dialogs) == 0 || m.gate.closed || m.small() {
		return m, nil
	}
	return m.toDialog(msg)
}

// toDialog gives a message to the uppermost dialog and performs what it wants.
func (m Model) toDialog(msg tea.Msg) (Model, tea.Cmd) {
	last := len(m.dialogs) - 1
	next, action := m.dialogs[last].Update(msg)
	m.dialogs = slices.Clone(m.dialogs)
	m.dialogs[last].Dialog = next
	if action == nil {
		return m, nil
	}
	return m.perform(action)
}

// toDialogs gives a message to every dialog; those it is not meant for take no notice. What the uppermost wants is
// performed; the others can ask for more.
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
