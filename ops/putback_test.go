package ops_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
	planfile "shunt/ops/plan"
)

func TestPutBack(t *testing.T) {
	d := gpt(1000 * mib)
	q := plan(t, d, `new 20MiB at 10MiB keep name="old one" partuuid=0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0`)
	p, _ := q.Preview().Partition(1)
	if p.FS != testdisk.Contents(p.Span) || p.Span != span(10*mib, 30*mib) || p.Name != "old one" ||
		p.UUID != "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0" || p.Type != model.DefaultType(model.TableGPT, model.Primary, model.Ext4) {
		t.Errorf("%+v", p)
	}
	if text := q.Ops()[0].Describe(d).String(); text != `Put back p1 (ext4, 20.0 MiB) at 10.0 MiB, label "l", name "old one"` {
		t.Error(text)
	}
	steps, err := q.Compile()
	if err != nil || len(steps) != 1 || steps[0].Kind != ops.StepWriteTable {
		t.Errorf("it writes more than the table: %v, %v", steps, err)
	}
	roundTrip(t, q)
	// It can be edited in the same plan.
	roundTrip(t, plan(t, d, "new 20MiB at 10MiB keep", "resize 1 to 30MiB", "move 1 right 100MiB"))
}

func TestPutBackRefusals(t *testing.T) {
	const what = "cannot put a partition back: "
	d := mbr(1000*mib, full(1, 100*mib, 200*mib, 10*geometry.MiB))
	g := gpt(1000 * mib)
	for _, tt := range []struct {
		disk  model.Disk
		lines string
		want  string
	}{
		{d, "new 60MiB at 50MiB keep", what + "p1 is in the way; there is room for 50 MiB"},
		{d, "new 20MiB at 150MiB keep", what + "p1 lies at sector 307,200"},
		{d, "new 5MiB at 300MiB keep", what + "the ext4 there is longer; make it 10 MiB or more"},
		{d, "delete 1\nnew 20MiB at 100MiB fs=ext4\ndelete 1\nnew 10MiB at 110MiB keep", what + "operation 2 of this plan writes there; put it back first, or in a plan of its own"},
		{d, "move 1 right 300MiB\nnew 50MiB at 120MiB keep", what + "operation 1 of this plan moves away what lies there; put it back first, or in a plan of its own"},
		{
			d, "new 10MiB at 500MiB keep\nmove 2 right 100MiB\ndelete 2\nnew 10MiB at 500MiB keep",
			what + "operation 2 of this plan moves away what lies there; put it back first, or in a plan of its own",
		},
		{d, "image size 500MiB\nimage size 1000MiB\nnew 10MiB at 600MiB keep", what + "operation 1 of this plan writes there; put it back first, or in a plan of its own"},
		{d, "move 1 right 300MiB\nnew 10MiB at 410MiB keep", what + "operation 1 of this plan writes there; put it back first, or in a plan of its own"},
		{d, "new 10MiB at 300MiB keep partuuid=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", what + "only a GPT stores PARTUUIDs"},
		{
			g, "new 10MiB at 300MiB keep partuuid=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\nnew 10MiB at 400MiB keep partuuid=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
			what + "p1 has the PARTUUID 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
		},
		{g, "new 1MiB at 33s keep", what + "sector 33 is outside the range for partitions, 34 to 2,047,966"},
	} {
		_, err := planfile.Parse(strings.NewReader(tt.lines), ops.NewQueue(tt.disk, env()), geometry.AlignMiB)
		refused(t, err, tt.want)
	}
	for line, want := range map[string]string{
		"new 1MiB keep":                     "keep needs the exact place: give a size and, behind at, an offset",
		"new max at 5MiB keep":              "keep needs the exact place: give a size and, behind at, an offset",
		"new 1MiB at 5MiB keep fs=ext4":     "keep leaves what lies there as it is: leave out fs= and label=",
		"new 1MiB at 5MiB keep as=extended": "an extended partition has no contents to keep: leave out keep",
		"new 1MiB at 5MiB partuuid=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0": "partuuid= goes with keep only: other new partitions get a new one",
		"new 1MiB at 5MiB keep partuuid=x":                               `"x" is not a PARTUUID: use one such as 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0`,
	} {
		_, err := planfile.Parse(strings.NewReader(line), ops.NewQueue(d, env()), geometry.AlignMiB)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", line, err, want)
		}
	}
}

// A new table erases signatures of the whole disk, but not where a partition is put back, and none where nothing covers the disk.
func TestPutBackIntoNewTable(t *testing.T) {
	blank := model.New(model.Disk{SectorSize: 512, Sectors: 1000 * mib, Whole: model.Filesystem{Trait: model.Unread, Used: -1}}, nil, nil)
	covered := blank
	covered.Whole = ext4(1000*geometry.MiB, geometry.MiB)
	for _, tt := range []struct {
		disk model.Disk
		want []geometry.Span
	}{{blank, nil}, {covered, []geometry.Span{span(0, 2*mib), span(12*mib, 1000*mib)}}} {
		q := plan(t, tt.disk, "table new gpt", "new 10MiB at 2MiB keep")
		steps, err := q.Compile()
		if err != nil {
			t.Fatal(err)
		}
		var wiped []geometry.Span
		for _, s := range steps {
			if s.Kind == ops.StepWipeDisk {
				wiped = append(wiped, s.Window)
			}
		}
		if len(wiped) != len(tt.want) || len(wiped) > 0 && (wiped[0] != tt.want[0] || wiped[1] != tt.want[1]) {
			t.Errorf("erases in %v, want %v", wiped, tt.want)
		}
	}
}
