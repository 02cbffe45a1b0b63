package table

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

// chained is an MBR with p1, an extended p2 of type 0F and three logical partitions of 20 MiB each, 1 MiB apart
// from the start of the extended on; its boot records have text in their first bytes.
func chained(t testing.TB) image {
	t.Helper()
	img := newImage(t, 256*mib)
	img.sfdisk(`label: dos
label-id: 0xcafe1234
1: start=2048, size=40960, type=83
2: start=43008, size=400000, type=f
5: start=45056, size=40960, type=83
6: start=88064, size=40960, type=82
7: start=131072, size=40960, type=7
`)
	d := img.read(s512)
	for _, p := range d.Logicals() {
		img.write(int64(s512.Bytes(p.EBR)), []byte("boot record of "+p.Ref()))
	}
	return img
}

// partxAgrees compares a chain with what libblkid reads from it.
func partxAgrees(t testing.TB, path string, d model.Disk) {
	t.Helper()
	out := run(t, "", "partx", "--raw", "--noheadings", "--output", "NR,START,SECTORS", path)
	var seen []string
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			t.Fatalf("partx: %q", line)
		}
		number, err := strconv.Atoi(fields[0])
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, fields[0])
		p := numbered(t, d, number)
		if fields[1] != strconv.FormatInt(int64(p.Span.Start), 10) {
			t.Errorf("partx sees p%d at sector %s, want %d", number, fields[1], p.Span.Start)
		}
		if p.Role != model.Extended && fields[2] != strconv.FormatInt(int64(p.Span.Len()), 10) {
			t.Errorf("partx sees p%d with %s sectors, want %d", number, fields[2], p.Span.Len())
		}
	}
	if len(seen) != len(d.Partitions()) {
		t.Errorf("partx sees %v, the model has %d partitions", seen, len(d.Partitions()))
	}
}

func (img image) sectorAt(at geometry.Sector) []byte {
	img.t.Helper()
	b := make([]byte, 512)
	if _, err := img.open().ReadAt(b, int64(at)*512); err != nil {
		img.t.Fatal(err)
	}
	return b
}

func logicalAt(id model.PartID, number int, start, n geometry.Sector) model.Partition {
	return model.Partition{ID: id, Number: number, Role: model.Logical, Span: geometry.SpanOf(start, n), Type: "0x83"}
}

// swapped is d with a partition moved to a place of its own and the chain put right.
func placed(t testing.TB, d model.Disk, number int, start geometry.Sector) model.Disk {
	t.Helper()
	p := numbered(t, d, number)
	p.Span = geometry.SpanOf(start, p.Span.Len())
	return rechained(t, d.With(p))
}

