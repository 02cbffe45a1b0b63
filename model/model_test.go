package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
)

const mib = 2048 // sectors of 512 bytes

// mbr is a disk of 1000 MiB with the given partitions; IDs are numbers unless set.
func mbr(parts ...Partition) Disk {
	for i := range parts {
		if parts[i].ID == 0 {
			parts[i].ID = PartID(parts[i].Number)
		}
	}
	return New(Disk{
		SectorSize: geometry.Sector512, Sectors: 1000 * mib,
		Table: Table{Kind: TableMBR, Usable: geometry.Span{Start: 1, End: 1000 * mib}, Slots: 4},
	}, parts, nil)
}

func gpt(parts ...Partition) Disk {
	d := mbr(parts...)
	d.Table = Table{Kind: TableGPT, Usable: geometry.Span{Start: 34, End: d.Sectors - 33}, Slots: 128}
	return d
}

func primary(n int, start, end geometry.Sector) Partition {
	return Partition{Number: n, Span: geometry.Span{Start: start, End: end}, Type: "0x83"}
}

func extended(n int, start, end geometry.Sector) Partition {
	p := primary(n, start, end)
	p.Role, p.Type = Extended, MBRExtendedLBA
	return p
}

func logical(n int, ebr, start, end geometry.Sector) Partition {
	p := primary(n, start, end)
	p.Role, p.EBR = Logical, ebr
	return p
}

func chained() Disk {
	return mbr(
		primary(1, mib, 100*mib),
		extended(2, 100*mib, 900*mib),
		logical(5, 100*mib, 101*mib, 200*mib),
		logical(6, 200*mib, 201*mib, 300*mib),
		logical(7, 400*mib, 401*mib, 500*mib),
	)
}

func TestCheckAcceptsSoundDisks(t *testing.T) {
	for name, d := range map[string]Disk{
		"empty mbr":     mbr(),
		"empty gpt":     gpt(),
		"chained":       chained(),
		"touching":      mbr(primary(1, 1, 10), primary(4, 10, 1000*mib)),
		"usable edges":  gpt(primary(128, 34, 1000*mib-33)),
		"no table":      New(Disk{SectorSize: 4096, Sectors: 1}, nil, nil),
		"tight ebr":     mbr(extended(1, 1, 100), logical(5, 1, 2, 50), logical(6, 50, 51, 100)),
		"chain swapped": mbr(extended(1, 10, 100), logical(5, 10, 60, 100), logical(6, 11, 12, 50)),
	} {
		if got := Check(d); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCheckFindsWhatIsBroken(t *testing.T) {
	stray := primary(1, mib, 2*mib)
	stray.EBR = 5
	badSize := mbr()
	badSize.SectorSize = 1024
	usable := mbr()
	usable.Table.Usable.End++
	huge := mbr(primary(1, 1, 1<<32))
	huge.Sectors, huge.Table.Usable.End = 1<<33, 1<<33
	twin := mbr(primary(1, 10, 20), primary(2, 20, 30))
	twin = twin.WithPartitions([]Partition{twin.Partitions()[0], twin.Partitions()[0]})
	tests := []struct {
		name string
		disk Disk
		want []string // one per problem expected, part of its text
	}{
		{"overlap", mbr(primary(1, 10, 20), primary(2, 19, 30)), []string{"overlap"}},
		{"ends at start", mbr(primary(1, 10, 10)), []string{"starts behind that"}},
		{"before usable", gpt(primary(1, 33, 100)), []string{"outside the range"}},
		{"behind usable", gpt(primary(1, 34, 1000*mib-32)), []string{"outside the range"}},
		{"slot 5", mbr(primary(5, 10, 20)), []string{"outside the 4 slots"}},
		{"slot 0", gpt(primary(0, 40, 50)), []string{"outside the 128 slots"}},
		{"slot 129", gpt(primary(129, 40, 50)), []string{"outside the 128 slots"}},
		{"twice", twin, []string{"identity 1", "number 1", "overlap"}},
		{"two extended", mbr(extended(1, 10, 20), extended(2, 20, 30)), []string{"2 extended"}},
		{"orphan", mbr(logical(5, 10, 11, 20)), []string{"no extended"}},
		{"gpt roles", gpt(extended(1, 40, 50)), []string{"extended, which a GPT does not have"}},
		{"number hole", mbr(extended(1, 10, 90), logical(6, 10, 20, 30)), []string{"none has the number 5"}},
		{"logical outside", mbr(extended(1, 10, 30), logical(5, 10, 20, 31)), []string{"not inside the extended"}},
		{"primary inside", mbr(extended(1, 10, 30), primary(2, 15, 20)), []string{"overlap"}},
		{"first ebr", mbr(extended(1, 10, 30), logical(5, 11, 20, 30)), []string{"not the first sector"}},
		{"ebr is start", mbr(extended(1, 10, 30), logical(5, 10, 10, 30)), []string{"not before it"}},
		{"ebr outside", mbr(extended(1, 10, 90), logical(5, 10, 20, 30), logical(6, 9, 40, 50)), []string{"not before it"}},
		{"ebr in data", mbr(extended(1, 10, 90), logical(5, 10, 20, 30), logical(6, 29, 40, 50)), []string{"lies inside p5"}},
		{"ebr shared", mbr(extended(1, 10, 90), logical(5, 10, 20, 30), logical(6, 10, 40, 50)), []string{"same boot record"}},
		{"ebr of primary", mbr(stray), []string{"primary but has a boot record"}},
		{"sector size", badSize, []string{"neither 512 nor 4096"}},
		{"usable", usable, []string{"does not lie on the disk"}},
		{"32 bits", huge, []string{"2^32 sectors an MBR can address"}},
		{"no table", New(Disk{SectorSize: 512, Sectors: 100}, []Partition{primary(1, 10, 20)}, nil), []string{"no partition table"}},
		{"no sectors", New(Disk{SectorSize: 512}, nil, nil), []string{"no sectors"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Check(tt.disk)
			if len(got) != len(tt.want) {
				t.Fatalf("problems %v, want %d", got, len(tt.want))
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i].Text, want) {
					t.Errorf("problem %q, want %q in it", got[i].Text, want)
				}
			}
		})
	}
}

