package ops

import (
	"cmp"

	"shunt/geometry"
	"shunt/model"
)

// Limits holds how far one partition can be moved and resized on the disk as it is, to the sector.
type Limits struct {
	// Room is the partition with the free run around it, from the lowest start to the highest end.
	Room geometry.Span
	// Chosen is the part of Room in which shunt places the partition when it may choose. It leaves 1 MiB free at the
	// start of the disk for boot loaders, and 1 MiB before each logical partition for its boot record. It always includes
	// the partition's present place.
	Chosen geometry.Span
	// Keep is the span of the logical partitions, which an extended partition must enclose, with what their file systems
	// claim inside it. For other partitions it is empty.
	Keep geometry.Span
	// MinLen and MaxLen limit the length. Both are the present length if the partition cannot be resized.
	MinLen, MaxLen geometry.Sector
	// Resizable is the smallest length to which the contents can grow, or 0. WhyResizable is the reason.
	Resizable    geometry.Sector
	WhyResizable model.Reason
	// Longest is the largest length that the contents and the table allow, at any place.
	Longest geometry.Sector
	// Move, Grow and Shrink are the reasons against these edits, or "".
	Move, Grow, Shrink model.Reason
	// WhyStart and WhyEnd say what limits Room ("p3 starts there"). WhyMin says what determines MinLen.
	WhyStart, WhyEnd model.Reason
	WhyMin           Need
}

// Need says why a partition needs its smallest length.
type Need struct {
	text string // "its files and some slack need"
	size geometry.Bytes
}

// String returns "its files and some slack need 483 MiB".
func (n Need) String() string {
	if n.size == 0 {
		return n.text
	}
	return n.text + " " + geometry.FormatAtLeast(n.size)
}

// Beside is like String, for use after the size: it does not repeat it.
func (n Need) Beside(size geometry.Bytes) string {
	if n.size > 0 && geometry.FormatAtLeast(size) == geometry.FormatAtLeast(n.size) {
		return n.text + " that"
	}
	return n.String()
}

// ebrGap is the number of sectors that must stay free before a logical partition whose exact place is given: one for its
// boot record, and one because loaders use the second sector of an extended partition.
const ebrGap = 2

// Limit returns the limits of partition id. If there is no such partition, the limits allow nothing.
func Limit(d model.Disk, env Env, id model.PartID) Limits {
	p, ok := d.Partition(id)
	if !ok {
		const no = "there is no such partition"
		return Limits{Move: no, Grow: no, Shrink: no}
	}
	l := Limits{Move: cannotMove(d, env, p), Grow: cannotGrow(d, env, p), Shrink: cannotShrink(d, env, p)}
	if reason := cmp.Or(d.ReadOnly(), pinned(p)); !reason.OK() {
		l.Move, l.Grow, l.Shrink = reason, reason, reason
	}
	l.findRoom(d, p)
	if reason := misfit(d, p); !reason.OK() {
		l.Move, l.Shrink = reason, reason
		l.Grow = l.givingBack(d, p, reason)
	}
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
	l.Longest, l.Resizable = LongestLen(d, env, p), d.SectorSize.Up(env.Caps.For(p.FS).Resizable)
	l.WhyResizable = tooSmallToResize(env, p)
	if claim := d.Reach(p).Len(); claim > p.Span.Len() {
		l.Longest = max(l.Longest, claim)
		if !cannotGrow(d, env, p).OK() {
			l.Longest = claim // its file system stays as it is
		}
	}
	if l.Grow.OK() {
		l.MaxLen = max(p.Span.Len(), min(l.Room.Len(), l.Longest))
	}
	return l
}

// LongestLen returns the largest length in sectors that the contents of p and the table allow, without regard to free
// space.
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

// givingBack returns the reason why p cannot have the room back that its file system claims, or "". misfit is the reason why
// nothing else can be done.
func (l *Limits) givingBack(d model.Disk, p model.Partition, misfit model.Reason) model.Reason {
	switch reach := d.Reach(p); {
	case reach == p.Span, p.ID == 0:
		return misfit
	case !untouchable(p.FS).OK():
		return untouchable(p.FS)
	case reach.End > l.Room.End:
		return model.Because("its %s needs room up to sector %s, and there is none from sector %s on: %s", contents(p), reach.End-1,
			l.Room.End, l.WhyEnd)
	}
	return ""
}

