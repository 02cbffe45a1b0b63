package table

import (
	"bytes"
	"strings"
	"testing"

	"github.com/diskfs/go-diskfs/partition/mbr"

	"shunt/geometry"
	"shunt/model"
)

// stick is the founding example: two partitions on 966 MiB, the first from sector 63 on, made by an old fdisk
// that ended partitions with cylinders of 255 heads and 63 sectors.
func stick(t testing.TB) image {
	t.Helper()
	img := newImage(t, 966*mib)
	img.sfdisk("label: dos\nlabel-id: 0xdeadbeef\nstart=63, size=987966, type=83, bootable\nstart=988029, size=989000, type=83\n")
	junk := bytes.Repeat([]byte{0xB0}, 440)
	img.write(0, junk)
	img.write(444, []byte{0x5A, 0x5A})
	return img
}

// slotBytes are bytes of a slot of sector 0.
func slotBytes(slot, from, to int) change {
	return change{mbrEntries + slot*16 + from, mbrEntries + slot*16 + to}
}

func TestMBREditChangesOnlyItsFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		edit    func(t *testing.T, d model.Disk) model.Disk
		allowed []change
	}{
		{"grow image", func(t *testing.T, d model.Disk) model.Disk { return d.WithSectors(d.Sectors + 4194304) }, nil},
		{"grow p1", func(t *testing.T, d model.Disk) model.Disk {
			return resized(t, moved(t, d, 2, 1024), 1, 1024)
		}, []change{slotBytes(0, 5, 8), slotBytes(0, 12, 16), slotBytes(1, 1, 4), slotBytes(1, 5, 8), slotBytes(1, 8, 12)}},
		{
			"move p2 by a sector", func(t *testing.T, d model.Disk) model.Disk { return moved(t, d, 2, 1) },
			[]change{slotBytes(1, 1, 4), slotBytes(1, 5, 8), slotBytes(1, 8, 12)},
		},
		{
			"shrink p2", func(t *testing.T, d model.Disk) model.Disk { return resized(t, d, 2, -8) },
			[]change{slotBytes(1, 5, 8), slotBytes(1, 12, 16)},
		},
		{"boot flag off", func(t *testing.T, d model.Disk) model.Disk {
			p := numbered(t, d, 1)
			p.Active = false
			return d.With(p)
		}, []change{slotBytes(0, 0, 1)}},
		{"type", func(t *testing.T, d model.Disk) model.Disk {
			p := numbered(t, d, 2)
			p.Type = "0x0C"
			return d.With(p)
		}, []change{slotBytes(1, 4, 5)}},
		{
			"delete p1", func(t *testing.T, d model.Disk) model.Disk { return d.Without(numbered(t, d, 1).ID) },
			[]change{slotBytes(0, 0, 16)},
		},
		{"new p4", func(t *testing.T, d model.Disk) model.Disk {
			d = d.WithSectors(d.Sectors + 4096)
			return d.With(model.Partition{ID: 9, Number: 4, Span: geometry.SpanOf(d.Sectors-4096, 4096), Type: "0x82"})
		}, []change{slotBytes(3, 0, 16)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := stick(t)
			d := img.read(s512)
			before := img.head(512)
			after := c.edit(t, d)
			img.encode(d, after)
			sfdiskAgrees(t, img.path, after)
			onlyWithin(t, before, img.head(512), c.allowed...)
			img.encode(after, d.WithSectors(after.Sectors))
			if c.name != "delete p1" && c.name != "new p4" {
				onlyWithin(t, before, img.head(512))
			}
		})
	}
}

// The founding example as a whole: grow the image by 2 GiB, move p2 right by 1024 MiB, grow p1 into the gap.
func TestFoundingExample(t *testing.T) {
	t.Parallel()
	img := stick(t)
	d := img.read(s512)
	after := d.WithSectors(d.Sectors + 4<<20)
	after = resized(t, moved(t, after, 2, 2<<20), 1, 2<<20)
	img.encode(d, after)
	sfdiskAgrees(t, img.path, after)
	if start := numbered(t, after, 1).Span.Start; start != 63 {
		t.Errorf("p1 starts at %d", start)
	}
}

