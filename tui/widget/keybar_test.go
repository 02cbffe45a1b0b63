package widget_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// A key that does nothing now is not shown, and the others stay in their lines.
func TestKeyLinesIdle(t *testing.T) {
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	next, accept, cancel := keymap.Bind("tab", "next", "tab"), keymap.Bind("enter", "resize/move", "enter"), keymap.Bind("esc", "cancel", "esc")
	shown := func(keys ...keymap.Binding) string {
		var lines []string
		for _, line := range widget.KeyLines(keys, 30, st) {
			lines = append(lines, ansi.Strip(widget.Line(line)))
		}
		return strings.Join(lines, "/")
	}
	for want, got := range map[string]string{
		"tab next  enter resize/move/esc cancel": shown(next, accept, cancel),
		"tab next/esc cancel":                    shown(next, accept.Idle(), cancel),
		"tab next  esc cancel":                   shown(next, cancel),
		"letters find":                           shown(keymap.Bind("letters", "find")),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
