package ops_test

import (
	"math/rand"
	"slices"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops"
)

// edit makes edits as a person does.
func edit(t *testing.T, q ops.Queue, list ...ops.Operation) ops.Queue {
	t.Helper()
	for _, op := range list {
		next, err := q.Edit(op)
		if err != nil {
			t.Fatalf("edit %#v: %v", op, err)
		}
		q = next
	}
	return q
}

func TestEditsOfTheSameThingAreOne(t *testing.T) {
	const gib = 1024 * mib
	newExt := func(id model.PartID, at, length geometry.Sector) ops.New {
		return ops.New{ID: id, At: at, Len: length, FS: model.Ext4}
	}
	named := gpt(4000*mib, full(1, mib, 100*mib, 10*geometry.MiB), full(2, 200*mib, 300*mib, 10*geometry.MiB))
	swap := gpt(1000*mib, part(1, mib, 101*mib, model.Filesystem{Kind: model.Swap, Used: -1, Size: 100 * geometry.MiB, BlockSize: 4096, UUID: "s"}))
	blank := gpt(1000*mib, part(1, mib, 101*mib, model.Filesystem{}))
	tests := []struct {
		name string
		disk model.Disk
		ops  []ops.Operation
		want []ops.Operation
	}{
		{
			"moves add up", named,
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: mib}, ops.MoveResize{ID: 2, Shift: 2 * mib}},
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: 3 * mib}},
		},
		{"a move and its way back", named, []ops.Operation{ops.MoveResize{ID: 2, Shift: mib}, ops.MoveResize{ID: 2, Shift: -mib}}, nil},
		{
			"move and resize", named,
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: mib}, ops.MoveResize{ID: 2, Len: 200 * mib}},
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: mib, Len: 200 * mib}},
		},
		{
			"over edits of others", named,
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: mib}, ops.SetLabel{ID: 2, Label: "x"}, ops.SetName{ID: 1, Name: "n"}, ops.MoveResize{ID: 2, Shift: mib}},
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: 2 * mib}, ops.SetLabel{ID: 2, Label: "x"}, ops.SetName{ID: 1, Name: "n"}},
		},
		{
			"room that was made by moving what is deleted", named,
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: 500 * mib}, ops.SetLabel{ID: 2, Label: "x"}, ops.MoveResize{ID: 1, Len: 300 * mib}, ops.Delete{ID: 2}},
			[]ops.Operation{ops.Delete{ID: 2}, ops.MoveResize{ID: 1, Len: 300 * mib}},
		},
		{
			"not what was copied on the way", named,
			[]ops.Operation{ops.SetLabel{ID: 2, Label: "x"}, ops.Copy{ID: 3, From: 2, At: 1000 * mib, Len: 100 * mib}, ops.Delete{ID: 2}},
			[]ops.Operation{ops.SetLabel{ID: 2, Label: "x"}, ops.Copy{ID: 3, From: 2, At: 1000 * mib, Len: 100 * mib}, ops.Delete{ID: 2}},
		},
		{
			"where it is possible", named,
			[]ops.Operation{ops.MoveResize{ID: 1, Len: 150 * mib}, ops.Delete{ID: 2}, ops.MoveResize{ID: 1, Len: gib}},
			[]ops.Operation{ops.Delete{ID: 2}, ops.MoveResize{ID: 1, Len: gib}},
		},
		{
			"not at all", named,
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: 500 * mib}, newExt(3, 200*mib, 50*mib), ops.MoveResize{ID: 2, Shift: -500*mib + 100*mib}},
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: 100 * mib}, newExt(3, 200*mib, 50*mib)},
		},
		{"a neighbour in the way of one", named, []ops.Operation{
			ops.MoveResize{ID: 1, Len: 150 * mib}, newExt(3, 160*mib, 20*mib), ops.MoveResize{ID: 1, Len: 159 * mib},
		}, []ops.Operation{ops.MoveResize{ID: 1, Len: 159 * mib}, newExt(3, 160*mib, 20*mib)}},
		{"a copy in between", named, []ops.Operation{
			ops.SetLabel{ID: 1, Label: "a"}, ops.Copy{ID: 3, From: 1, At: 400 * mib}, ops.SetLabel{ID: 1, Label: "b"},
		}, []ops.Operation{ops.SetLabel{ID: 1, Label: "a"}, ops.Copy{ID: 3, From: 1, At: 400 * mib}, ops.SetLabel{ID: 1, Label: "b"}}},
		{
			"a check for a copy", named,
			[]ops.Operation{ops.Check{ID: 1}, ops.Copy{ID: 3, From: 1, At: 400 * mib}, ops.Delete{ID: 1}},
			[]ops.Operation{ops.Check{ID: 1}, ops.Copy{ID: 3, From: 1, At: 400 * mib}, ops.Delete{ID: 1}},
		},
		{"labels", named, []ops.Operation{ops.SetLabel{ID: 1, Label: "a"}, ops.SetLabel{ID: 1, Label: "b"}}, []ops.Operation{ops.SetLabel{ID: 1, Label: "b"}}},
		{"the label it had", named, []ops.Operation{ops.SetLabel{ID: 1, Label: "a"}, ops.SetLabel{ID: 1, Label: "l"}}, nil},
		{"names", named, []ops.Operation{ops.SetName{ID: 1, Name: "a"}, ops.SetName{ID: 1, Name: ""}}, nil},
		{
			"types", named,
			[]ops.Operation{ops.SetType{ID: 1, Type: model.BIOSBoot}, ops.SetType{ID: 1, Type: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"}},
			[]ops.Operation{ops.SetType{ID: 1, Type: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"}},
		},
		{
			"flags", named,
			[]ops.Operation{ops.SetFlag{ID: 1, Flag: model.FlagLegacyBoot, On: true}, ops.SetFlag{ID: 1, Flag: model.FlagHidden, On: true}, ops.SetFlag{ID: 1, Flag: model.FlagLegacyBoot}},
			[]ops.Operation{ops.SetFlag{ID: 1, Flag: model.FlagHidden, On: true}},
		},
		{"UUIDs", named, []ops.Operation{ops.NewUUID{ID: 1}, ops.NewUUID{ID: 1}}, []ops.Operation{ops.NewUUID{ID: 1}}},
		{
			"one UUID on two", named,
			[]ops.Operation{ops.NewUUID{ID: 1}, ops.Copy{ID: 3, From: 1, At: 400 * mib}, ops.NewUUID{ID: 1}},
			[]ops.Operation{ops.NewUUID{ID: 1}, ops.Copy{ID: 3, From: 1, At: 400 * mib}, ops.NewUUID{ID: 1}},
		},
		{"checks", named, []ops.Operation{ops.Check{ID: 1}, ops.Check{ID: 1}}, []ops.Operation{ops.Check{ID: 1}}},
		{
			"a check after something else", named,
			[]ops.Operation{ops.Check{ID: 1}, ops.MoveResize{ID: 1, Len: 150 * mib}, ops.Check{ID: 1}},
			[]ops.Operation{ops.Check{ID: 1}, ops.MoveResize{ID: 1, Len: 150 * mib}, ops.Check{ID: 1}},
		},
		{
			"image sizes", named,
			[]ops.Operation{ops.ImageSize{Sectors: 5000 * mib}, newExt(3, 4500*mib, 10*mib), ops.ImageSize{Sectors: 6000 * mib}},
			[]ops.Operation{ops.ImageSize{Sectors: 6000 * mib}, newExt(3, 4500*mib, 10*mib)},
		},
		{
			"image sizes with room of their own", named,
			[]ops.Operation{ops.ImageSize{Sectors: 5000 * mib, Prealloc: model.PreallocFalloc}, ops.ImageSize{Sectors: 6000 * mib, Prealloc: model.PreallocFalloc}},
			[]ops.Operation{ops.ImageSize{Sectors: 6000 * mib, Prealloc: model.PreallocFalloc}},
		},
		{
			"an image size with room of its own and one without", named,
			[]ops.Operation{ops.ImageSize{Sectors: 5000 * mib, Prealloc: model.PreallocFalloc}, ops.ImageSize{Sectors: 6000 * mib}},
			[]ops.Operation{ops.ImageSize{Sectors: 5000 * mib, Prealloc: model.PreallocFalloc}, ops.ImageSize{Sectors: 6000 * mib}},
		},
		{
			"an image that shrinks loses what was there", named,
			[]ops.Operation{ops.ImageSize{Sectors: 3000 * mib}, ops.ImageSize{Sectors: 4000 * mib}},
			[]ops.Operation{ops.ImageSize{Sectors: 3000 * mib}, ops.ImageSize{Sectors: 4000 * mib}},
		},
		{"an image that grows and shrinks", named, []ops.Operation{ops.ImageSize{Sectors: 5000 * mib}, ops.ImageSize{Sectors: 4000 * mib}}, nil},
		{"a new one takes everything in", named, []ops.Operation{
			newExt(3, 400*mib, gib),
			ops.MoveResize{ID: 3, Shift: mib, Len: 2 * gib},
			ops.SetLabel{ID: 3, Label: "x"},
			ops.SetName{ID: 3, Name: "y"},
			ops.SetType{ID: 3, Type: model.BIOSBoot},
			ops.Format{ID: 3, FS: model.FAT32, Label: "Z"},
		}, []ops.Operation{ops.New{ID: 3, At: 401 * mib, Len: 2 * gib, FS: model.FAT32, Label: "Z", Name: "y"}}},
		{
			"an empty one keeps what lies there", named,
			[]ops.Operation{ops.New{ID: 3, At: 400 * mib, Len: mib}, ops.MoveResize{ID: 3, Len: 2 * mib}},
			[]ops.Operation{ops.New{ID: 3, At: 400 * mib, Len: mib}, ops.MoveResize{ID: 3, Len: 2 * mib}},
		},
		{
			"unknown bytes move", blank,
			[]ops.Operation{ops.MoveResize{ID: 1, Shift: mib}, ops.MoveResize{ID: 1, Shift: mib}},
			[]ops.Operation{ops.MoveResize{ID: 1, Shift: 2 * mib}},
		},
		{"unknown bytes over what was written", blank, []ops.Operation{
			newExt(2, 200*mib, 10*mib), ops.MoveResize{ID: 2, Shift: 200 * mib, Len: 11 * mib}, ops.MoveResize{ID: 1, Len: 300 * mib}, ops.MoveResize{ID: 2, Shift: mib},
		}, []ops.Operation{newExt(2, 401*mib, 11*mib), ops.MoveResize{ID: 1, Len: 300 * mib}}},
		{"unknown bytes that keep what was written", blank, []ops.Operation{
			newExt(2, 200*mib, 10*mib), ops.Copy{ID: 3, From: 2, At: 500 * mib}, ops.Delete{ID: 2}, ops.MoveResize{ID: 1, Len: 300 * mib}, ops.Delete{ID: 3},
		}, []ops.Operation{newExt(2, 200*mib, 10*mib), ops.Delete{ID: 2}, ops.MoveResize{ID: 1, Len: 300 * mib}}},
		{
			"unknown bytes shrink and grow", blank,
			[]ops.Operation{ops.MoveResize{ID: 1, Len: 50 * mib}, ops.MoveResize{ID: 1, Len: 100 * mib}},
			[]ops.Operation{ops.MoveResize{ID: 1, Len: 50 * mib}, ops.MoveResize{ID: 1, Len: 100 * mib}},
		},
		{
			"a copy goes elsewhere", named,
			[]ops.Operation{ops.Copy{ID: 3, From: 1, At: 400 * mib}, ops.MoveResize{ID: 3, Shift: mib, Len: 500 * mib}},
			[]ops.Operation{ops.Copy{ID: 3, From: 1, At: 401 * mib, Len: 500 * mib}},
		},
		{
			"formats", named,
			[]ops.Operation{ops.SetLabel{ID: 1, Label: "a"}, ops.Format{ID: 1, FS: model.Ext2}, ops.Format{ID: 1, FS: model.Ext4}, ops.SetLabel{ID: 1, Label: "b"}},
			[]ops.Operation{ops.Format{ID: 1, FS: model.Ext4, Label: "b"}},
		},
		{"a format over a copy", named, []ops.Operation{ops.CopyOver{ID: 2, From: 1}, ops.Format{ID: 2, FS: model.Ext4}}, []ops.Operation{ops.Format{ID: 2, FS: model.Ext4}}},
		{
			"what is cleared stays readable for whoever needs it", named,
			[]ops.Operation{ops.Format{ID: 1, FS: model.Ext2}, ops.Format{ID: 1}},
			[]ops.Operation{ops.Format{ID: 1, FS: model.Ext2}, ops.Format{ID: 1}},
		},
		{"swap there and back", swap, []ops.Operation{ops.MoveResize{ID: 1, Shift: mib}, ops.MoveResize{ID: 1, Shift: -mib}}, nil},
		{
			"made and deleted before another one got the next number", named,
			[]ops.Operation{newExt(3, 400*mib, mib), newExt(4, 500*mib, mib), ops.Delete{ID: 3}},
			[]ops.Operation{newExt(3, 400*mib, mib), newExt(4, 500*mib, mib), ops.Delete{ID: 3}},
		},
		{"made last and deleted", named, []ops.Operation{newExt(3, 400*mib, mib), ops.SetName{ID: 3, Name: "x"}, ops.Delete{ID: 3}}, nil},
		{
			"copied from and deleted", named,
			[]ops.Operation{newExt(3, 400*mib, gib), ops.Copy{ID: 4, From: 3, At: 1500 * mib}, ops.Delete{ID: 3}},
			[]ops.Operation{newExt(3, 400*mib, gib), ops.Copy{ID: 4, From: 3, At: 1500 * mib}, ops.Delete{ID: 3}},
		},
		{"edited and deleted", named, []ops.Operation{ops.MoveResize{ID: 2, Shift: gib}, ops.Check{ID: 2}, ops.Delete{ID: 2}}, []ops.Operation{ops.Delete{ID: 2}}},
		{
			"edited, made room and deleted", named,
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: gib}, ops.MoveResize{ID: 1, Len: gib}, ops.Delete{ID: 2}},
			[]ops.Operation{ops.Delete{ID: 2}, ops.MoveResize{ID: 1, Len: gib}},
		},
		{
			"a new table", named,
			[]ops.Operation{ops.MoveResize{ID: 2, Shift: mib}, ops.ImageSize{Sectors: 5000 * mib}, ops.NewTable{Kind: model.TableMBR}},
			[]ops.Operation{ops.ImageSize{Sectors: 5000 * mib}, ops.NewTable{Kind: model.TableMBR}},
		},
		{
			"tables", named,
			[]ops.Operation{ops.NewTable{Kind: model.TableMBR}, newExt(3, 400*mib, gib), ops.NewTable{Kind: model.TableGPT}},
			[]ops.Operation{ops.NewTable{Kind: model.TableGPT}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := ops.NewQueue(test.disk, env())
			q := edit(t, start, test.ops...)
			if !slices.Equal(q.Ops(), test.want) {
				t.Errorf("merged to %+v\n     want %+v", q.Ops(), test.want)
			}
			if plain := stage(t, start, test.ops...); !plain.Preview().Equal(q.Preview()) {
				t.Error("the disk differs")
			}
			takesBack(t, start, q, test.ops)
		})
	}
}

