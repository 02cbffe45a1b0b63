package dialog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/tui/dialog"
	"shunt/tui/internal/tuitest"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// severalFields are dialogs in which the keyboard goes from one part to another.
func severalFields(t *testing.T) map[string]dialog.Dialog {
	t.Helper()
	const align = geometry.AlignMiB
	founding, varied := queueOf(tuitest.Founding()), queueOf(tuitest.Varied())
	create, err := dialog.NewCreate(varied, gap(t, tuitest.Varied(), 0), align)
	if err != nil {
		t.Fatal(err)
	}
	room, _, err := dialog.NewMakeRoom(varied, 3, align)
	if err != nil {
		t.Fatal(err)
	}
	small, _, err := dialog.NewSmallImage(varied, align)
	if err != nil {
		t.Fatal(err)
	}
	part, _ := tuitest.Varied().Partition(2)
	paste, err := dialog.NewPaste(varied, dialog.Clip{Part: part, Bytes: 64 * geometry.MiB}, gap(t, tuitest.Varied(), 0), align)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]dialog.Dialog{
		"create": create, "room": room, "small image": small, "paste": paste, "format": dialog.NewFormat(founding, 1, align),
		"type": dialog.NewType(founding, 1), "GPT type": dialog.NewType(varied, 3), "table": dialog.NewNewTable(varied, align),
		"resize": dialog.NewResize(founding, 1, align), "GPT details": dialog.NewGPTDetails(varied, align),
		"entry size": dialog.NewEntrySize(founding, 1, align), "UUID": dialog.NewUUID(varied, 7, align),
		"image size": dialog.NewImageSize(founding, align), "label": dialog.NewLabel(founding, 1, align),
		"ask": dialog.NewAsk("Leave?", dialog.Warning, nil, dialog.YesNo("Stay", "Leave", widget.Writes, dialog.Quit{})...),
	}
}

// Only one part of a dialog looks as if it had the keyboard, also without colours: one line has the mark, or one text is filled.
func TestOneFocus(t *testing.T) {
	for _, depth := range []styles.Depth{styles.Full, styles.Sixteen, styles.Mono} {
		st := styles.New(styles.Dark, depth, styles.Unicode)
		begin := func(look styles.Look) string { begin, _, _ := strings.Cut(look.Render("x"), "x"); return begin }
		filled := []string{begin(st.Chosen), begin(st.Danger), begin(st.Row)}
		for name, d := range severalFields(t) {
			for range 8 {
				marked := 0
				for _, line := range dialog.Draw(d, 80, 24, st).Block {
					plain := strings.TrimLeft(ansi.Strip(line), "│ ")
					fills := slices.ContainsFunc(filled, func(begin string) bool { return strings.Contains(line, begin) })
					if strings.HasPrefix(plain, st.Cursor) || fills && !strings.HasPrefix(plain, "[x]") && !strings.HasPrefix(plain, "[ ]") { // a flag stands below the mark
						marked++
					}
				}
				if marked > 1 {
					t.Errorf("%s, depth %d: %d lines look as if they had the keyboard:\n%s", name, depth, marked,
						ansi.Strip(strings.Join(dialog.Draw(d, 80, 24, st).Block, "\n")))
					break
				}
				d, _ = d.Update(keymap.Event("tab"))
			}
		}
	}
}

// No word of a dialog is as faint as its borders: also not why something is impossible, nor an answer that is not chosen.
func TestNoFaintWords(t *testing.T) {
	for _, depth := range []styles.Depth{styles.Full, styles.Sixteen} {
		st := styles.New(styles.Dark, depth, styles.Unicode)
		faint, end, _ := strings.Cut(st.Faint.Render("x"), "x")
		for name, d := range severalFields(t) {
			for _, line := range dialog.Draw(d, 80, 24, st).Block {
				for _, part := range strings.Split(line, faint)[1:] {
					if text, _, _ := strings.Cut(part, end); strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz") {
						t.Errorf("%s, depth %d: %q is faint", name, depth, ansi.Strip(text))
					}
				}
			}
		}
	}
}

// Enter is among the keys of a dialog exactly while it does something.
func TestEnterIsOffered(t *testing.T) {
	const align = geometry.AlignMiB
	founding, varied := queueOf(tuitest.Founding()), queueOf(tuitest.Varied())
	off := dialog.Command{Name: "edit", Group: "Disk", Off: "it is busy"}
	for _, c := range []struct {
		name string
		d    dialog.Dialog
		keys []string // after each, the answer is another one; it begins with yes
	}{
		{"resize", dialog.NewResize(founding, 1, align), []string{"tab =9GiB", "ctrl+u =300MiB", "ctrl+u =3q"}},
		{"format", dialog.NewFormat(founding, 1, align), []string{"end", "home"}},
		{"label", dialog.NewLabel(founding, 1, align), []string{"=abcdefghijklmnopqr", "ctrl+u"}},
		{"image size", dialog.NewImageSize(founding, align), []string{"ctrl+u =1q", "ctrl+u =2GiB"}},
		{"entry size", dialog.NewEntrySize(founding, 1, align), []string{"ctrl+u =4GiB"}},
		{"GPT details", dialog.NewGPTDetails(varied, align), []string{"tab ctrl+u", "=100", "tab ctrl+u"}},
		{"path", dialog.NewPath(dialog.SavePlan, "Save plan", "", "/tmp/a.plan"), []string{"ctrl+u", "=b"}},
	} {
		offered := func(d dialog.Dialog) bool {
			return slices.ContainsFunc(d.Keys(), func(b keymap.Binding) bool { return b.Has("enter") && !b.IsIdle() })
		}
		d, want := c.d, true
		for i, keys := range append([]string{""}, c.keys...) {
			d, _ = press(t, d, keys)
			if _, action := d.Update(keymap.Event("enter")); want != (i%2 == 0) || offered(d) != want || (action != nil) != want {
				t.Errorf("%s: after %q enter is offered: %v, and does %#v\n%s", c.name, keys, offered(d), action, text(d))
			}
			want = !want
		}
	}
	for name, d := range map[string]dialog.Dialog{
		"menu": dialog.NewMenu("Menu", "", dialog.Item{Text: "Alpha", Off: "it is busy"}), "actions": dialog.NewActions("p1", []dialog.Command{off}),
		"palette": dialog.NewPalette([]dialog.Command{off}), "word": dialog.NewTyped("Sure?", "", nil, "yes", dialog.Quit{}), "go to": dialog.NewGoTo(tuitest.Founding()),
	} {
		if slices.ContainsFunc(d.Keys(), func(b keymap.Binding) bool { return b.Has("enter") && !b.IsIdle() }) {
			t.Errorf("%s: enter is offered and refused", name)
		}
	}
}
