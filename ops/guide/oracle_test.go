package guide

import (
	"cmp"
	"context"
	"math/rand"
	"slices"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
)

// A block is a partition for the oracle: cells of 1 MiB, together with the boot record before a logical one.
type block struct {
	id          model.PartID
	start, size int
	least       int // shortest size
	fixed       bool
	boot        bool
	logical     bool
	bytes       geometry.Bytes // what moving it copies
}

// price is what the oracle compares.
type price struct {
	bytes       geometry.Bytes
	moved, risk int
}

func (p price) compare(o price) int {
	return cmp.Or(cmp.Compare(p.bytes, o.bytes), cmp.Compare(p.moved, o.moved), cmp.Compare(p.risk, o.risk))
}

// oracle tries every place for every partition. It knows nothing of how plans are found.
type oracle struct {
	blocks []block
	target int
	want   int
	cells  int // the last cell + 1
	// ordered keeps partitions in their order.
	ordered bool
	at      []block // placed so far
	best    *price
}

func (o *oracle) search(so price) {
	if o.best != nil && so.compare(*o.best) >= 0 {
		return
	}
	i := len(o.at)
	if i == len(o.blocks) {
		if o.doable() {
			o.best = &so
		}
		return
	}
	b := o.blocks[i]
	sizes := []int{b.size}
	switch {
	case i == o.target:
		sizes = []int{o.want}
	case b.least < b.size:
		sizes = append(sizes, b.least)
	}
	for _, size := range sizes {
		for start := 1; start+size <= o.cells; start++ {
			if b.fixed && start != b.start {
				continue
			}
			now := block{id: b.id, start: start, size: size, logical: b.logical}
			if !o.fits(now, b) {
				continue
			}
			next := so
			if start != b.start {
				next.moved++
				next.bytes += b.bytes
				if b.boot {
					next.risk++
				}
			}
			if i != o.target && size < b.size {
				next.risk++
			}
			o.at = append(o.at, now)
			o.search(next)
			o.at = o.at[:i]
		}
	}
}

// fits reports whether a block can lie there beside those that are placed.
func (o *oracle) fits(now, was block) bool {
	for j, other := range o.at {
		if now.start < other.start+other.size && other.start < now.start+now.size {
			return false
		}
		if (now.start < other.start) == (was.start < o.blocks[j].start) {
			continue
		}
		// It is the primary one that changes places with a logical one.
		stays := now.logical == other.logical && now.logical || now.logical && other.start == o.blocks[j].start ||
			other.logical && now.start == was.start
		if o.ordered || stays {
			return false
		}
	}
	return true
}

// doable reports whether the partitions can lie as they are placed, and whether there is an order in which each goes
// there in one step.
func (o *oracle) doable() bool {
	if o.ordered {
		return true
	}
	// The extended partition reaches from the first logical one to the last.
	low, high := o.cells, 0
	for _, b := range o.at {
		if b.logical {
			low, high = min(low, b.start), max(high, b.start)
		}
	}
	if slices.ContainsFunc(o.at, func(b block) bool { return !b.logical && low < b.start && b.start < high }) {
		return false
	}
	now := slices.Clone(o.blocks)
	for left := len(now); left > 0; {
		before := left
		for i := range now {
			if now[i].start == o.at[i].start && now[i].size == o.at[i].size {
				continue
			}
			free := true
			for j, other := range now {
				free = free && (i == j || o.at[i].start >= other.start+other.size || other.start >= o.at[i].start+o.at[i].size)
			}
			if free {
				now[i].start, now[i].size = o.at[i].start, o.at[i].size
				left--
			}
		}
		if left == before {
			break
		}
	}
	return slices.EqualFunc(now, o.at, func(a, b block) bool { return a.start == b.start && a.size == b.size })
}

