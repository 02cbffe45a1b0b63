package widget_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

func plain() *styles.Styles { return styles.New(styles.Dark, styles.Full, styles.ASCII) }

func seg(weight geometry.Sector, used float64, labels ...string) widget.Segment {
	return widget.Segment{Weight: weight, Used: used, Labels: labels, Shade: widget.Shaded}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"root":                    "root",
		"a\tb":                    "a b",
		"\x1b[31mred\x1b[0m":      `\x1b[31mred\x1b[0m`,
		"line\nbreak\r":           `line\x0abreak\x0d`,
		"bell\a":                  `bell\x07`,
		"Größe 日本":                "Größe 日本",
		"right\u202eto\u200bleft": `right\u202eto\u200bleft`,
		"bad\xff":                 `bad\xff`,
	} {
		if got := widget.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 5, ""},
		{"one", 5, "one"},
		{"one two", 5, "one|two"},
		{"one two", 7, "one two"},
		{"one  two three", 8, "one  two|three"},
		{"a qemu-system-x86 b", 12, "a|qemu-system-|x86 b"},
		{"abcdefgh", 3, "abc|def|gh"},
		{"  indented line", 10, "  indented|line"},
		{"a\nb", 5, "a|b"},
		{"日本語", 4, "日本|語"},
		{"日本", 1, "日|本"},
		{"exact fit", 5, "exact|fit"},
		{"at most 2048 MiB", 12, "at most|2048 MiB"},
		{"at most 2048 MiB.", 13, "at most|2048 MiB."},
		{"1024 MiB", 5, "1024|MiB"},
		{"p1 to p2048 MiBs", 12, "p1 to p2048|MiBs"},
	} {
		if got := strings.Join(widget.Wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("Wrap(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestFit(t *testing.T) {
	type in struct {
		text  string
		width int
	}
	for in, want := range map[in]string{
		{"abc", 5}: "abc  ", {"abc", 3}: "abc", {"abc", 2}: "a~", {"abc", 1}: "a", {"abc", 0}: "",
		{"", 2}: "  ", {"日本", 3}: "日~", {"日本", 4}: "日本", {"日", 1}: " ",
	} {
		got := widget.Fit(in.text, in.width, "~")
		if got != want || ansi.StringWidth(got) != in.width {
			t.Errorf("Fit(%q, %d) = %q, want %q, as wide as that", in.text, in.width, got, want)
		}
	}
}

// Whatever the weights, the widths add up, nothing vanishes while there is a cell for it, and order by weight
// is kept.
func TestShare(t *testing.T) {
	const g = geometry.Sector(1 << 21)
	for _, weights := range [][]geometry.Sector{
		{1}, {1, 1}, {1, 1, 1}, {1, 1000 * g}, {1000 * g, 1, 1, 1}, {g, 2 * g, 3 * g, 4 * g}, {0, 0}, {5, 1 << 40, 7, 1 << 39},
	} {
		var segments []widget.Segment
		for i, w := range weights {
			segments = append(segments, seg(w, 0, fmt.Sprintf("p%d long label", i+1), fmt.Sprintf("p%d", i+1)))
		}
		for width := range 130 {
			got := widget.Share(segments, width)
			sum := 0
			for i, n := range got {
				sum += n
				if n < 1 && width >= len(weights) {
					t.Fatalf("weights %v in %d cells: segment %d has none: %v", weights, width, i, got)
				}
				for j := range got {
					if weights[i] > weights[j] && got[i] < got[j] && width >= len(weights) {
						t.Fatalf("weights %v in %d cells: the larger one is narrower: %v", weights, width, got)
					}
				}
			}
			if want := width; sum != want && width >= len(weights) {
				t.Fatalf("weights %v in %d cells: %v add up to %d", weights, width, got, sum)
			}
		}
	}
}

func TestDiskBar(t *testing.T) {
	gap := widget.Segment{Weight: 30, Labels: []string{"free 30M", "30M"}}
	for _, c := range []struct {
		name     string
		segments []widget.Segment
		width    int
		rows     int
		want     string
	}{
		{
			"labels and shading",
			[]widget.Segment{seg(50, .5, "p1 ext4", "p1"), seg(50, 0, "p2 ext4", "p2")},
			40, 1,
			" p1 ext4 ######.....| p2 ext4 ..........",
		},
		{
			"two rows",
			[]widget.Segment{seg(50, .5, "p1 ext4", "p1"), gap},
			30, 2,
			" p1 ext4          | free 30M  \n#########.........|           ",
		},
		{"usage unknown", []widget.Segment{seg(50, -1, "p1 swap", "p1")}, 14, 1, " p1 swap :::::"},
		{
			"tiny ones stay",
			[]widget.Segment{seg(1, 0, "p1"), seg(1_000_000, 0, "p2"), seg(1, 0, "p3")},
			20, 1,
			"p1 | p2 ........|p3 ",
		},
		{
			"extended",
			[]widget.Segment{seg(10, 0, "p1"), {Weight: 10, Labels: []string{"p5"}, Shade: widget.Shaded, Open: true, Close: true}, seg(10, 0, "p3")},
			26, 1,
			" p1 ....{ p5 ....} p3 ....",
		},
	} {
		got := strings.Join(widget.DiskBar(c.segments, c.width, c.rows, plain()), "\n")
		if ansi.Strip(got) != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, ansi.Strip(got), c.want)
		}
	}
}

