package tui_test

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/golden"

	"shunt/geometry"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
	"shunt/tui/styles"
)

// scene brings an editor to a screen that is pinned.
type scene struct {
	name   string
	target func() *tuitest.Target
	play   func(story)
}

// keysOnly is a play of nothing but keys.
func keysOnly(keys ...string) func(story) {
	return func(s story) { s.d.Press(keys...) }
}

func scenes() []scene {
	return []scene{
		{"editor", tuitest.Founding, keysOnly()},
		{"editor-pending", tuitest.Founding, func(s story) { stageFounding(s.d); s.d.Press("home") }},
		{"editor-pending-selected", tuitest.Founding, func(s story) { stageFounding(s.d); s.d.Press("end", "up") }},
		{"editor-gpt", tuitest.Varied, keysOnly("j", "j")},
		{"editor-logicals", tuitest.Logicals, keysOnly("j", "j", "j")},
		{"editor-many", func() *tuitest.Target { return tuitest.Many(128) }, keysOnly("pgdown", "pgdown")},
		{"editor-readonly", tuitest.Damaged, keysOnly()},
		{"editor-blank", tuitest.Blank, keysOnly()},
		{"room", tuitest.Varied, keysOnly("j", "j", "g")},
		{"room-typed", tuitest.Varied, func(s story) { s.d.Press("j", "j", "g"); s.d.Type("+1GiB"); s.d.Press("down") }},
		{"room-founding", tuitest.Founding, func(s story) { s.d.Press("g"); s.d.Type("+1GiB") }},
		{"room-impossible", tuitest.Varied, func(s story) { s.d.Press("end", "up", "up", "g"); s.d.Type("6TiB") }},
		{"room-wrong", tuitest.Founding, func(s story) { s.d.Press("g"); s.d.Type("+1") }},
		{"room-image", tuitest.Varied, keysOnly("end", "g", "down")},
		{"room-refused", tuitest.Varied, keysOnly("j", "g")},
		{"format", tuitest.Founding, keysOnly("f", "down")},
		{"format-label", tuitest.Founding, func(s story) { s.d.Press("f", "tab"); s.d.Type("home") }},
		{"format-off", tuitest.Founding, keysOnly("f", "end")},
		{"format-refused", tuitest.Varied, keysOnly("f")},
		{"label", tuitest.Founding, func(s story) { s.d.Press("l"); s.d.Type("photos") }},
		{"label-long", tuitest.Founding, func(s story) { s.d.Press("l"); s.d.Type("more than sixteen") }},
		{"name", tuitest.Varied, func(s story) { s.d.Press("j", "j", "N"); s.d.Type("system") }},
		{"name-mbr", tuitest.Founding, keysOnly("N")},
		{"type", tuitest.Varied, keysOnly("j", "j", "t")},
		{"type-search", tuitest.Varied, func(s story) { s.d.Press("j", "j", "t"); s.d.Type("raid") }},
		{"type-nothing", tuitest.Varied, func(s story) { s.d.Press("j", "j", "t"); s.d.Type("zzz") }},
		{"type-flags", tuitest.Founding, keysOnly("t", "tab", "space", "right", "space")},
		{"type-extended", tuitest.Logicals, keysOnly("j", "t")},
		{"uuid", tuitest.Founding, keysOnly("w")},
		{"uuid-ntfs", tuitest.Varied, keysOnly("end", "up", "w", "right")},
		{"copied", tuitest.Varied, keysOnly("j", "j", "c")},
		{"paste", tuitest.Varied, keysOnly("j", "c", "end", "v")},
		{"paste-moved", tuitest.Varied, func(s story) { s.d.Press("j", "c", "end", "v"); s.d.Type("+512MiB") }},
		{"paste-small", tuitest.Varied, keysOnly("j", "j", "c", "j", "j", "v")},
		{"paste-over", tuitest.Varied, keysOnly("j", "c", "j", "v")},
		{"new-table", tuitest.Logicals, keysOnly("T")},
		{"new-table-mbr", tuitest.Logicals, keysOnly("T", "right", "tab", "right")},
		{"new-table-blank", tuitest.Blank, keysOnly("T")},
		{"convert", tuitest.Logicals, keysOnly("G")},
		{"convert-gpt", tuitest.Varied, keysOnly("G")},
		{"small-edits", tuitest.Varied, func(s story) {
			s.d.Press("j", "j", "l")
			s.d.Type("sys")
			s.d.Press("enter", "N")
			s.d.Type("system")
			s.d.Press("enter", "w", "enter", "j", "j", "j", "f", "enter")
		}},
		{"renumbered", tuitest.Logicals, keysOnly("j", "j", "d")},
		{"files", withFiles, keysOnly("i", "enter", "down")},
		{"files-inside", withFiles, keysOnly("i", "enter", "enter")},
		{"files-refused", tuitest.Founding, keysOnly("i", "enter")},
		{"information-sheet", withFiles, keysOnly("i")},
		{"information-target", tuitest.Varied, keysOnly("j", "j", "i", "tab")},
		{"support", tuitest.Founding, keysOnly("S")},
		{"support-end", tuitest.Founding, keysOnly("S", "end")},
		{"busy-selected", busy, keysOnly()},
		{"mounts", tuitest.Founding, keysOnly("M")},
		{"mounts-device", device, keysOnly("x", "M", "end")},
		{"mounts-done", device, keysOnly("M", "enter")},
		{"mounts-gap", tuitest.Varied, keysOnly("end", "M")},
		{"physical", physical, func(s story) { s.toReport(); s.d.Press("y"); s.d.Type("/dev/sd") }},
		{"image-size", tuitest.Founding, func(s story) { s.d.Press("z"); s.d.Type("+2GiB") }},
		{"resize", tuitest.Founding, keysOnly("m")},
		{"resize-typed", tuitest.Founding, func(s story) {
			s.d.Press("z")
			s.d.Type("+2GiB")
			s.d.Press("enter", "j", "m")
			s.d.Type("+1024MiB")
		}},
		{"resize-refused", tuitest.Founding, func(s story) { s.d.Press("m", "tab"); s.d.Type("1GiB") }},
		{"resize-bar", tuitest.Varied, keysOnly("j", "j", "j", "j", "j", "m", "shift+tab", "space", "right")},
		{"resize-fixed", tuitest.Varied, keysOnly("j", "m")},
		{"create", tuitest.Varied, keysOnly("end", "n")},
		{"create-mbr", tuitest.Logicals, keysOnly("end", "n", "tab", "tab", "tab")},
		{"clear", tuitest.Founding, func(s story) { stageFounding(s.d); s.d.Press("X") }},
		{"quit", tuitest.Founding, func(s story) { stageFounding(s.d); s.d.Press("q") }},
		{"save-plan", tuitest.Founding, func(s story) { stageFounding(s.d); s.d.Press("s") }},
		{"help", tuitest.Founding, keysOnly("?")},
		{"information", tuitest.Varied, keysOnly("j", "j", "i")},
		{"rehearsing", tuitest.Founding, func(s story) { s.toRehearsal() }},
		{"rehearsing-stop", tuitest.Founding, func(s story) { s.toRehearsal(); s.d.Press("q") }},
		{"rehearsing-log", tuitest.Founding, func(s story) { s.toRehearsal(); s.d.Press("l") }},
		{"report", tuitest.Founding, func(s story) { s.toReport() }},
		{"report-warnings", tuitest.Logicals, func(s story) {
			s.d.Press("j", "j", "d", "a")
			s.d.Do(func() {
				r := report.Rehearsal{PlaceBytes: 4096, JournalSize: geometry.MiB, Warnings: []string{
					"The file system that holds the image has 3.00 MiB free: the commit may run out of room and would have to be finished later.",
				}}
				s.run().Finish(r)
			})
			quietly(s.d)
		}},
		{"report-only", tuitest.Founding, func(s story) {
			stageFounding(s.d)
			s.d.Press("R")
			s.d.Do(func() { s.run().Finish(passed()) })
		}},
		{"report-failed", tuitest.Founding, func(s story) {
			s.toRehearsal()
			s.d.Do(func() {
				s.run().Finish(failed())
				s.run().End(report.Result{Outcome: report.Unchanged, Err: failed().Err})
			})
		}},
		{"committing", tuitest.Founding, func(s story) { s.toCommit() }},
		{"committing-stop", tuitest.Founding, func(s story) { s.toCommit(); s.d.Press("ctrl+c") }},
		{"undoing", tuitest.Founding, func(s story) {
			s.toCommit()
			s.d.Press("q", "s")
			s.d.Do(func() {
				s.run().Tell(report.Progress{Phase: report.Undoing, Stage: "copy", Done: 1 << 20, Total: 14 << 20})
			})
		}},
		{"result-done", tuitest.Founding, func(s story) { s.toResult(resultDone) }},
		{"result-rolled-back", tuitest.Founding, func(s story) { s.toResult(resultRolledBack) }},
		{"result-interrupted", tuitest.Founding, func(s story) { s.toResult(resultInterrupted) }},
		{"result-unchanged", tuitest.Founding, func(s story) { s.toResult(resultUnchanged) }},
		{"recovery", broken, keysOnly()},
		{"recovery-forward-only", func() *tuitest.Target {
			g := broken()
			g.Broken.Stage, g.Broken.NoRollBack = "place", "its last stages have begun, which only go forwards"
			return g
		}, keysOnly()},
	}
}

