package model

import (
	"testing"

	"shunt/geometry"
)

func TestInUse(t *testing.T) {
	parts := []Partition{
		{ID: 1, Number: 1, Role: Extended, Span: geometry.Span{Start: 10, End: 100}},
		{ID: 2, Number: 5, Role: Logical, Span: geometry.Span{Start: 20, End: 30}, FS: Filesystem{Kind: Ext4, Used: 7}},
		{ID: 3, Number: 6, Role: Logical, Span: geometry.Span{Start: 40, End: 50}, FS: Filesystem{Kind: XFS, Used: 7}},
	}
	d := New(Disk{SectorSize: 512, Sectors: 1000}, parts, nil)
	busy := d.InUse(map[int]Use{1: {Kind: Occupied}, 5: {Kind: Mounted, Place: "/mnt"}, 9: {Kind: SwapSpace}})
	for i, want := range []string{"not in use", "mounted at /mnt", "not in use"} {
		if got := busy.Partitions()[i].Use.String(); got != want {
			t.Errorf("partition %d is %q, want %q", i, got, want)
		}
	}
	// A mounted file system changes; where it is mounted may change as well.
	p, _ := busy.Partition(2)
	p.FS.Used, p.Use = 8, Use{Kind: Mounted, Place: "/srv"}
	same := func(x, y Disk) bool {
		for i, p := range x.Steady().Partitions() {
			if p != y.Steady().Partitions()[i] {
				return false
			}
		}
		return true
	}
	if !same(busy, busy.With(p)) {
		t.Error("what a mounted file system does to itself counts as a change")
	}
	p.Span.End++
	if same(busy, busy.With(p)) {
		t.Error("a partition that got longer does not count as a change")
	}
	if same(busy, d) {
		t.Error("a partition that came into use does not count as a change")
	}
	q, _ := busy.Partition(3)
	q.FS.Used = 8
	if same(busy, busy.With(q)) {
		t.Error("a change of a file system at rest is not seen")
	}
	if len(d.InUse(nil).Partitions()) != 3 || busy.InUse(nil).Partitions()[1].Use.Busy() {
		t.Error("uses that ended stay")
	}
}
