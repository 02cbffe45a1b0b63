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

func TestWipe(t *testing.T) {
	d := mbr(1000*mib, full(1, 100*mib, 200*mib, 10*geometry.MiB), part(2, 300*mib, 400*mib, model.Filesystem{}))
	for _, tt := range []struct{ line, text, cost string }{
		{"wipe 1", "Wipe p1 (ext4, 100 MiB) with zeros", "instant"},
		{"wipe 1 random", "Wipe p1 (ext4, 100 MiB) with random data", "writes 100 MiB"},
		{"wipe free", "Wipe unallocated space (699 MiB) with zeros", "instant"}, // not in front of p1, and not the last MiB
		{"wipe free random", "Wipe unallocated space (699 MiB) with random data", "writes 699 MiB"},
	} {
		q := plan(t, d, tt.line)
		if text := q.Ops()[0].Describe(d).String(); text != tt.text || q.Cost(0) != tt.cost {
			t.Errorf("%s: %s, %s", tt.line, text, q.Cost(0))
		}
		if p, _ := q.Preview().ByNumber(1); strings.HasPrefix(tt.line, "wipe 1") && p.FS.Known() {
			t.Errorf("%s: p1 holds %+v", tt.line, p.FS)
		}
		if !slices.ContainsFunc(q.Consequences(), func(s string) bool { return strings.HasPrefix(s, "Wipes ") }) {
			t.Errorf("%s: %v", tt.line, q.Consequences())
		}
		roundTrip(t, q)
	}
	layered := env()
	layered.Layers = &ops.Layers{
		Snapshots: func() []model.ImageSnapshot { return []model.ImageSnapshot{{Name: "old"}} }, Backing: func() string { return "/base" },
	}
	q, err := ops.NewQueue(d, layered).Stage(ops.Wipe{ID: 1})
	want := `What is wiped can still be read from the snapshots "old", the backing file /base: those have to go too.`
	if err != nil || !slices.Contains(q.Consequences(), want) {
		t.Errorf("%v, %v", err, q.Consequences())
	}
	for line, want := range map[string]string{
		"delete 1\ndelete 2\nwipe free": "cannot wipe unallocated space: there is none behind the first partition",
	} {
		_, err := planfile.Parse(strings.NewReader(line), ops.NewQueue(d, env()), geometry.AlignMiB)
		refused(t, err, want)
	}
	_, err = ops.NewQueue(chained(), env()).Stage(ops.Wipe{ID: 2})
	refused(t, err, "cannot wipe p2: an extended partition holds no file system")
}
