package guide

import (
	"cmp"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// cheaper orders plans by copied bytes, moved partitions and risk, and then by what else they take.
func cheaper(a, b Plan) int {
	if order := cmp.Or(
		cmp.Compare(a.Copied, b.Copied),
		cmp.Compare(a.Moved, b.Moved),
		cmp.Compare(a.Risk.sum(), b.Risk.sum()),
		cmp.Compare(a.Risk.Shrunk, b.Risk.Shrunk),
		cmp.Compare(a.Hops, b.Hops),
		cmp.Compare(a.Grown, b.Grown),
		cmp.Compare(len(a.does), len(b.does)),
		cmp.Compare(b.Len, a.Len),
	); order != 0 {
		return order
	}
	return a.layout.compare(b.layout)
}

// longer puts plans first that give the partition the most space.
func longer(a, b Plan) int { return cmp.Or(cmp.Compare(b.Len, a.Len), cheaper(a, b)) }

// shorter puts plans first that leave the smallest image.
func shorter(a, b Plan) int { return cmp.Or(cmp.Compare(a.Len, b.Len), cheaper(a, b)) }

func (r Risk) sum() int { return r.Boot + r.Shrunk }

// doing is what a plan does to a partition or to the image.
type doing struct {
	part   model.PartID // 0: the image gets another size
	moved  bool
	shrunk bool
}

// count returns a layout as a plan with its changes and costs. Growing the target and moving the ends of the extended
// partition cost nothing.
func (l *line) count(at layout) Plan {
	p := Plan{layout: at, Len: at.sectors, Grown: max(0, at.sectors-l.disk.Sectors), does: map[doing]bool{}}
	if at.sectors != l.disk.Sectors {
		p.does[doing{}] = true
	}
	for _, s := range at.spots {
		it := &l.items[s.item]
		id := it.part.ID
		switch {
		case s.item == l.target:
			p.Len = s.span.Len()
		case it.kind == body && s.span.Len() < it.span.Len():
			p.Risk.Shrunk++
			p.does[doing{part: id, shrunk: true}] = true
		}
		if !it.counts() || s.span.Start == it.span.Start {
			continue
		}
		p.Moved++
		p.does[doing{part: id, moved: true}] = true
		p.Copied += l.copied(*it, s.span.Len())
		p.About = p.About || it.about
		if s.act&hopped != 0 {
			p.Hops++
		}
		if it.boot {
			p.Risk.Boot++
		}
	}
	return p
}

// copied returns the bytes that a move copies if the item then has n sectors. It shrinks before the move and grows after
// it.
func (l *line) copied(it item, n geometry.Sector) geometry.Bytes {
	if it.copied == 0 || n >= it.span.Len() {
		return it.copied
	}
	it.part.Span.End = it.part.Span.Start + n
	copies, _ := ops.MoveCost(l.disk, l.env, it.part)
	return copies
}

// outdoes reports whether p makes the later plan o pointless: everything that p does, o does too.
func (p Plan) outdoes(o Plan) bool {
	if len(p.does) > len(o.does) {
		return false
	}
	for d := range p.does {
		if !o.does[d] {
			return false
		}
	}
	return p.Hops <= o.Hops
}