// cheapest is the least price, and whether there is any.
func (o oracle) cheapest(cells int, ordered bool) (price, bool) {
	o.cells, o.ordered, o.best, o.at = cells, ordered, nil, nil
	o.search(price{})
	if o.best == nil {
		return price{}, false
	}
	return *o.best, true
}

// small is a random disk of few partitions on the MiB grid, and how many cells it has.
func small(r *rand.Rand, logicals bool) (model.Disk, int) {
	cells := 9 + r.Intn(7)
	table := model.TableGPT
	if logicals {
		table = model.TableMBR
	}
	var parts []model.Partition
	n := 2 + r.Intn(3)
	at := 1 + r.Intn(2)
	first := r.Intn(2) // primaries before the extended partition
	primaries := 0
	for i := 0; i < n; i++ {
		logical := logicals && i >= first && (i < first+2 && i < n-1 || i == first)
		size := 1 + r.Intn(3)
		if logical {
			size++
		}
		if at+size > cells {
			break
		}
		p := model.Partition{ID: model.PartID(i + 10), Number: i + 1, Span: geometry.SpanOf(geometry.Sector(at)*mib, geometry.Sector(size)*mib)}
		if logical {
			p.Role, p.Number, p.EBR = model.Logical, model.FirstLogical+i-first, p.Span.Start
			p.Span.Start += mib
		} else {
			primaries++
			p.Number = primaries
		}
		contents(r, table, &p)
		parts = append(parts, p)
		at += size + r.Intn(3)
	}
	if logicals {
		parts = enclosed(parts)
	}
	sectors := geometry.Sector(cells) * mib
	if table == model.TableGPT {
		sectors += 33
	}
	d := testdisk.Disk(table, sectors, parts...)
	d.Fixed = r.Intn(2) == 0
	return d, cells
}

// contents puts something into a partition.
func contents(r *rand.Rand, table model.TableKind, p *model.Partition) {
	kinds := []model.FSKind{model.Ext4, model.Ext4, model.Ext4, model.Swap, model.XFS, model.ISO9660, model.LUKS}
	p.FS = model.Filesystem{Kind: kinds[r.Intn(len(kinds))], Used: -1, Size: geometry.Sector512.Bytes(p.Span.Len()), BlockSize: 4096}
	if p.FS.Kind == model.Ext4 {
		p.FS.Used = geometry.Bytes(r.Int63n(int64(p.FS.Size)/4096+1)) * 4096
		p.FS.Min = p.FS.Used
	}
	p.Type = model.DefaultType(table, p.Role, p.FS.Kind)
	switch r.Intn(6) {
	case 0:
		if table == model.TableGPT {
			p.Attributes = 1 << 2 // a BIOS may start it
		}
	case 1:
		p.Use = model.Use{Kind: model.Held, Place: "device-mapper"}
	}
}

// enclosed is the partitions with an extended one around the logical ones.
func enclosed(parts []model.Partition) []model.Partition {
	ext := model.Partition{ID: 99, Number: 4, Role: model.Extended, Type: model.MBRExtendedLBA}
	for _, p := range parts {
		if p.Role == model.Logical {
			if ext.Span.End == 0 {
				ext.Span.Start = p.EBR
			}
			ext.Span.End = p.Span.End
		}
	}
	if ext.Span.End == 0 {
		return parts
	}
	return append(parts, ext)
}

// blocks is a disk for the oracle.
func blocks(d model.Disk) []block {
	var list []block
	for _, p := range d.Partitions() {
		if p.Role == model.Extended {
			continue
		}
		l := ops.Limit(d, env(), p.ID)
		b := block{
			id: p.ID, start: int(p.Span.Start / mib), size: int(p.Span.Len() / mib), fixed: !l.Move.OK(),
			boot: p.Attributes != 0, logical: p.Role == model.Logical,
		}
		b.least = b.size
		if l.Shrink.OK() && p.FS.Known() {
			b.least = int((l.MinLen + mib - 1) / mib)
			if p.FS.Kind == model.Swap {
				b.least = max(b.least, (b.size+1)/2)
			}
		}
		switch p.FS.Kind {
		case model.Swap:
		case model.Ext4:
			b.bytes = p.FS.Used
		default:
			b.bytes = geometry.Sector512.Bytes(p.Span.Len())
		}
		if b.logical {
			b.start, b.size, b.least = b.start-1, b.size+1, b.least+1
		}
		list = append(list, b)
	}
	return list
}

