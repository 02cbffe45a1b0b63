package model

import (
	"fmt"
	"iter"

	"shunt/geometry"
)

// This file says whether a file system and its partition fit together. Other programs can change one of the two alone.

// leastSpare is the smallest difference that counts. Partitions end on whole MiB, and no tool can use much less.
const leastSpare = geometry.MiB

// Spare returns how many of the n bytes of its partition the file system could use and does not. It is 0 if the rest is only
// what the kind rounds off, if the size is unknown, or if no file system of this kind grows.
func (f Filesystem) Spare(n geometry.Bytes) geometry.Bytes {
	if f.Size <= 0 || !f.Kind.Grows() {
		return 0
	}
	if spare := f.Filling(n) - f.Size; spare >= max(leastSpare, f.Step) {
		return spare
	}
	return 0
}

// Excess returns by how many bytes the file system is longer than the n bytes of its partition, or 0.
func (f Filesystem) Excess(n geometry.Bytes) geometry.Bytes { return max(0, f.Size-n) }

// Spare returns how many bytes of p its file system could use and does not.
func (d Disk) Spare(p Partition) geometry.Bytes { return p.FS.Spare(d.SectorSize.Bytes(p.Span.Len())) }

// Reach returns the sectors that the contents of p claim. They go on behind the end of p if somebody cut the partition and not
// the file system. Reach may go beyond the end of the disk.
func (d Disk) Reach(p Partition) geometry.Span {
	claimed := p.Span
	if p.Role != Extended && !p.Pinned {
		claimed.End = max(p.Span.End, p.Span.Start+d.SectorSize.Up(p.FS.Size))
	}
	return claimed
}

// Overhang returns the part of the reach of p that lies behind its end. It is empty if the file system fits.
func (d Disk) Overhang(p Partition) geometry.Span {
	return geometry.Span{Start: p.Span.End, End: d.Reach(p).End}
}

// Cut iterates over the partitions that are shorter than their file systems, with their overhangs.
func (d Disk) Cut() iter.Seq2[Partition, geometry.Span] {
	return func(yield func(Partition, geometry.Span) bool) {
		for _, p := range d.parts {
			if over := d.Overhang(p); !over.Empty() && !yield(p, over) {
				return
			}
		}
	}
}

// Intruded returns a sentence about another partition that overlaps p, or whose file system reaches into p, or "".
func (d Disk) Intruded(p Partition) string {
	first := false // p comes before the others that are left
	for i := range d.parts {
		q := &d.parts[i]
		switch {
		case q.Span.Start >= p.Span.End:
			return "" // what follows begins behind p as well
		case q.ID == p.ID:
			first = true
		case q.Span.End > p.Span.Start:
			if first && d.collide(p, *q) || !first && d.collide(*q, p) {
				return fmt.Sprintf("it overlaps %s in %s: a write to one can damage the other", q.Ref(), p.Span.Intersect(q.Span).Named())
			}
		case q.FS.Size > d.SectorSize.Bytes(q.Span.Len()) && p.Role != Extended && p.Span.Overlaps(d.Overhang(*q)):
			return fmt.Sprintf("the %s of %s reaches into it: one of the two is damaged", q.FS.Kind, q.Ref())
		}
	}
	return ""
}

// Apart reports whether p has room of its own for all of its contents: they fit, they lie on the disk, and no other partition
// claims a part of it.
func (d Disk) Apart(p Partition) bool {
	return d.Overhang(p).Empty() && p.Span.End <= d.Sectors && d.Intruded(p) == ""
}

// misfits returns a problem for each file system that does not fit.
func (d Disk) misfits() []Problem {
	var list []Problem
	if d.Table.Kind == TableNone {
		if by := d.Whole.Excess(d.Size()); by > 0 {
			list = append(list, Problem{
				Severity: Warning,
				Text: fmt.Sprintf("the %s on the disk is %s longer than the disk: its end is missing", d.Whole.Kind,
					geometry.FormatBytes(by)),
				Advice: "nothing there is changed until the disk has its old length again",
			})
		}
		whole, _ := d.Partition(0)
		return append(list, d.unfilled(whole)...)
	}
	for p, over := range d.Cut() {
		list = append(list, d.cut(p, over))
	}
	for _, p := range d.parts {
		list = append(list, d.unfilled(p)...)
	}
	return list
}

// Unfilled returns a sentence about the part of p that its file system does not use, or "" if it fills p.
func Unfilled(d Disk, p Partition) string {
	spare := d.Spare(p)
	if spare == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s of it not used by its file system (%s)", p.Ref(), geometry.FormatBytes(spare), p.FS.Kind)
}

func (d Disk) unfilled(p Partition) []Problem {
	text := Unfilled(d, p)
	if text == "" {
		return nil
	}
	return []Problem{{Severity: Note, Text: text, Advice: fmt.Sprintf("`grow %d` fills it", p.Number)}}
}

// cut describes a partition that is shorter than its file system.
func (d Disk) cut(p Partition, over geometry.Span) Problem {
	text := fmt.Sprintf("%s: its %s is %s longer than the partition", p.Ref(), p.FS.Kind,
		geometry.FormatBytes(p.FS.Excess(d.SectorSize.Bytes(p.Span.Len()))))
	advice := fmt.Sprintf("give the room back with `grow %d`; until then nothing there is changed", p.Number)
	for _, q := range d.parts {
		if q.ID != p.ID && q.Role != Extended && q.Span.Overlaps(over) {
			text += fmt.Sprintf(" and reaches into %s, so that one of the two is damaged", q.Ref())
			advice = fmt.Sprintf("copy the files of both away; then delete the one that is not whole. Without %s, `grow %d` gives "+
				"the room back", q.Ref(), p.Number)
			break
		}
	}
	if over.End > d.Sectors {
		text += " and goes on beyond the end of the disk"
		advice = "make the disk as long as it was, and then " + advice
	}
	return Problem{Severity: Warning, Text: text, Advice: advice}
}
