package guide

import (
	"shunt/geometry"
	"shunt/ops"
)

// The ends of an extended partition with logical partitions are two items of the line. Where one of them gives up space,
// ops keeps the partition as long as ops.MinFloor. An end that only gains space may leave it shorter than that.

// taken is what is placed before an item.
type taken struct {
	// front is the end of it.
	front geometry.Sector
	// opened is the start of the extended partition. It counts only for the end of that.
	opened geometry.Sector
}

// add returns what is taken after the item has its place.
func (t taken) add(it *item, at geometry.Span) taken {
	t.front = at.End
	if it.kind == opening {
		t.opened = at.Start
	}
	return t
}

// lowestEnd returns the lowest end of the extended partition if it starts at start. The item is one of its ends.
func (l *line) lowestEnd(it *item, start geometry.Sector) geometry.Sector {
	end := start + l.disk.SectorSize.Up(ops.MinFloor)
	if start <= it.part.Span.Start {
		end = min(end, it.part.Span.End)
	}
	return end
}

// highestStart returns the highest start of the extended partition if it ends at end. The item is one of its ends.
func (l *line) highestStart(it *item, end geometry.Sector) geometry.Sector {
	start := end - l.disk.SectorSize.Up(ops.MinFloor)
	if end >= it.part.Span.End {
		start = max(start, it.part.Span.Start)
	}
	return start
}

// extended returns the indexes of the deeds for the two ends of the extended partition, or zeros.
func (l *line) extended(deeds []deed) (open, shut int) {
	for j, d := range deeds {
		switch l.items[d.item].kind {
		case body:
		case opening:
			open = j
		case closing:
			shut = j
		}
	}
	return open, shut
}
