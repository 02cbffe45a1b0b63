package widget

import (
	"fmt"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui/styles"
)

// picture is segments from a text like "a 10-20 b 30-40 / 50": partitions by name, and where the disk ends.
func picture(text string) []Segment {
	head, end, _ := strings.Cut(text, " / ")
	var parts []Segment
	words := strings.Fields(head)
	for i := 0; i+1 < len(words); i += 2 {
		var s geometry.Span
		if _, err := fmt.Sscanf(words[i+1], "%d-%d", &s.Start, &s.End); err != nil {
			panic(err)
		}
		row := model.Row{Kind: model.RowPartition, Span: s, Partition: model.Partition{ID: model.PartID(words[i][0])}}
		parts = append(parts, Segment{Row: row, Weight: s.Len(), Shade: Shaded})
	}
	var n geometry.Sector
	if _, err := fmt.Sscanf(end, "%d", &n); err != nil {
		panic(err)
	}
	return filled(parts, n, styles.Look{})
}

func told(segments []Segment) string {
	at := geometry.Sector(0)
	var out []string
	for _, s := range segments {
		if s.Row.Kind == model.RowPartition && s.Shade == Shaded {
			out = append(out, fmt.Sprintf("%c %d-%d", rune(s.Row.Partition.ID), at, at+s.Weight))
		}
		at += s.Weight
	}
	return fmt.Sprintf("%s / %d", strings.Join(out, " "), at)
}

func TestBetween(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		at             float64
		want           string
	}{
		{"begin", "a 10-20 / 50", "a 30-40 / 50", 0, "a 10-20 / 50"},
		{"end", "a 10-20 / 50", "a 30-40 / 50", 1, "a 30-40 / 50"},
		{"move", "a 10-20 b 40-44 / 50", "a 30-40 b 40-44 / 50", 0.5, "a 20-30 b 40-44 / 50"},
		{"grow", "a 10-20 / 50", "a 10-40 / 50", 0.5, "a 10-30 / 50"},
		{"longer disk", "a 0-50 / 50", "a 0-50 / 150", 0.5, "a 0-50 / 100"},
		{"shorter disk", "a 0-50 / 150", "a 0-50 / 50", 0.5, "a 0-50 / 100"},
		{"new", "a 0-10 / 50", "a 0-10 b 20-40 / 50", 0.5, "a 0-10 b 20-30 / 50"},
		{"gone", "a 0-10 b 20-40 / 50", "a 0-10 / 50", 0.5, "a 0-10 b 20-30 / 50"},
		{"nothing before", " / 50", "a 0-10 / 50", 0.5, "a 0-5 / 50"},
		{"places changed", "a 0-10 b 10-20 / 20", "b 0-10 a 10-20 / 20", 0.5, "b 5-15 a 15-16 / 20"},
	} {
		if got := told(Between(picture(c.from), picture(c.to), c.at, styles.Look{})); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
