package guide

import (
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// TestKnowing makes queues again after it has turned out that the contents of p1 need more than their superblock says.
func TestKnowing(t *testing.T) {
	env := env()
	d := disk(t, "gpt 1000: 1 ext4 1-401 used 40; 2 ext4 401-801 used 40")
	plain := ops.NewQueue(d, env)
	shrink, err := ops.ShrinkToMin(d, env, 1, geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	small, err := Room(plain, 0, 0, geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		ops   []ops.Operation
		other bool // numbers of other things change too
	}{
		{"resize min", []ops.Operation{shrink}, false},
		{"image min", small, true},
		{"image min after a name", append([]ops.Operation{ops.SetName{ID: 1, Name: "x"}}, small...), true},
	} {
		q := plain
		for _, op := range c.ops {
			if q, err = q.Stage(op); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		at := func(q ops.Queue, id model.PartID) geometry.Span {
			p, _ := q.Preview().Partition(id)
			return p.Span
		}
		more, err := q.Knowing(1, 100*geometry.MiB)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		z := d.SectorSize
		if n := z.Bytes(at(more, 1).Len()); n < 100*geometry.MiB || n > 110*geometry.MiB || more.Len() != q.Len() {
			t.Errorf("%s: p1 is %d bytes long after %d operations", c.name, n, more.Len())
		}
		if grown := at(more, 1).Len() - at(q, 1).Len(); c.other {
			if got := more.Preview().Sectors - q.Preview().Sectors; got != grown {
				t.Errorf("%s: the image is %d sectors longer, p1 %d", c.name, got, grown)
			}
			if got := at(more, 2).Start - at(q, 2).Start; got != grown {
				t.Errorf("%s: p2 lies %d sectors behind its place, p1 grew %d", c.name, got, grown)
			}
		} else if at(more, 2) != at(q, 2) {
			t.Errorf("%s: p2 moved", c.name)
		}
	}
}

// TestKnowingWhole leaves a partition whole that cannot shrink, and refuses where nothing is left to do.
func TestKnowingWhole(t *testing.T) {
	env := env()
	d := disk(t, "gpt 1000: 1 ext4 1-401 used 40; 2 ext4 401-801 used 40")
	small, err := Room(ops.NewQueue(d, env), 0, 0, geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	q := ops.NewQueue(d, env)
	for _, op := range small {
		if q, err = q.Stage(op); err != nil {
			t.Fatal(err)
		}
	}
	more, err := q.Knowing(1, geometry.GiB)
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := more.Preview().Partition(1); p.Span != d.Partitions()[0].Span || more.Preview().Sectors >= d.Sectors {
		t.Errorf("p1 is at %v, the image has %d sectors", p.Span, more.Preview().Sectors)
	}
	shrink, err := ops.ShrinkToMin(d, env, 1, geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	if q, err = ops.NewQueue(d, env).Stage(shrink); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Knowing(1, geometry.GiB); err == nil {
		t.Error("a partition that cannot shrink is shrunk")
	}
	given := ops.MoveResize{ID: 1, Len: shrink.Len}
	if q, err = ops.NewQueue(d, env).Stage(given); err != nil || q.Yields(0) {
		t.Errorf("a size that the user gave would change: %v", err)
	}
}

// TestKnowingMade does it for contents that the queue itself makes, in a partition of the disk and in a new one. What the disk has
// there is another matter.
func TestKnowingMade(t *testing.T) {
	for name, c := range map[string]struct {
		layout string
		id     model.PartID
		make   ops.Operation
	}{
		"formatted": {"gpt 1000: 1 ext4 1-401 used 40", 1, ops.Format{ID: 1, FS: model.Ext4}},
		"new":       {"gpt 1000: 1 ext4 1-401 used 40", 2, ops.New{ID: 2, At: 401 * mib, Len: 300 * mib, FS: model.Ext4}},
	} {
		q, err := ops.NewQueue(disk(t, c.layout), env()).Stage(c.make)
		if err != nil {
			t.Fatal(err)
		}
		least, err := ops.ShrinkToMin(q.Preview(), q.Env(), c.id, geometry.AlignMiB)
		if err != nil {
			t.Fatal(err)
		}
		if q, err = q.Stage(least); err != nil {
			t.Fatal(err)
		}
		for _, want := range []geometry.Bytes{100 * geometry.MiB, 120 * geometry.MiB} {
			if q, err = q.Knowing(c.id, want); err != nil {
				t.Fatal(err)
			}
			p, _ := q.Preview().Partition(c.id)
			if n := q.Preview().SectorSize.Bytes(p.Span.Len()); n < want || n > want*11/10 || q.Len() != 2 {
				t.Errorf("%s: %d bytes long, want %d", name, n, want)
			}
		}
	}
}