// wide are the screens that make use of a very large window.
var wide = map[string]bool{
	"editor": true, "editor-pending": true, "editor-gpt": true, "editor-logicals": true, "editor-many": true, "editor-readonly": true,
	"editor-blank": true, "busy-selected": true, "room-typed": true, "resize-typed": true, "report": true, "committing": true,
}

// Every screen is pinned in the sizes it is made for.
func TestScreens(t *testing.T) {
	for _, s := range scenes() {
		sizes := [][2]int{{80, 24}, {60, 20}, {120, 40}}
		if wide[s.name] {
			sizes = append(sizes, [2]int{200, 60})
		}
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				target := s.target()
				d := tuitest.Start(t, size[0], size[1], tui.Options{Paths: []string{target.What.Path}}, tuitest.One(target))
				s.play(story{t, d, target})
				golden.RequireEqual(t, d.Frame())
			})
		}
	}
}

// With nothing but ASCII every screen is readable, and nothing else is sent to the terminal.
func TestASCII(t *testing.T) {
	pinned := map[string]bool{"editor-pending": true, "resize-typed": true, "committing": true, "help": true, "editor-gpt": true}
	for _, s := range scenes() {
		target := s.target()
		d := tuitest.Start(t, 80, 24, tui.Options{Paths: []string{target.What.Path}, Glyphs: styles.ASCII}, tuitest.One(target))
		s.play(story{t, d, target})
		for _, r := range d.Raw() {
			if r > 0x7e || r < 0x20 && r != '\n' && r != '\x1b' {
				t.Fatalf("%s sends %q:\n%s", s.name, r, d.Frame())
			}
		}
		if strings.Count(d.Frame(), "?") != strings.Count(ordinary(t, s).Frame(), "?") {
			t.Errorf("%s: a character has no stand-in:\n%s", s.name, d.Frame())
		}
		if pinned[s.name] {
			t.Run(s.name, func(t *testing.T) { golden.RequireEqual(t, d.Frame()) })
		}
	}
}

