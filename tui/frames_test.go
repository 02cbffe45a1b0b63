package tui_test

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Frame is the screen as text, without trailing spaces.
func (d *Driver) Frame() string {
	lines := strings.Split(ansi.Strip(d.Raw()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Raw is the screen with its colours.
func (d *Driver) Raw() string { return d.model.View().Content }

// Contains fails the test if a text is not on the screen; it may be broken into lines there.
func (d *Driver) Contains(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.Frame(), text) && !strings.Contains(d.prose(), text) {
			d.t.Fatalf("%q is not on the screen:\n%s", text, d.Frame())
		}
	}
}

// prose is the screen as running text: of each line the longest part between borders.
func (d *Driver) prose() string {
	var words []string
	for line := range strings.Lines(d.Frame()) {
		longest := ""
		for part := range strings.SplitSeq(line, "│") {
			if part = strings.TrimSpace(part); len(part) > len(longest) {
				longest = part
			}
		}
		words = append(words, strings.Fields(longest)...)
	}
	return strings.Join(words, " ")
}

// Lacks fails the test if a text is on the screen.
func (d *Driver) Lacks(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if strings.Contains(d.Frame(), text) {
			d.t.Fatalf("%q is on the screen:\n%s", text, d.Frame())
		}
	}
}

// ours are the sequences that a frame may have.
var ours = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// check checks a frame: the only control characters are line ends and looks, and the title has none; it has exactly as many
// lines as the window, none is wider, and the cursor is inside.
func (d *Driver) check() {
	d.t.Helper()
	if d.width == 0 || d.blind {
		return
	}
	v := d.model.View()
	for _, r := range ours.ReplaceAllString(strings.ReplaceAll(v.Content, "\n", ""), "") + v.WindowTitle {
		if r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			d.t.Fatalf("a frame holds %q:\n%q\n%q", r, v.WindowTitle, v.Content)
		}
	}
	if strings.Contains(v.Content, "%!") {
		d.t.Fatalf("a frame holds a format verb:\n%s", d.Frame())
	}
	lines := strings.Split(v.Content, "\n")
	if len(lines) != d.height {
		d.t.Fatalf("frame has %d lines in a window of %d:\n%s", len(lines), d.height, d.Frame())
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w > d.width {
			d.t.Fatalf("line %d is %d cells wide in a window of %d:\n%s", i+1, w, d.width, d.Frame())
		}
	}
	if c := v.Cursor; c != nil && (c.X < 0 || c.Y < 0 || c.X >= d.width || c.Y >= d.height) {
		d.t.Fatalf("cursor at %d,%d in a window of %dx%d", c.X, c.Y, d.width, d.height)
	}
}
