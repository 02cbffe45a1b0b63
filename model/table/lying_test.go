package table

import (
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

// headed is a disk of n bytes with some at its start, some at its end and zeros between them.
type headed struct {
	head, tail []byte
	n          int64
}

func (h headed) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), h.n-off)))
	clear(p[:n])
	if off < int64(len(h.head)) {
		copy(p[:n], h.head[off:])
	}
	if from := h.n - int64(len(h.tail)) - off; n > 0 && from < int64(n) {
		copy(p[max(0, from):n], h.tail[max(0, -from):])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestLyingHeaders puts the largest numbers, and numbers at the bounds, into every field of GPT headers, on disks from
// 128 KiB to 8 EiB. All checksums are right. Reading must neither panic nor hang nor take much memory.
func TestLyingHeaders(t *testing.T) {
	seed := smallGPT(t)
	tried, read := 0, 0
	for _, size := range []int64{fuzzSectors * 512, 64 * mib, 16 << 40, 1<<63 - 4096} {
		for off := 12; off < 96; off += 4 {
			for _, value := range []uint32{0, 1, 2, 127, 128, 1 << 15, maxArray / 128, maxArray/128 + 1, maxArray, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
				disk := headed{append([]byte(nil), seed[:34*512]...), append([]byte(nil), seed[len(seed)-33*512:]...), size}
				for _, raw := range [][]byte{disk.head[512:1024], disk.tail[32*512:]} {
					if size != fuzzSectors*512 {
						le.PutUint64(raw[24+8:], uint64(size/512-1)) // the backup is where it should be
						if &raw[0] == &disk.tail[32*512] {
							le.PutUint64(raw[24:], uint64(size/512-1))
							le.PutUint64(raw[32:], 1)
							le.PutUint64(raw[72:], uint64(size/512-33))
						}
					}
					le.PutUint32(raw[off:], value)
					// As large an array as there can be, where the entries are zeros at least.
					if array, n := le.Uint64(raw[72:]), uint64(le.Uint32(raw[80:]))*uint64(le.Uint32(raw[84:])); n <= maxArray && array < 1<<40 {
						content := make([]byte, n)
						_, _ = disk.ReadAt(content, int64(array)*512) // what is not there is zero
						le.PutUint32(raw[88:], crc32.ChecksumIEEE(content))
					}
					if n := le.Uint32(raw[12:]); n >= gptHeaderSize && n <= 512 {
						le.PutUint32(raw[16:], gptChecksum(raw[:n]))
					}
				}
				for _, z := range []geometry.SectorSize{s512, s4096} {
					tried++
					if d := frugal(t, disk, size, z); d.Table.Kind == model.TableGPT && d.ReadOnly() == "" {
						read++
					}
				}
				if t.Failed() {
					t.Fatalf("%d at byte %d of the header, on a disk of %d bytes", value, off, size)
				}
			}
		}
	}
	t.Logf("%d disks, of which %d can be edited", tried, read)
	if read < tried/20 {
		t.Error("the headers are not read at all")
	}
}

// TestLargeTables reads the largest GPTs there can be: 4 MiB of entries in use, all in the same place, or each in its own.
func TestLargeTables(t *testing.T) {
	const size = 64 * mib
	for name, apart := range map[string]bool{"in one place": false, "apart": true} {
		t.Run(name, func(t *testing.T) {
			img := newImage(t, size)
			img.fresh(model.Table{Kind: model.TableGPT, Slots: maxArray / 128, Usable: geometry.Span{Start: 10000, End: 100000}})
			g := img.gpt(s512)
			for slot := range maxArray / 128 {
				raw := g.primary.array[slot*128:]
				raw[0], raw[16], raw[17], raw[18] = 1, byte(slot), byte(slot>>8), 1
				start, last := 10000+slot, 10000+slot+slot%2
				if apart {
					start, last = 10000+2*slot, 10001+2*slot
				}
				le.PutUint64(raw[32:], uint64(start))
				le.PutUint64(raw[40:], uint64(last))
			}
			g.primary.header.ArraySum = crc32.ChecksumIEEE(g.primary.array)
			img.write(int64(g.primary.header.Array)*512, g.primary.array)
			img.write(512, g.primary.header.sealed(g.primary.raw))
			d := frugal(t, img.open(), size, s512)
			if len(d.Partitions()) != maxArray/128 || !strings.Contains(string(d.ReadOnly()), "up to 1024") {
				t.Fatalf("%d partitions, problems %+v", len(d.Partitions()), d.Problems())
			}
			if n := len(d.Problems()); n > 1000 {
				t.Errorf("%d problems", n)
			}
		})
	}
}

// TestLongChains reads chains of boot records that lead to each other without end, on disks of all sizes: to the next
// sector, in circles, back, to the far end.
func TestLongChains(t *testing.T) {
	for _, size := range []int64{mib, 2 << 40, 1<<63 - 4096} {
		for name, next := range map[string]func(at uint32) uint32{
			"one after the other": func(at uint32) uint32 { return at + 1 },
			"to itself":           func(at uint32) uint32 { return at },
			"back":                func(at uint32) uint32 { return at - 3 },
			"far away":            func(at uint32) uint32 { return 1<<32 - 1 - at },
			"to the first":        func(uint32) uint32 { return 0 },
		} {
			for _, start := range []uint32{1, 63, 1<<32 - 5} {
				for _, z := range []geometry.SectorSize{s512, s4096} {
					t.Run(fmt.Sprintf("%s from %d, %d bytes, sectors of %d", name, start, size, z), func(t *testing.T) {
						d := frugal(t, endlessChain{size: size, z: int64(z), start: start, next: next}, size, z)
						if len(d.Partitions()) > 4+maxEBRs {
							t.Errorf("%d partitions", len(d.Partitions()))
						}
					})
				}
			}
		}
	}
}

// endlessChain is a disk of which every sector but the first is a boot record that leads to another.
type endlessChain struct {
	size, z int64
	start   uint32
	next    func(at uint32) uint32
}

func (c endlessChain) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), c.size-off)))
	clear(p[:n])
	for done := 0; done < n; {
		at := off + int64(done)
		done += copy(p[done:n], c.sector(at / c.z)[at%c.z:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (c endlessChain) sector(at int64) []byte {
	b := make([]byte, c.z)
	b[510], b[511] = 0x55, 0xAA
	slot := func(i int, kind byte, start, count uint32) {
		raw := b[mbrEntries+16*i:]
		raw[4] = kind
		le.PutUint32(raw[8:], start)
		le.PutUint32(raw[12:], count)
	}
	if at == 0 {
		for i := range mbrSlots {
			slot(i, 0x0F, c.start+uint32(i), 1<<32-1-c.start)
		}
		return b
	}
	slot(0, 0x83, 1, 1)
	slot(1, 0x05, c.next(uint32(at)-c.start), 1<<31)
	return b
}