// A whole UUID is not made half of one, and half of one says nothing behind a whole one.
func TestHalvesOfUUIDs(t *testing.T) {
	ntfs := gpt(1000*mib, part(1, mib, 101*mib, model.Filesystem{Kind: model.NTFS, Size: 100 * geometry.MiB, UUID: "n"}))
	world := env()
	world.Caps[model.NTFS] = known(model.NTFS, ops.Capability{})
	whole, half := ops.NewUUID{ID: 1}, ops.NewUUID{ID: 1, Half: true}
	for _, test := range []struct{ list, want []ops.Operation }{
		{[]ops.Operation{whole, half}, []ops.Operation{whole}},
		{[]ops.Operation{half, whole}, []ops.Operation{whole}},
		{[]ops.Operation{half, half}, []ops.Operation{half}},
	} {
		if q := edit(t, ops.NewQueue(ntfs, world), test.list...); !slices.Equal(q.Ops(), test.want) {
			t.Errorf("%+v became %+v", test.list, q.Ops())
		}
	}
}

// Partitions that a saved table brings back differ from each other, although nobody knows what is in them.
func TestEditsOfWhatATableBringsBack(t *testing.T) {
	none := model.Filesystem{}
	other := gpt(1000*mib, part(1, 100*mib, 150*mib, none), part(2, 200*mib, 250*mib, none))
	start := ops.NewQueue(gpt(1000*mib, part(1, mib, 51*mib, none)), env())
	restore := ops.NewRestore(start, saved(t, other))
	back := stage(t, start, restore).Preview().Partitions()
	again := ops.CopyOver{ID: back[1].ID, From: back[0].ID}
	if q := edit(t, start, restore, again, again); q.Len() != 2 || q.Ops()[1] != again {
		t.Errorf("two copies became %+v", q.Ops())
	}
}