// No cheaper plan exists on small disks, and every plan keeps what it promises.
func TestCheapest(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	found, hopped, none, excused := 0, 0, 0, 0
	for range 2500 {
		d, cells := small(r, r.Intn(2) == 0)
		list := blocks(d)
		o := oracle{blocks: list, target: r.Intn(len(list))}
		o.want = list[o.target].size + 1 + r.Intn(4)
		w := Wish{Part: list[o.target].id, Size: geometry.Sector(o.want) * mib}
		if list[o.target].logical {
			w.Size -= mib
		}
		q := ops.NewQueue(d, env())
		if p, _ := d.Partition(w.Part); ops.Limit(d, env(), p.ID).Grow != "" {
			continue
		}
		s := &solver{ctx: context.Background()}
		plans, no := s.plans(q, w, geometry.AlignMiB)
		for _, err := range s.failed {
			t.Errorf("a layout cannot be staged: %v\n%s", err, drawn(d, w))
		}
		for _, p := range plans {
			replays(t, q, w, p)
		}
		want, ok := o.expected(cells, d.Fixed)
		switch {
		case !ok && len(plans) == 0:
			none++
			if len(no) == 0 {
				t.Errorf("no reason is told\n%s", drawn(d, w))
			}
			continue
		case !ok:
			t.Fatalf("the oracle finds nothing for\n%s\n%s", drawn(d, w), told(d, plans, no))
		case len(plans) == 0:
			if s.entangled == 0 {
				t.Fatalf("the oracle finds %v for\n%s\n%s", want, drawn(d, w), told(d, plans, no))
			}
			excused++
			continue
		}
		found++
		if plans[0].Hops > 0 {
			hopped++
		}
		got := price{plans[0].Copied, plans[0].Moved, plans[0].Risk.sum()}
		if got != want && s.entangled > 0 {
			excused++ // the cheapest that was found would have had partitions change places at once
			continue
		}
		if got != want {
			t.Fatalf("the oracle finds %v for\n%s\n%s", want, drawn(d, w), told(d, plans, no))
		}
	}
	t.Logf("%d disks with plans, %d of them with partitions that change places, %d without; %d not compared", found, hopped, none, excused)
	if excused > found/20 {
		t.Error("too many are not compared")
	}
	if found < 300 || hopped < 20 || none < 40 {
		t.Error("the disks are not varied enough")
	}
}

// expected is the price of the best plan: partitions change places only where that at least halves what is copied, and
// make the image longer for it only where nothing helps that does not. That is judged for plans that shrink nothing
// and for all.
func (o *oracle) expected(cells int, fixed bool) (price, bool) {
	longer := cells
	if !fixed {
		longer = cells + o.want + 12
	}
	var best price
	found := false
	accept := func(p price, ok bool) {
		if ok && (!found || p.compare(best) < 0) {
			best, found = p, true
		}
	}
	rigid := *o
	rigid.blocks = slices.Clone(o.blocks)
	for i := range rigid.blocks {
		rigid.blocks[i].least = rigid.blocks[i].size
	}
	for _, o := range []*oracle{&rigid, o} {
		kept, ok := o.cheapest(longer, true)
		accept(kept, ok)
		if ok && kept.bytes == 0 {
			continue
		}
		larger := longer
		if _, without := o.cheapest(cells, true); without {
			larger = cells
		}
		free, can := o.cheapest(larger, false)
		accept(free, can && (!ok || 2*free.bytes < kept.bytes))
	}
	return best, found
}
