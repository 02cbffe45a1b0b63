package styles_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/tui/styles"
)

func TestLookKeepsTextFromTheTerminal(t *testing.T) {
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	for in, want := range map[string]string{
		st.Text.Render("a"):                            "a",
		st.Strong.Render("a"):                          "\x1b[1ma\x1b[m",
		st.Strong.Render("a", "b"):                     "\x1b[1ma b\x1b[m",
		st.Strong.Render("\x1b[31ma\x1b[m\n"):          "\x1b[1m\\x1b[31ma\\x1b[m\\x0a\x1b[m",
		"\x1b[31m" + st.Strong.Render("a"):             "\\x1b[31m\x1b[1ma\x1b[m",
		st.Text.Render("x" + st.Strong.Render("a")):    "x\x1b[1ma\x1b[m",
		st.Strong.Bold(false).Render("a\u202e"):        `a\u202e`,
		ansi.Truncate(st.Strong.Render("abc"), 2, ""):  "\x1b[1mab\x1b[m",
		ansi.Strip(st.Strong.Render("a\x1b]0;x\x07b")): `a\x1b]0;x\x07b`,
	} {
		if got := styles.Shown(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// What lies under a line shows through wherever the line sets nothing, and ends with it.
func TestLookUnderALine(t *testing.T) {
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	bold := st.Strong
	for in, want := range map[string]string{
		bold.Under("a"): "\x1b[1ma\x1b[m",
		bold.Under("a" + bold.Reverse(true).Render("b")):   "\x1b[1ma\x1b[1;7mb\x1b[m\x1b[1m\x1b[m",
		bold.Under(bold.Render("a") + "b\x1b[31m\n"):       "\x1b[1m\x1b[1ma\x1b[m\x1b[1mb\\x1b[31m\\x0a\x1b[m",
		st.Text.Under(bold.Render("a") + "b"):              "\x1b[1ma\x1b[mb",
		ansi.Strip(st.Row.Under(st.Bad.Render("x") + "y")): "xy",
	} {
		if got := styles.Shown(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// Looks must not change the width of a text.
func TestLookWidth(t *testing.T) {
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	for _, look := range []styles.Look{st.Text, st.Row, st.Danger, st.Good.Over(st.Row).Bold(true), st.Bad.Reverse(true)} {
		if line := look.Render("größe"); ansi.StringWidth(line) != 5 || ansi.StringWidth(styles.Shown(line)) != 5 {
			t.Errorf("%q is %d cells wide", line, ansi.StringWidth(line))
		}
	}
}

func FuzzShown(f *testing.F) {
	f.Add("a\x1b[1m", "b\x9b")
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	f.Fuzz(func(t *testing.T, a, b string) {
		line := a + st.Row.Render(b, st.Bad.Render(a)) + b
		shown := styles.Shown(line)
		rest := shown
		for _, ours := range []string{styles.Shown(st.Row.Render("|")), styles.Shown(st.Bad.Render("|"))} {
			begin, end, _ := strings.Cut(ours, "|")
			rest = strings.Replace(strings.Replace(rest, begin, "", 1), end, "", 1)
		}
		for _, r := range rest {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
				t.Fatalf("%q and %q are shown as %q", a, b, shown)
			}
		}
	})
}
