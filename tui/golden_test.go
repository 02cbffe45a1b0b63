package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/exp/golden"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/styles"
)

// scene brings an editor to a screen that is pinned.
type scene struct {
	name   string
	target func() *Target
	play   func(story)
}

// keysOnly is a play of nothing but keys.
func keysOnly(keys ...string) func(story) {
	return func(s story) { s.d.Press(keys...) }
}

// pastAbout is keysOnly after the message about an image that has snapshots.
func pastAbout(keys ...string) func(story) {
	return func(s story) {
		quietly(s.d)
		s.d.Press(append([]string{"enter"}, keys...)...)
	}
}

// byName finds a command by a part of its name, and then presses keys.
func byName(part string, keys ...string) func(story) {
	return func(s story) {
		s.d.Press(":")
		s.d.Type(part)
		s.d.Press(keys...)
	}
}

func scenes() []scene {
	return []scene{
		{"editor", Founding, keysOnly()},
		{"editor-pending", Founding, func(s story) { stageFounding(s.d); s.d.Press("home") }},
		{"editor-pending-selected", Founding, func(s story) { stageFounding(s.d); s.d.Press("end", "down", "down") }},
		{"editor-gpt", Varied, keysOnly("j", "j")},
		{"editor-logicals", Logicals, keysOnly("j", "j", "j")},
		{"editor-many", func() *Target { return Many(128) }, keysOnly("pgdown", "pgdown")},
		{"editor-readonly", Damaged, keysOnly()},
		{"editor-blank", Blank, keysOnly()},
		{"editor-damaged", Repairable, keysOnly()},
		{"editor-cut", Misfits, keysOnly()},
		{"editor-cut-refused", Misfits, keysOnly("l")},
		{"editor-filled", Misfits, keysOnly("j", "j", "F")},
		{"room", Varied, keysOnly("j", "j", "g")},
		{"room-typed", Varied, func(s story) { s.d.Press("j", "j", "g"); s.d.Type("+1GiB"); s.d.Press("down") }},
		{"room-founding", Founding, func(s story) { s.d.Press("g"); s.d.Type("+1GiB") }},
		{"room-impossible", Varied, func(s story) { s.d.Press("end", "up", "up", "g"); s.d.Type("6TiB") }},
		{"room-wrong", Founding, func(s story) { s.d.Press("g"); s.d.Type("+1q") }},
		{"room-image", Varied, keysOnly("end", "g", "down")},
		{"room-refused", Varied, keysOnly("j", "g")},
		{"format", Founding, keysOnly("f", "down")},
		{"format-label", Founding, func(s story) { s.d.Press("f", "tab"); s.d.Type("home") }},
		{"format-off", Founding, keysOnly("f", "end")},
		{"format-refused", Varied, keysOnly("f")},
		{"label", Founding, func(s story) { s.d.Press("l"); s.d.Type("photos") }},
		{"label-long", Founding, func(s story) { s.d.Press("l"); s.d.Type("more than sixteen") }},
		{"name", Varied, func(s story) { s.d.Press("j", "j", "N"); s.d.Type("system") }},
		{"name-mbr", Founding, keysOnly("N")},
		{"type", Varied, keysOnly("j", "j", "t")},
		{"type-search", Varied, func(s story) { s.d.Press("j", "j", "t"); s.d.Type("raid") }},
		{"type-nothing", Varied, func(s story) { s.d.Press("j", "j", "t"); s.d.Type("zzz") }},
		{"type-flags", Founding, keysOnly("t", "tab", "space", "right", "space")},
		{"type-extended", Logicals, keysOnly("j", "t")},
		{"uuid", Founding, keysOnly("w")},
		{"uuid-ntfs", Varied, keysOnly("end", "up", "w", "right")},
		{"copied", Varied, keysOnly("j", "j", "c")},
		{"paste", Varied, keysOnly("j", "c", "end", "v")},
		{"paste-moved", Varied, func(s story) { s.d.Press("j", "c", "end", "v"); s.d.Type("+512MiB") }},
		{"paste-small", Varied, keysOnly("j", "j", "c", "j", "j", "v")},
		{"paste-over", Varied, keysOnly("j", "c", "j", "v")},
		{"new-table", Logicals, keysOnly("T")},
		{"new-table-mbr", Logicals, keysOnly("T", "right", "tab", "right")},
		{"new-table-blank", Blank, keysOnly("T")},
		{"convert", Logicals, keysOnly("G")},
		{"convert-gpt", Varied, keysOnly("G")},
		{"small-edits", Varied, func(s story) {
			s.d.Press("j", "j", "l")
			s.d.Type("sys")
			s.d.Press("enter", "N")
			s.d.Type("system")
			s.d.Press("enter", "w", "enter", "j", "j", "j", "f", "enter")
		}},
		{"renumbered", Logicals, keysOnly("j", "j", "d")},
		{"files", withFiles, keysOnly("i", "enter", "down")},
		{"files-inside", withFiles, keysOnly("i", "enter", "enter")},
		{"file", withFiles, keysOnly("i", "enter", "end", "up", "enter")},
		{"file-hex", withFiles, keysOnly("i", "enter", "end", "up", "enter", "h")},
		{"files-copy", withFiles, keysOnly("i", "enter", "e")},
		{"files-copying", withFiles, func(s story) {
			s.target.CopyHeld = true
			s.d.Press("i", "enter", "down", "down", "down", "e", "enter")
			s.d.Advance(time.Second)
			s.t.Cleanup(func() { s.d.Do(func() { s.target.CopyHeld = false }) })
		}},
		{"files-refused", Founding, keysOnly("i", "enter")},
		{"information-sheet", withFiles, keysOnly("i")},
		{"information-target", Varied, keysOnly("j", "j", "i", "tab")},
		{"support", Founding, keysOnly("S")},
		{"support-end", Founding, keysOnly("S", "down", "down", "down", "down", "down", "right")},
		{"busy-selected", busy, keysOnly()},
		{"mounts", Founding, keysOnly("M")},
		{"mounts-device", device, keysOnly("x", "M", "end")},
		{"mounts-done", device, keysOnly("M", "enter")},
		{"mounts-gap", Varied, keysOnly("end", "M")},
		{"physical", physical, func(s story) { s.toReport(); s.d.Press("y"); s.d.Type("/dev/sd") }},
		{"image-size", Founding, func(s story) { s.d.Press("z"); s.d.Type("+2GiB") }},
		{"image-file", Layered, pastAbout("z", "ctrl+f")},
		{"image-file-raw", Founding, keysOnly("z", "ctrl+f", "home")},
		{"image-file-alone", Layered, pastAbout("x", "z", "ctrl+f", "home")},
		{"image-file-bitmaps", Mapped, pastAbout("z", "ctrl+f")},
		{"image-snapshot", Layered, func(s story) { pastAbout("z", "ctrl+f", "enter")(s); s.d.Type("third") }},
		{"image-snapshot-taken", Layered, func(s story) { pastAbout("z", "ctrl+f", "enter")(s); s.d.Type("before") }},
		{"image-back", Layered, pastAbout("z", "ctrl+f", "down", "enter", "down")},
		{"image-back-staged", Layered, pastAbout("z", "ctrl+f", "down", "enter", "down", "enter")},
		{"image-convert", Layered, func(s story) {
			pastAbout("z", "ctrl+f", "down", "down", "down", "down", "enter")(s)
			s.d.Type(" it's")
		}},
		{"image-commit", Layered, pastAbout("z", "ctrl+f", "w", "enter")},
		{"resize", Founding, keysOnly("m")},
		{"resize-typed", Founding, func(s story) {
			s.d.Press("z")
			s.d.Type("+2GiB")
			s.d.Press("enter", "j", "m")
			s.d.Type("+1024MiB")
		}},
		{"resize-grid", Founding, func(s story) {
			s.d.Press("z")
			s.d.Type("+2GiB")
			s.d.Press("enter", "j", "m", "tab")
			s.d.Type("1GiB")
		}},
		{"resize-exactly", Founding, func(s story) {
			s.d.Press("z")
			s.d.Type("+2GiB")
			s.d.Press("enter", "j", "m", "tab")
			s.d.Type("1GiB=")
		}},
		{"resize-refused", Founding, func(s story) { s.d.Press("m", "tab"); s.d.Type("1GiB") }},
		{"resize-bar", Varied, keysOnly("j", "j", "j", "j", "j", "m", "shift+tab", "space", "right")},
		{"resize-fixed", Varied, keysOnly("j", "m")},
		{"create", Varied, keysOnly("end", "n")},
		{"create-list", Varied, keysOnly("end", "n", "tab", "tab", "tab", "space", "down", "down")},
		{"create-mbr", Logicals, keysOnly("end", "n", "tab", "tab", "tab")},
		{"clear", Founding, func(s story) { stageFounding(s.d); s.d.Press("X") }},
		{"quit", Founding, func(s story) { stageFounding(s.d); s.d.Press("q") }},
		{"save-plan", Founding, func(s story) { stageFounding(s.d); s.d.Press("s") }},
		{"help", Founding, keysOnly("?")},
		{"information", Varied, keysOnly("j", "j", "i")},
		{"rehearsing", Founding, func(s story) { s.toRehearsal() }},
		{"rehearsing-stop", Founding, func(s story) { s.toRehearsal(); s.d.Press("q") }},
		{"rehearsing-log", Founding, func(s story) { s.toRehearsal(); s.d.Press("l") }},
		{"report", Founding, func(s story) { s.toReport() }},
		{"report-warnings", Logicals, func(s story) {
			s.d.Press("j", "j", "d", "a")
			s.d.Do(func() {
				r := report.Rehearsal{PlaceBytes: 4096, JournalSize: geometry.MiB, Warnings: []string{
					"The file system that holds the image has 3.00 MiB free: the commit may run out of room and would have to be finished later.",
				}}
				s.run().Finish(r)
			})
			quietly(s.d)
		}},
		{"report-six", Varied, func(s story) {
			s.d.Press("end", "k", "d", "k", "d", "k", "d", "k", "d", "k", "d", "k", "d", "a")
			s.d.Do(func() { s.run().Finish(report.Rehearsal{PlaceBytes: 4096, JournalSize: geometry.MiB}) })
			quietly(s.d)
		}},
		{"report-only", Founding, func(s story) {
			stageFounding(s.d)
			s.d.Press("R")
			s.d.Do(func() { s.run().Finish(passed()) })
		}},
		{"report-held", Founding, func(s story) { s.toRehearsal(); s.d.Do(func() { s.run().Finish(passed()) }) }},
		{"question-held", Layered, keysOnly()},
		{"lost", withLost, func(s story) { s.d.Press(":"); s.d.Type("lost"); s.d.Press("enter", "j") }},
		{"lost-searching", withLost, func(s story) {
			s.target.LostHeld = true
			s.t.Cleanup(func() { s.d.Do(func() { s.target.LostHeld = false }) })
			s.d.Press(":")
			s.d.Type("lost")
			s.d.Press("enter")
			s.d.Advance(time.Second)
		}},
		{"find-row", func() *Target { return Many(128) }, func(s story) { s.d.Press("/"); s.d.Type("p12") }},
		{"find-nothing", Varied, func(s story) { s.d.Press("/"); s.d.Type("zzz") }},
		{"find-file", withFiles, func(s story) { s.d.Press("i", "enter", "/"); s.d.Type("t") }},
		{"find-text", Founding, func(s story) { s.d.Press("?", "/"); s.d.Type("undo"); s.d.Press("enter", "n") }},
		{"menu-partition", Founding, func(s story) { s.d.RightClick("p2 ") }},
		{"menu-gap", Varied, func(s story) { s.d.RightClick("unallocated"); s.d.Press("end") }},
		{"keys", withFiles, keysOnly("i", "enter", "?")},
		{"keys-resize", Founding, keysOnly("m", "?")},
		{"keys-label", Founding, keysOnly("l", "f1", "end")},
		{"palette", Founding, keysOnly(":")},
		{"palette-refused", Founding, byName("later")},
		{"entry-size", Founding, func(s story) { byName("entry alone", "enter", "ctrl+u")(s); s.d.Type("400MiB") }},
		{"gpt-details", Varied, byName("gpt details", "enter")},
		{"wipe", Varied, byName("wipe", "enter")},
		{"sectors", Founding, keysOnly("H")},
		{"go-to", Founding, func(s story) { s.d.Press("H", "g"); s.d.Type("p9") }},
		{"hibernated", asleep, keysOnly("j", "j", "j", "d")},
		{"in-use", func() *Target {
			g := device()
			g.use(1, model.Use{Kind: model.Mounted, Place: "/srv", ReadOnly: true})
			return g
		}, keysOnly("d")},
		{"open-plan", Founding, keysOnly("p")},
		{"report-failed", Founding, func(s story) {
			s.toRehearsal()
			s.d.Do(func() {
				s.run().Finish(failed())
				s.run().End(report.Result{Outcome: report.Unchanged, Err: failed().Err})
			})
		}},
		{"committing", Founding, func(s story) { s.toCommit() }},
		{"committing-stop", Founding, func(s story) { s.toCommit(); s.d.Press("ctrl+c") }},
		{"undoing", committed, func(s story) {
			s.d.Press("U", "y")
			s.d.Do(func() {
				s.run().Tell(report.Progress{Phase: report.Undoing, Task: report.Undo, Stage: "copy", Done: 1 << 20, Total: 14 << 20})
			})
		}},
		{"rolling-back-stop", broken, func(s story) {
			quietly(s.d)
			s.d.Press("b", "q", "s")
			s.d.Do(func() {
				s.run().Tell(report.Progress{Phase: report.Undoing, Task: report.RollBack, Stage: "copy", Done: 1 << 20, Total: 14 << 20})
			})
		}},
		{"history", func() *Target {
			target := committed()
			target.What.Undos = append(kept(2), target.What.Undos...)
			return target
		}, byName("history", "enter", "down")},
		{"result-done", Founding, func(s story) { s.toResult(resultDone) }},
		{"result-rolled-back", Founding, func(s story) { s.toResult(resultRolledBack) }},
		{"result-interrupted", Founding, func(s story) { s.toResult(resultInterrupted) }},
		{"result-unchanged", Founding, func(s story) { s.toResult(resultUnchanged) }},
		{"recovery", broken, keysOnly()},
		{"recovery-backward-only", func() *Target {
			g := broken()
			g.Broken.RollingBack = true
			return g
		}, keysOnly()},
	}
}

