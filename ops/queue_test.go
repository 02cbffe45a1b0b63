package ops_test

import (
	"slices"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func TestUndoAndRedo(t *testing.T) {
	q0 := ops.NewQueue(founding(), env())
	if _, _, ok := q0.Undo(); ok {
		t.Error("an empty queue can be undone")
	}
	if _, _, ok := q0.Redo(); ok {
		t.Error("an empty queue can be redone")
	}
	q := stage(t, q0, ops.ImageSize{Sectors: 3000 * mib}, ops.MoveResize{ID: 2, Shift: 1024 * mib}, ops.Check{ID: 1})
	undone, op, ok := q.Undo()
	if !ok || op.Op != (ops.Check{ID: 1}) || undone.Len() != 2 || !same(undone.Preview(), q.Before(2)) {
		t.Fatalf("undo: %v %v %d", op, ok, undone.Len())
	}
	redone, op, ok := undone.Redo()
	if !ok || op.Op != (ops.Check{ID: 1}) || !same(redone.Preview(), q.Preview()) {
		t.Fatalf("redo: %v %v", op, ok)
	}
	cleared := q.Clear()
	if cleared.Len() != 0 || !same(cleared.Preview(), founding()) {
		t.Fatalf("clear leaves %d", cleared.Len())
	}
	for range 3 {
		cleared, _, ok = cleared.Redo()
		if !ok {
			t.Fatal("clear cannot be redone")
		}
	}
	if !same(cleared.Preview(), q.Preview()) || !slices.Equal(cleared.Ops(), q.Ops()) {
		t.Error("redo after clear gives another queue")
	}
	again := stage(t, undone, ops.Delete{ID: 1})
	if _, _, ok := again.Redo(); ok {
		t.Error("staging does not forget what was undone")
	}
	// No version of the queue changed another one.
	if q.Len() != 3 || undone.Len() != 2 || q0.Len() != 0 {
		t.Errorf("lengths %d %d %d", q.Len(), undone.Len(), q0.Len())
	}
	q.Ops()[0] = nil
	if q.Ops()[0] == nil {
		t.Error("the list handed out is the queue's own")
	}
}

func TestRemoveAndReorder(t *testing.T) {
	q := plan(t, founding(), "image grow 2GiB", "move 2 right 1024MiB", "resize 1 by +100MiB", "move 2 right 10MiB")
	if _, err := q.Remove(0); err == nil {
		t.Error("the image growth can be removed from under the move")
	} else {
		refused(t, err, "cannot remove operation 1 (Grow image by 2.00 GiB): operation 1 of the new list would be impossible: "+
			"cannot move p2 right by 1024 MiB: it would end 1024 MiB behind the last usable sector of the disk; grow the image first")
	}
	got, err := q.Remove(3)
	if err != nil || got.Len() != 3 {
		t.Fatalf("remove the last: %v", err)
	}
	// A distance stays a distance when the operation before it goes.
	got, err = plan(t, founding(), "image grow 2GiB", "move 2 right 1024MiB", "move 2 right 10MiB").Remove(1)
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := got.Preview().Partition(2); p.Span.Start != 988033+10*mib {
		t.Errorf("p2 starts at %d", p.Span.Start)
	}
	got, err = q.Reorder(3, 2)
	if err != nil || got.Ops()[2] != q.Ops()[3] || got.Ops()[3] != q.Ops()[2] || !same(got.Preview(), q.Preview()) {
		t.Errorf("reorder down: %v, %v", got.Ops(), err)
	}
	if _, err = q.Reorder(2, 1); err == nil {
		t.Error("p1 can grow before p2 made room")
	}
	if q.Len() != 4 {
		t.Error("the queue itself changed")
	}
}

// Operations hold identities: a change of numbers does not turn them to another partition.
func TestRenumberingDoesNotRetarget(t *testing.T) {
	q := plan(t, chained(), "delete 5", "move 6 right 10MiB", "new 10MiB at 101MiB as=logical", "delete 7")
	var words []string
	for i, op := range q.Ops() {
		words = append(words, op.Describe(q.Before(i)).String())
	}
	want := []string{
		"Delete p5 (ext4, 99.0 MiB); p6 and p7 become p5 and p6", "Move p6 right by 10 MiB",
		"Create logical p5 (unformatted, 10.0 MiB); p5 and p6 become p6 and p7", "Delete p7 (ext4, 99.0 MiB)",
	}
	if !slices.Equal(words, want) {
		t.Errorf("words %q\n want %q", words, want)
	}
	without, err := q.Remove(0) // 101 MiB is taken by p5 then
	if err == nil {
		t.Fatalf("removed: %v", without.Ops())
	}
	d := q.Preview()
	if _, there := d.Partition(7); there {
		t.Error("the partition scanned as p7 is still there")
	}
	if p, _ := d.Partition(6); p.Number != 6 || p.EBR != 200*mib {
		t.Errorf("the partition scanned as p6 is %s with its boot record at %d", p.Ref(), p.EBR)
	}
	if p, _ := d.Partition(8); p.Number != 5 || p.EBR != 100*mib {
		t.Errorf("the new partition is %s with its boot record at %d", p.Ref(), p.EBR)
	}
}

func TestNextID(t *testing.T) {
	q := ops.NewQueue(chained(), env())
	if q.NextID() != 8 {
		t.Errorf("first %d", q.NextID())
	}
	q = plan(t, chained(), "delete 7", "new 10MiB as=logical at 350MiB")
	if q.NextID() != 9 {
		t.Errorf("after a new partition %d", q.NextID())
	}
	q, _, _ = q.Undo()
	if q.NextID() != 9 {
		t.Errorf("an undone partition's identity is given again: %d", q.NextID())
	}
}

func TestNewPlacesItself(t *testing.T) {
	tests := []struct {
		name, line string
		disk       model.Disk
		want       geometry.Span
		number     int
	}{
		{"first gap", "new 10MiB", mbr(1000 * mib), span(mib, 11*mib), 1},
		{"all of it", "new max", gpt(1000 * mib), span(mib, 999*mib), 1},
		{"exact", "new 100s at 63s", mbr(1000 * mib), span(63, 163), 1},
		{"to the grid", "new 100s at 1.25MiB", mbr(1000 * mib), span(mib, mib+100), 1},
		{"not to sector 0", "new 100s at 63KiB", mbr(1000 * mib), span(mib, mib+100), 1},
		{"rest of a gap", "new max at 950MiB", chained(), span(950*mib, 1000*mib), 3},
		{"logical gap", "new max as=logical at 302MiB", chained(), span(302*mib, 400*mib), 7},
		{"largest logical gap", "new max as=logical", chained(), span(501*mib, 900*mib), 8},
		{"logical by place", "new 1MiB at 320MiB", chained(), span(320*mib, 321*mib), 7},
		{"rounded up", "new 1000000B at 1MiB", mbr(1000 * mib), span(mib, mib+1954), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := plan(t, tt.disk, tt.line)
			p, ok := q.Preview().Partition(q.Ops()[0].Part())
			if !ok || p.Span != tt.want || p.Number != tt.number {
				t.Errorf("%s at %v, want p%d at %v", p.Ref(), p.Span, tt.number, tt.want)
			}
			clean(t, q.Preview())
		})
	}
	q := plan(t, gpt(1000*mib), `new 300MiB fs=ext4 label="my data" name="Über" type=home`)
	p, _ := q.Preview().Partition(1)
	if p.Name != "Über" || p.FS.Label != "my data" || p.Type != "933AC7E1-2EB4-4F13-B844-0E14E2AEF915" ||
		p.FS.Size != 300*geometry.MiB || p.UUID != "" {
		t.Errorf("new partition %+v", p)
	}
}

