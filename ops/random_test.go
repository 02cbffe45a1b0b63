package ops_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
	planfile "shunt/ops/plan"
)

// disks are what random operations start from.
func disks() []model.Disk {
	four := gpt(1000*mib, full(2, 100*mib, 200*mib, 10*geometry.MiB))
	four.SectorSize, four.Table.Usable = geometry.Sector4096, span(6, four.Sectors-5)
	swap := part(3, 500*mib, 600*mib, model.Filesystem{Kind: model.Swap, Used: -1, Size: 100 * geometry.MiB, BlockSize: 4096})
	empty := chained().Without(5).Without(6).Without(7)
	tight := part(2, 100*mib, 200*mib, model.Filesystem{})
	tight.Role, tight.Type = model.Extended, model.MBRExtendedLnx
	return []model.Disk{
		founding(), chained(), empty, four, mbr(100 * mib),
		gpt(1000*mib, full(1, 34, 2048, 0), full(5, 100*mib+3, 200*mib+1, 50*geometry.MiB), swap),
		mbr(1000*mib, tight, logical(5, 100*mib, 100*mib+1, 110*mib), logical(6, 110*mib, 110*mib+1, 120*mib), logical(7, 120*mib, 150*mib, 200*mib)),
		model.New(model.Disk{SectorSize: 512, Sectors: 100 * mib, Whole: ext4(50*geometry.MiB, 0)}, nil, nil),
	}
}

func logical(n int, ebr, start, end geometry.Sector) model.Partition {
	p := full(n, start, end, 0)
	p.Role, p.EBR = model.Logical, ebr
	return p
}

// randomOp is an operation that may or may not be possible on q's preview.
func randomOp(r *rand.Rand, q ops.Queue) ops.Operation {
	d := q.Preview()
	align := geometry.Alignment(r.Intn(3))
	length := func() geometry.Sector {
		n := geometry.Sector(r.Intn(200) + 1)
		if r.Intn(3) > 0 {
			n *= geometry.AlignMiB.Grain(d.SectorSize)
		}
		return n
	}
	change := func() geometry.Sector { return geometry.Sector(r.Intn(3)-1) * length() }
	if d.Table.Kind == model.TableMBR && r.Intn(25) == 0 {
		return ops.ToGPT{} // is possible once at most
	}
	if r.Intn(40) == 0 {
		return []ops.Operation{ops.NewTable{Kind: model.TableMBR}, ops.NewTable{Kind: model.TableGPT}, ops.ToGPT{}}[r.Intn(3)]
	}
	parts := d.Partitions()
	if len(parts) == 0 || r.Intn(4) == 0 {
		return randomNew(r, q, length, align)
	}
	p := parts[r.Intn(len(parts))]
	if r.Intn(3) == 0 {
		return randomEdit(r, d, p)
	}
	if r.Intn(8) == 0 {
		return randomCopy(r, q, p)
	}
	switch r.Intn(9) {
	case 0:
		return ops.ImageSize{Sectors: d.Sectors + change()}
	case 1:
		return ops.Delete{ID: p.ID}
	case 2:
		return ops.Check{ID: p.ID}
	case 3:
		if op, err := ops.GrowToFill(d, q.Env(), p.ID, align); err == nil {
			return op
		}
	case 4:
		if op, err := ops.ShrinkToMin(d, q.Env(), p.ID, align); err == nil {
			return op
		}
	case 5:
		want := geometry.SpanOf(p.Span.Start+change(), p.Span.Len()+change())
		handle := ops.Handle(r.Intn(3))
		return ops.MoveResizeTo(d, p.ID, ops.Limit(d, q.Env(), p.ID).Snap(p.Span, want, handle, align, d.SectorSize))
	case 6:
		return ops.MoveResize{ID: p.ID, Shift: change(), Len: max(1, p.Span.Len()+change())}
	case 7:
		return ops.MoveResize{ID: p.ID, Len: max(1, p.Span.Len()+change())}
	}
	return ops.MoveResize{ID: p.ID, Shift: change()}
}

// randomCopy is a copy of p, or of a partition of another disk, into free space or over another partition.
func randomCopy(r *rand.Rand, q ops.Queue, p model.Partition) ops.Operation {
	d := q.Preview()
	var source *ops.Source
	if other, err := testdisk.Other("/other", 1); err == nil && r.Intn(4) == 0 {
		p, source = other.Part, &other
	}
	parts := d.Partitions()
	if r.Intn(3) == 0 {
		return ops.CopyOver{ID: parts[r.Intn(len(parts))].ID, From: p.ID, Source: source}
	}
	op := ops.Copy{ID: q.NextID(), From: p.ID, Source: source, Role: model.Role(2 * r.Intn(2))}
	if r.Intn(3) == 0 {
		op.Len = p.Span.Len() + geometry.Sector(r.Intn(5000)-1000)
	}
	if gaps := model.Gaps(d, model.Everything); len(gaps) > 0 {
		op.At = gaps[r.Intn(len(gaps))].Span.Start + geometry.Sector(r.Intn(3000))
	}
	return op
}

