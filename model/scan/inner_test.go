package scan

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

// innerImages are disks of 64 MiB with a table inside p1, which has sectors 2048 to 43007. Those of BSD and Minix are made
// by foreign programs. None here makes the others, so edit writes them; partx judges all.
var innerImages = []struct {
	name, make string
	edit       func(b []byte) // of the first 512 sectors of p1
	table      string
	trait      model.Trait
	alone      bool // partx looks for it at the wrong place
}{
	{
		name: "BSD",
		make: "printf 'start=2048,size=40960,type=a5\nstart=43008,size=20480\n' | sfdisk -q $IMG; " +
			`printf 'b\ny\nn\na\n\n+4M\nn\nb\n12288\n+4M\nt\na\n7\nt\nb\n1\nw\n' | fdisk $IMG`,
		table: "BSD disklabel", trait: model.Anchored,
	},
	{
		name: "BSD that counts from the partition, as FreeBSD does today",
		make: "printf 'start=2048,size=40960,type=a5\n' | sfdisk -q $IMG; " +
			`printf 'b\ny\nn\na\n\n+4M\nn\nb\n12288\n+4M\nt\na\n7\nt\nb\n1\nw\n' | fdisk $IMG`,
		edit: func(b []byte) {
			for i := range 3 {
				at := 512 + 148 + 16*i + 4
				le.PutUint32(b[at:], le.Uint32(b[at:])-2048)
			}
			le.PutUint16(b[512+136:], 0)
			sum := uint16(0)
			for i := 512; i < 512+148+16*16; i += 2 {
				sum ^= le.Uint16(b[i:])
			}
			le.PutUint16(b[512+136:], sum)
		},
		table: "BSD disklabel", trait: model.Divided,
	},
	{
		name: "Minix",
		make: "printf 'start=2048,size=40960,type=81\n' | sfdisk -q $IMG; truncate -s 64M in; " +
			"printf 'start=2112,size=8192,type=81\nstart=12288,size=20480,type=81\n' | sfdisk -q in; dd if=in of=$IMG bs=512 count=1 seek=2048 conv=notrunc",
		table: "Minix table", trait: model.Anchored,
	},
	{
		name: "Solaris", make: "printf 'start=2048,size=40960,type=82\n' | sfdisk -q $IMG",
		edit: func(b []byte) {
			l := b[512:]
			le.PutUint32(l[12:], vtocMagic)
			le.PutUint32(l[16:], 1)
			le.PutUint16(l[28:], 512)
			le.PutUint16(l[30:], 16)
			vtocEntries(l[72:], 0, [3]uint32{2, 64, 8192}, [3]uint32{3, 16384, 4096}, [3]uint32{5, 0, 40960})
		},
		table: "Solaris table", trait: model.Divided,
	},
	{
		name: "UnixWare", make: "printf 'start=2048,size=40960,type=63\n' | sfdisk -q $IMG",
		edit: func(b []byte) {
			l := b[29*512:]
			le.PutUint32(l[4:], 0xCA5E600D)
			le.PutUint32(l[156:], vtocMagic)
			le.PutUint32(l[160:], 1)
			le.PutUint16(l[172:], 16)
			vtocEntries(l[216:], 0x0200, [3]uint32{5, 2048, 40960}, [3]uint32{2, 2112, 8192}, [3]uint32{3, 20480, 4096})
		},
		table: "UnixWare table", trait: model.Anchored, alone: true,
	},
}

// vtocEntries writes entries of a table of System V: tag, start and number of sectors.
func vtocEntries(b []byte, flags uint16, entries ...[3]uint32) {
	for i, e := range entries {
		binary.LittleEndian.PutUint16(b[12*i:], uint16(e[0]))
		binary.LittleEndian.PutUint16(b[12*i+2:], flags)
		binary.LittleEndian.PutUint32(b[12*i+4:], e[1])
		binary.LittleEndian.PutUint32(b[12*i+8:], e[2])
	}
}

// TestInnerTables compares the parts of partitions with those that partx finds.
func TestInnerTables(t *testing.T) {
	testneed.Tool(t, "partx")
	for _, c := range innerImages {
		t.Run(c.name, func(t *testing.T) {
			path := oracle.Image(t, 64, c.make)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }() // what was written is read through the same file
			if c.edit != nil {
				b := make([]byte, 512*512)
				if _, err := f.ReadAt(b, mib); err != nil {
					t.Fatal(err)
				}
				c.edit(b)
				if _, err := f.WriteAt(b, mib); err != nil {
					t.Fatal(err)
				}
			}
			d, err := Scan(f, 64*mib, geometry.Sector512)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for p := range d.Each() {
				got = append(got, fmt.Sprintf("%d %d", p.Span.Start, p.Span.Len()))
			}
			p, _ := d.ByNumber(1)
			for s := range d.Slices(p) {
				got = append(got, fmt.Sprintf("%d %d", s.Span.Start, s.Span.Len()))
				if s.Table != c.table {
					t.Errorf("%+v", s)
				}
			}
			if p.FS.Trait != c.trait || !strings.Contains(p.FS.Notes, c.table) {
				t.Errorf("trait %d, %q", p.FS.Trait, p.FS.Notes)
			}
			if c.alone {
				if want := []string{"2048 40960", "2112 8192", "20480 4096"}; !slices.Equal(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
				return
			}
			want := strings.Split(strings.TrimSpace(testneed.Shell(t, ".", "partx -g -r -o START,SECTORS "+path)), "\n")
			if len(got) < 3 || !slices.Equal(got, want) {
				t.Errorf("%q, but partx finds %q", got, want)
			}
			p.Span = geometry.SpanOf(2049, 40960)
			for range d.With(p).Slices(p) {
				t.Error("the parts of a partition that has moved")
			}
		})
	}
}
