package ops_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	planfile "shunt/ops/plan"
)

func TestCopies(t *testing.T) {
	swap := part(3, 300*mib, 310*mib, model.Filesystem{Kind: model.Swap, UUID: "s", Label: "sw", Size: 10 * geometry.MiB, BlockSize: 4096})
	fat := part(2, 200*mib, 250*mib, model.Filesystem{Kind: model.FAT32, UUID: "f", Size: 50 * geometry.MiB})
	fat.Type = "0x0c"
	d := mbr(1000*mib, full(1, 100*mib, 200*mib, 10*geometry.MiB), fat, swap)
	for _, tt := range []struct {
		disk  model.Disk
		lines string
		id    model.PartID
		text  string
		line  string
		steps string
		fs    model.Filesystem
		typ   model.PartType
		span  geometry.Span
	}{
		{
			d, "copy 1 at 400MiB", 4, "Copy p1 (ext4, 100 MiB) to p4 at 400 MiB; the copy has the same UUID as p1 until you set a new one",
			"copy 1 at 819200s as=primary\n", "wipe p4, copy ext4 p4, verify ext4 p4", ext4(100*geometry.MiB, 10*geometry.MiB), "0x83", span(400*mib, 500*mib),
		},
		{
			d, "copy 1 at 400MiB size=150MiB", 4, "Copy p1 (ext4, 100 MiB) to p4 at 400 MiB, 150 MiB long; the copy has the same UUID as p1 until you set a new one",
			"copy 1 at 819200s size=150MiB as=primary\n", "wipe p4, copy ext4 p4, check ext4 p4, resize ext4 p4, verify ext4 p4",
			func() model.Filesystem { f := ext4(150*geometry.MiB, 10*geometry.MiB); f.Min = f.Used; return f }(), "0x83", span(400*mib, 550*mib),
		},
		{
			d, "copy 2 at 400MiB size=60MiB", 4, "Copy p2 (fat32, 50.0 MiB) to p4 at 400 MiB, 60.0 MiB long; the copy has the same UUID as p2 until you set a new one",
			"copy 2 at 819200s size=60MiB as=primary\n", "wipe p4, copy fat32 p4, moved fat32 p4, verify fat32 p4", fat.FS, "0x0c", span(400*mib, 460*mib),
		},
		{
			d, "copy 3 at 400MiB", 4, "Copy p3 (swap, 10.0 MiB) to p4 at 400 MiB", "copy 3 at 819200s as=primary\n", "wipe p4, make swap p4",
			model.Filesystem{Kind: model.Swap, Label: "sw", Size: 10 * geometry.MiB, BlockSize: 4096},
			"0x83", span(400*mib, 410*mib),
		},
		{
			d, "copy 2 over 1", 1, "Copy p2 (fat32, 50.0 MiB) over p1 (ext4, 100 MiB); the copy has the same UUID as p2 until you set a new one; its type becomes FAT32 (LBA)",
			"copy 2 over 1\n", "wipe p1, copy fat32 p1, moved fat32 p1, verify fat32 p1", fat.FS, "0x0c", span(100*mib, 200*mib),
		},
		{
			d, "copy 1 at 400MiB from=/other", 4, "Copy p1 (ext4, 50.0 MiB) of /other to p4 at 400 MiB; the copy has the same UUID as p1 until you set a new one",
			"copy 1 at 819200s as=primary from=\"/other\"\n", "wipe p4, copy ext4 p4, verify ext4 p4", ext4(50*geometry.MiB, 20*geometry.MiB), "0x83", span(400*mib, 450*mib),
		},
		{
			d, "delete 1\ncopy 1 over 2 from=/other", 2, "Copy p1 (ext4, 50.0 MiB) of /other over p2 (fat32, 50.0 MiB); its type becomes Linux file system",
			"delete 1\ncopy 1 over 2 from=\"/other\"\n", "wipe p2, copy ext4 p2, verify ext4 p2", ext4(50*geometry.MiB, 20*geometry.MiB), "0x83", span(200*mib, 250*mib),
		},
		{
			chained(), "copy 1 at 301MiB size=98MiB", 0, "", "", "", model.Filesystem{}, "", geometry.Span{},
		},
		{
			gpt(1000 * mib), "copy 1 at 400MiB from=/other", 1, "Copy p1 (ext4, 50.0 MiB) of /other to p1 at 400 MiB", "copy 1 at 819200s from=\"/other\"\n",
			"wipe p1, copy ext4 p1, verify ext4 p1", ext4(50*geometry.MiB, 20*geometry.MiB), "0FC63DAF-8483-4772-8E79-3D69D8477DE4", span(400*mib, 450*mib),
		},
	} {
		q, err := planfile.Parse(strings.NewReader(tt.lines), ops.NewQueue(tt.disk, env()), geometry.AlignMiB)
		if tt.id == 0 {
			if err == nil {
				t.Errorf("%s is not refused", tt.lines)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", tt.lines, err)
		}
		p, _ := q.Preview().Partition(tt.id)
		if p.FS != tt.fs || p.Type != tt.typ || p.Span != tt.span || p.UUID != "" {
			t.Errorf("%s: %+v", tt.lines, p)
		}
		last := q.Len() - 1
		if text := q.Ops()[last].Describe(q.Before(last)).String(); text != tt.text {
			t.Errorf("%s:\n got %s\nwant %s", tt.lines, text, tt.text)
		}
		if line := planfile.Format(q); line != tt.line {
			t.Errorf("%s: %q, want %q", tt.lines, line, tt.line)
		}
		steps, err := q.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if got := stepWords(withoutTable(steps)); got != tt.steps {
			t.Errorf("%s:\n got %s\nwant %s", tt.lines, got, tt.steps)
		}
		clean(t, q.Preview())
		roundTrip(t, q)
	}
}

func TestCopyRefusals(t *testing.T) {
	d := mbr(1000*mib, full(1, 100*mib, 200*mib, 10*geometry.MiB), part(2, 200*mib, 250*mib, model.Filesystem{}))
	four := gpt(1000 * mib)
	four.SectorSize = geometry.Sector4096
	for _, tt := range []struct {
		disk model.Disk
		line string
		want string
	}{
		{d, "copy 1 at 400MiB size=99MiB", "cannot copy p1: 99.0 MiB is too small for it; make it 100 MiB or more"},
		{d, "copy 2 at 400MiB size=49MiB", "cannot copy p2: 49.0 MiB is too small for it; make it 50 MiB or more"},
		{d, "copy 1 over 2", "cannot copy p1 over p2: 50 MiB is too small for it, which needs 100 MiB"},
		{d, "copy 1 over 1", "cannot copy p1 over p1: it is the same partition"},
		{d, "copy 1 at 150MiB", "cannot copy p1: p1 lies at sector 307,200"},
		{d, "copy 1 at 950MiB", "cannot copy p1: it would end 50 MiB behind the last usable sector of the disk; there is room for 50 MiB, and the copy needs 100 MiB"},
		{chained(), "copy 2 at 900MiB", "cannot copy p2: an extended partition holds no data of its own"},
		{chained(), "copy 1 over 2", "cannot copy p1 over p2: an extended partition holds no file system"},
		{four, "copy 1 at 100MiB from=/other", "cannot copy p1: its disk has sectors of 512 bytes and this one of 4096"},
	} {
		_, err := planfile.Parse(strings.NewReader(tt.line), ops.NewQueue(tt.disk, env()), geometry.AlignMiB)
		refused(t, err, tt.want)
	}
	for line, want := range map[string]string{
		"copy 1":                         "plan line 1, column 7: where to copy it is missing: use at or over",
		"copy 1 to 5MiB":                 `plan line 1, column 8: "to" is not a way to copy: use at or over`,
		"copy 1 at 400MiB fs=x":          `plan line 1, column 18: "fs=x" is not a property of a copy: use size=, as= or from=`,
		"copy 1 at 400MiB as=extended":   `plan line 1, column 18: "extended" is not a role of a copy: use primary or logical`,
		"copy 2 at 400MiB from=/other":   "plan line 1, column 18: copy from /other: there is no partition 2",
		"copy x at 400MiB from=/other":   `plan line 1, column 6: "x" is not the number of a partition there: use a number`,
		"copy 1 over 2 from=/other more": `plan line 1, column 27: "more" is not expected here: use nothing more, or start a comment with #`,
	} {
		_, err := planfile.Parse(strings.NewReader(line), ops.NewQueue(d, env()), geometry.AlignMiB)
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", line, err, want)
		}
	}
}
