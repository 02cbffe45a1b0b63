package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// Limits is how far one partition can be moved and resized on the disk as it is, to the sector. The
// reasons are ready to be shown.
type Limits struct {
	// Room is the free run around the partition together with the partition: Start is the lowest start,
	// End the highest end.
	Room geometry.Span
	// Chosen is Room less the sectors that shunt leaves free when it is the one that chooses: 1 MiB at the
	// start of the disk for boot loaders, and 1 MiB before each logical partition for its boot record. It
	// always encloses the partition as it lies.
	Chosen geometry.Span
	// Keep is what the partition must go on enclosing: the logical partitions of an extended one.
	// Otherwise it is empty.
	Keep geometry.Span
	// MinLen and MaxLen bound the length; both are the present length where resizing is impossible.
	MinLen, MaxLen geometry.Sector
	// Longest bounds the length as far as the contents and the table go, wherever it lies.
	Longest geometry.Sector
	// Move, Grow and Shrink are what is against it.
	Move, Grow, Shrink model.Reason
	// WhyStart and WhyEnd say what bounds Room ("p3 starts there"), WhyMin what sets MinLen.
	WhyStart, WhyEnd model.Reason
	WhyMin           Need
}

// Need is what sets the least length of a partition.
type Need struct {
	text string // "its files and some slack need"
	size geometry.Bytes
}

// String is "its files and some slack need 483 MiB".
func (n Need) String() string {
	if n.size == 0 {
		return n.text
	}
	return n.text + " " + geometry.FormatBytes(n.size)
}

// Beside is the need where a size stands before it already: it is not said twice.
func (n Need) Beside(size geometry.Bytes) string {
	if n.size > 0 && geometry.FormatBytes(size) == geometry.FormatBytes(n.size) {
		return n.text + " that"
	}
	return n.String()
}

// ebrGap is how many sectors must stay free before a logical partition when a position is asked for to
// the sector: its boot record and one more, as loaders use the second sector of an extended partition.
const ebrGap = 2

// Limit finds the limits of partition id. An id that is not on the disk gives limits that allow nothing.
func Limit(d model.Disk, env Env, id model.PartID) Limits {
	p, ok := d.Partition(id)
	if !ok {
		const no = "there is no such partition"
		return Limits{Move: no, Grow: no, Shrink: no}
	}
	l := Limits{Move: cannotMove(env, p), Grow: cannotGrow(d, env, p), Shrink: cannotShrink(d, env, p)}
	if reason := d.ReadOnly(); !reason.OK() {
		l.Move, l.Grow, l.Shrink = reason, reason, reason
	}
	l.findRoom(d, p)
	if p.Role == model.Extended {
		l.keepLogicals(d, p)
	}
	l.MinLen, l.MaxLen = p.Span.Len(), p.Span.Len()
	if l.Shrink.OK() {
		l.MinLen, l.WhyMin = leastLen(d, env, p)
		if keep := l.Keep.Len(); keep > l.MinLen {
			l.MinLen, l.WhyMin = keep, Need{text: "the logical partitions in it need that"}
		}
	}
	l.Longest = LongestLen(d, env, p)
	if l.Grow.OK() {
		l.MaxLen = max(p.Span.Len(), min(l.Room.Len(), l.Longest))
	}
	return l
}

// LongestLen is the longest that p can be as far as its contents and the table go, in sectors; the free space around it
// does not count.
func LongestLen(d model.Disk, env Env, p model.Partition) geometry.Sector {
	most := d.SectorSize.Down(maxImage)
	if d.Table.Kind == model.TableMBR {
		most = model.MBRSectors - 1
	}
	if p.Role == model.Extended {
		return most
	}
	for _, bytes := range []geometry.Bytes{env.Caps.For(p.FS).MaxSize, p.FS.Max} {
		if bytes > 0 {
			most = min(most, d.SectorSize.Down(bytes))
		}
	}
	return most
}

// findRoom sets Room, Chosen and what bounds them.
func (l *Limits) findRoom(d model.Disk, p model.Partition) {
	grain := geometry.AlignMiB.Grain(d.SectorSize)
	if p.Role == model.Logical {
		l.findLogicalRoom(d, p, grain)
		return
	}
	l.Room, l.WhyStart, l.WhyEnd = d.Table.Usable, "the disk begins there", "the disk ends there"
	var before model.Partition // the last before p
	for q := range d.Each() {
		if q.ID == p.ID || q.Role == model.Logical {
			continue
		}
		if q.Span.End <= p.Span.Start && q.Span.End > l.Room.Start {
			l.Room.Start, before = q.Span.End, q
		}
		if q.Span.Start >= p.Span.End && q.Span.Start < l.Room.End {
			l.Room.End, l.WhyEnd = q.Span.Start, model.Reason(q.Ref()+" starts there")
		}
	}
	if before.ID != 0 {
		l.WhyStart = model.Reason(before.Ref() + " ends there")
	}
	l.Chosen = l.Room
	l.Chosen.Start = min(p.Span.Start, max(l.Room.Start, grain))
}

