package tuitest

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
)

// Key is the message of a key press, as a terminal without extensions sends it.
func Key(name string) tea.KeyPressMsg { return keymap.Event(name) }
