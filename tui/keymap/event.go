package keymap

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// special are the keys that have a name instead of a character.
var special = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"backspace": tea.KeyBackspace, "delete": tea.KeyDelete,
}

// Event is the message of a key press as a terminal without extensions sends it, by the name that bindings use: "z", "X",
// "enter", "shift+tab", "ctrl+r".
func Event(name string) tea.KeyPressMsg {
	var k tea.Key
	for {
		if rest, ok := strings.CutPrefix(name, "ctrl+"); ok && rest != "" {
			k.Mod |= tea.ModCtrl
			name = rest
			continue
		}
		if rest, ok := strings.CutPrefix(name, "shift+"); ok && rest != "" {
			k.Mod |= tea.ModShift
			name = rest
			continue
		}
		break
	}
	if code, ok := special[name]; ok {
		k.Code = code
		if name == "space" {
			k.Text = " "
		}
		return tea.KeyPressMsg(k)
	}
	for _, r := range name {
		k.Code = r
	}
	if k.Mod == 0 {
		k.Text = name
	}
	return tea.KeyPressMsg(k)
}

// Event is the press of the binding's first key; ok is false if it has none.
func (b Binding) Event() (press tea.KeyPressMsg, ok bool) {
	keys := b.Keys()
	if len(keys) == 0 {
		return tea.KeyPressMsg{}, false
	}
	return Event(keys[0]), true
}
