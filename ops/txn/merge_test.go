package txn

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/tool"
)

// rehearsed is the disk that a queue leads to.
func rehearsed(tb testing.TB, image []byte, q ops.Queue) []byte {
	tb.Helper()
	fail := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatalf("%v\n%s", err, plan.Format(q))
		}
	}
	r, _, err := rehearse(tb, New(image), q, rand.New(rand.NewSource(1)))
	fail(err)
	after := make([]byte, r.Overlay.Size())
	_, err = r.Overlay.ReadAt(after, 0)
	fail(err)
	return after
}

// anyEdit is an edit of a disk of a few sectors that may or may not be possible. An edit of what was edited before is
// likelier than others.
func anyEdit(rng *rand.Rand, q ops.Queue, kinds []model.FSKind) ops.Operation {
	d := q.Preview()
	parts := d.Partitions()
	some := func() geometry.Sector { return geometry.Sector(rng.Intn(21) - 10) }
	at := geometry.Sector(rng.Int63n(int64(d.Sectors)))
	made := ops.New{ID: q.NextID(), At: at, Len: geometry.Sector(rng.Intn(30) + 1), Role: model.Role(2 * rng.Intn(2))}
	if len(parts) == 0 || rng.Intn(5) == 0 {
		return made
	}
	p := parts[rng.Intn(len(parts))]
	if list := q.Ops(); len(list) > 0 && rng.Intn(2) == 0 {
		if last, ok := d.Partition(list[len(list)-1].Part()); ok {
			p = last
		}
	}
	word := string(rune('a' + rng.Intn(3)))
	switch rng.Intn(14) {
	case 0, 1:
		return ops.Delete{ID: p.ID}
	case 2:
		return ops.Copy{ID: q.NextID(), From: p.ID, At: at, Role: model.Role(2 * rng.Intn(2)), Len: max(0, p.Span.Len()+some())}
	case 3:
		return ops.CopyOver{ID: p.ID, From: parts[rng.Intn(len(parts))].ID}
	case 4:
		return ops.Format{ID: p.ID, FS: kinds[rng.Intn(len(kinds))]}
	case 5:
		return ops.ImageSize{Sectors: d.Sectors + some()}
	case 6:
		if rng.Intn(4) == 0 {
			return ops.NewTable{Kind: model.TableGPT}
		}
		return ops.SetLabel{ID: p.ID, Label: word}
	case 7:
		return ops.SetName{ID: p.ID, Name: word}
	case 8:
		return ops.NewUUID{ID: p.ID}
	}
	return ops.MoveResize{ID: p.ID, Shift: some(), Len: max(0, p.Span.Len()+some()*geometry.Sector(rng.Intn(2)))}
}

// edits stages a few edits one behind the other, and shows every queue that a merge made shorter beside the longer one.
func edits(t *testing.T, q ops.Queue, edit func(ops.Queue) ops.Operation, shorter func(longer, next ops.Queue)) {
	t.Helper()
	for range 12 {
		op := edit(q)
		longer, err := q.Stage(op)
		if err != nil {
			continue
		}
		next, err := q.Edit(op)
		if err != nil {
			t.Fatal(err)
		}
		if next.Len() < longer.Len() {
			shorter(longer, next)
		}
		q = next
	}
}

// The shorter queue is carried out like the longer one: each partition holds the same bytes. This is what the proof in
// package ops promises, judged by the bytes themselves.
func TestMergedQueuesLeadToTheSameBytes(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	merged := 0
	for range testneed.Rounds(60, func() bool { return merged >= 20 }) {
		list := plans()
		p := list[rng.Intn(len(list))]
		if p.tools != nil {
			continue
		}
		image := p.image(t, rng)
		disk, err := scan.Scan(bytes.NewReader(image), int64(len(image)), sec)
		if err != nil {
			t.Fatal(err)
		}
		q := ops.NewQueue(disk, ops.Env{Caps: fsys.Discover()})
		edits(t, q, func(q ops.Queue) ops.Operation {
			return anyEdit(rng, q, []model.FSKind{model.Unformatted})
		}, func(longer, next ops.Queue) {
			merged++
			sameContents(t, q.Initial(), next, rehearsed(t, image, longer), rehearsed(t, image, next), plan.Format(longer))
		})
	}
	t.Logf("%d merged queues were carried out both ways", merged)
	if merged < 20 {
		t.Errorf("only %d queues were merged", merged)
	}
}