// labels are words that plan files have to quote.
var labels = []string{"", "x", `a "b"`, `back\slash`, "# no", " sp  ace ", "Ünï", "=", "1MiB"}

// randomEdit is an operation on p that leaves it where it is.
func randomEdit(r *rand.Rand, d model.Disk, p model.Partition) ops.Operation {
	label := labels[r.Intn(len(labels))]
	switch r.Intn(6) {
	case 0:
		kinds := []model.FSKind{model.Unformatted, model.Ext2, model.Ext4, model.FAT32, model.Swap, model.XFS}
		return ops.Format{ID: p.ID, FS: kinds[r.Intn(len(kinds))], Label: label}
	case 1:
		return ops.SetLabel{ID: p.ID, Label: label}
	case 2:
		return ops.SetName{ID: p.ID, Name: label}
	case 3:
		if types := model.SearchTypes(d.Table.Kind, ""); len(types) > 0 {
			return ops.SetType{ID: p.ID, Type: types[r.Intn(len(types))].Code}
		}
	case 4:
		if flags := model.FlagsFor(d.Table.Kind, p); len(flags) > 0 {
			return ops.SetFlag{ID: p.ID, Flag: flags[r.Intn(len(flags))], On: r.Intn(2) == 0}
		}
	}
	if r.Intn(4) == 0 {
		return ops.Wipe{ID: p.ID, Random: r.Intn(2) == 0}
	}
	if r.Intn(8) == 0 {
		return ops.Wipe{Free: true, Random: r.Intn(2) == 0}
	}
	return ops.NewUUID{ID: p.ID, Half: r.Intn(4) == 0}
}

// randomPutBack puts back what lies at a random place.
func randomPutBack(r *rand.Rand, q ops.Queue, length func() geometry.Sector) ops.Operation {
	op := ops.PutBack{ID: q.NextID(), Role: model.Role(2 * r.Intn(2)), At: 1, Len: length(), Name: labels[r.Intn(2)]}
	if q.Preview().Table.Kind != model.TableGPT {
		op.Name = ""
	} else if r.Intn(2) == 0 {
		op.UUID = fmt.Sprintf("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f%d", r.Intn(10))
	}
	if gaps := model.Gaps(q.Preview(), model.Everything); len(gaps) > 0 {
		op.At = max(1, gaps[r.Intn(len(gaps))].Span.Start+geometry.Sector(r.Intn(5000)))
	}
	op.Held = q.Env().Contents(geometry.SpanOf(op.At, op.Len))
	return op
}

func randomNew(r *rand.Rand, q ops.Queue, length func() geometry.Sector, align geometry.Alignment) ops.Operation {
	if r.Intn(5) == 0 {
		return randomPutBack(r, q, length)
	}
	kinds := []model.FSKind{model.Unformatted, model.Ext4, model.FAT32, model.Swap}
	op := ops.New{ID: q.NextID(), Role: model.Role(r.Intn(3)), FS: kinds[r.Intn(4)]}
	if op.Role == model.Extended {
		op.FS = model.Unformatted
	}
	if r.Intn(2) == 0 {
		op.Len = length()
	}
	if gaps := model.Gaps(q.Preview(), model.Everything); len(gaps) > 0 && r.Intn(2) == 0 {
		op.At = max(1, gaps[r.Intn(len(gaps))].Span.Start+geometry.Sector(r.Intn(5000)))
	}
	words := labels
	if op.FS != model.Unformatted {
		op.Label = words[r.Intn(len(words))]
	}
	if q.Preview().Table.Kind == model.TableGPT {
		op.Name = words[r.Intn(len(words))]
	}
	if types := model.TypeAliases(q.Preview().Table.Kind); len(types) > 0 && r.Intn(3) == 0 {
		op.Type, _ = model.TypeByAlias(q.Preview().Table.Kind, types[r.Intn(len(types))])
	}
	placed, err := op.Placed(q.Preview(), q.Env(), align)
	if err != nil {
		return op
	}
	return placed
}

// Whatever is staged, in whatever order it is edited: every prefix is a disk that can be written, undo
// gives back the disk before, a plan file gives back the queue.
func TestRandomQueues(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	staged, tried := map[string]int{}, 0
	verbs := []string{
		"Move", "Resize", "Resize/Move", "New", "Delete", "Check", "ImageSize", "Format", "SetLabel", "SetName", "SetType", "SetFlag",
		"NewUUID", "NewTable", "ToGPT", "Copy", "CopyOver", "PutBack",
	}
	rare := func(verb string) bool { return staged[verb] < 20 }
	for range testneed.Rounds(300, func() bool { return !slices.ContainsFunc(verbs, rare) }) {
		start := disks()[r.Intn(len(disks()))]
		q := ops.NewQueue(start, env())
		for range 30 {
			op := randomOp(r, q)
			tried++
			next, err := q.Stage(op)
			if err != nil {
				if !strings.HasPrefix(err.Error(), "cannot ") {
					t.Fatalf("%#v: %v is not a refusal for people", op, err)
				}
				continue
			}
			staged[kindOf(op)]++
			checkStaged(t, q, next, op)
			q = next
			if r.Intn(10) == 0 {
				q = edited(r, q)
			}
		}
		roundTrip(t, q)
		if got := q.Clear().Preview(); !same(got, start) {
			t.Fatalf("cleared queue leaves %v", got)
		}
	}
	t.Logf("staged %v of %d", staged, tried)
	for _, verb := range verbs {
		if rare(verb) {
			t.Errorf("only %d operations %q were possible", staged[verb], verb)
		}
	}
}

