package ops_test

import (
	"strconv"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/dump"
	"shunt/ops"
	planfile "shunt/ops/plan"
)

// saved is the dump of a disk with some lines changed.
func saved(t *testing.T, d model.Disk, changes ...string) dump.Table {
	t.Helper()
	text := strings.NewReplacer(changes...).Replace(dump.Of(d).String())
	table, err := dump.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return table
}

// What lies at the same place stays the same partition, also under another number. What appears is what lies there, as far as that
// is known.
func TestRestore(t *testing.T) {
	t.Parallel()
	d := chained()
	found := model.Filesystem{Kind: model.XFS, Label: "found"}
	e := env()
	e.Contents = func(geometry.Span) model.Filesystem { return found }
	logicals := d.Logicals()
	less := stage(t, ops.NewQueue(d, e), ops.Delete{ID: logicals[0].ID}).Preview()

	// Back to what it was: the deleted partition appears, and the others have their numbers again.
	q := ops.NewQueue(less, e)
	q = stage(t, q, ops.NewRestore(q, saved(t, d)))
	back, _ := q.Preview().ByNumber(logicals[0].Number)
	if back.Span != logicals[0].Span || back.FS != found || back.ID != q.Initial().Logicals()[len(logicals)-2].ID+1 {
		t.Errorf("it came back as %+v", back)
	}
	for _, p := range less.Partitions() {
		now, ok := q.Preview().Partition(p.ID)
		want, _ := d.Partition(p.ID)
		if !ok || now.FS != p.FS || now.Span != p.Span || now.Number != want.Number {
			t.Errorf("%s became %+v", p.Ref(), now)
		}
	}
	if got := q.Ops()[0].Describe(less).String(); !strings.HasPrefix(got, "Restore the partition table (MBR): p5 (xfs, ") || !strings.Contains(got, " appears; p5 becomes p6") {
		t.Errorf("it is described as %q", got)
	}
	// After another edit nobody knows what lies there.
	q = stage(t, ops.NewQueue(less, e), ops.SetLabel{ID: 1, Label: "x"})
	q = stage(t, q, ops.NewRestore(q, saved(t, d)))
	if back, _ = q.Preview().ByNumber(logicals[0].Number); back.FS.Word() != model.UnknownWord {
		t.Errorf("after another edit it is %+v", back.FS)
	}
	if next := q.NextID(); next <= back.ID {
		t.Errorf("the next identity is %d, and %d is taken", next, back.ID)
	}
	// And away: what vanishes is named.
	q = ops.NewQueue(d, e)
	q = stage(t, q, ops.NewRestore(q, saved(t, less)))
	if got := strings.Join(q.Consequences(), "\n"); !strings.Contains(got, "Deletes everything in p5 ") {
		t.Errorf("the consequences are %q", got)
	}
}

// What an edit of the same plan overwrites or moves away does not come back with its entry.
func TestRestoreAfterEdits(t *testing.T) {
	t.Parallel()
	d := mbr(1000*mib, full(1, 100*mib, 200*mib, 10*geometry.MiB))
	table := saved(t, d)
	const where = "cannot restore the partition table: operation "
	const instead = "; restore it first, or in a plan of its own"
	for lines, want := range map[string]string{
		"move 1 right 300MiB":                             where + "1 of this plan moves away what lies there" + instead,
		"format 1 fs=ext4\ndelete 1":                      where + "1 of this plan writes there" + instead,
		"delete 1\nnew 20MiB at 110MiB fs=ext4":           where + "2 of this plan writes there" + instead,
		"delete 1\nimage size 150MiB\nimage size 1000MiB": where + "2 of this plan writes there" + instead,
		"delete 1":                    "",
		"new 20MiB at 300MiB fs=ext4": "",
		"new 20MiB at 300MiB\nmove 1 right 20MiB\nmove 1 left 20MiB": "",
	} {
		q := plan(t, d, strings.Split(lines, "\n")...)
		_, err := q.Stage(ops.NewRestore(q, table))
		switch {
		case want != "":
			refused(t, err, want)
		case err != nil:
			t.Errorf("%s: %v", lines, err)
		}
	}
}

