package fsys

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/ops/overlay"
)

// With -update-fsys the image is made anew by mke2fs and its free blocks are taken from dumpe2fs.
var updateGolden = flag.Bool("update-fsys", false, "rewrite testdata from an image made by the tools")

const (
	goldenImage = "testdata/ext4.img.gz"
	goldenFree  = "testdata/ext4.free"
)

// TestFreeRangesGolden is the twin of TestFreeRangesDumpe2fs that needs no tools: a small ext4 with files,
// flexible groups, groups that were never used and metadata checksums.
func TestFreeRangesGolden(t *testing.T) {
	if *updateGolden {
		remakeGolden(t)
	}
	packed, err := os.ReadFile(goldenImage)
	must(t, err)
	z, err := gzip.NewReader(bytes.NewReader(packed))
	must(t, err)
	image, err := io.ReadAll(z)
	must(t, err)
	want, err := os.ReadFile(goldenFree)
	must(t, err)

	list := &freeList{shortest: 1}
	n := int64(len(image))
	must(t, extFree(io.NewSectionReader(bytes.NewReader(image), 0, n), list))
	if got := printed(list.done()); got != string(want) {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	got, err := FreeRanges(bytes.NewReader(image), model.Ext4, 0, n)
	if err != nil || len(got) == 0 {
		t.Errorf("got %v, %v", got, err)
	}
	// The same in the middle of a disk.
	disk := append(bytes.Repeat([]byte{0xEE}, 63*512), image...)
	if shifted, err := FreeRanges(bytes.NewReader(disk), model.Ext4, 63*512, n); err != nil || !slices.Equal(shifted, got) {
		t.Errorf("at an offset: got %v, %v, want %v", shifted, err, got)
	}
	for _, at := range []int{1024 + 0x90, 2048 + 0x0C, 2048 + 0x12} { // label; free count and flags of group 0
		image[at] ^= 0x55
		if got, err := FreeRanges(bytes.NewReader(image), model.Ext4, 0, n); err != nil || got != nil {
			t.Errorf("with byte %d changed: got %v, %v", at, got, err)
		}
		image[at] ^= 0x55
	}
}

func printed(ranges []overlay.Range) string {
	var out strings.Builder
	for _, r := range ranges {
		fmt.Fprintf(&out, "%d %d\n", r.Off, r.Len)
	}
	return out.String()
}

func remakeGolden(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for i := range 21 { // build deletes every third
		sub := filepath.Join(dir, fmt.Sprintf("dir%d", i%7))
		must(t, os.MkdirAll(sub, 0o755))
		must(t, os.WriteFile(filepath.Join(sub, fmt.Sprintf("file%03d", i)), bytes.Repeat([]byte{byte(i)}, i*7000), 0o644))
	}
	path := extCase{size: 6 * mib, options: "-t ext4 -b 1024 -g 1024 -G 4 -J size=1 -N 160"}.build(t, dir)
	image, err := os.ReadFile(path)
	must(t, err)
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	must(t, err)
	_, err = z.Write(image)
	must(t, err)
	must(t, z.Close())
	must(t, os.WriteFile(goldenImage, packed.Bytes(), 0o644))
	must(t, os.WriteFile(goldenFree, []byte(printed(dumpedFree(t, path))), 0o644))
}

// memory is a window in memory.
type memory []byte

func (m memory) ReadAt(b []byte, off int64) (int, error) { return bytes.NewReader(m).ReadAt(b, off) }

func (m memory) WriteAt(b []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(b)) > int64(len(m)) {
		return 0, io.ErrShortWrite
	}
	return copy(m[off:], b), nil
}

// TestMovedBootSectors is the twin of TestMovedFAT and TestMovedExFAT that needs no tools.
func TestMovedBootSectors(t *testing.T) {
	const sector, n = 512, 64 * 512
	bootSector := func(m memory, at int, name string) {
		copy(m[at+3:], name)
		m[at+11], m[at+12] = 0, 2 // 512
		m[at+14] = 32
		m[at+510], m[at+511] = 0x55, 0xAA
	}
	fat, ntfs, exfat := make(memory, n), make(memory, n), make(memory, n)
	bootSector(fat, 0, "mkfs.fat")
	bootSector(fat, 6*sector, "mkfs.fat")
	fat[50], fat[6*sector+50] = 6, 6
	bootSector(ntfs, 0, "NTFS    ")
	bootSector(ntfs, n-sector, "NTFS    ")
	ntfs[40], ntfs[n-sector+40] = 63, 63
	for _, at := range []int{0, 12 * sector} {
		bootSector(exfat, at, "EXFAT   ")
		exfat[at+exfatShiftAt], exfat[at+exfatOffsetAt] = 9, 1
	}
	for _, c := range []struct {
		kind model.FSKind
		w    memory
		at   []int
	}{
		{model.FAT32, fat, []int{28, 6*sector + 28}},
		{model.NTFS, ntfs, []int{28, n - sector + 28}},
		{model.ExFAT, exfat, []int{64, 12*sector + 64}},
	} {
		before := slices.Clone(c.w)
		must(t, Moved(c.w, c.kind, n, 0x00ABCDEF, 512))
		for _, at := range c.at {
			if got := binary.LittleEndian.Uint32(c.w[at:]); got != 0x00ABCDEF {
				t.Errorf("%s at %d: %x", c.kind, at, got)
			}
		}
		if c.kind == model.ExFAT {
			if !bytes.Equal(c.w[:12*sector], c.w[12*sector:24*sector]) || bytes.Equal(c.w[11*sector:11*sector+4], before[:4]) {
				t.Error("the checksum sectors do not follow")
			}
			continue
		}
		if got := changed(t, before, c.w); len(got) > 8 {
			t.Errorf("%s: bytes %v changed", c.kind, got)
		}
	}
	// A boot sector of another volume at the end of the partition stays as it is.
	ntfs[n-sector+72] = 1
	must(t, Moved(ntfs, model.NTFS, n, 5, 512))
	if ntfs[28] != 5 || ntfs[n-sector+28] != 0xEF {
		t.Errorf("backup of another volume: %x %x", ntfs[28], ntfs[n-sector+28])
	}
}
