package guide

import (
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// cut makes the file system of a partition so many MiB longer than the partition.
func cut(d model.Disk, id model.PartID, more geometry.Bytes) model.Disk {
	p, _ := d.Partition(id)
	p.FS.Size += more * geometry.MiB
	return d.With(p)
}

// TestCutKeepsItsEnd: no plan uses the sectors in which the file system of a cut partition goes on.
func TestCutKeepsItsEnd(t *testing.T) {
	for _, c := range []struct {
		disk  string
		more  geometry.Bytes // of p1, in MiB
		wish  Wish
		least geometry.Sector // sectors of the image, or of the partition, in MiB; 0: it is impossible
	}{
		{"gpt 1000: 1 ext4 1-101 used 10; 2 ext4 501-601 used 10", 100, Wish{Shrink: true}, 213},
		{"mbr 1000: 1 ext4 1-101 used 10", 300, Wish{Shrink: true}, 401},
		{"gpt 1000: 1 ext4 1-101 used 10; 2 ext4 201-301 used 90", 100, Wish{Part: 2, Size: 150 * mib}, 150},
		{"gpt 400: 1 ext4 1-101 used 10; 2 ext4 201-399 used 190", 100, Wish{Part: 2, Size: 250 * mib}, 250}, // with a longer image
		{"gpt 1000: 1 ext4 1-101 used 10; 2 ext4 501-601 used 10", 100, Wish{Part: 1, Size: 120 * mib}, 200},
		{"gpt 1000: 1 ext4 1-101 used 10; 2 ext4 151-251 used 10", 100, Wish{Part: 1, Size: 200 * mib}, 0},
		{"gpt 1000: 1 ext4 1-101 used 10; 2 ext4 151-251 used 10", 100, Wish{Part: 2, Size: 200 * mib}, 0},
	} {
		q := ops.NewQueue(cut(disk(t, c.disk), 1, c.more), env())
		plans, no := Plans(q, c.wish, geometry.AlignMiB)
		if (len(plans) > 0) != (c.least > 0) {
			t.Errorf("%s, %+v:\n%s", c.disk, c.wish, told(q.Preview(), plans, no))
		}
		for _, p := range plans {
			if p.Len < c.least*mib {
				t.Errorf("%s, %+v: less than %d MiB:\n%s", c.disk, c.wish, c.least, told(q.Preview(), plans, no))
			}
		}
	}
}

// TestCutLogical: a logical partition whose file system is 51 MiB longer can have its room back, even behind the end of the
// extended partition. Until then the image keeps the end of the file system, and so does every partition behind it.
func TestCutLogical(t *testing.T) {
	const tail = 102 * mib // the end of the file system
	for _, c := range []struct {
		disk  string
		wish  Wish
		fixed bool
		want  geometry.Sector // sectors of the image, or of the partition, in MiB; 0: it is impossible
	}{
		{"mbr 300: 1 extended 1-245; 5 ext4 1-51 used 10", Wish{Part: 5, Most: true}, false, 298},
		{"mbr 300: 1 extended 1-245; 5 ext4 1-51 used 10", Wish{Part: 5, Size: 120 * mib}, false, 120},
		{"mbr 300: 1 extended 1-245; 5 ext4 1-51 used 10", Wish{Shrink: true}, false, 102},
		{"mbr 300: 1 extended 1-51; 5 ext4 1-51 used 10", Wish{Part: 5, Most: true}, false, 298}, // it goes on behind the extended one
		{"mbr 300: 1 extended 1-60; 5 ext4 1-51 used 10", Wish{Part: 5, Size: 120 * mib}, false, 120},
		{"mbr 300: 1 extended 1-51; 5 ext4 1-51 used 10", Wish{Shrink: true}, false, 102},
		{"mbr 300: 1 extended 1-60; 5 ext4 1-51 used 10; 2 ext4 200-240 used 10", Wish{Shrink: true}, false, 113},
		{"mbr 300: 1 extended 1-60; 5 ext4 1-51 used 10; 2 ext4 200-240 used 10", Wish{Part: 2, Size: 190 * mib}, true, 190},
		{"mbr 300: 1 extended 1-60; 5 ext4 1-51 used 10; 2 ext4 200-240 used 10", Wish{Part: 2, Size: 210 * mib}, true, 0},
		{"mbr 300: 1 extended 1-60; 5 ext4 1-51 used 10; 2 ext4 90-240 used 10", Wish{Part: 5, Most: true}, false, 0}, // one is damaged
		{"mbr 300: 1 extended 1-245; 5 ext4 1-51 used 10; 6 ext4 61-140 used 10", Wish{Part: 5, Most: true}, false, 0},
	} {
		d := cut(disk(t, c.disk), 5, 51)
		d.Fixed = c.fixed
		plans, no := Plans(ops.NewQueue(d, env()), c.wish, geometry.AlignMiB)
		if (len(plans) > 0) != (c.want > 0) || len(plans) > 0 && plans[0].Len != c.want*mib {
			t.Errorf("%s, %+v: want %d MiB:\n%s", c.disk, c.wish, c.want, told(d, plans, no))
		}
		for _, p := range plans {
			after := p.Queue.Preview()
			if after.Sectors < tail {
				t.Errorf("%s, %+v: the image ends before the file system", c.disk, c.wish)
			}
			for q := range after.Each() {
				old, _ := d.Partition(q.ID)
				if q.ID != 5 && q.Role == model.Primary && q.Span.Start < tail && q.Span != old.Span {
					t.Errorf("%s, %+v: %s lies in the file system of p5: %v", c.disk, c.wish, q.Ref(), q.Span)
				}
			}
		}
	}
}

// TestRoomFills: where there is no more room, the file system can still fill its partition.
func TestRoomFills(t *testing.T) {
	d := cut(disk(t, "mbr 101: 1 ext4 1-101 used 10"), 1, -40)
	list, err := Room(ops.NewQueue(d, env()), 1, 0, geometry.AlignMiB)
	if err != nil || len(list) != 1 || list[0] != (ops.Fill{ID: 1}) {
		t.Errorf("%v, %v", list, err)
	}
}
