package widget_test

import (
	"reflect"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// typed is a field after keys; words that are not names of keys are typed.
func typed(f widget.Field, keys ...string) widget.Field {
	for _, k := range keys {
		f, _ = f.Update(keymap.Event(k))
	}
	return f
}

func TestField(t *testing.T) {
	for _, c := range []struct {
		name  string
		start widget.Field
		keys  string
		want  string
	}{
		{"typing replaces a fresh text", widget.NewField("966 MiB", 0), "1 G", "1G"},
		{"moving makes it a text to edit", widget.NewField("12", 0), "end 3", "123"},
		{"backspace clears a fresh text", widget.NewField("12", 0), "backspace 3", "3"},
		{"backspace", widget.NewField("12", 0).Touch(), "backspace", "1"},
		{"insert in the middle", widget.NewField("13", 0).Touch(), "left 2", "123"},
		{"home and delete", widget.NewField("123", 0).Touch(), "home delete", "23"},
		{"word", widget.NewField("/a/b.raw", 0).Touch(), "ctrl+w", "/a/"},
		{"clear", widget.NewField("123", 0).Touch(), "left ctrl+u 4", "4"},
		{"limit", widget.NewField("", 3), "1 2 3 4", "123"},
		{"nothing to take away", widget.NewField("", 0), "backspace delete left right", ""},
	} {
		if got := typed(c.start, strings.Fields(c.keys)...).Value(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFieldPaste(t *testing.T) {
	f, changed := widget.NewField("old", 0).Update(tea.PasteMsg{Content: "a\x1b[2Jb\nsecond line"})
	if got := f.Value(); !changed || got != "a\x1b[2Jb" {
		t.Errorf("pasted %q", got)
	}
	st := plain()
	if line, cursor := f.View(20, false, st); styles.Shown(line) != `a\x1b[2Jb`+strings.Repeat(" ", 11) || cursor != 9 {
		t.Errorf("shown as %q, the cursor in cell %d", styles.Shown(line), cursor)
	}
}

// Locks do not keep a key from typing, and the number pad types as well.
func TestFieldTypes(t *testing.T) {
	f := widget.NewField("", 0)
	for _, k := range []tea.Key{
		{Code: tea.KeyKpPlus},
		{Code: tea.KeyKp1, Mod: tea.ModNumLock},
		{Code: tea.KeyKpDecimal},
		{Code: '5', Text: "5", Mod: tea.ModNumLock},
		{Code: 'g', ShiftedCode: 'G', Text: "G", Mod: tea.ModShift},
		{Code: 'x', Text: "X", Mod: tea.ModCapsLock},
		{Code: 'c', Mod: tea.ModCtrl},
	} {
		f, _ = f.Update(tea.KeyPressMsg(k))
	}
	if got := f.Value(); got != "+1.5GX" {
		t.Errorf("typed %q", got)
	}
}

func TestFieldLeavesOtherKeys(t *testing.T) {
	for _, name := range []string{"enter", "esc", "tab", "up", "down", "ctrl+r", "pgup"} {
		f := widget.NewField("text", 0)
		if next, changed := f.Update(keymap.Event(name)); changed || !reflect.DeepEqual(next, f) {
			t.Errorf("%s was taken", name)
		}
	}
}

// The cursor stays visible and the field keeps its width, whatever the text.
func TestFieldView(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("long ", 20), strings.Repeat("日本", 10), "e\u0301e\u0301e\u0301"} {
		f := widget.NewField(text, 0).Touch()
		for range 60 {
			for _, width := range []int{1, 2, 8, 15} {
				line, cursor := f.View(width, true, plain())
				if w := ansi.StringWidth(line); w != width || cursor < 0 || cursor >= width {
					t.Fatalf("%q in %d cells: %d wide, cursor at %d", text, width, w, cursor)
				}
			}
			f = typed(f, "left")
		}
	}
}