func TestChainEdits(t *testing.T) {
	t.Parallel()
	extend := func(t *testing.T, d model.Disk, span geometry.Span) model.Disk {
		t.Helper()
		p, _ := d.Extended()
		p.Span = span
		return rechained(t, d.With(p))
	}
	without := func(t *testing.T, d model.Disk, numbers ...int) model.Disk {
		t.Helper()
		for _, n := range numbers {
			d = d.Without(numbered(t, d, n).ID)
		}
		return d
	}
	for _, c := range []struct {
		name string
		edit func(t *testing.T, d model.Disk) model.Disk
		what int // writes at most
	}{
		{"move the last by a sector", func(t *testing.T, d model.Disk) model.Disk { return placed(t, d, 7, 131073) }, 2},
		{"move the last left past its own boot record", func(t *testing.T, d model.Disk) model.Disk { return placed(t, d, 7, 129025) }, 2},
		{"move the middle one left past its own boot record", func(t *testing.T, d model.Disk) model.Disk { return placed(t, d, 6, 86500) }, 2},
		{"move the middle one right", func(t *testing.T, d model.Disk) model.Disk {
			return placed(t, placed(t, d, 7, 140000), 6, 92000)
		}, 3},
		{"move the first by a sector, over the next record", func(t *testing.T, d model.Disk) model.Disk { return placed(t, d, 5, 45057) }, 2},
		{"move the first left to one sector after its boot record", func(t *testing.T, d model.Disk) model.Disk { return placed(t, d, 5, 43009) }, 1},
		{"grow the first over the boot record of the second", func(t *testing.T, d model.Disk) model.Disk {
			d = placed(t, placed(t, d, 7, 200000), 6, 150000)
			return rechained(t, resized(t, d, 5, 50000))
		}, 3},
		{"move to the far end, out of order", func(t *testing.T, d model.Disk) model.Disk { return placed(t, d, 5, 300000) }, 3},
		{"delete the last", func(t *testing.T, d model.Disk) model.Disk { return rechained(t, without(t, d, 7)) }, 1},
		{"delete the middle one", func(t *testing.T, d model.Disk) model.Disk { return rechained(t, without(t, d, 6)) }, 2},
		{"delete the first", func(t *testing.T, d model.Disk) model.Disk { return rechained(t, without(t, d, 5)) }, 3},
		{"delete all", func(t *testing.T, d model.Disk) model.Disk { return without(t, d, 5, 6, 7) }, 1},
		{"delete the extended", func(t *testing.T, d model.Disk) model.Disk { return without(t, d, 5, 6, 7, 2) }, 1},
		{"new at the end", func(t *testing.T, d model.Disk) model.Disk {
			return rechained(t, d.With(logicalAt(20, 8, 300000, 1000)))
		}, 2},
		{"new in a hole, last in the chain", func(t *testing.T, d model.Disk) model.Disk {
			d = rechained(t, without(t, d, 6))
			return rechained(t, d.With(logicalAt(20, 7, 90000, 1000)))
		}, 3},
		{"the extended starts earlier", func(t *testing.T, d model.Disk) model.Disk {
			return extend(t, resized(t, d, 1, -1000), geometry.Span{Start: 42008, End: 443008})
		}, 4},
		{"the extended starts later", func(t *testing.T, d model.Disk) model.Disk {
			return extend(t, d, geometry.Span{Start: 44000, End: 443008})
		}, 4},
		{"the extended ends later", func(t *testing.T, d model.Disk) model.Disk {
			return extend(t, d, geometry.Span{Start: 43008, End: 500000})
		}, 1},
		{"the extended ends with its last partition", func(t *testing.T, d model.Disk) model.Disk {
			return extend(t, d, geometry.Span{Start: 43008, End: 172032})
		}, 1},
		{"all move with the extended", func(t *testing.T, d model.Disk) model.Disk {
			for _, p := range d.Partitions() {
				if p.Number != 1 {
					p.Span = p.Span.Shift(20000)
					p.EBR += 20000 * geometry.Sector(min(int64(p.EBR), 1))
					d = d.With(p)
				}
			}
			return d
		}, 4},
		{"type and flag of a logical one", func(t *testing.T, d model.Disk) model.Disk {
			p := numbered(t, d, 6)
			p.Type, p.Active = "0x8e", true
			return d.With(p)
		}, 1},
		{"a primary moves, the chain does not", func(t *testing.T, d model.Disk) model.Disk { return resized(t, d, 1, -100) }, 1},
		{"the extended becomes type 05", func(t *testing.T, d model.Disk) model.Disk {
			p, _ := d.Extended()
			p.Type = "0x05"
			return d.With(p)
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := chained(t)
			d := img.read(s512)
			head := img.head(mbrEntries)
			after := c.edit(t, d)
			patches := img.encode(d, after)
			if len(patches) > c.what {
				t.Errorf("%d writes, want at most %d", len(patches), c.what)
			}
			inOrder(t, after, patches)
			sfdiskAgrees(t, img.path, after)
			partxAgrees(t, img.path, after)
			if !bytes.Equal(head, img.head(mbrEntries)) {
				t.Error("boot code or signature changed")
			}
			for _, p := range after.Logicals() {
				was, ok := d.Partition(p.ID)
				if want := "boot record of " + was.Ref(); ok && !bytes.HasPrefix(img.sectorAt(p.EBR), []byte(want)) {
					t.Errorf("the record of %s does not carry the bytes of %s", p.Ref(), was.Ref())
				}
			}
		})
	}
}