// checkStaged checks the invariants of one staged operation.
func checkStaged(t *testing.T, q, next ops.Queue, op ops.Operation) {
	t.Helper()
	d := next.Preview()
	if problems := model.Check(d); len(problems) != 0 {
		t.Fatalf("%s: %v", op.Describe(q.Preview()), problems)
	}
	back, undone, ok := next.Undo()
	if !ok || undone.Op != op || !same(back.Preview(), q.Preview()) {
		t.Fatalf("%s cannot be undone", op.Describe(q.Preview()))
	}
	if again, _, ok := back.Redo(); !ok || !same(again.Preview(), d) {
		t.Fatalf("%s cannot be redone", op.Describe(q.Preview()))
	}
	// What the operation does not mean is as it was.
	for _, p := range q.Preview().Partitions() {
		after, ok := d.Partition(p.ID)
		if p.ID == op.Part() || kindOf(op) == "NewTable" {
			continue
		}
		if kindOf(op) == "ToGPT" {
			if p.Role != model.Extended && (after.Span != p.Span || after.FS != p.FS || after.Number != p.Number) {
				t.Fatalf("%s changes %+v to %+v", op.Describe(q.Preview()), p, after)
			}
			continue
		}
		if !ok || after.Span != p.Span || after.FS != p.FS || after.Type != p.Type || after.Role != p.Role ||
			(p.Role != model.Logical && after.Number != p.Number) {
			t.Fatalf("%s changes %+v to %+v", op.Describe(q.Preview()), p, after)
		}
	}
	steps, err := next.Compile()
	if err != nil {
		t.Fatal(err)
	}
	checkWindows(t, next, steps)
}

// checkWindows makes sure that no step works outside the disk or on a sector of another partition.
func checkWindows(t *testing.T, q ops.Queue, steps []ops.Step) {
	t.Helper()
	for i, s := range steps {
		if s.Kind == ops.StepWriteTable && i != len(steps)-1 {
			t.Fatal("the table is not written last")
		}
		if s.Part == 0 {
			continue
		}
		before, after := q.Before(s.Op), q.Before(s.Op+1)
		if s.Kind == ops.StepCopy {
			s.From = geometry.Span{} // is only read, and may be of another disk
		}
		for _, window := range []geometry.Span{s.Window, s.From, s.To} {
			if !after.Span().Encloses(window) {
				t.Fatalf("%+v reaches outside the disk", s)
			}
			for _, p := range before.Partitions() {
				if p.ID != s.Part && p.Role != model.Extended && p.Span.Overlaps(window) {
					t.Fatalf("%+v touches %s", s, p.Ref())
				}
			}
		}
		if s.Kind == ops.StepResizeFS && s.NewSize > before.SectorSize.Bytes(s.Window.Len()) {
			t.Fatalf("%+v does not fit its window", s)
		}
	}
}

// edited is q after a random removal or reordering, or q if that is impossible.
func edited(r *rand.Rand, q ops.Queue) ops.Queue {
	i, j := r.Intn(q.Len()), r.Intn(q.Len())
	before := q.Ops()
	next, err := q.Remove(i)
	if r.Intn(2) == 0 {
		next, err = q.Reorder(i, j)
	}
	if err != nil || !slices.Equal(before, q.Ops()) {
		return q
	}
	return next
}

// summary is everything of a queue that a plan file has to preserve.
func summary(q ops.Queue) []string {
	var lines []string
	for i := 0; i <= q.Len(); i++ {
		d := q.Before(i)
		lines = append(lines, fmt.Sprint(d.Sectors, d.Table))
		for _, p := range d.Partitions() {
			p.ID = 0
			lines = append(lines, fmt.Sprint(p))
		}
		if i < q.Len() {
			lines = append(lines, q.Ops()[i].Describe(d).String(), q.Cost(i))
		}
	}
	return lines
}

// roundTrip makes sure that a queue written as a plan and read back, on any grid, is the same queue.
func roundTrip(t testing.TB, q ops.Queue) {
	t.Helper()
	text := planfile.Format(q)
	for _, align := range []geometry.Alignment{geometry.AlignMiB, geometry.AlignCylinder, geometry.AlignNone} {
		again, err := planfile.Parse(strings.NewReader(text), ops.NewQueue(q.Initial(), q.Env()), align)
		if err != nil {
			t.Fatalf("read back: %v\n%s", err, text)
		}
		if got, want := summary(again), summary(q); !slices.Equal(got, want) {
			t.Fatalf("plan\n%sread back on %s as\n%s", text, align, planfile.Format(again))
		}
	}
}
