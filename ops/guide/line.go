package guide

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// line is the disk for the search: items in the order of their places, between a first and a last sector.
type line struct {
	disk  model.Disk
	env   ops.Env
	align geometry.Alignment
	aim   ops.Aim // of the operations, but for their number
	items []item
	// target is the index of the item that should have want sectors, or -1.
	target int
	want   geometry.Sector
	// start and end limit the items on the present disk. far is the end after growing the image, or end if it cannot
	// grow.
	start, end, far geometry.Sector
	// lowest is the lowest start for the first item if it moves. Everything before it is left to boot loaders.
	lowest geometry.Sector
}

// kind is the kind of an item.
type kind int

const (
	body    kind = iota // a partition
	opening             // the start of the extended partition, with its first boot record
	closing             // the end of the extended partition
)

// item is a partition or an end of the extended partition.
type item struct {
	kind kind
	part model.Partition
	span geometry.Span
	// least is the smallest length after shrinking, or the present length if the item cannot shrink.
	least geometry.Sector
	// copied is the cost of moving the item. sized means that the cost is its length, even after a resize.
	copied geometry.Bytes
	about  bool // copied is an estimate
	boot   bool // a boot partition
	// stuck is the reason why it cannot move, full the reason why it cannot shrink.
	stuck, full model.Reason
	// stayGap and moveGap are the free sectors needed before the item if it stays and if it moves.
	stayGap, moveGap geometry.Sector
	// keep is what the item must enclose wherever its ends are: the contents of an extended target.
	keep geometry.Span
}

// counts reports whether a new place of the item counts as the move of a partition.
func (it *item) counts() bool { return it.kind == body && it.part.Role != model.Extended }

// inside reports whether no primary partition can be right before the item.
func (it *item) inside() bool {
	return it.kind == closing || it.part.Role == model.Logical && it.kind == body
}

// newLine returns the preview of q as a line for a wish, or the reason why the wish is impossible.
func newLine(q ops.Queue, w Wish, align geometry.Alignment) (line, *Impossible) {
	d := q.Preview()
	p, ok := d.Partition(w.Part)
	if !ok {
		return line{}, &Impossible{What: "make room", Why: "the partition does not exist at this point of the queue"}
	}
	limits := ops.Limit(widest(d, q.Env(), p), q.Env(), p.ID)
	z := d.SectorSize
	no := func(why model.Reason) (line, *Impossible) {
		return line{}, &Impossible{What: "grow " + p.Ref(), Why: why}
	}
	switch most := ops.LongestLen(d, q.Env(), p); {
	case !limits.Grow.OK():
		return no(limits.Grow)
	case w.Most && p.Span.Len() >= most:
		return no("it is as large as it can be")
	case w.Most:
	case w.Size <= p.Span.Len():
		return no(model.Because("it has %s already", geometry.FormatBytes(z.Bytes(p.Span.Len()))))
	case w.Size > most:
		return no(model.Because("it can be at most %s long", geometry.FormatAtMost(z.Bytes(most))))
	}
	l := layOut(q, p.ID, align)
	l.want, l.aim = max(w.Size, d.Reach(p).Len()), w.aim(align)
	return l, nil
}

// widest returns the disk with as long an extended partition as the free space behind it allows, if the logical partition p
// is cut and claims room there. Else it returns d. The guide makes the extended partition longer before it grows p.
func widest(d model.Disk, env ops.Env, p model.Partition) model.Disk {
	ext, ok := d.Extended()
	if !ok || p.Role != model.Logical || d.Reach(p).End <= ext.Span.End {
		return d
	}
	limits := ops.Limit(d, env, ext.ID)
	if !limits.Grow.OK() {
		return d
	}
	ext.Span.End = limits.Room.End
	return d.With(ext)
}

// farthest limits the length of a grown image in sectors.
const farthest geometry.Sector = 1 << 49