// inOrder checks that the chain is written from its end on, and sector 0 after it.
func inOrder(t *testing.T, after model.Disk, patches []Patch) {
	t.Helper()
	place := func(p Patch) int {
		for i, q := range after.Logicals() {
			if int64(q.EBR)*512 == p.Off {
				return i
			}
		}
		return -1
	}
	if !slices.IsSortedFunc(patches, func(a, b Patch) int { return place(b) - place(a) }) {
		t.Errorf("written in this order: %v", patches)
	}
}

func TestUnmovedBootRecordsStayVerbatim(t *testing.T) {
	t.Parallel()
	img := chained(t)
	d := img.read(s512)
	seven := numbered(t, d, 7)
	// The first slots in another order, and what no program reads.
	sector := img.sectorAt(numbered(t, d, 6).EBR)
	data, link := bytes.Clone(slotOf(sector, 0)), bytes.Clone(slotOf(sector, 1))
	copy(slotOf(sector, 0), link)
	copy(slotOf(sector, 3), data)
	clear(slotOf(sector, 1))
	copy(slotOf(sector, 2), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0})
	img.write(int64(numbered(t, d, 6).EBR)*512, sector)
	if diff := difference(img.read(s512), d); diff != "" {
		t.Fatalf("data in slot 4 and link in slot 1: %s", diff)
	}
	before := img.head(int(d.Sectors) * 512)
	after := placed(t, d, 7, seven.Span.Start+8)
	img.encode(d, after)
	// p7 keeps its boot record; only its entry and nothing of the links changes.
	at := int(seven.EBR)*512 + mbrEntries
	link6 := int(numbered(t, d, 6).EBR)*512 + mbrEntries // how far the link reaches
	onlyWithin(t, before, img.head(len(before)),
		change{at + 1, at + 4}, change{at + 5, at + 12}, change{link6 + 5, link6 + 8}, change{link6 + 12, link6 + 16})
	sfdiskAgrees(t, img.path, after)
}

func TestChainDamage(t *testing.T) {
	t.Parallel()
	ebr6 := int64(86016) // sfdisk puts a boot record 2048 sectors before its partition
	entry := func(kind byte, start, count uint32) []byte {
		b := make([]byte, 16)
		b[4] = kind
		le.PutUint32(b[8:], start)
		le.PutUint32(b[12:], count)
		return b
	}
	slot := func(ebr int64, i int) int64 { return ebr*512 + mbrEntries + int64(i)*16 }
	for _, c := range []struct {
		name     string
		damage   func(img image)
		severity model.Severity
		words    string
		logicals int
	}{
		{"circle", func(img image) { img.write(slot(ebr6, 1), entry(5, 0, 100)) }, model.Fatal, "runs in a circle at sector 43,008", 2},
		{"circle of one", func(img image) { img.write(slot(ebr6, 1), entry(5, uint32(ebr6-43008), 100)) }, model.Fatal, "runs in a circle", 2},
		{"link outside", func(img image) { img.write(slot(ebr6, 1), entry(5, 500000, 100)) }, model.Fatal, "outside the extended partition", 2},
		{"record zeroed", func(img image) { img.write(ebr6*512, make([]byte, 512)) }, model.Warning, "does not end in 55 AA", 1},
		{"record overwritten", func(img image) { img.write(ebr6*512, bytes.Repeat([]byte{0xE5}, 512)) }, model.Fatal, "holds no partition", 1},
		{"signature lost", func(img image) { img.write(ebr6*512+510, []byte{0, 0}) }, model.Warning, "does not end in 55 AA", 3},
		{"second partition in a record", func(img image) { img.write(slot(ebr6, 2), entry(0x83, 43000, 100)) }, model.Fatal, "holds a second partition", 3},
		{"garbage in slot 3", func(img image) { img.write(slot(ebr6, 2), entry(0x83, 0xFFFF0000, 100)) }, model.Warning, "neither partition nor link", 3},
		{"data outside the extended", func(img image) { img.write(slot(ebr6, 0), entry(0x83, 2048, 400000)) }, model.Fatal, "p6 at sectors", 3},
		{"data over the next record", func(img image) { img.write(slot(ebr6, 0), entry(0x83, 2048, 42000)) }, model.Fatal, "boot record of p7", 3},
		{"overlap", func(img image) { img.write(slot(ebr6, 0), entry(0x83, 2048, 50000)) }, model.Fatal, "overlap", 3},
		{"data over its own record", func(img image) { img.write(slot(ebr6, 0), entry(0x83, 0, 2000)) }, model.Fatal, "p6", 3},
		{"a second extended partition", func(img image) {
			img.write(mbrEntries+2*16, entry(0x05, 443008, 1000))
		}, model.Warning, "p3 is a second extended partition", 3},
		{"the extended beyond the end", func(img image) { img.truncate(60 * mib) }, model.Fatal, "p2 ends at sector 443,008", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := chained(t)
			c.damage(img)
			d := img.read(s512)
			wantProblem(t, d, c.severity, c.words)
			if worst(d) != c.severity || len(d.Logicals()) != c.logicals {
				t.Fatalf("%d logical partitions, problems %+v", len(d.Logicals()), d.Problems())
			}
			if c.severity == model.Fatal {
				return
			}
			if patches, err := Encode(img.open(), d, d, newUUIDs()); err != nil || len(patches) != 0 {
				t.Errorf("without a change: %d patches, %v", len(patches), err)
			}
			last := d.Logicals()[len(d.Logicals())-1]
			after := rechained(t, resized(t, d, last.Number, -8))
			for _, p := range d.Logicals() {
				after = rechained(t, resized(t, after, p.Number, -8))
			}
			img.encode(d, after)
			partxAgrees(t, img.path, after)
		})
	}
}