// A bar has the width it was given, and the selected segment is on it, however many there are.
func TestDiskBarCrowded(t *testing.T) {
	for _, n := range []int{1, 2, 10, 30, 128} {
		for chosen := range n {
			var segments []widget.Segment
			for i := range n {
				s := seg(1, 0, fmt.Sprintf("p%d", i+1))
				if i == chosen {
					s.Mark = widget.Selected
				}
				segments = append(segments, s)
			}
			for _, width := range []int{1, 2, 5, 20, 58, 78, 118} {
				for _, line := range widget.DiskBar(segments, width, 2, plain()) {
					if w := ansi.StringWidth(line); w != width {
						t.Fatalf("%d segments in %d cells: %d cells wide", n, width, w)
					}
				}
				row := strings.Join(widget.DiskBar(segments, width, 1, plain()), "")
				if width >= 5 && !strings.Contains(row, "7m") { // reverse video
					t.Fatalf("%d segments in %d cells: %d is not marked: %q", n, width, chosen, row)
				}
			}
		}
	}
}

// However crowded the bar: each partition that it shows has its whole number, the selected one is among them, and a
// character behind its edge marks it where colours do not.
func TestDiskBarNumbers(t *testing.T) {
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	for _, n := range []int{1, 12, 30, 128} {
		for chosen := range n {
			var segments []widget.Segment
			for i := range n {
				s := seg(1+geometry.Sector(i%7)*1000, .5, fmt.Sprintf("p%d ext4", i+1), fmt.Sprintf("p%d", i+1))
				if i == chosen {
					s.Mark = widget.Selected
				}
				segments = append(segments, s, widget.Segment{Weight: 1, Labels: []string{"1M"}})
			}
			for _, width := range []int{20, 51, 78, 118} {
				for rows := 1; rows <= 2; rows++ {
					line := ansi.Strip(widget.DiskBar(segments, width, rows, st)[0])
					cells := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("│▸‹› ▓░", r) })
					next := 0
					for _, cell := range cells {
						var number int
						if _, err := fmt.Sscanf(cell, "p%d", &number); err != nil {
							continue
						}
						if next != 0 && number != next {
							t.Fatalf("%d partitions in %d cells, p%d selected: p%d follows p%d in %q", n, width, chosen+1, number, next-1, line)
						}
						next = number + 1
					}
					before, _, marked := strings.Cut(line, fmt.Sprintf("▸p%d", chosen+1))
					if !marked || before != "" && !strings.HasSuffix(before, "│") && !strings.HasSuffix(before, "‹") {
						t.Fatalf("%d partitions in %d cells: p%d is not marked behind an edge in %q", n, width, chosen+1, line)
					}
					if at := widget.SegmentAt(segments, width, ansi.StringWidth(strings.Split(line, fmt.Sprintf("p%d", chosen+1))[0])); at != 2*chosen {
						t.Fatalf("%d partitions in %d cells: a click on p%d hits segment %d in %q", n, width, chosen+1, at, line)
					}
				}
			}
		}
	}
}