func TestMBRCHS(t *testing.T) {
	t.Parallel()
	lbaOf := func(c chsGeometry, raw []byte) geometry.Sector {
		chs := geometry.ParseCHS([3]byte(raw))
		return (geometry.Sector(chs.Cylinder)*c.heads+geometry.Sector(chs.Head))*c.track + geometry.Sector(chs.Sector-1)
	}
	t.Run("the geometry of the disk is kept", func(t *testing.T) {
		t.Parallel()
		img := newImage(t, 256*mib)
		img.sfdisk("label: dos\nstart=63, size=32193, type=6\nstart=32256, size=32256, type=6\n")
		disk := chsGeometry{heads: 16, track: 63}
		first := img.head(512)
		for i, span := range []geometry.Span{{Start: 63, End: 32256}, {Start: 32256, End: 64512}} {
			disk.put(slotOf(first, i)[1:], span.Start)
			disk.put(slotOf(first, i)[5:], span.End-1)
		}
		img.write(0, first)
		d := img.read(s512)
		after := moved(t, d, 2, 1008)
		img.encode(d, after)
		raw := slotOf(img.head(512), 1)
		if lbaOf(disk, raw[1:4]) != 33264 || lbaOf(disk, raw[5:8]) != 65519 {
			t.Errorf("CHS bytes % x", raw[:8])
		}
		if !bytes.Equal(slotOf(first, 0), slotOf(img.bytes(), 0)) {
			t.Error("p1 did not move and changed")
		}
	})
	t.Run("what does not fit", func(t *testing.T) {
		t.Parallel()
		img := newImage(t, 16<<30)
		img.sfdisk("label: dos\nstart=2048, size=1G, type=83\n")
		d := img.read(s512)
		img.encode(d, resized(t, d, 1, 16450560))
		if got := slotOf(img.head(512), 0)[5:8]; !bytes.Equal(got, []byte{0xFE, 0xFF, 0xFF}) {
			t.Errorf("end CHS % x, want fe ff ff", got)
		}
	})
}

func TestMBRVerdict(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 512)
	for i := range noise {
		noise[i] = byte(i*7 + 3)
	}
	noise[510], noise[511] = 0x55, 0xAA
	for _, c := range []struct {
		name     string
		make     func(img image)
		kind     model.TableKind
		severity model.Severity
		words    string
	}{
		{"blank", func(image) {}, model.TableNone, -1, ""},
		{"random boot sector", func(img image) { img.write(0, noise) }, model.TableNone, -1, ""},
		{"FAT over the whole disk", func(img image) { run(t, "", "mkfs.fat", img.path) }, model.TableNone, -1, ""},
		{"FAT with a table over itself", func(img image) { run(t, "", "mkfs.fat", "--mbr=yes", img.path) }, model.TableNone, -1, ""},
		{"NTFS over the whole disk", func(img image) { run(t, "", "mkfs.ntfs", "-q", "-F", "-f", img.path) }, model.TableNone, -1, ""},
		{"ext4 over the whole disk", func(img image) { run(t, "", "mkfs.ext4", "-q", img.path) }, model.TableNone, -1, ""},
		{"FAT on a former GPT disk", func(img image) {
			img.sfdisk("label: gpt\nsize=8M\n")
			run(t, "", "mkfs.fat", "-I", "--mbr=no", img.path)
		}, model.TableNone, model.Warning, "holds a FAT file system and no partition table, but an old GPT"},
		{"MBR with a file system's fields in the boot code", func(img image) {
			run(t, "", "mkfs.fat", img.path)
			img.write(446, bytes.Repeat([]byte{0}, 64))
			img.write(446, []byte{0x80, 0, 1, 0, 0x0C, 0, 0, 0, 0, 8, 0, 0, 0, 0x10, 0, 0})
		}, model.TableMBR, -1, ""},
		{"MBR with an old GPT", func(img image) {
			img.sfdisk("label: gpt\nsize=8M\n")
			first := make([]byte, 512)
			copy(first[446:], []byte{0x80, 0, 1, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x10, 0, 0})
			first[510], first[511] = 0x55, 0xAA
			img.write(0, first)
		}, model.TableMBR, model.Warning, "the disk has an MBR, but an old GPT is left at LBA 1"},
		{"MBR with an old backup GPT", func(img image) {
			img.sfdisk("label: gpt\nsize=8M\n")
			img.write(0, make([]byte, mib))
			img.sfdisk("label: dos\nsize=8M\n", "--wipe", "never")
		}, model.TableMBR, model.Warning, "an old GPT is left at LBA 131,071"},
		{"protective entry without GPT", func(img image) {
			first := make([]byte, 512)
			if err := putProtective(first, model.Disk{Sectors: 131072}, usualGeometry); err != nil {
				t.Fatal(err)
			}
			sign(first)
			img.write(0, first)
		}, model.TableGPT, model.Fatal, "both copies of the GPT are damaged"},
		{"bad status byte", func(img image) {
			img.sfdisk("label: dos\nsize=8M\nsize=8M\n")
			img.write(446, []byte{0x01})
		}, model.TableMBR, model.Warning, "status byte 0x01"},
		{"entry beyond the end", func(img image) {
			img.sfdisk("label: dos\nsize=8M\nsize=40M\n")
			img.truncate(20 * mib)
		}, model.TableMBR, model.Fatal, "p2 ends at sector 100,352 but the disk has 40,960"},
		{"entry that begins with sector 0", func(img image) {
			img.sfdisk("label: dos\nsize=8M\n")
			img.write(446+8, []byte{0, 0, 0, 0})
		}, model.TableMBR, model.Note, "begins with sector 0"},
		{"the only entry covers the disk from sector 0 on", func(img image) {
			img.sfdisk("label: dos\nsize=8M\n")
			img.write(446+8, []byte{0, 0, 0, 0, 0, 0, 2, 0})
		}, model.TableNone, model.Severity(-1), ""},
		{"entry that begins with sector 0 and one that ends behind it", func(img image) {
			img.sfdisk("label: dos\nsize=8M\nsize=8M\n")
			img.write(446+8, []byte{0, 0, 0, 0})
			img.write(446+16+8, []byte{0, 9, 0, 0})
		}, model.TableMBR, model.Fatal, "overlap"},
		{"overlap", func(img image) {
			img.sfdisk("label: dos\nsize=8M\nsize=8M\n")
			img.write(446+16+8, []byte{0, 9, 0, 0})
		}, model.TableMBR, model.Fatal, "overlap"},
		{"type 00", func(img image) {
			img.sfdisk("label: dos\nsize=8M\nsize=8M\n")
			img.write(446+16+4, []byte{0})
		}, model.TableMBR, model.Warning, "type 0x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			img := newImage(t, 64*mib)
			c.make(img)
			d := img.read(s512)
			if d.Table.Kind != c.kind || worst(d) != c.severity {
				t.Fatalf("%v, problems %+v", d.Table.Kind, d.Problems())
			}
			if c.words != "" {
				wantProblem(t, d, c.severity, c.words)
			}
			if c.severity == model.Fatal {
				return
			}
			if patches, err := Encode(img.open(), d, d, newUUIDs()); err != nil || len(patches) != 0 {
				t.Errorf("without a change: %d patches, %v", len(patches), err)
			}
		})
	}
}