// layOut returns the preview of q as a line. target 0 means none.
func layOut(q ops.Queue, target model.PartID, align geometry.Alignment) line {
	d := q.Preview()
	grain := geometry.AlignMiB.Grain(d.SectorSize)
	l := line{
		disk: d, env: q.Env(), align: align, target: -1,
		start: d.Table.Usable.Start, end: d.Table.Usable.End, far: d.Table.Usable.End,
		lowest: align.Up(grain, d.SectorSize),
	}
	if _, _, cannot := ops.ImageLimits(d, q.Env()); cannot.OK() {
		l.far = max(l.end, farthest)
		if d.Table.Kind == model.TableMBR {
			l.far = max(l.end, model.MBRSectors)
		}
	}
	ext, _ := d.Extended()
	whole := target != 0 && ext.ID == target || len(d.Logicals()) == 0 // the extended partition is one item
	last := l.start
	closed := true
	for _, p := range d.Partitions() {
		if !closed && p.Role != model.Logical {
			l.items, closed = append(l.items, edge(closing, ext)), true
		}
		switch {
		case p.Role == model.Logical && whole:
			continue
		case p.Role == model.Extended && !whole:
			l.items, closed = append(l.items, edge(opening, p)), false
			last = p.Span.Start
			continue
		}
		it := l.item(q, p)
		if p.Role == model.Logical {
			l.reserve(&it, last, grain)
		}
		if p.ID == target {
			l.target = len(l.items)
		}
		l.items, last = append(l.items, it), p.Span.End
	}
	if !closed {
		l.items = append(l.items, edge(closing, ext))
	}
	l.claim()
	return l
}

// claim makes the items of cut partitions as long as their file systems, up to the next item. They neither move nor shrink. The
// target keeps its own length, and its wish is for more than that. What a logical partition claims behind the extended one
// belongs to the item of that end.
func (l *line) claim() {
	inner := geometry.Sector(0) // the end of what the logical partitions so far claim
	for i := range l.items {
		it := &l.items[i]
		if it.kind == opening || i == l.target {
			continue
		}
		end := l.disk.Reach(it.part).End
		switch {
		case it.kind == closing:
			end = inner
		case it.part.Role == model.Logical:
			inner = max(inner, end)
		}
		if i+1 < len(l.items) {
			end = min(end, l.items[i+1].span.Start)
		}
		if end = min(end, l.end); end > it.span.End {
			it.span.End, it.least = end, end-it.span.Start
		}
	}
}

// edge returns one end of the extended partition as an item.
func edge(k kind, ext model.Partition) item {
	it := item{kind: k, part: ext, span: geometry.SpanOf(ext.Span.Start, 0), full: "it is not a partition"}
	if k == closing {
		it.span = geometry.SpanOf(ext.Span.End, 0)
	}
	return it
}

// reserve sets the gap before a logical partition for its boot record: 1 MiB, or the present gap. last is the end of the
// previous item.
func (l *line) reserve(it *item, last, grain geometry.Sector) {
	gap := min(grain, max(0, it.span.Start-last))
	it.stayGap, it.moveGap = gap, grain
	if before := &l.items[len(l.items)-1]; before.kind == opening {
		// The first boot record is the first sector of the extended partition and moves with it.
		before.span.End = before.span.Start + gap
		before.least = gap
		it.stayGap, it.moveGap = 0, grain-gap
	}
}

// item returns partition p as an item.
func (l *line) item(q ops.Queue, p model.Partition) item {
	limits := ops.Limit(l.disk, l.env, p.ID)
	it := item{
		part: p, span: p.Span, least: limits.MinLen, keep: limits.Keep,
		stuck: limits.Move, full: limits.Shrink, boot: starts(l.disk.Table.Kind, p),
	}
	switch {
	case !it.full.OK() || p.Role == model.Extended:
	case p.FS.Kind.MadeAnew():
		// The size of swap space was chosen for a reason, so at most half of it is taken without asking.
		it.least = max(it.least, p.Span.Len()/2)
	case !p.FS.Known():
		it.full = "it is not known what is in it"
	}
	if !it.full.OK() {
		it.least = p.Span.Len()
	} else if it.least >= p.Span.Len() {
		it.full = model.Reason(limits.WhyMin.String())
	}
	// Whatever the queue moves anyway is copied once, to any place.
	if old, ok := q.Initial().Partition(p.ID); ok && old.Span.Start == p.Span.Start {
		it.copied, _ = ops.MoveCost(l.disk, l.env, p)
		it.about = ops.MoveEstimated(l.disk, l.env, p)
	}
	return it
}

// starts reports whether p is a boot partition.
func starts(table model.TableKind, p model.Partition) bool {
	for _, flag := range []model.Flag{
		model.FlagBoot, model.FlagESP, model.FlagLegacyBoot, model.FlagBLSBoot,
		model.FlagBIOSGrub, model.FlagPReP,
	} {
		if model.HasFlag(table, p, flag) {
			return true
		}
	}
	return false
}

// grows reports whether the image can become longer.
func (l *line) grows() bool { return l.far > l.end }

func (l *line) longestLen(p model.Partition) geometry.Sector { return ops.LongestLen(l.disk, l.env, p) }

func (l *line) up(x geometry.Sector) geometry.Sector   { return l.align.Up(x, l.disk.SectorSize) }
func (l *line) down(x geometry.Sector) geometry.Sector { return l.align.Down(x, l.disk.SectorSize) }
