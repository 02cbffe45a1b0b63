package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui/styles"
)

// Rows of the table are found by a part of what they show; Enter stays there, and Esc goes back.
func TestFindRow(t *testing.T) {
	d := open(t, Varied())
	d.Press("j", "/")
	d.Type("XF")
	d.Contains("▸ p5", "Find [XF", "1 of 1")
	d.Lacks("  p6 ")
	d.Press("esc")
	d.Contains("▸ p2", "p6 ")
	d.Press("/")
	d.Type("p")
	d.Press("down")
	d.Contains("▸ p3")
	d.Press("up", "up", "enter")
	d.Contains("▸ p1")
	d.Lacks("Find [")
	d.Press("/")
	d.Type("zzz")
	d.Contains("nothing found")
	d.Press("enter")
	d.Contains("p6 ")

	// Letters are text, and not keys, until the search ends.
	d.Press("/")
	d.Type("dd")
	d.Send(tea.PasteMsg{Content: "X"})
	d.Contains("[ddX", "nothing found")
	d.Press("ctrl+c")
	d.Lacks("1 pending", "Find [")
}

// A click during a search goes to the line that was clicked.
func TestFindByMouse(t *testing.T) {
	d := open(t, Many(128))
	d.Press("/")
	d.Type("p12")
	d.Click("p125", 0)
	d.Contains("▸ p125")
	d.Lacks("Find [")
}

func TestFindFile(t *testing.T) {
	d := open(t, withFiles())
	d.Press("i", "enter", "/")
	d.Type("mot")
	d.Contains("Files in p1: / ─", "▸ motd", "Find [mot", "1 of 1")
	d.Lacks("letters", "/mot", "of 6", "↑↓ next") // the line with the field counts, and nothing else
	d.Type("zz")
	d.Contains(`Nothing here has "motzz".`, "nothing found")
	d.Lacks("next", "motd")
	d.Press("backspace", "backspace")
	d.Press("enter", "enter")
	d.Contains("motd in p1", "Welcome")
	d.Press("/")
	d.Type("last")
	d.Press("enter")
	d.Contains("motd in p1  /last: 1 of 1", "esc end the search")
	d.Press("esc")
	d.Lacks("/last")
	d.Press("esc")
	d.Contains("letters", "▸ motd")
}

// In texts the search lasts: n and N go on, also over the end, and Esc ends it before it closes the page.
func TestFindText(t *testing.T) {
	target := Founding()
	s := story{t, open(t, target), target}
	s.toRehearsal()
	s.d.Do(func() {
		for range 40 {
			s.run().Say("zeta -f p1", "fine")
		}
		s.run().Say("a \x1b[1mnote\x1b[m of it")
		s.run().Tell(report.Progress{Phase: report.Rehearsing})
	})
	s.d.Press("l", "/")
	s.d.Type("ZEta")
	s.d.Press("enter")
	s.d.Contains("Log  /ZEta: 1 of 40", "esc end the search")
	s.d.Lacks("esc back")
	s.d.Press("n", "n")
	s.d.Contains("Log  /ZEta: 3 of 40")
	s.d.Press("N", "N", "N")
	s.d.Contains("Log  /ZEta: 40 of 40", `a \x1b[1mnote\x1b[m of it`)
	s.d.Press("n")
	s.d.Contains("Log  /ZEta: 1 of 40")
	s.d.Press("/")
	s.d.Type("note")
	s.d.Contains("Find [note", "1 of 1")
	s.d.Press("enter")
	s.d.Contains("Log  /note: 1 of 1")
	s.d.Lacks("n next")
	s.d.Press("n")
	s.d.Contains("no other line that has it")
	s.d.Press("esc")
	s.d.Lacks("/note")
	s.d.Press("/")
	s.d.Type("no such thing")
	s.d.Contains("nothing found")
	s.d.Press("enter")
	s.d.Lacks("n next", "N previous")
	s.d.Press("n")
	s.d.Contains(`Nothing here has "no such thing"`)
	s.d.Press("esc")
	s.d.Contains("Log", "esc back")
	s.d.Press("esc")
	s.d.Lacks("Log ─")
}

// The help has two columns, and a line of it holds two texts. Only the one that was found is marked, and both are found in the order
// in which they are read.
func TestFindHelp(t *testing.T) {
	d := open(t, Founding())
	d.Press("?", "/")
	d.Type("plan")
	d.Press("enter")
	look, _, _ := strings.Cut(styles.Shown(styles.New(styles.Dark, styles.Full, styles.Unicode).Row.Render("x")), "x")
	marked := func() (texts []string) {
		for _, part := range strings.Split(d.Raw(), look)[1:] {
			text, _, _ := strings.Cut(part, "\x1b")
			texts = append(texts, strings.Join(strings.Fields(text), " "))
		}
		return texts
	}
	for _, want := range []string{"s save plan", "p open plan"} {
		if got := marked(); len(got) != 1 || got[0] != want {
			t.Errorf("marked %q, want %q", got, want)
		}
		d.Press("n")
	}
}
