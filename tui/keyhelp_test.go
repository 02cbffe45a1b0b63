package tui_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/tui"
	"shunt/tui/keymap"
)

// keysTried are all keys that do not type text, and the characters that are keys of some dialog.
var keysTried = append(strings.Fields(`up down left right home end pgup pgdown tab shift+tab enter esc backspace delete f1
	shift+up shift+down < > = ? space`), controlKeys()...)

// controlKeys are the letters with ctrl, but for the one that suspends the program.
func controlKeys() (keys []string) {
	for c := 'a'; c < 'z'; c++ {
		keys = append(keys, "ctrl+"+string(c))
	}
	return keys
}

// everyKind names scenes that have all pages and all kinds of dialogs between them.
var everyKind = strings.Fields(`editor-pending-selected room-typed format label type uuid-ntfs paste-moved new-table-mbr convert create create-mbr
	image-size image-file image-snapshot resize clear quit save-plan physical mounts help files file files-copying information-sheet support
	rehearsing rehearsing-log report report-only report-failed committing result-done recovery image-convert`)

// TestEveryKeyIsListed presses every key on every page and in every dialog. What a key does can be seen, and the list of keys has
// it.
func TestEveryKeyIsListed(t *testing.T) {
	tried := 0
	for _, s := range scenes() {
		if slices.Contains(everyKind, s.name) {
			target := s.target()
			d := open(t, target)
			s.play(story{t, d, target})
			d.triesEveryKey(s.name)
			tried++
		}
	}
	if tried != len(everyKind) {
		t.Errorf("%d of %d scenes are there", tried, len(everyKind))
	}
	d := Start(t, 80, 24, tui.Options{Dir: "/images", Home: "/home/me"}, &Backend{Files: Images()})
	d.triesEveryKey("picker")
}

// triesEveryKey presses every key that is not listed on the screen as it is.
func (d *Driver) triesEveryKey(where string) {
	d.t.Helper()
	quietly(d)
	d.Blind()
	d.tap("ctrl+y") // takes away a message
	before, from := d.Raw(), d.Model()
	listed := tui.ListedKeys(from)
	for _, key := range keysTried {
		name := keymap.Bind("", "", key).Names()
		if slices.Contains(listed, name) || typesText(key, listed) {
			continue
		}
		d.model = from
		d.tap(key)
		if d.Raw() != before && !strings.Contains(d.Frame(), "Sizes are typed") {
			d.t.Errorf("%s: the list of keys has %q, and not %q, which does\n%s", where, listed, key, d.Frame())
		}
	}
	d.model = from
}

// tap presses a key whose commands do not run.
func (d *Driver) tap(name string) { d.model, _ = d.model.Update(keymap.Event(name)) }

// TestKeysOfDialogs: a question mark lists the keys of a dialog and what its fields mean; where it is text, F1 does.
func TestKeysOfDialogs(t *testing.T) {
	d := open(t, Founding())
	d.Press("m", "?")
	d.Contains("Keys: Resize/Move", "What the parts mean")
	d.Press("end")
	d.Contains("delete the word to the left")
	d.Press("home")
	d.Contains("Align to", "A change is rounded")
	d.Press("esc")
	d.Contains("Resize/Move p1", "Free space preceding")
	d.Press("esc", "l", "ctrl+u", "?")
	d.Contains("[?")
	d.Press("f1")
	d.Contains("Keys: Label of p1")
	d.Press("end")
	d.Contains("delete the word to the left")
	d.Press("up", "up", "up", "up", "up", "up", "up")
	d.Contains("Keys: Label of p1", "set label")
	d.Press("?", "esc", "i", "enter", "?")
	d.Contains("Keys", "Directory above. Not possible now. This is the top of the")
	d.Lacks("Stop copying") // esc has another use while nothing is copied
	d.Press("enter", "q", "q", "f1")
	d.Contains("Pending operations", "resize/move")
}

// TestDialogsExplainThemselves: every part of a dialog that can have the keyboard says what it means.
func TestDialogsExplainThemselves(t *testing.T) {
	for name, parts := range map[string][]string{
		"create": {"Bar", "Free space preceding", "New size", "Free space following", "Align to", "File system", "Label", "Partition name"},
		"format": {"List"}, "type": {"Search", "Flags"}, "image-size": {"New size", "Preallocate"},
		"uuid-ntfs": {"Change"}, "new-table": {"Kind", "Buttons"}, "save-plan": {"Path"}, "clear": {"Buttons"}, "name": {"Name"},
	} {
		at := slices.IndexFunc(scenes(), func(s scene) bool { return s.name == name })
		s := scenes()[at]
		target := s.target()
		d := open(t, target)
		s.play(story{t, d, target})
		d.Resize(120, 60)
		d.Press("f1")
		d.Contains(parts...)
	}
}

// TestHeldAnswers: a question that opens by itself shows that it takes no key yet, without colour too.
func TestHeldAnswers(t *testing.T) {
	target := Founding()
	s := story{t, open(t, target), target}
	s.toRehearsal()
	s.d.Do(func() { s.run().Finish(passed()) })
	s.d.Contains("keys work again in a moment")
	s.d.Lacks("[ n ")
	quietly(s.d)
	s.d.Lacks("Just opened")
	s.d.Contains("[ n ")
}

// TestFocusStays: the keys of a list stay in it, and one key leads to the other list. What removes an operation never deletes a
// partition.
func TestFocusStays(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {60, 20}} {
		for _, keys := range []string{"end", "home", "pgup", "pgdown", "space", "home home", "end end", "space space pgup pgup home"} {
			d := open(t, Founding())
			d.Resize(size[0], size[1])
			d.Press("x", "j", "x", "l")
			d.Type("new")
			d.Press("enter", "home")
			d.Contains("Pending (P)")
			d.Press("P")
			d.Contains("▸ Pending")
			d.Press(strings.Fields(keys)...)
			d.Contains("▸ Pending", "d remove")
			d.Press("d")
			d.Contains("Removed: ")
			d.Press("P", "P", "P")
			d.Lacks("▸ Pending")
		}
	}
	d := open(t, Founding())
	d.Press("x", "P", "d")
	d.Contains("nothing is pending any more", "Nothing yet.")
	d.Press("d", "d", "d") // the key is still held down
	d.Contains("Nothing yet.")
	quietly(d)
	d.Press("d")
	d.Contains("Nothing yet.", "d once more deletes what is selected")
	d.Press("d")
	d.Contains("1 pending", "Delete p1")
	d = open(t, Founding())
	d.Press("P")
	d.Contains("Nothing is pending")
}

// typesText reports whether a key types a character into a field, or searches with it in a list.
func typesText(key string, listed []string) bool {
	return strings.Contains("< > = ? space", key) && (slices.Contains(listed, "ctrl+w") || slices.Contains(listed, "letters"))
}
