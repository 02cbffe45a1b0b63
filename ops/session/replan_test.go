package session

import (
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
	"shunt/ops/report"
)

// TestLargerEnds asks for larger sizes as long as there are any, as a tool does that never finds room. It ends, also if
// the plan gives the partition another number, or makes its contents.
func TestLargerEnds(t *testing.T) {
	const mib = testdisk.MiB
	d := testdisk.GPT(1000*mib, testdisk.Full(1, mib, 100*mib, geometry.MiB), testdisk.Full(2, 100*mib, 900*mib, geometry.MiB))
	env := ops.Env{Caps: ops.Capabilities{model.Ext4: {}}}
	renumber := []ops.Operation{ops.Delete{ID: 1}, ops.Sort{}}
	for name, c := range map[string]struct{ before, after []ops.Operation }{
		"alone": {}, "renumbered before": {before: renumber}, "renumbered after": {after: renumber},
		"made": {before: []ops.Operation{ops.Format{ID: 2, FS: model.Ext4}}},
	} {
		q := ops.NewQueue(d, env)
		stage := func(op ops.Operation) {
			t.Helper()
			next, err := q.Stage(op)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			q = next
		}
		for _, op := range c.before {
			stage(op)
		}
		least, err := ops.ShrinkToMin(q.Preview(), env, 2, geometry.AlignMiB)
		if err != nil {
			t.Fatal(err)
		}
		stage(least)
		for _, op := range c.after {
			stage(op)
		}
		size := func(q ops.Queue) geometry.Bytes {
			p, _ := q.Preview().Partition(2)
			return geometry.Sector512.Bytes(p.Span.Len())
		}
		now := rehearsing{queue: q}
		for n := 1; ; n++ {
			next, ok := now.larger(report.TooSmall{Op: len(c.before), Asked: size(now.queue)})
			if !ok {
				break
			}
			if n > mostSizes+1 {
				t.Fatalf("%s: a plan was made for the %dth time", name, n)
			}
			if size(next.queue) < size(now.queue) {
				t.Errorf("%s: %d bytes after %d", name, size(next.queue), size(now.queue))
			}
			now = next
		}
		if len(now.told) < 2 {
			t.Errorf("%s: it ends after %d plans", name, len(now.told))
		}
	}
}
