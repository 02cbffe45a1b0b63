package table

import (
	"bytes"
	"hash/crc32"
	"io"
	"runtime"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

const fuzzSectors = 256

// smallDisk is a disk of 128 KiB with a table of this kind and partitions in it.
func smallDisk(t testing.TB, table model.Table, parts ...model.Partition) []byte {
	t.Helper()
	b := make([]byte, fuzzSectors*512)
	blank := model.New(model.Disk{SectorSize: s512, Sectors: fuzzSectors}, nil, nil)
	after := blank
	after.Table = table
	patches, err := Encode(bytes.NewReader(b), blank, rechained(t, after.WithPartitions(parts)), newUUIDs())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range patches {
		copy(b[p.Off:], p.Data)
	}
	return b
}

func smallGPT(t testing.TB) []byte {
	t.Helper()
	linux, _ := model.TypeByAlias(model.TableGPT, "linux")
	return smallDisk(t, model.Table{Kind: model.TableGPT, Usable: geometry.Span{Start: 40, End: 223}},
		model.Partition{ID: 1, Number: 1, Span: geometry.SpanOf(40, 20), Type: linux, Name: "one"},
		model.Partition{ID: 2, Number: 3, Span: geometry.SpanOf(100, 20), Type: linux, Name: "three"})
}

func smallMBR(t testing.TB) []byte {
	t.Helper()
	return smallDisk(t, model.Table{Kind: model.TableMBR, ID: "0x12345678"},
		model.Partition{ID: 1, Number: 1, Span: geometry.SpanOf(5, 15), Type: "0x83", Active: true},
		model.Partition{ID: 2, Number: 2, Role: model.Extended, Span: geometry.SpanOf(20, 200), Type: "0x05"},
		model.Partition{ID: 3, Number: 5, Role: model.Logical, Span: geometry.SpanOf(30, 10), Type: "0x83"},
		model.Partition{ID: 4, Number: 6, Role: model.Logical, Span: geometry.SpanOf(60, 10), Type: "0x82", EBR: 50},
		model.Partition{ID: 5, Number: 7, Role: model.Logical, Span: geometry.SpanOf(90, 10), Type: "0x07", EBR: 80})
}

// within does something that must not allocate more than 64 MiB in all, what it gives back again included.
func within(t *testing.T, what string, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("%s: %d MiB allocated", what, used>>20)
	}
}

// frugal reads a table and finds where it lies, which must not take more than 64 MiB of memory, whatever the disk says.
func frugal(t *testing.T, r io.ReaderAt, size int64, z geometry.SectorSize) model.Disk {
	t.Helper()
	var d model.Disk
	var err error
	within(t, "read", func() { d, err = Read(r, size, z) })
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	within(t, "regions", func() { _, err = Regions(r, d) })
	if err != nil {
		t.Fatalf("regions: %v", err)
	}
	return d
}

// survives reads a disk of any content and holds the answer to what Read and Encode promise.
func survives(t *testing.T, b []byte, z geometry.SectorSize) {
	t.Helper()
	r := bytes.NewReader(b)
	d := frugal(t, r, int64(len(b)), z)
	if d.ReadOnly() != "" {
		return
	}
	for _, p := range model.Check(d) {
		t.Errorf("a disk that can be edited is broken: %s", p.Text)
	}
	if patches, err := Encode(r, d, d, newUUIDs()); err != nil || len(patches) != 0 {
		t.Errorf("without a change: %d patches, %v", len(patches), err)
	}
	for _, p := range d.Partitions() {
		if p.Role == model.Extended || p.Span.Len() < 2 {
			continue
		}
		p.Span.End--
		after := d.With(p)
		patches, err := Encode(r, d, after, newUUIDs())
		if err != nil {
			continue // a table can be too odd to be changed; it is then refused, never written wrong
		}
		for _, patch := range patches {
			at := geometry.SpanOf(z.Down(geometry.Bytes(patch.Off)), z.Down(geometry.Bytes(len(patch.Data))))
			for _, q := range after.Partitions() {
				if q.Role != model.Extended && q.Span.Overlaps(at) {
					t.Errorf("%s at %v lies in %s at %v", patch.What, at, q.Ref(), q.Span)
				}
			}
		}
		if _, err := Hide(r, d, []model.PartID{p.ID}); err != nil {
			t.Errorf("hide: %v", err)
		}
	}
}

// FuzzReadGPT puts bytes in place of sector 0, the header and the first entries, and of the last sector.
// Checksums are made right where fix says so, since otherwise nothing behind them is ever reached.
func FuzzReadGPT(f *testing.F) {
	seed := smallGPT(f)
	head, tail := seed[:4*512], seed[len(seed)-512:]
	for fix := range byte(8) {
		f.Add(head, tail, fix)
	}
	for off, value := range map[int]uint32{12: 512, 32: 300, 40: 2, 48: 255, 72: 100, 80: 0xFFFFFFFF, 84: 0xFFFFFFF8} {
		lying := bytes.Clone(head)
		le.PutUint32(lying[512+off:], value)
		f.Add(lying, tail, byte(7))
	}
	f.Fuzz(func(t *testing.T, head, tail []byte, fix byte) {
		if len(head) > 4*512 || len(tail) > 512 {
			return
		}
		b := bytes.Clone(seed)
		copy(b, head)
		copy(b[len(b)-512:], tail)
		for bit, at := range map[byte]int{1: 512, 2: len(b) - 512} {
			if fix&bit == 0 {
				continue
			}
			raw := b[at : at+512]
			array, n := le.Uint64(raw[72:]), uint64(le.Uint32(raw[80:]))*uint64(le.Uint32(raw[84:]))
			if array < fuzzSectors && n < fuzzSectors*512 && array*512+n <= fuzzSectors*512 {
				le.PutUint32(raw[88:], crc32.ChecksumIEEE(b[array*512:array*512+n]))
			}
			if size := le.Uint32(raw[12:]); size >= gptHeaderSize && size <= 512 {
				le.PutUint32(raw[16:], gptChecksum(raw[:size]))
			}
		}
		z := s512
		if fix&4 != 0 {
			b = append(b, make([]byte, 100*512)...) // the disk grew
		}
		survives(t, b, z)
		survives(t, b, s4096)
	})
}

// FuzzReadMBR puts bytes in place of sector 0's table and of the tables of boot records, which are ten
// sectors apart from sector 20 on.
func FuzzReadMBR(f *testing.F) {
	seed := smallMBR(f)
	var chain []byte
	for _, at := range []int{20, 50, 80} {
		chain = append(chain, seed[at*512+mbrEntries:at*512+mbrSize]...)
	}
	f.Add(seed[mbrEntries:mbrSize], chain)
	for off, value := range map[int]uint32{24: 0, 90: 0xFFFFFFFF, 28: 0xFFFFFFFF} {
		odd := bytes.Clone(chain)
		le.PutUint32(odd[off:], value)
		f.Add(seed[mbrEntries:mbrSize], odd)
	}
	f.Fuzz(func(t *testing.T, table, chain []byte) {
		if len(table) > mbrSize-mbrEntries || len(chain) > 20*(mbrSize-mbrEntries) {
			return
		}
		b := make([]byte, fuzzSectors*512)
		b[510], b[511] = 0x55, 0xAA
		copy(b[mbrEntries:], table)
		for i := 0; len(chain) > 0; i++ {
			n := copy(b[(20+10*i)*512+mbrEntries:(20+10*i)*512+mbrSize], chain)
			chain = chain[n:]
		}
		survives(t, b, s512)
		survives(t, b, s4096)
	})
}