// findRoom sets Room, Chosen, WhyStart and WhyEnd.
func (l *Limits) findRoom(d model.Disk, p model.Partition) {
	within, name := bounds(d, p.Role)
	logical, first := p.Role == model.Logical, p.ID
	low, high := within.Start, within.End
	if logical {
		if first = d.Logicals()[0].ID; first != p.ID {
			low++ // the boot record of the first one
		}
	}
	l.WhyStart, l.WhyEnd = model.Reason(name+" begins there"), model.Reason(name+" ends there")
	var previous, next model.PartID
	for q := range d.Each() {
		if q.ID == p.ID || (q.Role == model.Logical) != logical {
			continue
		}
		if q.Span.End <= p.Span.Start && q.Span.End > low {
			low, previous, l.WhyStart = q.Span.End, q.ID, model.Reason(q.Ref()+" ends there")
		}
		if q.Span.Start >= p.Span.End && q.Span.Start < high {
			high, next, l.WhyEnd = q.Span.Start, q.ID, model.Reason(q.Ref()+" starts there")
		}
	}
	for q, over := range d.Cut() {
		switch over = over.Intersect(within); {
		case q.ID == p.ID || encloses(p, q) || over.Empty() || over.Overlaps(p.Span):
		case over.End <= p.Span.Start && over.End > low:
			low, l.WhyStart = over.End, model.Because("the %s of %s ends there", contents(q), q.Ref())
		case over.Start >= p.Span.End && over.Start < high:
			high, l.WhyEnd = over.Start, goesOn(q)
		}
	}
	grain := geometry.AlignMiB.Grain(d.SectorSize)
	if !logical {
		l.Room = geometry.Span{Start: low, End: high}
		l.Chosen = geometry.Span{Start: min(p.Span.Start, max(low, grain)), End: high}
		return
	}
	// The boot record of the first logical partition is at the start of the extended one. Any other boot record is right
	// before its partition.
	var before, after geometry.Sector
	if p.ID != first || previous == 0 {
		before = ebrGap
	}
	if next != 0 && next != first {
		after = ebrGap
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
		end := max(p.Span.End, min(d.Reach(p).End, ext.Span.End)) // a cut one gets its room back there
		keep.Start, keep.End = min(keep.Start, p.Span.Start), max(keep.End, end)
	}
	l.Keep = geometry.Span{Start: max(ext.Span.Start, keep.Start-ebrGap), End: keep.End}
}

// Handle is the part of a partition that a user drags.
type Handle int

// What a user can drag.
const (
	WholePartition Handle = iota // moves the partition; its length stays
	LeftEdge                     // moves the start, the end stays
	RightEdge                    // moves the end, the start stays
)

// Snap returns the possible span nearest to want, for a partition at from that a user drags by a handle. The moving
// position goes to the grid if the limits allow that. from itself is always possible.
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

// snapTo returns the grid line in [low, high] nearest to want, or else the nearest position there. A position that does
// not change may stay off the grid. Rounding never reverses the direction of a move.
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

// RolesFor returns the roles that a new partition in the gap can have, best first. If there are none, why is the reason.
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
		return model.Because("this MBR has the %d partitions it can hold; more are possible inside %s, the extended one",
			d.Table.Slots, ext.Ref())
	case d.Table.Kind == model.TableMBR:
		return model.Because("this MBR has the %d partitions it can hold; delete one and make an extended partition, "+
			"or convert it to GPT",
			d.Table.Slots)
	}
	return model.Because("all %d slots of the table are in use", d.Table.Slots)
}

// freeSlot returns the lowest free number for a partition that is not logical.
func freeSlot(d model.Disk) (int, bool) {
	for n := 1; n <= d.Table.Slots; n++ {
		if _, used := d.ByNumber(n); !used {
			return n, true
		}
	}
	return 0, false
}

// WithLeast returns the disk with the smallest sizes that a user can ask for in place of what the superblocks say, for file
// systems that can be shrunk on this machine. It is for showing only.
func WithLeast(d model.Disk, env Env) model.Disk {
	shown := d
	for _, p := range append(d.Partitions(), model.Partition{}) { // 0 is the file system that covers a disk without a table
		p, ok := d.Partition(p.ID)
		if l := Limit(d, env, p.ID); ok && p.FS.Min > 0 && l.Shrink.OK() {
			p.FS.Min = d.SectorSize.Bytes(l.MinLen)
			shown = shown.With(p)
		}
	}
	return shown
}
