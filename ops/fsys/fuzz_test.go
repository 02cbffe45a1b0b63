package fsys

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"

	"shunt/model"
)

// headed is a disk of n bytes that begins with some and has nothing but zeros behind them.
type headed struct {
	head []byte
	n    int64
}

func (h headed) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), h.n-off)))
	clear(p[:n])
	if off < int64(len(h.head)) {
		copy(p[:n], h.head[off:])
	}
	if n < len(p) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

// freePromises checks what FreeRanges promises of any disk.
func freePromises(t *testing.T, h headed) {
	t.Helper()
	for _, kind := range []model.FSKind{model.Ext4, model.Ext2, model.Swap, model.FAT16, model.FAT32, model.ExFAT, model.NTFS, model.XFS} {
		frugal(t, func() {
			got, err := FreeRanges(h, kind, 0, h.n)
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatal(err)
			}
			at := int64(0)
			for _, r := range got {
				if r.Off < at || r.Len < minFree || r.End() > h.n {
					t.Fatalf("bad range %+v", r)
				}
				at = r.End() + 1
			}
		})
	}
}

// goldenHead is the first part of the golden image: superblock, group descriptors, first bitmaps.
func goldenHead(tb testing.TB) []byte {
	tb.Helper()
	packed, err := os.ReadFile(goldenImage)
	if err != nil {
		tb.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		tb.Fatal(err)
	}
	image, err := io.ReadAll(io.LimitReader(z, 64<<10))
	if err != nil {
		tb.Fatal(err)
	}
	return image
}

// unchecked is a superblock without the features that come with checksums.
func unchecked(head []byte) []byte {
	head = bytes.Clone(head)
	const roCompat, checksums = 1024 + 0x64, 0x0400 | 0x0010
	binary.LittleEndian.PutUint32(head[roCompat:], binary.LittleEndian.Uint32(head[roCompat:])&^checksums)
	return head
}

// FuzzFreeRanges reads the block bitmaps of lying file systems.
func FuzzFreeRanges(f *testing.F) {
	head := goldenHead(f)
	for _, n := range []int64{4 << 20, 64 << 20, 1 << 34} {
		f.Add(head, n)
		f.Add(unchecked(head)[:16<<10], n)
	}
	f.Fuzz(func(t *testing.T, head []byte, n int64) {
		if len(head) > 1<<20 {
			return
		}
		freePromises(t, headed{head, min(max(n, 4096), 1<<34)})
	})
}

// TestFreeRangesLyingSizes claims the largest and the smallest of everything, on a disk of 16 TiB.
func TestFreeRangesLyingSizes(t *testing.T) {
	head := unchecked(goldenHead(t))[:16<<10]
	for _, off := range []int{0x00, 0x04, 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x58, 0xCE, 0xFE, 0x104, 0x150, 0x174} {
		for _, value := range []uint32{0, 1, 8, 0x7F, 0x2000, 0xFFFF, 1 << 31, 1<<32 - 1} {
			bad := bytes.Clone(head)
			binary.LittleEndian.PutUint32(bad[1024+off:], value)
			freePromises(t, headed{bad, 16 << 40})
		}
	}
}