func TestSecondExtendedIsKept(t *testing.T) {
	t.Parallel()
	img := chained(t)
	raw := []byte{0, 1, 2, 3, 0x05, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0}
	le.PutUint32(raw[8:], 443008)
	le.PutUint32(raw[12:], 1000)
	img.write(mbrEntries+2*16, raw)
	d := img.read(s512)
	three := numbered(t, d, 3)
	if three.Role != model.Primary {
		t.Errorf("p3 is %v", three.Role)
	}
	img.encode(d, placed(t, d, 7, 131100))
	if !bytes.Equal(slotOf(img.head(512), 2), raw) {
		t.Error("its slot changed")
	}
}

// Programs leave empty records: the first, when they delete p5, and others in between.
func TestEmptyRecordsInTheChain(t *testing.T) {
	t.Parallel()
	for _, number := range []int{5, 6} {
		t.Run("record of p"+strconv.Itoa(number)+" emptied", func(t *testing.T) {
			t.Parallel()
			img := chained(t)
			d := img.read(s512)
			img.write(int64(numbered(t, d, number).EBR)*512+mbrEntries, make([]byte, 16))
			d = img.read(s512)
			if worst(d) != -1 || len(d.Logicals()) != 2 {
				t.Fatalf("problems %+v\n%s", d.Problems(), describe(d))
			}
			for _, p := range model.Check(d) {
				t.Errorf("%+v", p)
			}
			sfdiskAgrees(t, img.path, d)
			writesNothing(t, img, d)

			// A change elsewhere leaves the chain alone, a change of the chain takes the empty record out.
			after := resized(t, d, 1, -8)
			if patches := img.encode(d, after); len(patches) != 1 {
				t.Errorf("%d patches for a change of p1", len(patches))
			}
			last := placed(t, after, 6, numbered(t, after, 6).Span.Start+16)
			img.encode(after, last)
			sfdiskAgrees(t, img.path, last)
			partxAgrees(t, img.path, last)
			// The place of the record that went is free for data.
			freed := rechained(t, last.With(logicalAt(30, 7, 87000, 100)))
			if number == 5 {
				freed = rechained(t, last.With(logicalAt(30, 7, 45000, 100)))
			}
			img.encode(last, freed)
			sfdiskAgrees(t, img.path, freed)
		})
	}
}

