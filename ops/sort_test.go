package ops_test

import (
	"strings"
	"testing"

	"shunt/model"
	"shunt/ops"
)

func TestSort(t *testing.T) {
	t.Parallel()
	numbered := func(d model.Disk, numbers map[model.PartID]int) model.Disk {
		for id, n := range numbers {
			p, _ := d.Partition(id)
			p.Number = n
			d = d.With(p)
		}
		return d
	}
	parts := []model.Partition{full(1, mib, 2*mib, 1), full(2, 3*mib, 4*mib, 1), full(3, 5*mib, 6*mib, 1)}
	for _, c := range []struct {
		name string
		disk model.Disk
		want map[model.PartID]int
		says string
	}{
		{
			"gpt with holes", numbered(gpt(100*mib, parts...), map[model.PartID]int{1: 9, 2: 2, 3: 4}),
			map[model.PartID]int{1: 1, 2: 2, 3: 3},
			"p4 becomes p3, p9 becomes p1",
		},
		{
			"mbr keeps its slots", numbered(mbr(100*mib, parts...), map[model.PartID]int{1: 4, 2: 3, 3: 1}),
			map[model.PartID]int{1: 1, 2: 3, 3: 4},
			"p1 becomes p4, p4 becomes p1",
		},
		{
			"logical ones", numbered(chained(), map[model.PartID]int{1: 2, 2: 1, 5: 7, 6: 5, 7: 6}),
			map[model.PartID]int{1: 1, 2: 2, 5: 5, 6: 6, 7: 7},
			"p1 becomes p2, p2 becomes p1, p5 becomes p6, p6 becomes p7, p7 becomes p5",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := plan(t, c.disk, "table sort")
			for id, n := range c.want {
				was, _ := c.disk.Partition(id)
				if p, _ := q.Preview().Partition(id); p.Number != n || p.Span != was.Span || p.FS != was.FS {
					t.Errorf("%s became %+v", was.Ref(), p)
				}
			}
			if got, want := q.Ops()[0].Describe(c.disk).String(), "Number the partitions by their place: "+c.says; got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
			if got := strings.Join(q.Consequences(), "\n"); !strings.Contains(got, "/etc/fstab") {
				t.Errorf("the consequences are %q", got)
			}
			_, err := q.Stage(ops.Sort{})
			refused(t, err, "cannot number the partitions by their place: the numbers follow the places already")
		})
	}
	busy := numbered(mbr(100*mib, parts...), map[model.PartID]int{1: 2, 2: 1})
	p, _ := busy.Partition(2)
	p.Use = model.Use{Kind: model.Mounted, Place: "/mnt"}
	_, err := ops.NewQueue(busy.With(p), env()).Stage(ops.Sort{})
	refused(t, err, "cannot number the partitions by their place: p1 becomes p2, p2 becomes p1: p1 would become p2, and it is mounted at /mnt, so that the "+
		"kernel cannot rename it; unmount or stop it first")
}
