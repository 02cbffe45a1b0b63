package geometry

import (
	"slices"
	"testing"
)

func TestSpanLen(t *testing.T) {
	for _, c := range []struct {
		s     Span
		n     Sector
		empty bool
	}{
		{Span{}, 0, true},
		{Span{5, 5}, 0, true},
		{Span{5, 4}, 0, true},
		{Span{5, 6}, 1, false},
		{SpanOf(63, 2048), 2048, false},
		{SpanOf(63, 0), 0, true},
		{SpanOf(63, -1), 0, true},
	} {
		if c.s.Len() != c.n || c.s.Empty() != c.empty {
			t.Errorf("%v: length %d, empty %v; want %d, %v", c.s, c.s.Len(), c.s.Empty(), c.n, c.empty)
		}
	}
}

func TestSpanContains(t *testing.T) {
	s := Span{10, 20}
	for x, want := range map[Sector]bool{9: false, 10: true, 19: true, 20: false} {
		if s.Contains(x) != want {
			t.Errorf("%v contains %d: %v", s, x, !want)
		}
	}
	if (Span{5, 5}).Contains(5) {
		t.Error("an empty span contains its start")
	}
}

func TestSpanPairs(t *testing.T) {
	s := Span{10, 20}
	for _, c := range []struct {
		name               string
		t                  Span
		encloses, overlaps bool
		shared             Sector
	}{
		{"itself", Span{10, 20}, true, true, 10},
		{"first sector", Span{10, 11}, true, true, 1},
		{"last sector", Span{19, 20}, true, true, 1},
		{"one before", Span{9, 10}, false, false, 0},
		{"one after", Span{20, 21}, false, false, 0},
		{"over the start", Span{9, 11}, false, true, 1},
		{"over the end", Span{19, 21}, false, true, 1},
		{"around", Span{9, 21}, false, true, 10},
		{"empty, inside", Span{15, 15}, true, false, 0},
		{"empty, at the end", Span{20, 20}, true, false, 0},
		{"empty, outside", Span{30, 30}, true, false, 0},
		{"backwards", Span{18, 12}, true, false, 0},
	} {
		if got := s.Encloses(c.t); got != c.encloses {
			t.Errorf("%s: %v encloses %v: %v", c.name, s, c.t, got)
		}
		if got := s.Overlaps(c.t); got != c.overlaps || c.t.Overlaps(s) != got {
			t.Errorf("%s: %v overlaps %v: %v, the other way round %v", c.name, s, c.t, got, c.t.Overlaps(s))
		}
		if got := s.Intersect(c.t).Len(); got != c.shared {
			t.Errorf("%s: %v and %v share %d sectors, want %d", c.name, s, c.t, got, c.shared)
		}
	}
}

func TestSpanShift(t *testing.T) {
	s := Span{63, 100}
	if got := s.Shift(2048); got != (Span{2111, 2148}) {
		t.Errorf("right: %v", got)
	}
	if got := s.Shift(-63); got != (Span{0, 37}) {
		t.Errorf("left: %v", got)
	}
}

func TestGaps(t *testing.T) {
	for _, c := range []struct {
		name   string
		within Span
		used   []Span
		want   []Span
	}{
		{"nothing used", Span{10, 20}, nil, []Span{{10, 20}}},
		{"nothing to look at", Span{10, 10}, nil, nil},
		{"nothing to look at, used around it", Span{10, 10}, []Span{{5, 15}}, nil},
		{"all used", Span{10, 20}, []Span{{10, 20}}, nil},
		{"used beyond both ends", Span{10, 20}, []Span{{0, 30}}, nil},
		{"first sector free", Span{10, 20}, []Span{{11, 20}}, []Span{{10, 11}}},
		{"last sector free", Span{10, 20}, []Span{{10, 19}}, []Span{{19, 20}}},
		{"middle free", Span{10, 20}, []Span{{10, 12}, {18, 20}}, []Span{{12, 18}}},
		{"touching", Span{10, 20}, []Span{{12, 14}, {14, 16}}, []Span{{10, 12}, {16, 20}}},
		{"unsorted", Span{10, 20}, []Span{{16, 18}, {12, 14}}, []Span{{10, 12}, {14, 16}, {18, 20}}},
		{"overlapping", Span{10, 20}, []Span{{11, 15}, {13, 17}}, []Span{{10, 11}, {17, 20}}},
		{"one inside another", Span{10, 20}, []Span{{11, 18}, {12, 13}}, []Span{{10, 11}, {18, 20}}},
		{"empty ones do not split", Span{10, 20}, []Span{{15, 15}, {17, 16}}, []Span{{10, 20}}},
		{"over the start", Span{10, 20}, []Span{{5, 12}}, []Span{{12, 20}}},
		{"over the end", Span{10, 20}, []Span{{18, 25}}, []Span{{10, 18}}},
		{"before and after", Span{10, 20}, []Span{{0, 10}, {20, 30}}, []Span{{10, 20}}},
		{"far outside", Span{10, 20}, []Span{{0, 5}, {25, 30}, {40, 50}}, []Span{{10, 20}}},
	} {
		used := slices.Clone(c.used)
		if got := Gaps(c.within, used); !slices.Equal(got, c.want) {
			t.Errorf("%s: gaps of %v in %v are %v, want %v", c.name, c.used, c.within, got, c.want)
		}
		if !slices.Equal(used, c.used) {
			t.Errorf("%s: the input was reordered to %v", c.name, used)
		}
	}
}

// Every sector is in a gap exactly if no used span holds it, and neighbouring gaps never touch.
func TestGapsRandom(t *testing.T) {
	r := random(t)
	for range 2000 {
		within := SpanOf(Sector(r.IntN(20)), Sector(r.IntN(60)))
		used := make([]Span, r.IntN(8))
		for i := range used {
			used[i] = SpanOf(Sector(r.IntN(100)-10), Sector(r.IntN(20)-2))
		}
		gaps := Gaps(within, used)
		for i, g := range gaps {
			if g.Empty() || i > 0 && g.Start <= gaps[i-1].End {
				t.Fatalf("gaps of %v in %v: %v", used, within, gaps)
			}
		}
		for x := Sector(-20); x < 120; x++ {
			holds := func(s Span) bool { return s.Contains(x) }
			free := within.Contains(x) && !slices.ContainsFunc(used, holds)
			if slices.ContainsFunc(gaps, holds) != free {
				t.Fatalf("sector %d: gaps of %v in %v: %v", x, used, within, gaps)
			}
		}
	}
}

func TestSpanString(t *testing.T) {
	if got := (Span{63, 2048}).String(); got != "[63, 2048)" {
		t.Error(got)
	}
}

func TestSpanNamed(t *testing.T) {
	for want, s := range map[string]Span{
		"sector 63": {63, 64}, "sectors 63-64": {63, 65}, "sectors 63-2,047": {63, 2048}, "sectors [63, 63)": {63, 63},
	} {
		if got := s.Named(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