// wide are the screens that make use of a very large window.
var wide = map[string]bool{
	"editor": true, "editor-pending": true, "editor-gpt": true, "editor-logicals": true, "editor-many": true, "editor-readonly": true, "editor-cut": true,
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
				d := Start(t, size[0], size[1], tui.Options{Paths: []string{target.What.Path}}, One(target))
				s.play(story{t, d, target})
				if tui.Held(d.Model()) && !strings.HasSuffix(s.name, "-held") {
					quietly(d)
				} else if !tui.Held(d.Model()) {
					d.Advance(250 * time.Millisecond) // the details below the table follow the cursor
				}
				d.wellDrawn()
				golden.RequireEqual(t, d.Frame())
				if size[0] == 120 && !wide[s.name] {
					d.Resize(200, 60)
					d.wellDrawn()
				}
			})
		}
	}
}

// With nothing but ASCII every screen is readable, and nothing else is sent to the terminal.
func TestASCII(t *testing.T) {
	pinned := map[string]bool{"editor-pending": true, "resize-typed": true, "committing": true, "help": true, "editor-gpt": true}
	for _, s := range scenes() {
		target := s.target()
		d := Start(t, 80, 24, tui.Options{Paths: []string{target.What.Path}, Glyphs: styles.ASCII}, One(target))
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
func ordinary(t *testing.T, s scene) *Driver {
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
			d := open(t, Varied())
			d.Send(tea.BackgroundColorMsg{Color: hex(background)})
			d.Press("j", "j", "m")
			golden.RequireEqual(t, d.Raw())
		})
	}
	for name, profile := range map[string]colorprofile.Profile{
		"table": colorprofile.ANSI256, "table-sixteen": colorprofile.ANSI, "table-none": colorprofile.ASCII,
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, Varied())
			d.Send(tea.ColorProfileMsg{Profile: profile})
			d.Press("j", "j")
			golden.RequireEqual(t, d.Raw())
		})
	}
}

