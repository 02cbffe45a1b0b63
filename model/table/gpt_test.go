package table

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/diskfs/go-diskfs/partition/gpt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
)

// threeParts is a GPT with p1, p3 and p7 of 8 MiB each from sector 2048 on, on a disk of 64 MiB.
func threeParts(t testing.TB) image {
	t.Helper()
	img := newImage(t, 64*mib)
	img.sfdisk(`label: gpt
1: start=2048, size=8M, name="one", attrs="LegacyBIOSBootable"
3: start=18432, size=8M, name="three"
7: start=34816, size=8M, name="seven"
`)
	return img
}

func TestGPTEditChangesOnlyItsFields(t *testing.T) {
	t.Parallel()
	shapes := []struct {
		name string
		make func(img image)
	}{
		{"usual", func(img image) { img.sfdisk("label: gpt\nsize=8M\nsize=8M, name=\"näme\"\nsize=8M\n") }},
		{"256 entries", func(img image) { img.sfdisk("label: gpt\ntable-length: 256\nsize=8M\nsize=8M\nsize=8M\n") }},
		{"6 entries", func(img image) { img.sfdisk("label: gpt\ntable-length: 6\nsize=8M\nsize=8M\nsize=8M\n") }},
		{"13 entries", func(img image) { img.sfdisk("label: gpt\ntable-length: 13\nsize=8M\nsize=8M\nsize=8M\n") }},
		{"array at LBA 100", func(img image) {
			img.sgdisk("-o", "-n1:2048:+8M", "-n2:0:+8M", "-n3:0:+8M")
			img.sgdisk("-j", "100")
			img.write(1024, bytes.Repeat([]byte("boot loader "), 400))
		}},
		{"BIOS boot before 1 MiB", func(img image) {
			img.sfdisk("label: gpt\nfirst-lba: 34\nstart=34, size=2014, type=21686148-6449-6E6F-744E-656564454649\nstart=2048, size=8M\nsize=8M\n")
		}},
		{"early end", func(img image) {
			img.sfdisk("label: gpt\nlast-lba: 120000\nsize=8M\nsize=8M\nsize=8M\n")
		}},
		{"header of 512 bytes", func(img image) {
			img.sfdisk("label: gpt\nsize=8M\nsize=8M\nsize=8M\n")
			img.rewriteHeaders(func(raw []byte, h *gptHeader) {
				h.Size = 512
				copy(raw[92:], bytes.Repeat([]byte{0xAB}, 420))
			})
		}},
		{"header of 96 bytes, text behind it", func(img image) {
			img.sfdisk("label: gpt\nsize=8M\nsize=8M\nsize=8M\n")
			img.rewriteHeaders(func(raw []byte, h *gptHeader) {
				h.Size = 96
				copy(raw[96:], "kept as it is")
			})
		}},
		{"entries of 256 bytes", func(img image) {
			img.fresh(model.Table{Kind: model.TableGPT, Slots: 128, EntrySize: 256})
			img.sfdiskAppend(3)
		}},
	}
	for _, c := range shapes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := newImage(t, 64*mib)
			c.make(img)
			d := img.read(s512)
			if worst(d) >= model.Warning {
				t.Fatalf("%+v", d.Problems())
			}
			junk := bytes.Repeat([]byte{0x5A}, 440)
			img.write(0, junk)
			before := img.bytes()
			fields := img.gptFields(s512, 1, 2)

			after := resized(t, moved(t, d, 3, 1), 3, 20000)
			after = moved(t, after, 2, 1)
			img.encode(d, after)
			sfdiskAgrees(t, img.path, after)
			onlyWithin(t, before, img.bytes(), fields...)
			if c.name != "entries of 256 bytes" { // sgdisk does not know them
				oracle.SGDiskClean(t, img.path)
			}
			// Back where they were, everything is as it was.
			img.encode(after, d)
			if diff := changes(before, img.bytes()); len(diff) != 0 {
				t.Errorf("after undoing the edit: %v", diff)
			}
		})
	}
}

