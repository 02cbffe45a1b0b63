package keymap

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// special maps the names of keys without a character to their codes.
var special = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "f1": tea.KeyF1,
}

// Event returns the message of a key press, as a terminal without extensions sends it, for a name in a binding: "z", "X",
// "enter", "shift+tab", "ctrl+r".
func Event(name string) tea.KeyPressMsg {
	var k tea.Key
	for mod, prefix := range map[tea.KeyMod]string{tea.ModCtrl: "ctrl+", tea.ModShift: "shift+"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			k.Mod, name = mod, rest
		}
	}
	code, named := special[name]
	if k.Code = code; !named {
		k.Code, _ = utf8.DecodeRuneInString(name)
		if k.Mod == 0 {
			k.Text = name
		}
	}
	if name == "space" {
		k.Text = " "
	}
	return tea.KeyPressMsg(k)
}
