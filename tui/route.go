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
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m, nil
	case tea.BackgroundColorMsg:
		return m.restyled(themeOn(msg), m.depth), nil
	case tea.ColorProfileMsg:
		return m.restyled(m.theme, depthOf(msg.Profile)), nil
	case openingMsg:
		return m.stillOpening(msg)
	case openedMsg:
		return m.opened(msg)
	case startedMsg:
		return m.started(msg)
	case progressMsg:
		return m.progressed(msg)
	case reportMsg:
		return m.reported(msg)
	case resultMsg:
		return m.resulted(msg)
	case rescannedMsg:
		return m.rescanned(msg)
	case informedMsg:
		return m.informed(msg), nil
	case filesMsg:
		return m.filesListed(msg), nil
	case discoveredMsg:
		return m.discovered(msg), nil
	case mountedMsg:
		return m.mounted(msg), nil
	case exchangedMsg:
		return m.exchanged(msg)
	case savedMsg:
		return m.saved(msg), nil
	case listedMsg:
		return m.toDialogs(msg.listing)
	case gateMsg:
		if msg.serial == m.gate.serial {
			m.gate.closed = false
		}
		return m, nil
	case tea.KeyPressMsg:
		return m.press(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.MouseMsg:
		return m.mouse(msg)
	}
	return m, nil
}

// restyled takes what the terminal tells of its background and its colours.
func (m Model) restyled(theme styles.Theme, depth styles.Depth) Model {
	m.theme, m.depth = theme, depth
	m.st = styles.New(theme, depth, m.glyphs)
	return m
}

func themeOn(background tea.BackgroundColorMsg) styles.Theme {
	if background.IsDark() {
		return styles.Dark
	}
	return styles.Light
}

func depthOf(profile colorprofile.Profile) styles.Depth {
	if profile == colorprofile.ANSI {
		return styles.Sixteen
	}
	return styles.Full
}

// press brings a key to what has the keyboard.
func (m Model) press(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if m.small() {
		// Nobody can see what a key would do here; only leaving without loss is safe.
		if keymap.Match(msg, m.keys.quit) && !m.busy() && m.unsaved() == 0 {
			return m, tea.Quit
		}
		return m, nil
	}
	if m.gate.closed {
		return m.shut()
	}
	m.note = note{}
	d, ok := m.doc()
	switch {
	case len(m.dialogs) > 0:
		return m.toDialog(msg)
	case m.files.open():
		return m.filesKey(msg)
	case m.reader.open():
		return m.readerKey(msg)
	case ok && d.run.active():
		return m.runKey(msg, d)
	case ok && d.state == docOpen && d.unfinished != nil:
		return m.recoveryKey(msg, d)
	}
	return m.editorKey(msg)
}

func (m Model) paste(msg tea.PasteMsg) (tea.Model, tea.Cmd) {
	if len(m.dialogs) == 0 || m.gate.closed || m.small() {
		return m, nil
	}
	return m.toDialog(msg)
}

// toDialog gives a message to the uppermost dialog and performs what it wants.
func (m Model) toDialog(msg tea.Msg) (tea.Model, tea.Cmd) {
	last := len(m.dialogs) - 1
	next, action := m.dialogs[last].Update(msg)
	m.dialogs = slices.Clone(m.dialogs)
	m.dialogs[last] = next
	if action == nil {
		return m, nil
	}
	return m.perform(action)
}

// toDialogs gives a message to every dialog; those it is not meant for take no notice.
func (m Model) toDialogs(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.dialogs = slices.Clone(m.dialogs)
	for i := range m.dialogs {
		m.dialogs[i], _ = m.dialogs[i].Update(msg)
	}
	return m, nil
}

// mouse brings a mouse event to the uppermost dialog, or to the table of the editor.
func (m Model) mouse(msg tea.MouseMsg) (tea.Model, tea.Cmd) {
	if m.small() || m.gate.closed {
		return m, nil
	}
	at := msg.Mouse()
	if n := len(m.dialogs); n > 0 {
		event, ok := dialogEvent(msg)
		if !ok {
			return m, nil
		}
		drawn := dialog.Draw(m.dialogs[n-1], m.width, m.height, m.st)
		return m.toDialog(dialog.Mouse{
			Event: event, X: at.X - drawn.Body.X, Y: at.Y - drawn.Body.Y, Width: drawn.Inner,
		})
	}
	return m.pageMouse(msg)
}

func dialogEvent(msg tea.MouseMsg) (dialog.MouseEvent, bool) {
	switch msg := msg.(type) {
	case tea.MouseClickMsg:
		return dialog.Press, msg.Button == tea.MouseLeft
	case tea.MouseMotionMsg:
		return dialog.Drag, msg.Button == tea.MouseLeft
	case tea.MouseReleaseMsg:
		return dialog.Release, true
	}
	return dialog.Release, false
}