// rewriteHeaders edits both headers of an image and corrects their checksums.
func (img image) rewriteHeaders(edit func(raw []byte, h *gptHeader)) {
	img.t.Helper()
	g := img.gpt(s512)
	for _, c := range []gptCopy{g.primary, g.backup} {
		edit(c.raw, &c.header)
		img.write(int64(s512.Bytes(c.at)), c.header.sealed(c.raw))
	}
}

// fresh makes an empty table with Encode itself.
func (img image) fresh(t model.Table) {
	img.t.Helper()
	d := img.read(s512)
	img.encode(d, model.New(model.Disk{SectorSize: d.SectorSize, Sectors: d.Sectors, Table: t}, nil, nil))
}

// sfdiskAppend lets sfdisk add n partitions of 8 MiB.
func (img image) sfdiskAppend(n int) {
	img.t.Helper()
	img.sfdisk(strings.Repeat("size=8M, name=\"by sfdisk\"\n", n), "--append")
}

func TestGPTPatchOrder(t *testing.T) {
	t.Parallel()
	img := threeParts(t)
	d := img.read(s512)
	// Growing the disk touches every structure.
	patches := img.encode(d, d.WithSectors(d.Sectors+2048))
	var what []string
	for _, p := range patches {
		what = append(what, p.What)
	}
	want := []string{
		"backup GPT entries", "backup GPT header", "primary GPT header", "protective MBR", "unused GPT header",
	}
	if !slices.Equal(what, want) {
		t.Errorf("order %q, want %q", what, want)
	}
}

func TestGPTSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		before func(img image) // after the table was made
		by     geometry.Sector
	}{
		{"grow by a sector", nil, 1},
		{"grow by 33 sectors", nil, 33},
		{"grow by a TiB", nil, 1 << 31},
		{"grow beyond 2 TiB", nil, 1<<32 + 5},
		{"shrink by a sector", nil, -1},
		{"shrink to the last partition", nil, -(131072 - 51200 - 33)},
		{"grown before", func(img image) { img.truncate(128 * mib) }, 4096},
		{"grown before by a sector", func(img image) { img.truncate(64*mib + 512) }, 2},
		{"grown before, shrunk again", func(img image) { img.truncate(128 * mib) }, -100000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := threeParts(t)
			if c.before != nil {
				c.before(img)
			}
			d := img.read(s512)
			after := d.WithSectors(d.Sectors + c.by)
			img.encode(d, after)
			sfdiskAgrees(t, img.path, after)
			oracle.SGDiskClean(t, img.path)
			g := img.gpt(s512)
			if g.displaced() || g.backup.fault != nil || !g.same() {
				t.Errorf("the backup is not whole at the end: %v", g.backup.fault)
			}
			if old := geometry.Sector(131071); old < after.Sectors-33 {
				raw, err := source{r: img.open(), z: s512, sectors: after.Sectors}.sector(old)
				if err != nil || len(bytes.Trim(raw, "\x00")) != 0 {
					t.Errorf("the old backup header is still there (%v)", err)
				}
			}
		})
	}
}

func TestGPTGrownDisk(t *testing.T) {
	t.Parallel()
	img := threeParts(t)
	img.truncate(128 * mib)
	d := img.read(s512)
	wantProblem(t, d, model.Note, "131,072 sectors longer")
	if worst(d) != model.Note {
		t.Errorf("%+v", d.Problems())
	}
	if d.Table.Usable.End != 262144-33 {
		t.Errorf("usable range %v does not reach to the end of the grown disk", d.Table.Usable)
	}
	if patches, err := Encode(img.open(), d, d, newUUIDs()); err != nil || len(patches) != 0 {
		t.Errorf("without a change: %d patches, %v", len(patches), err)
	}
	t.Run("a partition over the old backup", func(t *testing.T) {
		// Its sector belongs to the partition then and may hold its data: it is not to be touched.
		p := numbered(t, d, 7)
		p.Span.End = d.Table.Usable.End
		old := img.sectorAt(131071)
		img.encode(d, d.With(p))
		oracle.SGDiskClean(t, img.path)
		if !bytes.Equal(old, img.sectorAt(131071)) {
			t.Error("a sector inside p7 was written")
		}
	})
}