func TestChainLength(t *testing.T) {
	t.Parallel()
	img := newImage(t, 256*mib)
	script := "label: dos\n1: start=2048, size=500000, type=5\n"
	img.sfdisk(script)
	d := img.read(s512)
	for n := range maxEBRs {
		d = d.With(logicalAt(model.PartID(100+n), 5+n, geometry.Sector(4096+n*4096), 2048))
	}
	img.encode(img.read(s512), rechained(t, d))
	if got := img.read(s512); worst(got) != -1 || len(got.Logicals()) != maxEBRs {
		t.Fatalf("%d logical partitions, problems %+v", len(got.Logicals()), got.Problems())
	}
	partxAgrees(t, img.path, img.read(s512))
	// One more is refused when it is to be written, and makes the disk read-only when somebody else wrote it.
	before := img.read(s512)
	more := rechained(t, before.With(logicalAt(999, 5+maxEBRs, 400000, 2048)))
	if _, err := Encode(img.open(), before, more, newUUIDs()); err == nil || !strings.Contains(err.Error(), "at most 60") {
		t.Errorf("error %v", err)
	}
	last := before.Logicals()[maxEBRs-1]
	sector := img.sectorAt(last.EBR)
	copy(slotOf(sector, 1), []byte{0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 7, 0, 0, 8, 0, 0})
	img.write(int64(last.EBR)*512, sector)
	wantProblem(t, img.read(s512), model.Fatal, "truncated after 60 boot records")
}

func TestNewExtended(t *testing.T) {
	t.Parallel()
	img := newImage(t, 64*mib)
	img.sfdisk("label: dos\nsize=8M\n")
	// A chain that was there long ago must not come back to life.
	old := chained(t).sectorAt(43008)
	img.write(30000*512, old)
	d := img.read(s512)
	ext := model.Partition{ID: 9, Number: 3, Role: model.Extended, Span: geometry.SpanOf(30000, 50000), Type: "0x0f"}
	empty := d.With(ext)
	img.encode(d, empty)
	sfdiskAgrees(t, img.path, empty)
	if b := img.sectorAt(30000); len(bytes.Trim(b[:510], "\x00")) != 0 || b[510] != 0x55 {
		t.Errorf("the boot record of an empty extended partition is % x", b[mbrEntries:])
	}
	d = img.read(s512)
	full := rechained(t, d.With(logicalAt(10, 5, 32048, 1000)))
	full = rechained(t, full.With(logicalAt(11, 6, 40000, 1000)))
	img.encode(d, full)
	sfdiskAgrees(t, img.path, full)
	// Emptied again, the record says so.
	d = img.read(s512)
	empty = d.Without(numbered(t, d, 6).ID).Without(numbered(t, d, 5).ID)
	img.encode(d, empty)
	sfdiskAgrees(t, img.path, empty)
}

// A logical partition can take the place of another one's boot record; the bytes for the chain come from
// the disk as it was, and the patches go over what is there by then.
func TestEncodeOverMovedData(t *testing.T) {
	t.Parallel()
	img := chained(t)
	d := img.read(s512)
	after := placed(t, placed(t, d, 7, 160000), 6, 110000)
	after = rechained(t, resized(t, after, 5, 20000)) // over the record that p6 had
	after = resized(t, after, 1, -1)
	now := rubbleOver{img.open(), []Range{{Off: 45056 * 512, Len: 90000 * 512}}}
	patches, err := EncodeOver(img.open(), now, d, after, newUUIDs())
	if err != nil {
		t.Fatal(err)
	}
	back, err := Read(patched{now, patches}, img.size(), s512)
	if err != nil || difference(back, after) != "" || worst(back) != -1 {
		t.Errorf("%v, %s, %+v", err, difference(back, after), back.Problems())
	}
	for _, p := range after.Logicals() {
		sector := make([]byte, 512)
		if _, err := (patched{now, patches}).ReadAt(sector, int64(p.EBR)*512); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(sector, []byte("boot record of "+p.Ref())) {
			t.Errorf("the record of %s lost its bytes", p.Ref())
		}
	}
	if slices.ContainsFunc(patches, func(p Patch) bool {
		return slices.ContainsFunc(after.Partitions(), func(q model.Partition) bool {
			return q.Role == model.Logical && q.Span.Contains(geometry.Sector(p.Off/512))
		})
	}) {
		t.Error("a patch lies inside a partition")
	}
}
