package ops_test

import (
	"fmt"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	planfile "shunt/ops/plan"
)

// holding returns partition id of 100 MiB at start MiB with an ext4 of so many MiB.
func holding(id model.PartID, start, fs geometry.Sector) model.Partition {
	return part(int(id), start*mib, (start+100)*mib, ext4(geometry.Bytes(fs)*geometry.MiB, 20*geometry.MiB))
}

// TestFill stages the lines that make a file system fill its partition.
func TestFill(t *testing.T) {
	short := mbr(1000*mib, holding(1, 100, 60), holding(2, 200, 100))
	roomy := mbr(1000*mib, holding(1, 100, 60))
	for _, c := range []struct {
		disk  model.Disk
		line  string
		want  string // the words
		steps string
	}{
		{short, "grow 1", "Fill p1: ext4 40 MiB larger", "check resize=104857600 verify"},
		{short, "resize 1 max", "Fill p1: ext4 40 MiB larger", "check resize=104857600 verify"},
		{short, "resize 1 to 100MiB", "Fill p1: ext4 40 MiB larger", "check resize=104857600 verify"},
		{short, "check 1", "Check and repair ext4 in p1, fill p1: ext4 40 MiB larger", "repair resize=104857600 verify"},
		{roomy, "resize 1 to 100MiB", "Fill p1: ext4 40 MiB larger", "check resize=104857600 verify"},
		{roomy, "grow 1", "Grow p1 by 800 MiB to 900 MiB", "check resize=943718400 verify table"},
		{short, "check 2", "Check and repair ext4 in p2", "repair verify"},
	} {
		q := plan(t, c.disk, c.line)
		steps, err := q.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Ops()[0].Describe(c.disk).String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
		if got := brief(steps); got != c.steps {
			t.Errorf("%s: steps %q, want %q", c.line, got, c.steps)
		}
		if p, _ := q.Preview().Partition(1); c.line != "check 2" && q.Preview().Spare(p) != 0 {
			t.Errorf("%s: %d bytes are still unused", c.line, q.Preview().Spare(p))
		}
		again, err := planfile.Parse(strings.NewReader(planfile.Format(q)), ops.NewQueue(c.disk, env()), geometry.AlignMiB)
		if err != nil || fmt.Sprint(again.Ops()) != fmt.Sprint(q.Ops()) {
			t.Errorf("%s is written as %q and read as %v, %v", c.line, planfile.Format(q), again.Ops(), err)
		}
	}
}

// brief lists the kinds of the steps, and sizes of file systems.
func brief(steps []ops.Step) string {
	names := map[ops.StepKind]string{
		ops.StepCheckFS: "check", ops.StepRepairFS: "repair", ops.StepVerifyFS: "verify", ops.StepWriteTable: "table",
		ops.StepRemap: "remap",
	}
	var words []string
	for _, s := range steps {
		if s.Kind == ops.StepResizeFS {
			words = append(words, fmt.Sprintf("resize=%d", s.NewSize))
			continue
		}
		words = append(words, names[s.Kind])
	}
	return strings.Join(words, " ")
}

// TestFillMounted grows a mounted file system after the commit.
func TestFillMounted(t *testing.T) {
	d := occupied(mbr(200*mib, holding(1, 100, 60)), 1, model.Use{Kind: model.Mounted, Place: "/mnt"})
	q := plan(t, d, "grow 1")
	steps, err := q.Compile()
	if err != nil || len(steps) != 1 || steps[0].Kind != ops.StepGrowMounted || steps[0].Mounted != "/mnt" {
		t.Errorf("%v, %v", steps, err)
	}
}

// TestFillMerges joins a fill with what makes it needless.
func TestFillMerges(t *testing.T) {
	d := mbr(1000*mib, holding(1, 100, 60))
	for want, list := range map[int][]ops.Operation{
		1: {ops.Fill{ID: 1}, ops.MoveResize{ID: 1, Len: 200 * mib}},
		2: {ops.Fill{ID: 1}, ops.MoveResize{ID: 1, Shift: mib}},
	} {
		q := ops.NewQueue(d, env())
		for _, op := range list {
			var err error
			if q, err = q.Edit(op); err != nil {
				t.Fatal(err)
			}
		}
		if q.Len() != want {
			t.Errorf("%v became %v", list, q.Ops())
		}
	}
}

