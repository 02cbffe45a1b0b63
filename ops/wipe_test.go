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

// TestWipesStay makes edits that could be joined but for what is wiped, or given back: nothing less and nothing else is then.
func TestWipesStay(t *testing.T) {
	d := gpt(4000*mib, full(1, mib, 101*mib, 10*geometry.MiB), full(2, 200*mib, 300*mib, 10*geometry.MiB))
	wipe, free := ops.Wipe{ID: 1}, ops.Wipe{Free: true}
	zeros, random := free, ops.Wipe{Free: true, Random: true}
	table, label := ops.NewTable{Kind: model.TableGPT}, ops.SetLabel{ID: 1, Label: "x"}
	third := ops.New{ID: 3, At: 2000 * mib, Len: 10 * mib, FS: model.Ext4}
	for name, test := range map[string]struct{ list, want []ops.Operation }{
		"deleted":                    {[]ops.Operation{wipe, ops.Delete{ID: 1}}, nil},
		"edited, wiped and deleted":  {[]ops.Operation{label, wipe, ops.SetName{ID: 1, Name: "n"}, ops.Delete{ID: 1}}, []ops.Operation{wipe, ops.Delete{ID: 1}}},
		"moved, wiped and deleted":   {[]ops.Operation{ops.MoveResize{ID: 1, Shift: mib}, wipe, ops.Delete{ID: 1}}, nil},
		"made, wiped and deleted":    {[]ops.Operation{third, ops.Wipe{ID: 3}, ops.Delete{ID: 3}}, nil},
		"a new table":                {[]ops.Operation{label, wipe, table}, []ops.Operation{wipe, table}},
		"free space and a new table": {[]ops.Operation{free, table}, nil},
		"free space twice":           {[]ops.Operation{free, free}, []ops.Operation{free}},
		"free space, zeros last":     {[]ops.Operation{random, zeros}, []ops.Operation{zeros}},
		"free space, random last":    {[]ops.Operation{zeros, random}, []ops.Operation{random}},
		"partition, random last":     {[]ops.Operation{wipe, ops.Wipe{ID: 1, Random: true}}, []ops.Operation{ops.Wipe{ID: 1, Random: true}}},
		"room that is taken again":   {[]ops.Operation{ops.MoveResize{ID: 1, Len: 50 * mib}, free, ops.MoveResize{ID: 1, Len: 70 * mib}}, nil},
		"between two moves":          {[]ops.Operation{ops.MoveResize{ID: 2, Shift: mib}, free, ops.MoveResize{ID: 2, Shift: mib}}, nil},
		"where something moved from": {[]ops.Operation{ops.MoveResize{ID: 2, Shift: 200 * mib}, free, ops.Delete{ID: 2}}, nil},
		"moved there, wiped, moved":  {[]ops.Operation{ops.MoveResize{ID: 1, Shift: mib}, wipe, ops.MoveResize{ID: 1, Shift: mib}}, nil},
		"of an image that grows":     {[]ops.Operation{ops.ImageSize{Sectors: 5000 * mib}, free, ops.ImageSize{Sectors: 6000 * mib}}, nil},
		"made and deleted later":     {[]ops.Operation{free, third, ops.Delete{ID: 3}}, []ops.Operation{free}},
		"sparsified":                 {[]ops.Operation{label, ops.Sparsify{}, table}, []ops.Operation{ops.Sparsify{}, table}},
		"sparsified twice":           {[]ops.Operation{ops.Sparsify{}, ops.Sparsify{}}, []ops.Operation{ops.Sparsify{}}},
		"sparsified and wiped":       {[]ops.Operation{free, ops.Sparsify{}, free}, []ops.Operation{free, ops.Sparsify{}}},
		"sparsified between moves":   {[]ops.Operation{ops.MoveResize{ID: 2, Shift: mib}, ops.Sparsify{}, ops.MoveResize{ID: 2, Shift: mib}}, []ops.Operation{ops.MoveResize{ID: 2, Shift: 2 * mib}, ops.Sparsify{}}},
		"labelled before":            {[]ops.Operation{label, wipe}, []ops.Operation{wipe}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.want == nil {
				test.want = test.list
			}
			start := ops.NewQueue(d, env())
			q := edit(t, start, test.list...)
			if !slices.Equal(q.Ops(), test.want) {
				t.Errorf("merged to %+v\n     want %+v", q.Ops(), test.want)
			}
			wipeTheSame(t, stage(t, start, test.list...), q)
			takesBack(t, start, q, test.list)
		})
	}
}

// wipeTheSame makes sure that two queues wipe the same sectors, with the same data in the end.
func wipeTheSame(t *testing.T, a, b ops.Queue) {
	t.Helper()
	var steps [2][]ops.Step
	var bounds []geometry.Sector
	for i, q := range []ops.Queue{a, b} {
		all, err := q.Compile()
		if err != nil {
			t.Fatal(err)
		}
		steps[i] = slices.DeleteFunc(all, func(s ops.Step) bool { return s.Kind != ops.StepErase })
		for _, s := range steps[i] {
			bounds = append(bounds, s.Window.Start, s.Window.End)
		}
	}
	with := func(list []ops.Step, at geometry.Sector) (what string) {
		for _, s := range list {
			if s.Window.Contains(at) {
				what = map[bool]string{false: "zeros", true: "random data"}[s.Random]
			}
		}
		return what
	}
	for _, at := range bounds {
		if first, second := with(steps[0], at), with(steps[1], at); first != second {
			t.Fatalf("at %d one queue writes %q and the other one %q:\n%+v\n%+v", at, first, second, a.Ops(), b.Ops())
		}
	}
}