// Over a damaged table every partition appears anew. What comes back at its place is not lost; what does not, or is shorter, is.
func TestRestoreDamaged(t *testing.T) {
	t.Parallel()
	whole := gpt(1000*mib, full(1, mib, 100*mib, geometry.MiB), full(2, 200*mib, 300*mib, geometry.MiB))
	damaged := model.New(whole, whole.Partitions(), []model.Problem{{Severity: model.Fatal, Text: "the first copy is damaged", InTable: true}})
	for name, c := range map[string]struct {
		table dump.Table
		then  []string
		lost  string
	}{
		"all":             {saved(t, whole), nil, ""},
		"without p2":      {saved(t, whole.Without(2)), nil, "p2 ("},
		"and formatted":   {saved(t, whole), []string{"format 2 fs=ext4"}, "p2 ("},
		"shorter than p1": {saved(t, whole, "size="+pad(99*mib), "size="+pad(50*mib)), nil, "p1 ("},
	} {
		q := ops.NewQueue(damaged, env())
		q = stage(t, q, ops.NewRestore(q, c.table))
		for _, line := range c.then {
			var err error
			if q, err = planfile.Parse(strings.NewReader(line), q, geometry.AlignMiB); err != nil {
				t.Fatal(err)
			}
		}
		got := strings.Join(q.Consequences(), "\n")
		if lost := strings.Contains(got, "Deletes everything"); lost != (c.lost != "") || lost && !strings.Contains(got, "Deletes everything in "+c.lost) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A shorter entry leaves the file system as it is, and that is said.
func TestRestoreShorter(t *testing.T) {
	t.Parallel()
	d := founding()
	p, _ := d.ByNumber(2)
	q := ops.NewQueue(d, env())
	q = stage(t, q, ops.NewRestore(q, saved(t, d, "size="+pad(p.Span.Len()), "size="+pad(p.Span.Len()-2048))))
	now, _ := q.Preview().Partition(p.ID)
	if now.Span.Len() != p.Span.Len()-2048 || now.FS != p.FS {
		t.Errorf("it became %+v", now)
	}
	if got := strings.Join(q.Consequences(), "\n"); !strings.Contains(got, "Ends before its file system does: p2 (ext4, by 1021 KiB)") {
		t.Errorf("the consequences are %q", got)
	}
}

// touching is p6 of a disk, beginning where p5 ends.
func touching(d model.Disk) model.Partition {
	p, _ := d.ByNumber(5)
	q, _ := d.ByNumber(6)
	q.Span.Start = p.Span.End
	return q
}

// firstStart is how a dump begins with a partition.
func firstStart(d model.Disk, number int) string {
	p, _ := d.ByNumber(number)
	return "p" + strconv.Itoa(number) + " : start=" + pad(p.Span.Start)
}

func pad(n geometry.Sector) string {
	text := strconv.Itoa(int(n))
	return strings.Repeat(" ", max(0, 12-len(text))) + text
}

func TestRestoreRefusals(t *testing.T) {
	t.Parallel()
	d, g := founding(), gpt(1000*mib)
	for _, c := range []struct {
		name string
		disk model.Disk
		dump dump.Table
		want string
	}{
		{"nothing changes", d, saved(t, d), "cannot restore the partition table: the disk has exactly this table"},
		{
			"other sectors", d, saved(t, d, "sector-size: 512", "sector-size: 4096"),
			"cannot restore the partition table: it is for sectors of 4096 bytes, and the disk has sectors of 512",
		},
		{
			"overlap", d, saved(t, d, "p2 : start=      988033", "p2 : start=      900000"),
			"cannot restore the partition table: p1 at sectors 63-988,032 and p2 at sectors 900,000-1,890,334 overlap",
		},
		{
			"longer disk", d.WithSectors(1000000).Without(2), saved(t, d),
			"cannot restore the partition table: its partitions reach up to sector 1,978,367 and need a disk of 1,978,368 sectors; this one has " +
				"1,000,000; first enlarge the image to 1,978,368 sectors",
		},
		{
			"longer disk for a GPT", g.WithSectors(1000000), saved(t, g),
			"cannot restore the partition table: it lets partitions reach up to sector 2,047,966 and need a disk of 2,048,000 sectors; this one has " +
				"1,000,000; first enlarge the image to 2,048,000 sectors",
		},
		{
			"no room for a boot record", chained(), saved(t, chained(), firstStart(chained(), 6), firstStart(chained().With(touching(chained())), 6)),
			"cannot restore the partition table: p6 has no free sector in front of it for its boot record: p5 reaches up to it",
		},
		{
			"a hole in the logical ones", chained(), saved(t, chained(), "p6 :", "p8 :"),
			"cannot restore the partition table: it has a logical partition 8, and they are numbered from 5 on without holes",
		},
		{
			"no type", d, saved(t, d, "type=83", "type=ee"),
			"cannot restore the partition table: p1: type 0xee does not stand for a partition",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := ops.NewQueue(c.disk, env())
			_, err := q.Stage(ops.NewRestore(q, c.dump))
			refused(t, err, c.want)
		})
	}
}