func TestPortion(t *testing.T) {
	for _, c := range []struct {
		share       float64
		width, want int
	}{
		{0, 10, 0}, {.001, 10, 1}, {.5, 10, 5}, {.999, 10, 9}, {1, 10, 10}, {.5, 1, 1}, {.999, 1, 1}, {0, 0, 0}, {2, 4, 4},
	} {
		if got := widget.Portion(c.share, c.width); got != c.want {
			t.Errorf("Portion(%v, %d) = %d, want %d", c.share, c.width, got, c.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for _, c := range []struct{ n, selected, height, from, to int }{
		{0, -1, 5, 0, 0}, {3, 0, 5, 0, 3}, {10, 0, 4, 0, 4}, {10, 9, 4, 6, 10}, {10, 5, 4, 3, 7}, {10, -1, 4, 0, 4}, {3, 1, 0, 0, 0},
	} {
		from, to := widget.Visible(c.n, c.selected, c.height)
		if from != c.from || to != c.to {
			t.Errorf("Visible(%d, %d, %d) = %d, %d, want %d, %d", c.n, c.selected, c.height, from, to, c.from, c.to)
		}
	}
}

func TestBox(t *testing.T) {
	got := widget.Box([]string{"one", "two words", "three"}, widget.Frame{Title: "Title", Corner: "3 GiB"}, 20, 4, plain())
	want := []string{
		"+ Title --- 3 GiB -+",
		"| one              |",
		"| two words        |",
		"+------------------+",
	}
	for i := range want {
		if ansi.Strip(got[i]) != want[i] {
			t.Errorf("line %d: got %q, want %q", i, ansi.Strip(got[i]), want[i])
		}
	}
	for width := range 30 {
		for _, line := range widget.Box([]string{"some text"}, widget.Frame{Title: "A long title", Corner: "corner", Foot: "foot"}, width, 3, plain()) {
			if w := ansi.StringWidth(line); w != width {
				t.Fatalf("box of %d cells has a line of %d: %q", width, w, line)
			}
		}
	}
}

func TestKeyBarKeepsWhatMustStay(t *testing.T) {
	var list []keymap.Binding
	for _, name := range []string{"a", "b", "c", "d"} {
		list = append(list, keymap.Bind(name, "do "+name, name))
	}
	help := []keymap.Binding{keymap.Bind("?", "help", "?")}
	for width := 8; width < 60; width++ {
		got := ansi.Strip(widget.Fit(widget.Line(widget.KeyBar(list, help, width, plain())), width, ""))
		if !strings.Contains(got, "? help") || ansi.StringWidth(got) != width {
			t.Fatalf("%d cells: %q", width, got)
		}
	}
	if got := ansi.Strip(widget.Fit(widget.Line(widget.KeyBar(list, help, 24, plain())), 24, "")); got != " a do a  b do b  ? help " {
		t.Errorf("got %q", got)
	}
}

func TestScroll(t *testing.T) {
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf("line %d", i))
	}
	got := widget.Scroll(lines, 99, 12, 4, plain())
	if !strings.HasPrefix(ansi.Strip(got[3]), "line 19") {
		t.Errorf("scrolling past the end shows %q last", got[3])
	}
	if got := widget.Scroll(lines[:2], 5, 12, 4, plain()); !strings.HasPrefix(got[0], "line 0") {
		t.Errorf("a text that fits was scrolled: %q", got[0])
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 20 * time.Millisecond: "0 s", 400 * time.Millisecond: "0.4 s", 2 * time.Second: "2 s", 9940 * time.Millisecond: "9.9 s",
		9960 * time.Millisecond: "10 s", 12400 * time.Millisecond: "12 s", 59600 * time.Millisecond: "1 min 0 s", 61 * time.Second: "1 min 1 s",
		3600 * time.Second: "1 h 0 min", 3725 * time.Second: "1 h 2 min", -time.Second: "0 s",
	} {
		if got := widget.Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

// A gauge says 100 % only when everything is done.
func TestGauge(t *testing.T) {
	for share, want := range map[float64]string{0: "  0 %", .999: " 99 %", 1: "100 %", 1.5: "100 %"} {
		got := ansi.Strip(widget.Gauge(share, 20, plain()))
		if !strings.HasSuffix(got, want) || ansi.StringWidth(got) != 20 {
			t.Errorf("Gauge(%v) = %q, want %q at its end", share, got, want)
		}
	}
	if got := ansi.Strip(widget.Gauge(-1, 20, plain())); strings.Contains(got, "%") || ansi.StringWidth(got) != 20 {
		t.Errorf("a gauge without an end shows %q", got)
	}
}

// The sign of a text stands once, before its first word, and the other lines begin below that word.
func TestWrapSigned(t *testing.T) {
	for _, c := range []struct {
		text, sign string
		width      int
		want       []string
	}{
		{"all is lost", "! ", 20, []string{"! all is lost"}},
		{"all is lost", "! ", 8, []string{"! all is", "  lost"}},
		{"  all is lost", "! ", 10, []string{"  ! all is", "    lost"}},
		{"! all is lost", "! ", 20, []string{"! all is lost"}},
		{"all is lost", "", 8, []string{"all is", "lost"}},
		{"", "! ", 8, []string{""}},
		{"abc", "! ", 1, []string{"! a", "  b", "  c"}},
	} {
		if got := widget.WrapSigned(c.text, c.width, c.sign); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d cells: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// The mark of cut text stays within the width, also where it has two cells.
func TestCutTextKeepsItsWidth(t *testing.T) {
	for width := 1; width < 12; width++ {
		for _, more := range []string{"…", ".."} {
			if got := widget.Fit("a long text", width, more); ansi.StringWidth(got) != width {
				t.Errorf("%q in %d cells: %q", more, width, got)
			}
		}
		words := widget.Line(widget.Choice([]string{"one", "two", "three", "four"}, 1, true, width+8, plain()))
		if ansi.StringWidth(words) > width+8 {
			t.Errorf("words in %d cells: %q", width+8, words)
		}
	}
}

// Held answers and the thumb of a scrolled text are seen without colour.
func TestSeenWithoutColour(t *testing.T) {
	for _, set := range []styles.GlyphSet{styles.Unicode, styles.ASCII} {
		st := styles.New(styles.Dark, styles.Mono, set)
		buttons := []widget.Button{{Label: "No", Key: "n"}, {Label: "Yes", Key: "y", Risk: widget.Writes}}
		for want, in := range map[string]*styles.Styles{"[ n No ]   y Yes  ": st, "( n No ) ( y Yes )": st.Holding()} {
			if got := ansi.Strip(widget.Line(widget.Buttons(buttons, 0, true, in))); got != want {
				t.Errorf("set %d: %q, want %q", set, got, want)
			}
		}
		if lines := widget.Scroll(make([]string, 9), 0, 3, 3, st); ansi.Strip(lines[0]) != "  "+st.Thumb || ansi.Strip(lines[2]) != "  "+st.Track ||
			st.Thumb == st.Track || st.Track == st.Vertical && set == styles.ASCII {
			t.Errorf("set %d: a text is scrolled with %q", set, lines)
		}
	}
}