func (l *Limits) findLogicalRoom(d model.Disk, p model.Partition, grain geometry.Sector) {
	ext, ok := d.Extended()
	if !ok {
		l.Room, l.Chosen = p.Span, p.Span
		return
	}
	l.WhyStart, l.WhyEnd = "the extended partition begins there", "the extended partition ends there"
	chain := d.Logicals()
	low, high := ext.Span.Start, ext.Span.End
	before, after := geometry.Sector(0), geometry.Sector(0) // sectors to leave free at each side, when asked for exactly
	if chain[0].ID == p.ID {
		before = ebrGap
	} else {
		low, before = ext.Span.Start+1, ebrGap
	}
	for i, q := range chain {
		if q.ID == p.ID {
			continue
		}
		if q.Span.End <= p.Span.Start && q.Span.End > low {
			low, l.WhyStart = q.Span.End, model.Reason(q.Ref()+" ends there")
			if chain[0].ID == p.ID {
				before = 0 // its boot record is elsewhere, at the start of the extended partition
			}
		}
		if q.Span.Start >= p.Span.End && q.Span.Start < high {
			high, l.WhyEnd, after = q.Span.Start, model.Reason(q.Ref()+" starts there"), ebrGap
			if i == 0 {
				after = 0
			}
		}
	}
	l.Room = geometry.Span{Start: min(p.Span.Start, low+before), End: max(p.Span.End, high-after)}
	l.Chosen = l.Room
	if before > 0 {
		l.Chosen.Start = min(p.Span.Start, low+grain)
	}
	if after > 0 {
		l.Chosen.End = max(p.Span.End, high-grain)
	}
}

// keepLogicals sets Keep for an extended partition.
func (l *Limits) keepLogicals(d model.Disk, ext model.Partition) {
	chain := d.Logicals()
	if len(chain) == 0 {
		return
	}
	keep := chain[0].Span
	for _, p := range chain {
		keep.Start, keep.End = min(keep.Start, p.Span.Start), max(keep.End, p.Span.End)
	}
	l.Keep = geometry.Span{Start: max(ext.Span.Start, keep.Start-ebrGap), End: keep.End}
}

// Handle is the part of a partition that a user takes hold of.
type Handle int

// The handles.
const (
	WholePartition Handle = iota // moves it, the length stays
	LeftEdge                     // moves the start, the end stays
	RightEdge                    // moves the end, the start stays
)

// Snap is the possible span nearest to want when a user drags the given handle of a partition that lies
// at from. The position that moves is put on the grid as far as the limits leave room for that. from
// itself is always possible.
func (l Limits) Snap(from, want geometry.Span, h Handle, align geometry.Alignment, z geometry.SectorSize) geometry.Span {
	room := l.Chosen
	switch h {
	case WholePartition:
		if !l.Move.OK() || !l.Keep.Empty() {
			return from
		}
		start := snapTo(want.Start, from.Start, room.Start, room.End-from.Len(), align, z)
		return geometry.SpanOf(start, from.Len())
	case LeftEdge:
		if !l.Move.OK() {
			return from
		}
		low, high := max(room.Start, from.End-l.MaxLen), from.End-l.MinLen
		if !l.Keep.Empty() {
			high = min(high, l.Keep.Start)
		}
		return geometry.Span{Start: snapTo(want.Start, from.Start, low, high, align, z), End: from.End}
	case RightEdge:
		low, high := max(from.Start+l.MinLen, l.Keep.End), min(room.End, from.Start+l.MaxLen)
		return geometry.Span{Start: from.Start, End: snapTo(want.End, from.End, low, high, align, z)}
	}
	return from
}

// snapTo is the grid line within [low, high] nearest to want, or the limit want is nearest to where there
// is no line between. A position that does not change stays off the grid, and rounding never turns the
// direction of a move around.
func snapTo(want, from, low, high geometry.Sector, align geometry.Alignment, z geometry.SectorSize) geometry.Sector {
	if low > high {
		return from
	}
	want = min(max(want, low), high)
	if want == from {
		return from
	}
	at := align.Nearest(want, z)
	if at < low {
		at = align.Up(low, z)
	}
	if at > high {
		at = align.Down(high, z)
	}
	if at < low {
		at = want
	}
	if (want > from) != (at > from) {
		return from
	}
	return at
}

// RolesFor lists the roles a new partition in the gap can have, best first, and why there is none if the
// list is empty.
func RolesFor(d model.Disk, gap model.Gap) (roles []model.Role, why model.Reason) {
	if reason := d.ReadOnly(); !reason.OK() {
		return nil, reason
	}
	if d.Table.Kind == model.TableNone {
		return nil, "the disk has no partition table"
	}
	if gap.Role == model.Logical {
		return []model.Role{model.Logical}, ""
	}
	if _, ok := freeSlot(d); !ok {
		return nil, fullTable(d)
	}
	roles = []model.Role{model.Primary}
	if _, has := d.Extended(); d.Table.Kind == model.TableMBR && !has {
		roles = append(roles, model.Extended)
	}
	return roles, ""
}

func fullTable(d model.Disk) model.Reason {
	ext, has := d.Extended()
	switch {
	case d.Table.Kind == model.TableMBR && has:
		return model.Because("this MBR has the %d partitions it can hold; more are possible inside %s, the extended one", d.Table.Slots, ext.Ref())
	case d.Table.Kind == model.TableMBR:
		return model.Because("this MBR has the %d partitions it can hold; delete one and make an extended partition, or convert it to GPT",
			d.Table.Slots)
	}
	return model.Because("all %d slots of the table are in use", d.Table.Slots)
}

// freeSlot is the lowest number that a partition outside the extended one can have.
func freeSlot(d model.Disk) (int, bool) {
	for n := 1; n <= d.Table.Slots; n++ {
		if _, used := d.ByNumber(n); !used {
			return n, true
		}
	}
	return 0, false
}