func TestGPTDamage(t *testing.T) {
	t.Parallel()
	const end = 131071
	zero := func(img image, sector, n int) { img.write(int64(sector)*512, make([]byte, n*512)) }
	flip := func(img image, off int64) {
		img.write(off, []byte{img.sectorAt(geometry.Sector(off / 512))[off%512] ^ 0x40})
	}
	for _, c := range []struct {
		name     string
		damage   func(img image)
		severity model.Severity
		words    string
		parts    int
	}{
		{"primary header zeroed", func(img image) { zero(img, 1, 1) }, model.Warning, "primary GPT at LBA 1", 3},
		{"primary header flipped", func(img image) { flip(img, 512+60) }, model.Warning, "checksum does not match", 3},
		{"primary array flipped", func(img image) { flip(img, 1024+40) }, model.Warning, "checksum of its entry array", 3},
		{"primary header and array zeroed", func(img image) { zero(img, 1, 33) }, model.Warning, "primary GPT at LBA 1", 3},
		{"backup header zeroed", func(img image) { zero(img, end, 1) }, model.Warning, "backup GPT at LBA 131,071", 3},
		{"backup array flipped", func(img image) { flip(img, (end-32)*512) }, model.Warning, "backup GPT at LBA 131,071", 3},
		{"grown, primary header zeroed", func(img image) { img.truncate(100 * mib); zero(img, 1, 1) }, model.Warning, "the backup at LBA 131,071", 3},
		{"grown, primary array flipped", func(img image) { img.truncate(100 * mib); flip(img, 1024) }, model.Warning, "the backup at LBA 131,071", 3},
		{"grown, backup zeroed", func(img image) { img.truncate(100 * mib); zero(img, end, 1) }, model.Warning, "backup GPT at LBA 131,071", 3},
		{"cut off behind the partitions", func(img image) { img.truncate(51200*512 + 40*512) }, model.Warning, "made for 131,072 sectors", 3},
		{"cut off with a partial sector", func(img image) { img.truncate(51200*512 + 40*512 + 100) }, model.Warning, "made for 131,072 sectors", 3},
		{"copies differ", func(img image) {
			g := img.gpt(s512)
			g.backup.array[56] ^= 1
			h := g.backup.header
			h.ArraySum = crc32.ChecksumIEEE(g.backup.array)
			img.write(int64(h.Array)*512, g.backup.array)
			img.write(end*512, h.sealed(g.backup.raw))
		}, model.Warning, "both whole but differ", 3},

		{"both headers zeroed", func(img image) { zero(img, 1, 1); zero(img, end, 1) }, model.Fatal, "both copies of the GPT are damaged", 0},
		{"both arrays flipped", func(img image) { flip(img, 1024); flip(img, (end-32)*512) }, model.Fatal, "both copies of the GPT are damaged", 0},
		{"cut off within a partition", func(img image) { img.truncate(20 * mib) }, model.Fatal, "p7 ends at sector 51,200", 3},
		{"cut off, no room for the backup", func(img image) { img.truncate(51200*512 + 32*512) }, model.Fatal, "p7 ends at sector 51,200", 3},
		{"no protective MBR", func(img image) { zero(img, 0, 1) }, model.Fatal, "no protective MBR", 3},
		{"first MiB zeroed", func(img image) { zero(img, 0, 2048) }, model.Fatal, "no protective MBR", 3},
		{"overlap", func(img image) { img.editEntry(2, 32, 18431) }, model.Fatal, "overlap", 3},
		{"end before start", func(img image) { img.editEntry(2, 40, 100) }, model.Fatal, "are not a valid range", 2},
		{"end far away", func(img image) { img.editEntry(2, 40, 999999999) }, model.Fatal, "p3 ends at sector 1,000,000,000", 3},
		{"end beyond all numbers", func(img image) { img.editEntry(2, 40, 1<<63) }, model.Fatal, "are not a valid range", 2},
		{"start in the array", func(img image) { img.editEntry(0, 32, 5) }, model.Fatal, "outside the range", 3},
		{"start 0", func(img image) { img.editEntry(0, 32, 0) }, model.Fatal, "outside the range", 3},
		{"end in the backup array", func(img image) { img.editEntry(6, 40, end-10) }, model.Fatal, "outside the range", 3},
		{"absurd count", func(img image) {
			img.rewriteHeaders(func(raw []byte, h *gptHeader) { h.Count = 0xFFFFFFFF })
		}, model.Fatal, "is not between one entry and 4 MiB", 0},
		{"absurd count and size", func(img image) {
			img.rewriteHeaders(func(raw []byte, h *gptHeader) { h.Count, h.EntrySize = 0xFFFFFFFF, 0xFFFFFFF8 })
		}, model.Fatal, "entry size 4294967288", 0},
		{"array beyond the end", func(img image) {
			img.rewriteHeaders(func(raw []byte, h *gptHeader) { h.Array = 131065 })
		}, model.Fatal, "beyond the end of the disk", 0},
		{"array where partitions lie", func(img image) {
			img.rewriteHeaders(func(raw []byte, h *gptHeader) { h.First = 20 })
		}, model.Fatal, "entry array is where partitions may be", 3},
		{"usable range over the backup", func(img image) {
			img.rewriteHeaders(func(raw []byte, h *gptHeader) { h.Last = end })
		}, model.Fatal, "partitions may extend to LBA 131,071", 3},
		{"made for 4096", func(img image) {
			zero(img, 0, 100)
			img.fresh4096()
		}, model.Fatal, "is for sectors of 4096 bytes", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := threeParts(t)
			c.damage(img)
			d := img.read(s512)
			wantProblem(t, d, c.severity, c.words)
			if d.Table.Kind != model.TableGPT || len(d.Partitions()) != c.parts || worst(d) != c.severity {
				t.Fatalf("%v with %d partitions, problems %+v", d.Table.Kind, len(d.Partitions()), d.Problems())
			}
			if c.severity == model.Fatal {
				if _, err := Encode(img.open(), d, d, newUUIDs()); err == nil || !strings.Contains(err.Error(), "read-only") {
					t.Errorf("encode: %v, want a refusal", err)
				}
				return
			}
			if patches, err := Encode(img.open(), d, d, newUUIDs()); err != nil || len(patches) != 0 {
				t.Errorf("without a change: %d patches, %v", len(patches), err)
			}
			// The first change makes the table whole.
			after := resized(t, d, 7, -7)
			img.encode(d, after)
			if healed := img.read(s512); worst(healed) != -1 {
				t.Errorf("after a change: %+v", healed.Problems())
			}
			sfdiskAgrees(t, img.path, after)
			if img.size()%512 == 0 {
				oracle.SGDiskClean(t, img.path)
			}
		})
	}
}