// sameContents compares what lies in the partitions, byte by byte.
func sameContents(t *testing.T, was model.Disk, q ops.Queue, a, b []byte, text string) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d bytes and %d", len(a), len(b))
	}
	for _, p := range q.Preview().Partitions() {
		if p.Role != model.Extended && !bytes.Equal(cutOut(a, p.Span), cutOut(b, p.Span)) {
			t.Fatalf("%s differs between\n%sand\n%s", p.Ref(), text, plan.Format(q))
		}
	}
	sameTables(t, was, q, a, b, text)
}

// sameTables compares the tables, but for what is made up.
func sameTables(t *testing.T, was model.Disk, q ops.Queue, a, b []byte, text string) {
	t.Helper()
	da, errA := scan.Scan(bytes.NewReader(a), int64(len(a)), sec)
	db, errB := scan.Scan(bytes.NewReader(b), int64(len(b)), sec)
	if errA != nil || errB != nil || len(da.Partitions()) != len(db.Partitions()) {
		t.Fatalf("tables differ: %v, %v", errA, errB)
	}
	if da.Table.ID != was.Table.ID && db.Table.ID != was.Table.ID {
		db.Table.ID = da.Table.ID // is made up
	}
	if da.Table != db.Table {
		t.Fatalf("the table is %+v after\n%sand %+v after\n%s", da.Table, text, db.Table, plan.Format(q))
	}
	for i, p := range da.Partitions() {
		o := db.Partitions()[i]
		if _, old := was.Partition(q.Preview().Partitions()[i].ID); !old {
			p.UUID, o.UUID = "", "" // is made up
		}
		p.FS, o.FS = model.Filesystem{}, model.Filesystem{}
		if p != o {
			t.Fatalf("the table has %+v after\n%sand %+v after\n%s", p, text, o, plan.Format(q))
		}
	}
}

// With file systems it is the files that count.
func TestMergedQueuesKeepTheSameFiles(t *testing.T) {
	for _, name := range []string{"mke2fs", "e2fsck", "resize2fs", "debugfs", "tune2fs"} {
		testneed.Tool(t, name)
	}
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	p := realPlan{
		name: "ext2", kind: model.TableGPT, sectors: 9000, tools: []string{"mke2fs"},
		parts: []model.Partition{primary(1, 40, 2840), primary(2, 2900, 5100)},
	}
	image := p.image(t, rng)
	disk, err := scan.Scan(bytes.NewReader(image), int64(len(image)), sec)
	if err != nil {
		t.Fatal(err)
	}
	merged := 0
	for round := 0; round < 2 || merged < 2; round++ {
		q := ops.NewQueue(disk, ops.Env{Caps: fsys.Discover()})
		edits(t, q, func(q ops.Queue) ops.Operation {
			op := anyEdit(rng, q, []model.FSKind{model.Ext2})
			if move, ok := op.(ops.MoveResize); ok {
				move.Shift, move.Len = move.Shift*50, max(0, move.Len+geometry.Sector(rng.Intn(500)-250))
				op = move
			}
			return op
		}, func(longer, next ops.Queue) {
			if rng.Intn(2) == 0 {
				merged++
				sameFiles(t, next, rehearsed(t, image, longer), rehearsed(t, image, next), plan.Format(longer))
			}
		})
	}
	t.Logf("%d merged queues were carried out both ways", merged)
}

func sameFiles(t *testing.T, q ops.Queue, a, b []byte, text string) {
	t.Helper()
	for _, p := range q.Preview().Partitions() {
		if p.FS.Kind != model.Ext2 {
			continue
		}
		if one, other := filesIn(t, cutOut(a, p.Span)), filesIn(t, cutOut(b, p.Span)); one != other {
			t.Fatalf("%s holds\n%safter\n%sand\n%safter\n%s", p.Ref(), one, text, other, plan.Format(q))
		}
	}
}

// filesIn lists the label and the files of an ext2. Its exact size is left out: mke2fs leaves up to 4 KiB at the end
// unused that resize2fs takes.
func filesIn(t *testing.T, image []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, ask := range []string{"show_super_stats -h", "cat file0", "cat file1", "cat file2", "cat file3", "cat file4"} {
		result, err := tool.Run(context.Background(), tool.Cmd{Argv: []string{testneed.Tool(t, "debugfs"), "-R", ask, path}})
		if err != nil {
			t.Fatal(err)
		}
		if ask == "show_super_stats -h" {
			for _, line := range bytes.Split([]byte(result.Output), []byte("\n")) {
				if bytes.HasPrefix(line, []byte("Filesystem volume name")) {
					text += string(line) + "\n"
				}
			}
			continue
		}
		text += fmt.Sprintf("%s: %x\n", ask, journal.Sum([]byte(result.Output)))
	}
	return text
}