// What opens a target is pinned in all sizes, as it has columns that come and go.
func TestPicker(t *testing.T) {
	for name, play := range map[string]func(d *Driver){
		"first": func(*Driver) {},
		"typed": func(d *Driver) { d.Type("tic") },
		"qcow2": func(d *Driver) { d.Type("qcow"); d.Press("down", "up") },
		"other": func(d *Driver) { d.Type("/home/") },
		"all":   func(d *Driver) { d.Press("ctrl+t", "end", "up", "up", "up", "up") },
		"loop":  func(d *Driver) { d.Press("end") },
		"none":  func(d *Driver) { d.Type("nothing like it") },
	} {
		for _, size := range [][2]int{{80, 24}, {60, 20}, {120, 40}, {200, 60}} {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size[0], size[1]), func(t *testing.T) {
				b := &Backend{Files: Images()}
				d := Start(t, size[0], size[1], tui.Options{Dir: "/images", Home: "/home/me"}, b)
				play(d)
				d.wellDrawn()
				golden.RequireEqual(t, d.Frame())
			})
		}
	}
}

func TestRefusedScreen(t *testing.T) {
	d := Start(t, 80, 24, tui.Options{Paths: []string{stick}}, &Backend{Refuse: map[string]error{stick: errInUse}})
	golden.RequireEqual(t, d.Frame())
}

func TestTooSmall(t *testing.T) {
	d := open(t, Founding())
	for _, size := range [][2]int{{59, 20}, {60, 19}, {20, 5}, {3, 2}, {1, 1}} {
		d.Resize(size[0], size[1])
	}
	d.Resize(59, 20)
	golden.RequireEqual(t, d.Frame())
}