func (img image) fresh4096() {
	img.t.Helper()
	d := model.New(model.Disk{SectorSize: s4096, Sectors: s4096.Down(geometry.Bytes(img.size()))}, nil, nil)
	after := d
	after.Table.Kind = model.TableGPT
	patches, err := Encode(img.open(), d, after, newUUIDs())
	if err != nil {
		img.t.Fatal(err)
	}
	img.apply(patches)
}

// editEntry writes a field of an entry into both copies.
func (img image) editEntry(slot, field int, value uint64) {
	img.t.Helper()
	g := img.gpt(s512)
	for _, c := range []gptCopy{g.primary, g.backup} {
		le.PutUint64(c.array[slot*int(c.header.EntrySize)+field:], value)
		c.header.ArraySum = crc32.ChecksumIEEE(c.array)
		img.write(int64(s512.Bytes(c.header.Array)), c.array)
		img.write(int64(s512.Bytes(c.at)), c.header.sealed(c.raw))
	}
}

func TestGPTNewDeleteRename(t *testing.T) {
	t.Parallel()
	img := threeParts(t)
	// What lies behind the NUL of a name, and in a slot that is not in use, is nobody's to change.
	g := img.gpt(s512)
	for _, c := range []gptCopy{g.primary, g.backup} {
		copy(c.array[2*128+56+20:], "behind the name")
		copy(c.array[4*128+16:], "leftovers")
		c.header.ArraySum = crc32.ChecksumIEEE(c.array)
		img.write(int64(s512.Bytes(c.header.Array)), c.array)
		img.write(int64(s512.Bytes(c.at)), c.header.sealed(c.raw))
	}
	d := img.read(s512)
	three := numbered(t, d, 3)
	if three.Name != "three" {
		t.Fatalf("name %q", three.Name)
	}
	one := numbered(t, d, 1)
	one.Name = strings.Repeat("ü", 34) + "🐧" // 36 units
	one.Attributes = 1 << 63
	one.Type = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	after := d.With(one).Without(numbered(t, d, 7).ID).With(model.Partition{
		ID: 50, Number: 2, Span: geometry.SpanOf(60000, 1000), Type: "0FC63DAF-8483-4772-8E79-3D69D8477DE4", Name: "new",
	})
	img.encode(d, after)
	sfdiskAgrees(t, img.path, withUUID(t, after, 2, "a1b2c3d4-e5f6-4711-8000-000000000001"))
	oracle.SGDiskClean(t, img.path)
	g = img.gpt(s512)
	for _, c := range []gptCopy{g.primary, g.backup} {
		if !bytes.Contains(c.array[2*128:3*128], []byte("behind the name")) || !bytes.Contains(c.array[4*128:5*128], []byte("leftovers")) {
			t.Error("bytes of entries that were not edited changed")
		}
		if len(bytes.Trim(c.array[6*128:7*128], "\x00")) != 0 {
			t.Error("the entry of p7 is not empty")
		}
	}
}