// A fifth partition is logical where that is all that is possible.
func TestNewBecomesLogical(t *testing.T) {
	d := chained()
	d = d.With(full(3, 900*mib, 910*mib, 0)).With(full(4, 910*mib, 920*mib, 0))
	q := plan(t, d, "new 10MiB")
	if p, _ := q.Preview().Partition(8); p.Role != model.Logical || p.Span != span(301*mib, 311*mib) {
		t.Errorf("%s %s at %v", p.Role, p.Ref(), p.Span)
	}
}

func TestMoveAcrossANeighbour(t *testing.T) {
	d := gpt(1000*mib, full(1, mib, 101*mib, 0), full(2, 101*mib, 201*mib, 0))
	q := plan(t, d, "move 1 to 500MiB")
	if p, _ := q.Preview().Partition(1); p.Span != span(500*mib, 600*mib) || p.Number != 1 {
		t.Errorf("%s at %v", p.Ref(), p.Span)
	}
}

func TestExtendedEdges(t *testing.T) {
	q := plan(t, chained(), "resize 1 to 50MiB", "move 2 left 20MiB and resize to 900MiB", "resize 2 min", "delete 5")
	d := q.Preview()
	ext, _ := d.Extended()
	if ext.Span != span(80*mib, 500*mib) {
		t.Errorf("extended at %v", ext.Span)
	}
	if p, _ := d.ByNumber(5); p.ID != 6 || p.EBR != 80*mib {
		t.Errorf("first logical %d has its boot record at %d", p.ID, p.EBR)
	}
	if got, want := q.Ops()[1].Describe(q.Before(1)).String(), "Move p2 left by 20 MiB and grow it by 100 MiB to 900 MiB"; got != want {
		t.Errorf("words %q", got)
	}
	clean(t, d)
}

func TestImageSizeMovesTheEndOfTheTable(t *testing.T) {
	d := plan(t, gpt(1000*mib), "image size 600MiB").Preview()
	if d.Sectors != 600*mib || d.Table.Usable != span(34, 600*mib-33) {
		t.Errorf("%d sectors, usable %v", d.Sectors, d.Table.Usable)
	}
	if got := (ops.ImageSize{Sectors: 600 * mib}).Describe(gpt(1000 * mib)).String(); got != "Shrink image by 400 MiB" {
		t.Errorf("words %q", got)
	}
}

// same reports whether two disks are equal in everything an operation could have changed.
func same(a, b model.Disk) bool {
	return a.Sectors == b.Sectors && a.Table == b.Table && slices.Equal(a.Partitions(), b.Partitions())
}