func TestReadOfTinyDisks(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 1, 100, 511, 512, 513, 1024, 1536, 4095, 4096, 8192, 20000} {
		for _, z := range []geometry.SectorSize{s512, s4096} {
			d, err := Read(bytes.NewReader(make([]byte, size)), size, z)
			if err != nil || d.Table.Kind != model.TableNone || d.Sectors != geometry.Sector(size/int64(z)) {
				t.Errorf("%d bytes at %d: %v, %d sectors, %v", size, z, d.Table.Kind, d.Sectors, err)
			}
		}
	}
	if _, err := Read(bytes.NewReader(nil), 512, s512); err == nil {
		t.Error("no error from a disk shorter than it should be")
	}
	if _, err := Read(bytes.NewReader(nil), 512, 520); err == nil {
		t.Error("no error for a sector size of 520")
	}
}

func TestMBRRefusals(t *testing.T) {
	t.Parallel()
	img := newImage(t, 4<<40)
	img.sfdisk("label: dos\nsize=1G, type=83\nstart=4194304, type=5, size=10G\n5: start=4200000, size=1G\n6: size=1G\n")
	d := img.read(s512)
	with := func(number int, edit func(p *model.Partition)) model.Disk {
		p := numbered(t, d, number)
		edit(&p)
		return d.With(p)
	}
	for _, c := range []struct {
		name  string
		after model.Disk
		words string
	}{
		{"beyond 2^32", moved(t, d, 1, 1<<32), "outside the range"},
		{"beyond 2^32, range lies about it", func() model.Disk {
			e := moved(t, d, 1, 1<<32)
			e.Table.Usable.End = e.Sectors
			return e
		}(), "2^32"},
		{"type that is none", with(1, func(p *model.Partition) { p.Type = "linux" }), "not an MBR type"},
		{"extended of another type", with(2, func(p *model.Partition) { p.Type = "0x83" }), "not a type of extended"},
		{"EBR in a logical partition", with(6, func(p *model.Partition) { p.EBR = numbered(t, d, 5).Span.End - 1 }), "lies inside p5"},
		{"EBR twice", with(6, func(p *model.Partition) { p.EBR = numbered(t, d, 5).EBR }), "same boot record"},
		{"EBR behind its data", with(6, func(p *model.Partition) { p.EBR = p.Span.Start }), "not before it"},
		{"first EBR elsewhere", with(5, func(p *model.Partition) { p.EBR++ }), "first sector of the extended"},
		{"hole in the numbers", with(6, func(p *model.Partition) { p.Number = 7 }), "number 6"},
		{"logical outside", moved(t, d, 6, 1<<30), "not inside the extended"},
		{"fifth primary", d.With(model.Partition{ID: 90, Number: 5, Span: geometry.SpanOf(1<<31, 8), Type: "0x83"}), "number 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Encode(img.open(), d, c.after, newUUIDs()); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("error %v, want one with %q", err, c.words)
			}
		})
	}
}

func TestLibraryReadsTheSameMBR(t *testing.T) {
	t.Parallel()
	img := stick(t)
	d := img.read(s512)
	after := moved(t, d, 2, 777)
	img.encode(d, after)
	b := img.head(512)
	table, err := mbr.Read(&libraryDisk{b: b}, 512, 512)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(b)
	if err := table.Write(&libraryDisk{b: out}, 966*mib); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, out) {
		t.Errorf("go-diskfs writes other bytes: %v", changes(b, out))
	}
	if id := d.Table.ID; table.UUID() != "deadbeef" || id != "0xdeadbeef" {
		t.Errorf("go-diskfs sees the signature %s, want %s", table.UUID(), id)
	}
	for i, e := range slots(b) {
		p := table.Partitions[i]
		if want := (mbrEntry{active: p.Bootable, kind: byte(p.Type), start: p.Start, count: p.Size}); e != want {
			t.Errorf("slot %d: %+v, go-diskfs %+v", i+1, e, want)
		}
	}
}
