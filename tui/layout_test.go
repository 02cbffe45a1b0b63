package tui

import (
	"fmt"
	"strings"
	"testing"
)

// drawing is a layout as a column of letters, one a line: t title, ! banner, n now, a after, - table,
// p pending, k keys.
func drawing(height int, l editorLayout) string {
	var out strings.Builder
	for _, part := range []struct {
		letter string
		lines  int
	}{{"t", 1}, {"!", l.banner}, {"n", l.bar}, {"a", l.bar}, {"-", l.table}, {"p", l.pending}, {"k", 1}} {
		out.WriteString(strings.Repeat(part.letter, part.lines))
	}
	if out.Len() != height {
		return fmt.Sprintf("%d lines instead of %d: %s", out.Len(), height, out.String())
	}
	return out.String()
}

func TestLayoutEditor(t *testing.T) {
	for _, c := range []struct {
		name   string
		height int
		needs  editorNeeds
		want   string
	}{
		{"80x24, nothing pending", 24, editorNeeds{rows: 2}, "tnnnaaa-------------pppk"},
		{"80x24, three pending", 24, editorNeeds{rows: 3, pending: 3}, "tnnnaaa-----------pppppk"},
		{"80x24, many rows", 24, editorNeeds{rows: 40, pending: 3}, "tnnnaaa-----------pppppk"},
		{"80x24, many of both", 24, editorNeeds{rows: 40, pending: 40}, "tnnnaaa----------ppppppk"},
		{"80x24, few rows, many pending", 24, editorNeeds{rows: 2, pending: 40}, "tnnnaaa---pppppppppppppk"[:24]},
		{"60x20", 20, editorNeeds{rows: 3, pending: 3}, "tna-----------pppppk"},
		{"60x20 with a banner", 20, editorNeeds{rows: 3, pending: 3, banner: 1}, "t!na----------pppppk"},
		{"60x20, many of both", 20, editorNeeds{rows: 40, pending: 40}, "tna----------ppppppk"},
		{"30 lines have higher bars", 30, editorNeeds{rows: 3, pending: 1}, "tnnnnaaaa-----------------pppk"},
	} {
		if got := drawing(c.height, layoutEditor(c.height, c.needs)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// At every size all lines are given out, and each part keeps what it needs to be of use.
func TestLayoutEditorAlways(t *testing.T) {
	for height := leastHeight; height < 100; height++ {
		for rows := range 40 {
			for pending := range 40 {
				for banner := range 2 {
					l := layoutEditor(height, editorNeeds{rows: rows, pending: pending, banner: banner})
					if got := drawing(height, l); len(got) != height {
						t.Fatalf("%d rows, %d pending: %s", rows, pending, got)
					}
					if l.table < min(rows+1, 3) || l.pending < 3 {
						t.Fatalf("height %d, %d rows, %d pending: table %d, pending %d", height, rows, pending, l.table, l.pending)
					}
				}
			}
		}
	}
}