// TestCut goes through the edits of a disk on which p1 was cut: its file system goes on for 50 MiB behind its end.
func TestCut(t *testing.T) {
	free := gpt(1000*mib, holding(1, 100, 150), holding(2, 300, 100))
	taken := gpt(1000*mib, holding(1, 100, 150), part(2, 220*mib, 300*mib, ext4(80*geometry.MiB, geometry.MiB)))
	last := gpt(400*mib, holding(1, 100, 150))
	const longer = "its ext4 is 50.0 MiB longer than the partition: first give it room up to sector 511,999"
	const other = "the ext4 of p1 reaches into it, and it is not known which of the two is whole: copy the files of both away and delete one of them"
	for _, c := range []struct {
		disk model.Disk
		line string
		want string // the refusal, "" if it is possible
	}{
		{free, "move 1 right 10MiB", longer},
		{free, "resize 1 to 90MiB", longer},
		{free, "resize 1 min", longer},
		{free, "check 1", longer},
		{free, "label 1 x", longer},
		{free, "uuid 1 new", longer},
		{free, "format 1 fs=ext4", longer},
		{free, "name 1 x", longer},
		{free, "type 1 swap", longer},
		{free, "copy 1 at 500MiB", longer},
		{free, "copy 2 over 1", longer},
		{free, "resize 1 to 149MiB", "its ext4 is longer than that; it can be 150 MiB or more"},
		{free, "resize 1 to 150MiB", ""},
		{free, "resize 1 to 160MiB", ""},
		{free, "grow 1", ""},
		{free, "delete 1", ""},
		{free, "new 10MiB at 210MiB", "the ext4 of p1 goes on there"},
		{free, "new 10MiB at 250MiB", ""},
		{free, "new 60MiB", ""},
		{free, "move 2 left 51MiB", "the ext4 of p1 goes on there"},
		{free, "move 2 left 50MiB", ""},
		{free, "copy 2 at 200MiB", "the ext4 of p1 goes on there"},
		{free, "move 2 to 240MiB and resize to 160MiB", "the ext4 of p1 goes on there"},
		{free, "table new gpt", ""},
		{free, "delete 2", ""},
		{taken, "grow 1", "its ext4 needs room up to sector 511,999, and there is none from sector 450,560 on: p2 starts there"},
		{taken, "delete 2\ngrow 1", ""},
		{taken, "delete 2\nresize 1 to 150MiB", ""},
		{taken, "delete 1", ""},
		{taken, "move 2 right 100MiB", other},
		{taken, "grow 2", other},
		{taken, "check 2", other},
		{taken, "label 2 x", other},
		{taken, "format 2 fs=ext4", other},
		{taken, "resize 2 to 70MiB", other},
		{taken, "type 2 swap", other},
		{taken, "copy 2 at 500MiB", other},
		{last, "image size 250MiB", "the ext4 of p1 ends at 250 MiB"},
		{last, "image size 251MiB", ""},
		{last, "image grow 10MiB", ""},
	} {
		q, err := planfile.Parse(strings.NewReader(c.line), ops.NewQueue(c.disk, env()), geometry.AlignMiB)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.line, err, c.want)
		}
		if err == nil {
			clean(t, q.Preview())
		}
	}
}

// TestGivingBackTouchesNothing: a cut file system that gets exactly its room back is not touched. With more room it fills that.
func TestGivingBackTouchesNothing(t *testing.T) {
	d := gpt(1000*mib, holding(1, 100, 150))
	strange := part(1, 100*mib, 200*mib, model.Filesystem{Kind: "hfsplus", Size: 150 * geometry.MiB, Used: -1})
	for _, c := range []struct {
		disk  model.Disk
		line  string
		steps string
	}{
		{d, "resize 1 to 150MiB", "table"},
		{d, "resize 1 to 200MiB", "check resize=209715200 verify table"},
		{gpt(1000*mib, strange), "grow 1", "table"},
	} {
		steps, err := plan(t, c.disk, c.line).Compile()
		if got := brief(steps); err != nil || got != c.steps {
			t.Errorf("%s: steps %q, %v, want %q", c.line, got, err, c.steps)
		}
	}
	refused(t, stageError(gpt(1000*mib, strange), ops.MoveResize{ID: 1, Len: 151 * mib}),
		"cannot grow p1 by 51 MiB to 151 MiB: it cannot be that large; it can grow by at most 50 MiB to 150 MiB")
	if err := stageError(mbr(1000*mib, holding(1, 100, 900)), ops.ToGPT{}); err == nil || !strings.Contains(err.Error(), "the ext4 of p1 goes on there") {
		t.Errorf("the backup of a GPT would lie in the file system: %v", err)
	}
}

func stageError(d model.Disk, op ops.Operation) error {
	_, err := ops.NewQueue(d, env()).Stage(op)
	return err
}
