package guide

import (
	"context"
	"errors"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
)

// odd is a random disk off every grid: primaries, and logical partitions with boot records wherever they may be.
func odd(r *rand.Rand) model.Disk {
	table := model.TableKind(1 + r.Intn(2))
	z := []geometry.SectorSize{geometry.Sector512, geometry.Sector4096}[r.Intn(2)]
	grain := int(geometry.AlignMiB.Grain(z))
	length := func() geometry.Sector {
		n := geometry.Sector(1 + r.Intn(40*grain))
		if r.Intn(2) == 0 {
			n = geometry.AlignMiB.Up(n, z)
		}
		return n
	}
	gap := func() geometry.Sector {
		return []geometry.Sector{0, 0, geometry.Sector(r.Intn(100)), geometry.Sector(grain), length()}[r.Intn(5)]
	}
	at := []geometry.Sector{34, 63, geometry.Sector(grain)}[r.Intn(3)]
	var parts []model.Partition
	add := func(p model.Partition, n geometry.Sector) {
		p.ID, p.Span = model.PartID(len(parts)+1), geometry.SpanOf(at, n)
		contents(r, table, &p)
		p.FS.Size = z.Bytes(n) &^ 4095
		p.FS.Used = min(p.FS.Used, p.FS.Size)
		p.FS.Min = max(0, p.FS.Used)
		if r.Intn(8) == 0 {
			p.FS = model.Filesystem{}
		}
		parts = append(parts, p)
		at += n
	}
	n := 1 + r.Intn(3)
	for i := range n {
		add(model.Partition{Number: i + 1}, length())
		at += gap()
	}
	if table == model.TableMBR && r.Intn(3) > 0 {
		ext := model.Partition{ID: 50, Number: 4, Role: model.Extended, Type: model.MBRExtendedLBA, Span: geometry.Span{Start: at}}
		for i := range r.Intn(4) {
			p := model.Partition{Number: model.FirstLogical + i, Role: model.Logical, EBR: at}
			at += []geometry.Sector{1, 2, 63, geometry.Sector(grain), length()}[r.Intn(5)]
			add(p, length())
			at += gap()
		}
		ext.Span.End = max(at, ext.Span.Start+1)
		at = ext.Span.End + gap()
		parts = append(parts, ext)
		if n < 3 && r.Intn(2) == 0 {
			add(model.Partition{Number: n + 1}, length())
		}
	}
	d := testdisk.Disk(table, at+gap()+33, parts...)
	if table == model.TableGPT {
		d.Table.Slots, d.Table.Usable.Start = 16, 6
		d = d.WithSectors(d.Sectors)
	}
	d.SectorSize = z
	d.Fixed = r.Intn(2) == 0
	return d.WithPartitions(d.Partitions())
}

// Whatever the disk, the grid and the queue: plans replay, reach the wish and leave alone what they do not tell of.
func TestRandomDisks(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	count := map[string]int{}
	for range 3000 {
		d := odd(r)
		if len(model.Check(d)) > 0 {
			continue
		}
		align := geometry.Alignment(r.Intn(3))
		q := pending(r, ops.NewQueue(d, env()), align)
		w, p := randomWish(r, q)
		s := &solver{ctx: context.Background()}
		plans, no := s.plans(q, w, align)
		for _, err := range s.failed {
			t.Errorf("a layout cannot be staged: %v\n%s", err, drawn(q.Preview(), w))
		}
		if len(plans) == 0 && len(no) == 0 {
			t.Errorf("no reason is told\n%s", drawn(q.Preview(), w))
		}
		for i, plan := range plans {
			replays(t, q, w, plan)
			untouched(t, q, plan, align)
			if i > 0 && !w.Most && !w.Shrink && cheaper(plans[i-1], plan) >= 0 {
				t.Errorf("plans are not in order:\n%s", told(d, plans, nil))
			}
		}
		if again, _ := Plans(q, w, align); told(d, again, nil) != told(d, plans, nil) {
			t.Errorf("asked twice:\n%s\n%s", told(d, plans, nil), told(d, again, nil))
		}
		simplest(t, q, w, p, plans, align)
		switch {
		case len(plans) == 0:
			count["none"]++
		case w.Shrink:
			count["image"]++
		case w.Most:
			count["most"]++
		case p.Role == model.Logical:
			count["logical"]++
		case p.Role == model.Extended:
			count["extended"]++
		default:
			count["primary"]++
		}
	}
	t.Log(count)
	for _, what := range []string{"none", "image", "most", "logical", "extended", "primary"} {
		if count[what] < 25 {
			t.Errorf("only %d of %s", count[what], what)
		}
	}
}