func TestCheckMBRLength(t *testing.T) {
	d := mbr()
	d.Sectors = 1 << 33
	d.Table.Usable.End = 1 << 32
	for length, ok := range map[geometry.Sector]bool{1<<32 - 1: true, 1 << 32: false} {
		p := primary(1, 0, 0)
		p.Span = geometry.SpanOf(1, length)
		p.ID = 1
		problems := Check(d.With(p))
		if (len(problems) == 0) != ok {
			t.Errorf("length %d: %v", length, problems)
		}
	}
}

func TestRechain(t *testing.T) {
	tests := []struct {
		name string
		disk Disk
		want string
	}{
		{"kept", chained(), "5:204800 6:409600 7:819200"},
		{"first deleted", chained().Without(5), "5:204800 6:819200"},
		{"middle deleted", chained().Without(6), "5:204800 6:819200"},
		{"last deleted", chained().Without(7), "5:204800 6:409600"},
		{"ebr grown over", chained().With(Partition{ID: 5, Number: 5, Role: Logical, EBR: 100 * mib, Span: geometry.Span{Start: 101 * mib, End: 201*mib - 2}}), "5:204800 6:411646 7:819200"},
		{"1 MiB before", chained().With(Partition{ID: 6, Number: 6, Role: Logical, EBR: 1, Span: geometry.Span{Start: 300 * mib, End: 350 * mib}}), "5:204800 6:612352 7:819200"},
		{"less than 1 MiB", mbr(extended(1, 10, 9000), logical(5, 10, 12, 100), logical(6, 0, 150, 200)), "5:10 6:100"},
		{"first ebr reserved", mbr(extended(1, 10, 9000), logical(5, 10, 500, 600), logical(6, 10, 12, 200)), "5:10 6:11"},
		{"primaries only", mbr(primary(1, 10, 20)), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Rechain(tt.disk)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range d.Logicals() {
				got = append(got, fmt.Sprintf("%d:%d", p.Number, p.EBR))
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("chain %q, want %q", s, tt.want)
			}
			if problems := Check(d); len(problems) != 0 {
				t.Errorf("problems %v", problems)
			}
			again, err := Rechain(d)
			if err != nil || !slices.Equal(again.Partitions(), d.Partitions()) {
				t.Errorf("not stable: %v, %v", again.Partitions(), err)
			}
		})
	}
}

