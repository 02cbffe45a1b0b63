package guide

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// line is the disk as the search sees it: items in the order of their place, between a first and a last sector.
type line struct {
	disk  model.Disk
	env   ops.Env
	align geometry.Alignment
	items []item
	// target is the index of the item that shall have want sectors, -1 if there is none.
	target int
	want   geometry.Sector
	// start and end bound the items on the disk as it is; far is the end when the image is grown, end if it cannot be.
	start, end, far geometry.Sector
	// lowest is where the first item begins at the earliest when it moves; what is before it is left to boot loaders.
	lowest geometry.Sector
}

// kind is what an item is.
type kind int

const (
	body    kind = iota // a partition
	opening             // the start of the extended partition, with its first boot record
	closing             // the end of the extended partition
)

// item is one thing on the line.
type item struct {
	kind kind
	part model.Partition
	span geometry.Span
	// least is the shortest length it can be shrunk to, its length if it cannot be shrunk.
	least geometry.Sector
	// copied is what moving it costs; sized says that this is its length, whatever that is.
	copied geometry.Bytes
	boot   bool // a machine starts from it
	// stuck is why it cannot move, full why it cannot be shrunk.
	stuck, full model.Reason
	// stayGap and moveGap are how many sectors must be free before it, when it stays and when it moves.
	stayGap, moveGap geometry.Sector
	// keep is what it must go on enclosing wherever its ends go: the contents of an extended target.
	keep geometry.Span
}

// counts reports whether a new place of the item is the move of a partition.
func (it *item) counts() bool { return it.kind == body && it.part.Role != model.Extended }

// inside reports whether no primary partition can be placed right before the item.
func (it *item) inside() bool {
	return it.kind == closing || it.part.Role == model.Logical && it.kind == body
}

// newLine lays the preview of q out for a wish, or returns why nothing can be done for it.
func newLine(q ops.Queue, w Wish, align geometry.Alignment) (line, *Impossible) {
	d := q.Preview()
	p, ok := d.Partition(w.Part)
	if !ok {
		return line{}, &Impossible{What: "make room", Why: "the partition does not exist at this point of the queue"}
	}
	limits := ops.Limit(d, q.Env(), p.ID)
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
		return no(model.Because("it can be at most %s long", geometry.FormatBytes(z.Bytes(most))))
	}
	l := layOut(q, p.ID, align)
	l.want = w.Size
	return l, nil
}

// farthest bounds the length of an image that is grown, in sectors.
const farthest geometry.Sector = 1 << 49

// layOut is the preview of q as a line; target 0 is none.
func layOut(q ops.Queue, target model.PartID, align geometry.Alignment) line {
	d := q.Preview()
	grain := geometry.AlignMiB.Grain(d.SectorSize)
	l := line{
		disk: d, env: q.Env(), align: align, target: -1,
		start: d.Table.Usable.Start, end: d.Table.Usable.End, far: d.Table.Usable.End,
		lowest: align.Up(grain, d.SectorSize),
	}
	if _, _, cannot := ops.ImageLimits(d); cannot.OK() {
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
	return l
}

// edge is one end of the extended partition.
func edge(k kind, ext model.Partition) item {
	it := item{kind: k, part: ext, span: geometry.SpanOf(ext.Span.Start, 0), full: "it is not a partition"}
	if k == closing {
		it.span = geometry.SpanOf(ext.Span.End, 0)
	}
	return it
}

// reserve makes sure that the boot record of a logical partition has room before it: 1 MiB, or what it has. last is
// where the item before it ends.
func (l *line) reserve(it *item, last, grain geometry.Sector) {
	gap := min(grain, max(0, it.span.Start-last))
	it.stayGap, it.moveGap = gap, grain
	if before := &l.items[len(l.items)-1]; before.kind == opening {
		// The first boot record is the first sector of the extended partition: it moves with that.
		before.span.End = before.span.Start + gap
		before.least = gap
		it.stayGap, it.moveGap = 0, grain-gap
	}
}

// item is partition p on the line.
func (l *line) item(q ops.Queue, p model.Partition) item {
	limits := ops.Limit(l.disk, l.env, p.ID)
	it := item{
		part: p, span: p.Span, least: limits.MinLen, keep: limits.Keep,
		stuck: limits.Move, full: limits.Shrink, boot: starts(l.disk.Table.Kind, p),
	}
	switch {
	case !it.full.OK() || p.Role == model.Extended:
	case p.FS.Kind.MadeAnew():
		// Somebody chose the size of the swap space for a reason; half of it is the most that can be taken unasked.
		it.least = max(it.least, p.Span.Len()/2)
	case !p.FS.Known():
		it.full = "nothing tells what is in it"
	}
	if !it.full.OK() {
		it.least = p.Span.Len()
	} else if it.least >= p.Span.Len() {
		it.full = model.Reason(limits.WhyMin.String())
	}
	// What the queue moves anyway is copied once, wherever it goes.
	if old, ok := q.Initial().Partition(p.ID); ok && old.Span.Start == p.Span.Start {
		it.copied, _ = ops.MoveCost(l.disk, l.env, p)
	}
	return it
}

// starts reports whether machines start from a partition.
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

// grows reports whether the image can be made longer.
func (l *line) grows() bool { return l.far > l.end }

func (l *line) longestLen(p model.Partition) geometry.Sector { return ops.LongestLen(l.disk, l.env, p) }

func (l *line) up(x geometry.Sector) geometry.Sector   { return l.align.Up(x, l.disk.SectorSize) }
func (l *line) down(x geometry.Sector) geometry.Sector { return l.align.Down(x, l.disk.SectorSize) }
