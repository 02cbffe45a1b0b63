package ops_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	planfile "shunt/ops/plan"
)

// TestElsewhere: of what lies on other devices too, bytes are moved, copied and given up, and no tool is staged.
func TestElsewhere(t *testing.T) {
	tools := []ops.StepKind{ops.StepCheckFS, ops.StepVerifyFS, ops.StepResizeFS, ops.StepLabelFS, ops.StepUUIDFS, ops.StepGrowMounted}
	for e := model.WholeHere; e <= model.ArrayElsewhere; e++ {
		fs := ext4(100*geometry.MiB, 20*geometry.MiB)
		fs.Elsewhere = e
		disk := gpt(1000*mib, part(1, 100*mib, 300*mib, fs)) // it could grow to fill its partition
		stage := func(plan string) (ops.Queue, error) {
			return planfile.Parse(strings.NewReader(plan), ops.NewQueue(disk, env()), geometry.AlignMiB)
		}
		for _, line := range []string{"check 1", "label 1 x", "uuid 1 new", "grow 1", "resize 1 to 50MiB", "resize 1 min"} {
			_, err := stage(line)
			if wanted := err != nil && strings.Contains(err.Error(), string(e.NoTools())); e != model.WholeHere && !wanted {
				t.Errorf("%v: %s: %v", e, line, err)
			}
		}
		for _, plan := range []string{
			"move 1 right 10MiB", "copy 1 at 500MiB", "copy 1 at 500MiB size=300MiB", "new 200MiB at 500MiB\ncopy 1 over 2",
			"copy 1 at 500MiB\nmove 2 left 10MiB\ndelete 1", "delete 1", "format 1 cleared",
		} {
			q, err := stage(plan)
			if err != nil {
				t.Errorf("%v: %s: %v", e, plan, err)
				continue
			}
			steps, err := q.Compile()
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				if e != model.WholeHere && slices.Contains(tools, s.Kind) {
					t.Errorf("%v: %s has the step %s", e, plan, s.Words(disk.SectorSize).Do())
				}
			}
		}
		// What is made in its place is whole.
		q, err := stage("format 1 fs=ext4\ncheck 1")
		if err != nil {
			t.Fatalf("%v: %v", e, err)
		}
		if p, _ := q.Preview().ByNumber(1); p.FS.Elsewhere != model.WholeHere {
			t.Errorf("%v stays after formatting", e)
		}
	}
}