// ordinary is a scene with all characters.
func ordinary(t *testing.T, s scene) *tuitest.Driver {
	t.Helper()
	target := s.target()
	d := open(t, target)
	s.play(story{t, d, target})
	return d
}

// The colours of both themes are pinned on one screen each; everywhere else only the text is.
func TestColours(t *testing.T) {
	for name, background := range map[string]string{"dark": "#101010", "light": "#f8f8f8"} {
		t.Run(name, func(t *testing.T) {
			d := open(t, tuitest.Varied())
			d.Send(tea.BackgroundColorMsg{Color: hex(background)})
			d.Press("j", "j", "m")
			golden.RequireEqual(t, d.Raw())
		})
	}
}

// What opens a target is pinned in all sizes, as it has columns that come and go.
func TestPicker(t *testing.T) {
	for name, play := range map[string]func(d *tuitest.Driver){
		"first": func(*tuitest.Driver) {},
		"typed": func(d *tuitest.Driver) { d.Type("st") },
		"qcow2": func(d *tuitest.Driver) { d.Type("qcow"); d.Press("down", "up") },
		"other": func(d *tuitest.Driver) { d.Type("/home/") },
		"all":   func(d *tuitest.Driver) { d.Press("ctrl+t", "end", "up", "up", "up", "up") },
		"loop":  func(d *tuitest.Driver) { d.Press("end") },
		"none":  func(d *tuitest.Driver) { d.Type("nothing like it") },
	} {
		for _, size := range [][2]int{{80, 24}, {60, 20}, {120, 40}, {200, 60}} {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size[0], size[1]), func(t *testing.T) {
				b := &tuitest.Backend{Files: tuitest.Images()}
				d := tuitest.Start(t, size[0], size[1], tui.Options{Dir: "/images", Home: "/home/me"}, b)
				play(d)
				golden.RequireEqual(t, d.Frame())
			})
		}
	}
}

func TestRefusedScreen(t *testing.T) {
	d := tuitest.Start(t, 80, 24, tui.Options{Paths: []string{stick}}, &tuitest.Backend{Refuse: map[string]error{stick: errInUse}})
	golden.RequireEqual(t, d.Frame())
}

func TestTooSmall(t *testing.T) {
	d := open(t, tuitest.Founding())
	for _, size := range [][2]int{{59, 20}, {60, 19}, {20, 5}, {3, 2}, {1, 1}} {
		d.Resize(size[0], size[1])
	}
	d.Resize(59, 20)
	golden.RequireEqual(t, d.Frame())
}