func withUUID(t testing.TB, d model.Disk, number int, id string) model.Disk {
	t.Helper()
	p := numbered(t, d, number)
	p.UUID = id
	return d.With(p)
}

func TestGPTRefusals(t *testing.T) {
	t.Parallel()
	img := threeParts(t)
	d := img.read(s512)
	one := numbered(t, d, 1)
	with := func(edit func(p *model.Partition)) model.Disk {
		p := one
		edit(&p)
		return d.With(p)
	}
	for _, c := range []struct {
		name  string
		after model.Disk
		words string
	}{
		{"name of 37 units", with(func(p *model.Partition) { p.Name = strings.Repeat("ü", 35) + "🐧" }), "37 UTF-16 units"},
		{"name with NUL", with(func(p *model.Partition) { p.Name = "a\x00b" }), "NUL"},
		{"name that is no UTF-8", with(func(p *model.Partition) { p.Name = "a\xffb" }), "read back"},
		{"type that is no GUID", with(func(p *model.Partition) { p.Type = "0x83" }), "not a partition type GUID"},
		{"type of an empty entry", with(func(p *model.Partition) { p.Type = "00000000-0000-0000-0000-000000000000" }), "not a partition type GUID"},
		{"overlap", moved(t, d, 1, 1), "overlap"},
		{"end in the backup", func() model.Disk {
			p := numbered(t, d, 7)
			p.Span.End = d.Table.Usable.End + 1
			return d.With(p)
		}(), "outside the range"},
		{"number 129", with(func(p *model.Partition) { p.Number = 129 }), "outside the 128 slots"},
		{"number twice", with(func(p *model.Partition) { p.Number = 3 }), "number 3"},
		{"logical", with(func(p *model.Partition) { p.Role = model.Logical; p.Number = 5 }), "GPT"},
		{"more slots", func() model.Disk { e := d; e.Table.Slots = 256; return e }(), "no room"},
		{"usable range into the backup", func() model.Disk { e := d; e.Table.Usable.End++; return e }(), "no room"},
		{"no table", model.New(model.Disk{SectorSize: s512, Sectors: d.Sectors}, nil, nil), "cannot be removed"},
		{"disk too small for its partitions", d.WithSectors(51200 + 32), "outside the range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Encode(img.open(), d, c.after, newUUIDs()); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("error %v, want one with %q", err, c.words)
			}
		})
	}
	t.Run("changed since it was scanned", func(t *testing.T) {
		img.sfdisk("label: gpt\n")
		if _, err := Encode(img.open(), d, moved(t, d, 7, 1), newUUIDs()); err == nil || !strings.Contains(err.Error(), "does not hold the table") {
			t.Errorf("error %v", err)
		}
	})
}

