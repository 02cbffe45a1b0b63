package ops_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func TestResizeEntry(t *testing.T) {
	t.Parallel()
	fs := func(size geometry.Sector) model.Filesystem { return ext4(geometry.Sector512.Bytes(size), geometry.MiB) }
	d := mbr(1000*mib, part(1, mib, 101*mib, fs(80*mib)), part(2, 201*mib, 301*mib, model.Filesystem{Used: -1, Trait: model.Unread}))
	for _, c := range []struct{ line, says, warns string }{
		{"resize 1 to 150MiB entry-only", "Set the entry of p1 to 150 MiB, 50 MiB longer; its ext4 is not resized", ""},
		{"resize 1 +100MiB entry-only", "Set the entry of p1 to 200 MiB, 100 MiB longer; its ext4 is not resized", ""},
		{"resize 1 to 80MiB entry-only", "Set the entry of p1 to 80.0 MiB, 20 MiB shorter; its ext4 is not resized and fits", ""},
		{
			"resize 1 by -163838s entry-only", "Set the entry of p1 to 20.0 MiB, 80.0 MiB shorter; its ext4 is not resized and is 60.0 MiB longer than the partition",
			"Ends before its file system does: p1 (ext4, by 60.0 MiB). It cannot be used",
		},
		{
			"resize 2 to 1s entry-only", "Set the entry of p2 to 512 B, 100 MiB shorter; what is in it stays as it is",
			"Cuts off the end of p2 (unknown, how much is not known, by 100 MiB). Shunt does not know what lies there",
		},
	} {
		q := plan(t, d, c.line)
		op := q.Ops()[0]
		was, _ := d.Partition(op.Part())
		now, _ := q.Preview().Partition(op.Part())
		if now.FS != was.FS || now.Span.Start != was.Span.Start || now.Span.Len() == was.Span.Len() {
			t.Errorf("%s: it became %+v", c.line, now)
		}
		steps, err := q.Compile()
		if err != nil || len(steps) != 1 || steps[0].Kind != ops.StepWriteTable {
			t.Errorf("%s: steps %v, %v", c.line, steps, err)
		}
		if got := op.Describe(d).String(); got != c.says {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.says)
		}
		if got := strings.Join(q.Consequences(), "\n"); !strings.Contains(got, c.warns) || c.warns == "" && got != "" {
			t.Errorf("%s: consequences %q", c.line, got)
		}
	}
	// What was cut is protected, and has its room back by growing.
	cut := plan(t, d, "resize 1 to 20MiB entry-only")
	for line, want := range map[string]string{
		"new 10MiB at 30MiB":            "cannot create a partition: the ext4 of p1 goes on there",
		"resize 1 to 10MiB entry-only":  "goes on there",
		"resize 1 to 30MiB":             "its ext4 is longer than that",
		"resize 1 to 201MiB entry-only": "cannot resize the entry of p1: p2 starts 180 MiB behind it; it can grow by at most 180 MiB",
	} {
		if _, err := cut.Stage(parsed(t, cut, line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
	if back := plan(t, cut.Preview(), "grow 1").Preview(); len(back.Problems()) != 0 {
		t.Error(back.Problems())
	}
	for _, c := range []struct {
		disk model.Disk
		op   ops.ResizeEntry
		want string
	}{
		{d, ops.ResizeEntry{ID: 1, Len: 100 * mib}, "cannot resize the entry of p1: it would stay exactly as it is"},
		{d, ops.ResizeEntry{ID: 1}, "cannot resize the entry of p1: no sector would be left"},
		{chained(), ops.ResizeEntry{ID: 2, Len: 900 * mib}, "cannot resize the entry of p2: it is nothing but an entry: resize it"},
		{occupied(d, 1, model.Use{Kind: model.Mounted, Place: "/m"}), ops.ResizeEntry{ID: 1, Len: mib}, "cannot resize the entry of p1: it is mounted at /m: unmount it first"},
	} {
		_, err := ops.NewQueue(c.disk, env()).Stage(c.op)
		refused(t, err, c.want)
	}
}

// parsed is the operation of a line, staged or not.
func parsed(t *testing.T, q ops.Queue, line string) ops.Operation {
	t.Helper()
	d := q.Preview()
	p, _ := d.Partition(1)
	switch words := strings.Fields(line); {
	case words[0] == "new":
		return ops.New{ID: q.NextID(), At: 30 * mib, Len: 10 * mib, Role: model.Primary, Type: "0x83"}
	case len(words) == 5:
		b, err := geometry.ParseSize(words[3], d.SectorSize)
		if err != nil {
			t.Fatal(err)
		}
		return ops.ResizeEntry{ID: p.ID, Len: d.SectorSize.Up(b)}
	}
	return ops.MoveResize{ID: p.ID, Len: 30 * mib}
}
