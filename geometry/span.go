package geometry

import (
	"cmp"
	"fmt"
	"slices"
)

// Span is the half-open range of sectors [Start, End). The zero Span is empty.
type Span struct {
	Start, End Sector
}

// SpanOf returns the span of n sectors that begins at start.
func SpanOf(start, n Sector) Span { return Span{Start: start, End: start + n} }

// Len returns the number of sectors in the span. It is never negative.
func (s Span) Len() Sector { return max(0, s.End-s.Start) }

// Empty reports whether the span holds no sector.
func (s Span) Empty() bool { return s.End <= s.Start }

// Contains reports whether sector x lies in the span.
func (s Span) Contains(x Sector) bool { return s.Start <= x && x < s.End }

// Encloses reports whether every sector of t is in s. Every span encloses an empty t.
func (s Span) Encloses(t Span) bool { return t.Empty() || (s.Start <= t.Start && t.End <= s.End) }

// Overlaps reports whether s and t share a sector.
func (s Span) Overlaps(t Span) bool { return !s.Intersect(t).Empty() }

// Intersect returns the sectors that s and t share. The result may be empty.
func (s Span) Intersect(t Span) Span {
	return Span{Start: max(s.Start, t.Start), End: min(s.End, t.End)}
}

// Shift returns the span moved by d sectors. A negative d moves it towards sector 0.
func (s Span) Shift(d Sector) Span { return Span{Start: s.Start + d, End: s.End + d} }

// String formats the span as a half-open range: "[63, 2048)".
func (s Span) String() string { return fmt.Sprintf("[%d, %d)", s.Start, s.End) }

// Inclusive formats the span for people, with its last sector: "63-2,047".
func (s Span) Inclusive() string {
	if s.Empty() {
		return s.String() // there is no last sector
	}
	return fmt.Sprintf("%s-%s", s.Start, s.End-1)
}

// Named formats the span for people as a noun: "sectors 63-2,047", or "sector 63" if it is the only one.
func (s Span) Named() string {
	if s.Len() == 1 {
		return "sector " + s.Start.String()
	}
	return "sectors " + s.Inclusive()
}

// Gaps returns the runs of sectors in within that no used span covers, in order. The used spans may overlap, be unsorted,
// and extend beyond within.
func Gaps(within Span, used []Span) []Span {
	sorted := append(slices.Clone(used), SpanOf(within.End, 1)) // the last gap ends there
	slices.SortFunc(sorted, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var gaps []Span
	at := within.Start
	for _, u := range sorted {
		if u.Empty() {
			continue
		}
		if gap := (Span{Start: at, End: min(u.Start, within.End)}); !gap.Empty() {
			gaps = append(gaps, gap)
		}
		at = max(at, u.End)
	}
	return gaps
}
