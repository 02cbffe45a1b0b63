package tui

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
)

// abilities says how far a partition can be grown, shrunk and moved. What has the same reason shares a line. Less than a
// MiB is left out, as it is in the table of free space. The banner says why a disk is read-only.
func abilities(d document, p model.Partition) (s report.SheetSection) {
	disk := d.queue.Preview()
	if !disk.ReadOnly().OK() {
		return s
	}
	l := ops.Limit(disk, d.queue.Env(), p.ID)
	z := disk.SectorSize
	grow, shrink, move := growWords(l, p, z), shrinkWords(l, p, z), moveWords(l, p, z)
	if over := disk.Overhang(p); !over.Empty() {
		const no = "not before it has its room back"
		shrink, move = no, no
		if l.Grow.OK() {
			grow = "by " + geometry.FormatAtLeast(z.Bytes(over.Len())) + ", as its " + p.FS.Word() + " needs"
		}
	}
	switch {
	case grow == shrink && shrink == move:
		s.Add("Any change", grow)
	case shrink == move:
		s.Add("Grow", grow)
		s.Add("Shrink, move", shrink)
	case grow == shrink:
		s.Add("Grow, shrink", grow)
		s.Add("Move", move)
	default:
		s.Add("Grow", grow)
		s.Add("Shrink", shrink)
		s.Add("Move", move)
	}
	return s
}

// upTo formats the largest possible distance or difference; ok is false if it is less than the table of free space shows.
func upTo(n geometry.Sector, z geometry.SectorSize) (text string, ok bool) {
	b := z.Bytes(n)
	return "by up to " + geometry.FormatAtMost(b), b >= geometry.MiB
}

// growWords says by how much a partition can grow, or why it cannot.
func growWords(l ops.Limits, p model.Partition, z geometry.SectorSize) string {
	if !l.Grow.OK() {
		return string(l.Grow)
	}
	room := l.Chosen
	if !l.Move.OK() {
		room.Start = p.Span.Start
	}
	if text, ok := upTo(min(room.Len(), l.MaxLen)-p.Span.Len(), z); ok {
		return text + "; g makes more room"
	}
	if l.Longest-p.Span.Len() < z.Down(geometry.MiB) {
		what := "a partition"
		if p.FS.Known() {
			what = "its " + p.FS.Word()
		}
		return "it is as large as " + what + " can be"
	}
	return fmt.Sprintf("no room: %s; g makes some", l.WhyEnd)
}

// shrinkWords says how small a partition can become, or why it cannot shrink.
func shrinkWords(l ops.Limits, p model.Partition, z geometry.SectorSize) string {
	switch {
	case !l.Shrink.OK():
		return string(l.Shrink)
	case z.Bytes(p.Span.Len()-l.MinLen) < geometry.MiB:
		return "no: " + l.WhyMin.String()
	}
	return "to " + geometry.FormatAtLeast(z.Bytes(l.MinLen)) + " at the least"
}

// moveWords says how far a partition can be moved, or why it cannot.
func moveWords(l ops.Limits, p model.Partition, z geometry.SectorSize) string {
	if !l.Move.OK() {
		return string(l.Move)
	}
	left, canLeft := upTo(p.Span.Start-l.Chosen.Start, z)
	right, canRight := upTo(l.Chosen.End-p.Span.End, z)
	switch {
	case canLeft && canRight:
		return "left " + left + ", right " + right
	case canLeft:
		return "left " + left
	case canRight:
		return "right " + right
	}
	return "no free space beside it"
}
