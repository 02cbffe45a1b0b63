package dialog

import "shunt/tui/keymap"

// These keys are used by several dialogs. They are functions, because variables could be changed.

func keyAccept(does string) keymap.Binding { return keymap.Bind("enter", does, "enter") }
func keyYes(does string) keymap.Binding    { return keymap.Bind("y", does, "y", "Y") }
func keyNo(does string) keymap.Binding     { return keymap.Bind("n", does, "n", "N") }
func keyCancel() keymap.Binding            { return keymap.Bind("esc", "cancel", "esc", "ctrl+c") }
func keyNext() keymap.Binding              { return keymap.Bind("tab", "next", "tab") }
func keyPrevious() keymap.Binding          { return keymap.Bind("shift+tab", "previous", "shift+tab") }
func keyMax() keymap.Binding               { return keymap.Bind(">", "largest", ">") }
func keyMin() keymap.Binding               { return keymap.Bind("<", "smallest", "<") }
func keyGrid() keymap.Binding              { return keymap.Bind("=", "to grid", "=") }
func keyUp() keymap.Binding                { return keymap.Bind("↑", "more", "up") }
func keyDown() keymap.Binding              { return keymap.Bind("↓", "less", "down") }
func keyPageUp() keymap.Binding            { return keymap.Bind("pgup", "much more", "pgup") }
func keyPageDown() keymap.Binding          { return keymap.Bind("pgdn", "much less", "pgdown") }
func keyLeft() keymap.Binding              { return keymap.Bind("←", "left", "left") }
func keyRight() keymap.Binding             { return keymap.Bind("→", "right", "right") }
func keyHandle() keymap.Binding            { return keymap.Bind("space", "other handle", "space") }
func keyHome() keymap.Binding              { return keymap.Bind("home", "first", "home") }
func keyEnd() keymap.Binding               { return keymap.Bind("end", "last", "end") }
func keyChoose() keymap.Binding            { return keymap.Bind("←→", "choose", "left", "right") }
func keyList() keymap.Binding              { return keymap.Bind("↑↓", "choose", "up", "down") }
func keyBack() keymap.Binding {
	return keymap.Bind("backspace", "takes the last letter away", "backspace")
}
func keyHelp() keymap.Binding { return keymap.Bind("?", "keys", "?", "f1") }

// keyHelpInText is keyHelp where ? is a letter of a text.
func keyHelpInText() keymap.Binding { return keymap.Bind("f1", "keys", "f1") }

func keyClear() keymap.Binding { return keymap.Bind(clearKey, "clear", clearKey) }

// clearKey empties a field.
const clearKey = "ctrl+u"