// pending is the queue with a few operations on it.
func pending(r *rand.Rand, q ops.Queue, align geometry.Alignment) ops.Queue {
	for range r.Intn(3) {
		parts := q.Preview().Partitions()
		p := parts[r.Intn(len(parts))]
		l := ops.Limit(q.Preview(), q.Env(), p.ID)
		want := p.Span.Shift(geometry.Sector(r.Intn(8192) - 4096))
		op := ops.MoveResizeTo(q.Preview(), p.ID, l.Snap(p.Span, want, ops.Handle(r.Intn(3)), align, q.Preview().SectorSize))
		if next, err := q.Stage(op); err == nil {
			q = next
		}
	}
	return q
}

func randomWish(r *rand.Rand, q ops.Queue) (Wish, model.Partition) {
	parts := q.Preview().Partitions()
	p := parts[r.Intn(len(parts))]
	switch r.Intn(6) {
	case 0:
		return Wish{Shrink: true}, model.Partition{}
	case 1:
		return Wish{Part: p.ID, Most: true}, p
	}
	by := geometry.Sector(1 + r.Intn(60000))
	if r.Intn(2) == 0 {
		by = geometry.AlignMiB.Up(by, q.Preview().SectorSize)
	}
	return Wish{Part: p.ID, Size: p.Span.Len() + by}, p
}

// untouched makes sure that a plan changes nothing of a partition but its place and size, that what begins elsewhere
// begins on the grid, and that what is immovable stays.
func untouched(t *testing.T, q ops.Queue, plan Plan, align geometry.Alignment) {
	t.Helper()
	before, after := q.Preview(), plan.Queue.Preview()
	moved := 0
	for _, p := range before.Partitions() {
		is, _ := after.Partition(p.ID)
		l := ops.Limit(before, q.Env(), p.ID)
		switch {
		case p.Role == model.Extended:
			continue
		case is.Span.Start != p.Span.Start:
			moved++
			if !l.Move.OK() {
				t.Errorf("%s moves %s: %s", plan.Title(), p.Ref(), l.Move)
			}
			if align.Up(is.Span.Start, after.SectorSize) != is.Span.Start {
				t.Errorf("%s puts %s at sector %d", plan.Title(), p.Ref(), is.Span.Start)
			}
		}
		if is.Span.Len() < p.Span.Len() && (!l.Shrink.OK() || is.Span.Len() < l.MinLen) {
			t.Errorf("%s shrinks %s to %d sectors, of at least %d: %s", plan.Title(), p.Ref(), is.Span.Len(), l.MinLen, l.Shrink)
		}
		is.Span, is.EBR, is.FS = p.Span, p.EBR, p.FS
		if is != p {
			t.Errorf("%s makes %+v of %+v", plan.Title(), is, p)
		}
	}
	if moved != plan.Moved {
		t.Errorf("%s moves %d partitions, not %d", plan.Title(), moved, plan.Moved)
	}
}

// simplest makes sure that what one operation can do is found.
func simplest(t *testing.T, q ops.Queue, w Wish, p model.Partition, plans []Plan, align geometry.Alignment) {
	t.Helper()
	if w.Shrink || w.Most {
		return
	}
	op, err := ops.GrowToFill(q.Preview(), q.Env(), w.Part, align)
	if grown, ok := op.(ops.MoveResize); err != nil || !ok || grown.Len < w.Size {
		return
	}
	if len(plans) == 0 || plans[0].Copied != 0 || plans[0].Moved != 0 {
		t.Errorf("%s can simply grow, but: %s", p.Ref(), told(q.Preview(), plans, nil))
	}
	if !slices.ContainsFunc(plans, func(p Plan) bool { return len(p.does) == 0 }) {
		t.Errorf("growing %s is not among: %s", p.Ref(), told(q.Preview(), plans, nil))
	}
}

// What is said to be too little is there: a wish for that is fulfilled.
func TestTooLittleIsThere(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	count := map[string]int{}
	for range 1500 {
		d := odd(r)
		if len(model.Check(d)) > 0 {
			continue
		}
		align := geometry.Alignment(r.Intn(3))
		q := ops.NewQueue(d, env())
		w, p := randomWish(r, q)
		if w.Shrink || w.Most {
			continue
		}
		w.Size += geometry.Sector(r.Intn(400000))
		plans, no := Plans(q, w, align)
		if _, err := Room(q, w.Part, w.Size, align); len(plans) == 0 {
			var refused *ops.Refusal
			if errors.As(err, &refused) && len(refused.Bounds) > 0 {
				if _, err := Room(q, w.Part, refused.Bounds[0].Sectors, align); err != nil {
					t.Errorf("%v, but then %v", refused, err)
				}
			}
		}
		for _, n := range no {
			if n.Room == 0 {
				continue
			}
			count[strings.Fields(n.What)[0]]++
			less := w
			less.Size = p.Span.Len() + n.Room
			if plans, reasons := Plans(q, less, align); len(plans) == 0 {
				t.Errorf("%s: %s, but nothing gives %d sectors: %v\n%s", n.What, n.Why, n.Room, reasons, drawn(d, less))
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Log(count)
}
