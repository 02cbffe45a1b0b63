package widget_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Every character alone, and beside one that could join with it, is as wide as the library says.
func TestWidthOfEveryCharacter(t *testing.T) {
	for r := rune(0); r < 0x3400; r++ {
		for _, text := range []string{string(r), "a" + string(r) + "─", string(r) + string(r), string(r) + "\u0301", string(r) + "\ufe0f", "\u0600" + string(r)} {
			if got, want := widget.Width(text), ansi.StringWidth(text); got != want {
				t.Fatalf("Width(%q) = %d, want %d", text, got, want)
			}
		}
	}
}

func TestWidthOfRandomLines(t *testing.T) {
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	pieces := []string{
		"a", " ", "│", "▓░", "▸", "…", "é", "e\u0301", "日本", "\u200d", "\ufe0f", "↔", "\U0001f4be", "\U0001f469", "\u1100", "\u1161", "\u0600",
		"\r", "\n", "\x1b", "\x1b[", "\x1b[1m", "\x1b[38;5;1", "\x1b[38:2::1:2:3m", "\x1b[m", "\x1b]0;x\a", "\x9b", "\xff", "\u009b1m", "m", "✓", "◽",
		st.Row.Render("x"), st.Bad.Render("─"),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var line strings.Builder
		for range 1 + random.IntN(8) {
			line.WriteString(pieces[random.IntN(len(pieces))])
		}
		if got, want := widget.Width(line.String()), ansi.StringWidth(line.String()); got != want {
			t.Fatalf("Width(%q) = %d, want %d", line.String(), got, want)
		}
	}
}