func TestHybridFollows(t *testing.T) {
	t.Parallel()
	img := newImage(t, 64*mib)
	img.sgdisk("-o", "-n1:2048:+8M", "-n2:0:+8M", "-n3:0:+8M")
	img.sgdisk("-h", "1:3")
	img.write(0, bytes.Repeat([]byte{0x77}, 440))
	d := img.read(s512)
	wantProblem(t, d, model.Warning, "hybrid MBR, 2 entries")
	mirrored := mirrors(img.head(512))
	before := img.bytes()

	after := moved(t, d, 3, 4096)
	fields := append(img.gptFields(s512, 2), change{mbrEntries + mirrored[1]*16, mbrEntries + mirrored[1]*16 + 16})
	img.encode(d, after)
	onlyWithin(t, before, img.bytes(), fields...)
	e := slots(img.head(512))[mirrored[1]]
	if e.span(0) != numbered(t, after, 3).Span || e.kind != slots(before)[mirrored[1]].kind {
		t.Errorf("the mirror of p3 is %+v", e)
	}
	gone := after.Without(numbered(t, after, 1).ID)
	img.encode(after, gone)
	if got := mirrors(img.head(512)); !slices.Equal(got, mirrored[1:]) {
		t.Errorf("mirrors %v after p1 was deleted", got)
	}
	if !bytes.Equal(img.head(440), before[:440]) {
		t.Error("boot code changed")
	}
	// Towards the start, the protective entry makes way.
	left := moved(t, gone, 3, -(numbered(t, gone, 3).Span.Start - 2048))
	left = left.Without(numbered(t, gone, 2).ID)
	img.encode(gone, left)
	var spans []geometry.Span
	for i, e := range slots(img.head(512)) {
		if e.used() {
			for _, s := range spans {
				if s.Overlaps(e.span(0)) {
					t.Errorf("slot %d at %v overlaps %v", i, e.span(0), s)
				}
			}
			spans = append(spans, e.span(0))
		}
	}
	oracle.SGDiskClean(t, img.path)
	grown := left.WithSectors(left.Sectors + 2048)
	img.encode(left, grown)
	oracle.SGDiskClean(t, img.path)
}

// The copy that go-diskfs writes of the table that was edited has to be the one that was made by patching.
func TestLibraryWritesTheSameGPT(t *testing.T) {
	t.Parallel()
	img := threeParts(t)
	d := img.read(s512)
	after := resized(t, moved(t, d, 7, 2048), 3, -8)
	img.encode(d, after)
	b := img.bytes()
	table, err := gpt.Read(&libraryDisk{b: b}, 512, 512)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Verify(&libraryDisk{b: b}, uint64(len(b))); err != nil {
		t.Errorf("go-diskfs: %v", err)
	}
	out := bytes.Clone(b)
	table.ProtectiveMBR = false // it would write its own
	if err := table.Write(&libraryDisk{b: out}, int64(len(out))); err != nil {
		t.Fatal(err)
	}
	if diff := changes(b, out); len(diff) != 0 {
		t.Errorf("go-diskfs writes other bytes: %v", diff)
	}
	// What go-diskfs is shown of one copy reads as the whole disk does.
	for _, c := range []gptCopy{img.gpt(s512).primary, img.gpt(s512).backup} {
		entries, err := entriesOf(c)
		if err != nil || !reflect.DeepEqual(entries, table.Partitions) {
			t.Errorf("the %s copy reads as %v, the disk as %v (%v)", c.name, entries, table.Partitions, err)
		}
	}
}

// libraryDisk is an image in memory for go-diskfs.
type libraryDisk struct {
	memory
	b []byte
}

func (d *libraryDisk) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(d.b).ReadAt(p, off)
}

func (d *libraryDisk) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(d.b)) {
		return 0, io.ErrShortWrite
	}
	return copy(d.b[off:], p), nil
}

func TestProtectiveEntriesMakeWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		entry      geometry.Span
		span, want geometry.Span
	}{
		{"apart", geometry.Span{Start: 1, End: 100}, geometry.Span{Start: 100, End: 200}, geometry.Span{Start: 1, End: 100}},
		{"by a sector", geometry.Span{Start: 1, End: 100}, geometry.Span{Start: 99, End: 200}, geometry.Span{Start: 1, End: 99}},
		{"in the middle", geometry.Span{Start: 1, End: 100}, geometry.Span{Start: 50, End: 60}, geometry.Span{Start: 1, End: 50}},
		{"at its start", geometry.Span{Start: 200, End: 300}, geometry.Span{Start: 150, End: 201}, geometry.Span{Start: 201, End: 300}},
		{"all of it", geometry.Span{Start: 200, End: 300}, geometry.Span{Start: 200, End: 300}, geometry.Span{}},
	} {
		first := make([]byte, 512)
		raw := slotOf(first, 1)
		raw[4] = protective
		le.PutUint32(raw[8:], uint32(c.entry.Start))
		le.PutUint32(raw[12:], uint32(c.entry.Len()))
		makeWay(first, c.span)
		if got := slots(first)[1].span(0); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestProtectiveSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sectors geometry.Sector
		chs     [3]byte // at first
		count   uint32
		after   [3]byte
	}{
		{131072, [3]byte{0xFF, 0xFF, 0xFF}, 131071, [3]byte{0xFF, 0xFF, 0xFF}},
		{131072, [3]byte{0x10, 0x20, 0x30}, 131071, [3]byte{0x28, 0x20, 0x08}},
		{1 << 30, [3]byte{0x10, 0x20, 0x30}, 1<<30 - 1, [3]byte{0xFF, 0xFF, 0xFF}},
		{1 << 32, [3]byte{0xFF, 0xFF, 0xFF}, 0xFFFFFFFF, [3]byte{0xFF, 0xFF, 0xFF}},
		{1<<32 + 1, [3]byte{0xFF, 0xFF, 0xFF}, 0xFFFFFFFF, [3]byte{0xFF, 0xFF, 0xFF}},
		{1 << 35, [3]byte{0xFF, 0xFF, 0xFF}, 0xFFFFFFFF, [3]byte{0xFF, 0xFF, 0xFF}},
	} {
		raw := make([]byte, 16)
		copy(raw[5:], c.chs[:])
		resizeProtective(raw, 1, c.sectors)
		if got := le.Uint32(raw[12:]); got != c.count || [3]byte(raw[5:8]) != c.after {
			t.Errorf("%d sectors: %d, CHS % x", c.sectors, got, raw[5:8])
		}
	}
}

// errReader cannot read one sector.
type errReader struct {
	image
	bad int64
}

var errMedium = errors.New("medium error")

func (r errReader) ReadAt(b []byte, off int64) (int, error) {
	if off <= r.bad*512 && r.bad*512 < off+int64(len(b)) {
		return 0, errMedium
	}
	return r.open().ReadAt(b, off)
}

func TestReadErrorsAreErrors(t *testing.T) {
	t.Parallel()
	img := threeParts(t)
	d := img.read(s512)
	for _, bad := range []int64{0, 1, 2, 33, 131072 - 33, 131071} {
		r := errReader{img, bad}
		if _, err := Read(r, img.size(), s512); !errors.Is(err, errMedium) {
			t.Errorf("sector %d: read: %v", bad, err)
		}
		if _, err := Encode(r, d, moved(t, d, 7, 1), newUUIDs()); !errors.Is(err, errMedium) {
			t.Errorf("sector %d: encode: %v", bad, err)
		}
		if _, err := Hide(r, d, []model.PartID{1}); !errors.Is(err, errMedium) {
			t.Errorf("sector %d: hide: %v", bad, err)
		}
		if _, err := Regions(r, d); !errors.Is(err, errMedium) {
			t.Errorf("sector %d: regions: %v", bad, err)
		}
	}
}