func TestRechainWithoutRoom(t *testing.T) {
	for name, d := range map[string]Disk{
		"no sector":   mbr(extended(1, 10, 90), logical(5, 10, 20, 30), logical(6, 29, 30, 50)),
		"at start":    mbr(extended(1, 10, 90), logical(5, 10, 10, 30)),
		"no extended": mbr(logical(5, 10, 20, 30)),
		"outside":     mbr(extended(1, 10, 90), logical(5, 10, 80, 91)),
	} {
		if _, err := Rechain(d); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func show(rows []Row) string {
	var words []string
	for _, r := range rows {
		name := r.Partition.Ref()
		switch r.Kind {
		case RowGap:
			name = "gap"
		case RowWhole:
			name = "whole"
		case RowRest:
			name = "rest of " + name
		case RowPartition:
		}
		if r.Nested {
			name = "(" + name + ")"
		}
		words = append(words, fmt.Sprintf("%s[%d,%d)", name, r.Span.Start, r.Span.End))
	}
	return strings.Join(words, " ")
}

func TestRows(t *testing.T) {
	tests := []struct {
		name   string
		disk   Disk
		detail Detail
		want   string
	}{
		{"empty mbr", mbr(), Readable, "gap[1,2048000)"},
		{"no table", New(Disk{SectorSize: 512, Sectors: 100}, nil, nil), Readable, "whole[0,100)"},
		{"small hidden", mbr(primary(1, 2048, 10000), primary(2, 12047, 2048000)), Readable, "p1[2048,10000) p2[12047,2048000)"},
		{"1 MiB shown", mbr(primary(1, 2048, 10000), primary(2, 12048, 2048000)), Readable, "p1[2048,10000) gap[10000,12048) p2[12048,2048000)"},
		{"all", mbr(primary(1, 2048, 10000), primary(2, 10001, 2048000)), Everything, "gap[1,2048) p1[2048,10000) gap[10000,10001) p2[10001,2048000)"},
		{"by position", gpt(primary(2, 2048, 4096), primary(1, 4096, 2000000)), Readable, "p2[2048,4096) p1[4096,2000000) gap[2000000,2047967)"},
		{"chained", chained(), Readable, "p1[2048,204800) p2[204800,1843200) (p5)[206848,409600) (p6)[411648,614400) (gap)[614400,821248) (p7)[821248,1024000) (gap)[1024000,1843200) gap[1843200,2048000)"},
		{"empty extended", mbr(extended(1, 2048, 20480), primary(2, 20480, 2048000)), Readable, "p1[2048,20480) (gap)[2048,20480) p2[20480,2048000)"},
		{"gap between tops", mbr(primary(1, 20480, 2048000), extended(2, 4096, 10240)), Everything, "gap[1,4096) p2[4096,10240) (gap)[4096,10240) gap[10240,20480) p1[20480,2048000)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := show(Rows(tt.disk, tt.detail)); got != tt.want {
				t.Errorf("rows %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWithSectors(t *testing.T) {
	g := gpt()
	padded := gpt()
	padded.Table.Usable.End = padded.Sectors - 40
	stale := gpt()
	stale.Sectors *= 3
	wide := gpt()
	wide.Table.Slots, wide.Table.EntrySize, wide.Table.Usable.End = 256, 256, wide.Sectors-129
	four := gpt()
	four.SectorSize, four.Table.Usable.End = 4096, four.Sectors-5
	tests := []struct {
		name string
		disk Disk
		to   geometry.Sector
		want geometry.Sector
	}{
		{"mbr", mbr(), 5000 * mib, 5000 * mib},
		{"mbr 2^32", mbr(), 1 << 32, 1 << 32},
		{"mbr beyond 2^32", mbr(), 1<<32 + 1, 1 << 32},
		{"gpt grown by a sector", g, g.Sectors + 1, g.Sectors + 1 - 33},
		{"gpt shrunk", g, 500 * mib, 500*mib - 33},
		{"gpt with padding", padded, 500 * mib, 500*mib - 40},
		{"gpt on a disk that grew before", stale, 5000 * mib, 5000*mib - 33},
		{"gpt with large entries", wide, 5000 * mib, 5000*mib - 129},
		{"gpt 4096", four, 5000 * mib, 5000*mib - 5},
		{"none", New(Disk{SectorSize: 512, Sectors: 5}, nil, nil), 9, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.disk.WithSectors(tt.to)
			if d.Sectors != tt.to || d.Table.Usable.End != tt.want {
				t.Errorf("%d sectors, usable to %d; want %d, %d", d.Sectors, d.Table.Usable.End, tt.to, tt.want)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	for _, kind := range []TableKind{TableMBR, TableGPT} {
		for _, word := range TypeAliases(kind) {
			code, ok := TypeByAlias(kind, word)
			if !ok || code == "" || TypeName(kind, code) == string(code) {
				t.Errorf("%s %s: %q, %t, %q", kind, word, code, ok, TypeName(kind, code))
			}
			if again, ok := TypeByAlias(kind, strings.ToLower(string(code))); !ok || again != code {
				t.Errorf("%s %s: code %s reads back as %s", kind, word, code, again)
			}
		}
	}
	for _, tt := range []struct {
		kind  TableKind
		alias string
		want  PartType
	}{
		{TableMBR, "esp", "0xef"},
		{TableGPT, "esp", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"},
		{TableMBR, "LINUX", "0x83"},
		{TableMBR, "0xAB", "0xab"},
		{TableMBR, "bios-boot", ""},
		{TableGPT, "bios-boot", BIOSBoot},
		{TableGPT, "0x83", ""},
		{TableMBR, "", ""},
		{TableMBR, "0x8g", ""},
		{TableMBR, "0x083", ""},
		{TableGPT, "0fc63daf-8483-4772-8e79-3d69d8477dez", ""},
		{TableNone, "linux", ""},
	} {
		if got, ok := TypeByAlias(tt.kind, tt.alias); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %q: %q, %t", tt.kind, tt.alias, got, ok)
		}
	}
	for code, want := range map[PartType]string{
		"0x83": "Linux file system", "0x0f": "Extended (LBA)", "0x99": "0x99", "": "unknown", "0x07": "NTFS or exFAT",
	} {
		if got := TypeName(TableMBR, code); got != want {
			t.Errorf("name of %q: %q", code, got)
		}
	}
	if got := TypeName(TableGPT, "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"); got != "Basic data" {
		t.Errorf("name of basic data: %q", got)
	}
	if got := DefaultType(TableMBR, Extended, Unformatted); got != MBRExtendedLBA || !IsExtendedType(got) {
		t.Errorf("extended: %q", got)
	}
	if got := DefaultType(TableMBR, Logical, FAT32); got != "0x0c" {
		t.Errorf("fat32: %q", got)
	}
}

func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		kind TableKind
		p    Partition
		want string
	}{
		{TableMBR, Partition{Type: "0x83", Active: true}, "boot"},
		{TableMBR, Partition{Type: "0x1c"}, "hidden lba"},
		{TableMBR, Partition{Type: "0xef", Active: true}, "boot esp"},
		{TableMBR, Partition{Type: "0x0f"}, "lba"},
		{TableGPT, Partition{Type: BIOSBoot, Attributes: 1<<2 | 1}, "legacy_boot required bios_grub"},
		{TableGPT, Partition{Type: "0FC63DAF-8483-4772-8E79-3D69D8477DE4", Attributes: 1 << 63, Active: true}, "no_automount"},
		{TableNone, Partition{Active: true}, ""},
	} {
		if got := strings.Join(Flags(tt.kind, tt.p), " "); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.p, got, tt.want)
		}
	}
}

// A Disk handed out is not changed by what its user does to the slices.
func TestDiskIsImmutable(t *testing.T) {
	parts := []Partition{primary(1, 10, 20)}
	problems := []Problem{{Text: "odd"}}
	d := New(Disk{SectorSize: 512, Sectors: 100}, parts, problems)
	parts[0].Number, problems[0].Text = 9, "mangled"
	d.Partitions()[0].Number, d.Problems()[0].Text = 9, "mangled"
	_ = d.With(Partition{ID: 0, Number: 9})
	_ = d.Without(0)
	if d.Partitions()[0].Number != 1 || d.Problems()[0].Text != "odd" {
		t.Errorf("changed: %v %v", d.Partitions(), d.Problems())
	}
}