// takesBack makes sure that undo and redo walk the edits as they were made.
func takesBack(t *testing.T, start, q ops.Queue, list []ops.Operation) {
	t.Helper()
	end := q
	for i := len(list) - 1; i >= 0; i-- {
		next, c, ok := q.Undo()
		want := stage(t, start, list[:i]...)
		if !ok || c.Kind != ops.Staged || c.Op != list[i] || !next.Preview().Equal(want.Preview()) {
			t.Fatalf("undo %d gives %+v, %v", i, c, ok)
		}
		q = next
	}
	if _, _, ok := q.Undo(); ok || q.Len() != 0 {
		t.Fatal("there is more to undo than was done")
	}
	for i := range list {
		next, c, ok := q.Redo()
		if !ok || c.Op != list[i] {
			t.Fatalf("redo %d gives %+v, %v", i, c, ok)
		}
		q = next
	}
	if !slices.Equal(q.Ops(), end.Ops()) || !q.Preview().Equal(end.Preview()) {
		t.Fatalf("redo leads to %+v", q.Ops())
	}
}

// A change of the list can be undone as well.
func TestUndoOfRemoving(t *testing.T) {
	q := edit(t, ops.NewQueue(founding(), env()), ops.SetLabel{ID: 1, Label: "a"}, ops.SetLabel{ID: 2, Label: "b"}, ops.SetLabel{ID: 1, Label: "c"})
	before := q.Ops()
	swapped, err := q.Reorder(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	removed, err := swapped.Remove(0)
	if err != nil || removed.Len() != 1 {
		t.Fatal(removed.Ops(), err)
	}
	back, c, ok := removed.Undo()
	if !ok || c.Kind != ops.Removed || c.Op != before[1] || !slices.Equal(back.Ops(), swapped.Ops()) {
		t.Errorf("undo of the removal: %+v %v %+v", c, ok, back.Ops())
	}
	again, _, ok := back.Redo()
	if !ok || !slices.Equal(again.Ops(), removed.Ops()) {
		t.Errorf("redo of the removal: %+v", again.Ops())
	}
	back, c, ok = back.Undo()
	if !ok || c.Kind != ops.Reordered || !slices.Equal(back.Ops(), before) {
		t.Errorf("undo of the reordering: %+v %+v", c, back.Ops())
	}
	if cleared := back.Clear(); cleared.Len() != 0 || !cleared.Preview().Equal(founding()) {
		t.Error("clear leaves something")
	}
}

// Whatever people do: the shorter queue leads to the disk of the long one, each prefix of it is a disk that can be
// written, and undo walks back through each edit.
func TestRandomEdits(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	shorter, edits := map[string]int{}, 0
	verbs := []string{"Move", "Resize", "Delete", "Format", "SetLabel", "SetName", "SetType", "SetFlag", "NewUUID", "NewTable", "ImageSize"}
	missing := func() []string {
		return slices.DeleteFunc(slices.Clone(verbs), func(verb string) bool { return shorter[verb] > 0 })
	}
	for range testneed.Rounds(200, func() bool { return len(missing()) == 0 }) {
		start := disks()[r.Intn(len(disks()))]
		plain, q := ops.NewQueue(start, env()), ops.NewQueue(start, env())
		trail := []ops.Queue{q}
		for range 25 {
			op := randomOp(r, q)
			if r.Intn(2) == 0 {
				op = again(r, q, op)
			}
			longer, err := plain.Stage(op)
			next, errEdit := q.Edit(op)
			if _, back := op.(ops.PutBack); back && err != nil && errEdit == nil {
				continue // the longer list writes there in between
			}
			if (err == nil) != (errEdit == nil) {
				t.Fatalf("%#v: %v, and merged %v", op, err, errEdit)
			}
			if err != nil {
				continue
			}
			edits++
			if !longer.Preview().Equal(next.Preview()) {
				t.Fatalf("%s leads to another disk", op.Describe(q.Preview()))
			}
			if next.Len() <= q.Len() {
				shorter[kindOf(op)]++
				wipeTheSame(t, longer, next)
			}
			for i := range next.Len() + 1 {
				clean(t, next.Before(i))
			}
			steps, err := next.Compile()
			if err != nil {
				t.Fatal(err)
			}
			checkWindows(t, next, steps)
			plain, q = longer, next
			trail = append(trail, q)
		}
		roundTrip(t, q)
		for i := len(trail) - 2; i >= 0; i-- {
			back, _, ok := q.Undo()
			if !ok || !slices.Equal(back.Ops(), trail[i].Ops()) || !back.Preview().Equal(trail[i].Preview()) {
				t.Fatalf("undo does not lead back to %+v", trail[i].Ops())
			}
			q = back
		}
	}
	t.Logf("of %d edits these made no further operation: %v", edits, shorter)
	if m := missing(); len(m) > 0 {
		t.Errorf("no edit of these was merged: %q", m)
	}
}

// again is an edit of what was edited last, where that is still there.
func again(r *rand.Rand, q ops.Queue, op ops.Operation) ops.Operation {
	list := q.Ops()
	if len(list) == 0 {
		return op
	}
	p, ok := q.Preview().Partition(list[len(list)-1-r.Intn(min(3, len(list)))].Part())
	if !ok {
		return op
	}
	switch r.Intn(4) {
	case 0:
		return ops.Delete{ID: p.ID}
	case 1:
		return ops.MoveResize{ID: p.ID, Shift: geometry.Sector(r.Intn(3)-1) * mib, Len: p.Span.Len() + geometry.Sector(r.Intn(3))*mib}
	}
	return randomEdit(r, q.Preview(), p)
}

// An edit is merged in the time between two keys, however much is pending.
func BenchmarkEdit(b *testing.B) {
	var parts []model.Partition
	for i := range 128 {
		parts = append(parts, full(i+1, geometry.Sector(20*i+1)*mib, geometry.Sector(20*i+11)*mib, geometry.MiB))
	}
	q := ops.NewQueue(gpt(3000*mib, parts...), env())
	for i := range 100 {
		var op ops.Operation = ops.SetName{ID: model.PartID(i%128 + 1), Name: "x"}
		if i%10 == 0 {
			op = ops.MoveResize{ID: 1, Len: 10*mib + geometry.Sector(i+1)*16}
		}
		next, err := q.Edit(op)
		if err != nil {
			b.Fatal(err)
		}
		q = next
	}
	for b.Loop() {
		if _, err := q.Edit(ops.MoveResize{ID: 1, Len: 10*mib + 4096}); err != nil {
			b.Fatal(err)
		}
	}
}
