package ops_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	planfile "shunt/ops/plan"
)

// occupied marks a partition as used by the running system.
func occupied(d model.Disk, number int, use model.Use) model.Disk {
	return d.InUse(map[int]model.Use{number: use})
}

func TestPartitionsInUse(t *testing.T) {
	three := mbr(1000*mib, full(1, 100*mib, 200*mib, geometry.MiB), full(2, 300*mib, 400*mib, geometry.MiB), full(3, 500*mib, 600*mib, geometry.MiB))
	mounted := occupied(three, 1, model.Use{Kind: model.Mounted, Place: "/mnt"})
	viewed := occupied(three, 1, model.Use{Kind: model.Mounted, Place: "/mnt", ReadOnly: true})
	swap := occupied(three, 1, model.Use{Kind: model.SwapSpace})
	lvm := occupied(three, 1, model.Use{Kind: model.Held, Place: "device mapper vg-root"})
	fat, _ := mounted.Partition(1)
	fat.FS.Kind = model.FAT32
	logical := func(number int) model.Disk {
		return occupied(chained(), number, model.Use{Kind: model.Mounted, Place: "/mnt"})
	}
	e := env()
	c := e.Caps[model.FAT32]
	c.Online = "FAT32 cannot grow while it is mounted"
	e.Caps[model.FAT32] = c

	for _, tt := range []struct {
		name string
		disk model.Disk
		line string
		want string // "" if it is possible
	}{
		{"grow in place", mounted, "resize 1 by +50MiB", ""},
		{"fill", mounted, "grow 1", ""},
		{"others move", mounted, "move 2 left 10MiB", ""},
		{"others move and it grows", mounted, "move 2 right 50MiB\ngrow 1", ""},
		{"others go", mounted, "delete 2", ""},
		{"others come", mounted, "new 10MiB", ""},
		{"move", mounted, "move 1 right 1MiB", "cannot move p1 right by 1 MiB: it is mounted at /mnt: unmount it first"},
		{"grow to the left", mounted, "move 1 left 50MiB and resize to 150MiB", "cannot move p1 left by 50 MiB and grow it by 50 MiB to 150 MiB: it is mounted at /mnt: unmount it first"},
		{"shrink", mounted, "resize 1 to 50MiB", "cannot shrink p1 by 50 MiB to 50 MiB: it is mounted at /mnt: unmount it first"},
		{"delete", mounted, "delete 1", "cannot delete p1: it is mounted at /mnt: unmount it first"},
		{"check", mounted, "check 1", "cannot check p1: it is mounted at /mnt: unmount it first"},
		{"grow read-only", viewed, "resize 1 by +50MiB", "cannot grow p1 by 50 MiB to 150 MiB: it is mounted read-only at /mnt: unmount it first"},
		{"grow swap", swap, "resize 1 by +50MiB", "cannot grow p1 by 50 MiB to 150 MiB: it is used as swap: run swapoff on it first"},
		{"grow a volume", lvm, "grow 1", "cannot grow p1: it is used by device mapper vg-root: stop that first"},
		{"grow FAT", mounted.With(fat), "resize 1 by +50MiB", "cannot grow p1 by 50 MiB to 150 MiB: FAT32 cannot grow while it is mounted, and it is mounted at /mnt: unmount it first"},
		{"renumber", logical(6), "delete 5", "p6 would become p5, and it is mounted at /mnt, so that the kernel cannot rename it; unmount or stop it first"},
		{"below", logical(5), "delete 6", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := planfile.Parse(strings.NewReader(tt.line), ops.NewQueue(tt.disk, e), geometry.AlignMiB)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if q.Len() != 0 {
				t.Errorf("%d operations staged", q.Len())
			}
		})
	}
}

func TestGrowingWhileMountedComesLast(t *testing.T) {
	d := occupied(founding(), 1, model.Use{Kind: model.Mounted, Place: "/mnt"})
	d.Sectors, d.Table.Usable.End = 4000*mib, 4000*mib
	q, err := planfile.Parse(strings.NewReader("move 2 right 1024MiB\nresize 1 by +10MiB\nresize 1 by +20MiB\n"), ops.NewQueue(d, env()), geometry.AlignNone)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := q.Compile()
	if err != nil {
		t.Fatal(err)
	}
	last := steps[len(steps)-1]
	p, _ := q.Preview().Partition(1)
	if last.Kind != ops.StepGrowMounted || last.Mounted != "/mnt" || last.Window != p.Span || !strings.Contains(last.Words(512).Do(), "cannot be rehearsed") {
		t.Errorf("the last step is %q", last.Words(512).Do())
	}
	for _, s := range steps[:len(steps)-1] {
		if s.Part == 1 {
			t.Errorf("the transaction does to a mounted partition: %s", s.Words(512).Do())
		}
	}
	if steps[len(steps)-2].Kind != ops.StepWriteTable {
		t.Error("the table is not written before the file system grows")
	}
}
