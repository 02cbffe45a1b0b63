package fsys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/ops/overlay"
)

// hidden is the count of hidden sectors in the boot sector at off.
func hidden(t testing.TB, path string, off int64) uint32 {
	t.Helper()
	b := make([]byte, 4)
	if _, err := open(t, path).ReadAt(b, off+28); err != nil {
		t.Fatal(err)
	}
	return binary.LittleEndian.Uint32(b)
}

// writes notes which bytes are written.
type writes struct {
	Window
	at []int64
}

func (w *writes) WriteAt(b []byte, off int64) (int, error) {
	for i := range b {
		w.at = append(w.at, off+int64(i))
	}
	return w.Window.WriteAt(b, off)
}

// changed lists the bytes that differ.
func changed(t testing.TB, before, after []byte) (at []int64) {
	t.Helper()
	if len(before) != len(after) {
		t.Fatalf("length %d became %d", len(before), len(after))
	}
	for i := range before {
		if before[i] != after[i] {
			at = append(at, int64(i))
		}
	}
	return at
}

func TestMovedFAT(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  string
		size  int64
		kind  model.FSKind
		at    []int64 // offsets of boot sectors
		start geometry.Sector
		z     geometry.SectorSize
		want  uint32
	}{
		{"fat12", "mkfs.fat -F 12", 2 * mib, model.FAT12, []int64{0}, 63, 512, 63},
		{"fat16", "mkfs.fat -F 16 -h 2048", 20 * mib, model.FAT16, []int64{0}, 1<<32 - 1, 512, 1<<32 - 1},
		{"fat32", "mkfs.fat -F 32 -h 2048", 40 * mib, model.FAT32, []int64{0, 6 * 512}, 0x01020304, 512, 0x01020304},
		{"fat32-beyond", "mkfs.fat -F 32 -h 2048", 40 * mib, model.FAT32, []int64{0, 6 * 512}, 1 << 32, 512, 0},
		{"fat32-4096", "mkfs.fat -F 32 -S 4096 -h 256", 300 * mib, model.FAT32, []int64{0, 6 * 4096}, 1000, 4096, 1000},
		{"fat32-512-on-4096", "mkfs.fat -F 32 -h 256", 40 * mib, model.FAT32, []int64{0, 6 * 512}, 1000, 4096, 8000},
		{"ntfs", "mkntfs -q -Q -F -p 2048", 16 * mib, model.NTFS, []int64{0, 16*mib - 512}, 123456, 512, 123456},
		{"ntfs-beyond", "mkntfs -q -Q -F -p 2048", 16 * mib, model.NTFS, []int64{0, 16*mib - 512}, 1 << 32, 512, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := sparse(t, c.size)
			tool(t, append(strings.Fields(c.make), path)...)
			f := open(t, path)
			log := &writes{Window: f}
			must(t, Moved(log, c.kind, c.size, c.start, c.z))
			for _, at := range c.at {
				if got := hidden(t, path, at); got != c.want {
					t.Errorf("boot sector at %d says %d, want %d", at, got, c.want)
				}
			}
			for _, at := range log.at {
				if !slices.ContainsFunc(c.at, func(b int64) bool { return b+28 <= at && at < b+32 }) {
					t.Errorf("byte %d was written", at)
				}
			}
			if c.kind == model.NTFS {
				if out := tool(t, "ntfsfix", "-n", path); !strings.Contains(out, "alternate boot sector... OK") {
					t.Errorf("ntfsfix: %s", out)
				}
				return
			}
			tool(t, "fsck.fat", "-n", path)
		})
	}
}

// TestMovedNTFSSmaller: the volume ends before its partition, and its backup boot sector with it.
func TestMovedNTFSSmaller(t *testing.T) {
	path := sparse(t, 16*mib)
	tool(t, "mkntfs", "-q", "-Q", "-F", "-p", "2048", path)
	setSize(t, path, 17*mib)
	must(t, Moved(open(t, path), model.NTFS, 17*mib, 4096, 512))
	for _, at := range []int64{0, 16*mib - 512} {
		if got := hidden(t, path, at); got != 4096 {
			t.Errorf("boot sector at %d says %d", at, got)
		}
	}
	if got := hidden(t, path, 17*mib-512); got != 0 {
		t.Errorf("the end of the partition, which holds no boot sector, was changed to %d", got)
	}
}

func TestMovedExFAT(t *testing.T) {
	path := sparse(t, 20*mib)
	tool(t, "mkfs.exfat", path)
	f := open(t, path)
	before, err := os.ReadFile(path)
	must(t, err)
	must(t, Moved(f, model.ExFAT, 20*mib, 5000, 512))
	after, err := os.ReadFile(path)
	must(t, err)
	if at := changed(t, before, after); at != nil {
		t.Errorf("a position of 0 means none, but bytes %v were changed", at)
	}
	// mkfs.exfat stores no position in a file, so one is stored first, with wrong checksums.
	for _, off := range []int64{0, 12 * 512} {
		if _, err := f.WriteAt([]byte{0, 8, 0, 0}, off+64); err != nil {
			t.Fatal(err)
		}
	}
	if fs := scan.Probe(f, 0, 20*mib); !strings.Contains(string(fs.Dirty), "checksum") {
		t.Errorf("wrong checksum: %+v", fs)
	}
	must(t, Moved(f, model.ExFAT, 20*mib, 1<<32+5, 512))
	if fs := scan.Probe(f, 0, 20*mib); fs.Dirty != "" {
		t.Errorf("after the move: %+v", fs)
	}
	tool(t, "fsck.exfat", "-n", path)
	after, err = os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(after[:12*512], after[12*512:24*512]) {
		t.Error("the boot regions differ")
	}
	if got := binary.LittleEndian.Uint64(after[64:]); got != 1<<32+5 {
		t.Errorf("position %d", got)
	}
	for _, at := range changed(t, before, after) {
		if in := at % (12 * 512); at >= 24*512 || (in < 64 || in >= 72) && in < 11*512 {
			t.Errorf("byte %d changed", at)
		}
	}
}

func TestMovedNothing(t *testing.T) {
	for _, kind := range []model.FSKind{model.FAT16, model.FAT32, model.NTFS, model.ExFAT} {
		path := sparse(t, mib)
		if err := Moved(open(t, path), kind, mib, 5, 512); !errors.Is(err, errNoBoot) {
			t.Errorf("%s in zeros: %v", kind, err)
		}
		if err := Moved(open(t, sparse(t, 100)), kind, 100, 5, 512); err == nil {
			t.Errorf("%s in 100 bytes", kind)
		}
	}
	for _, kind := range []model.FSKind{model.Ext4, model.LUKS, model.Unformatted, "zfs"} {
		if err := Moved(nil, kind, mib, 5, 512); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestWipeRanges(t *testing.T) {
	const (
		gib = 1 << 30
		pib = 1 << 50
	)
	holds := func(ranges []overlay.Range, off int64) bool {
		return slices.ContainsFunc(ranges, func(r overlay.Range) bool { return r.Off <= off && off < r.End() })
	}
	for _, n := range []int64{512, 4096, 4608, 512 * kib, 512*kib + 512, mib, 2 * mib, 10*mib + 1536, 64 * mib, 64*mib + 4096, 3 * gib, 300 * gib, 2 * pib} {
		ranges := WipeRanges(n)
		end, total := int64(-1), int64(0)
		for _, r := range ranges {
			if r.Off <= end || r.Len <= 0 || r.End() > n || r.Off%4096 != 0 || r.End()%4096 != 0 && r.End() != n {
				t.Errorf("%d bytes: bad range %v", n, r)
			}
			end, total = r.End(), total+r.Len
		}
		if total > 3*mib {
			t.Errorf("%d bytes: %d are wiped", n, total)
		}
		for _, at := range []int64{
			0, min(n, 512*kib) - 1, 1080, 64*kib + 64, 64*mib + 64, 256*gib + 64, pib + 64,
			n - 1, n - 512*kib, n - 64*kib, (n/256/kib*256 - 512) * kib, n - 3087*512, (n-mib)/mib*mib + 4095,
		} {
			if at >= 0 && at < n && !holds(ranges, at) {
				t.Errorf("%d bytes: %d is not wiped by %v", n, at, ranges)
			}
		}
	}
	if got := WipeRanges(0); got != nil {
		t.Errorf("nothing: %v", got)
	}
}

// TestWipeRangesErase wipes what real tools make: nothing may be recognised afterwards.
func TestWipeRangesErase(t *testing.T) {
	for kind, line := range map[string]string{
		"ext4": "mke2fs -q -t ext4", "xfs": "mkfs.xfs -q", "btrfs": "mkfs.btrfs -q", "f2fs": "mkfs.f2fs -q", "ntfs": "mkntfs -q -Q -F",
		"fat32": "mkfs.fat -F 32", "exfat": "mkfs.exfat", "swap": "mkswap",
	} {
		path := sparse(t, 320*mib)
		tool(t, append(strings.Fields(line), path)...)
		f := open(t, path)
		if fs := scan.Probe(f, 0, 320*mib); string(fs.Kind) != kind {
			t.Errorf("%s: found %+v", kind, fs)
		}
		for _, r := range WipeRanges(320 * mib) {
			if _, err := f.WriteAt(make([]byte, r.Len), r.Off); err != nil {
				t.Fatal(err)
			}
		}
		if fs := scan.Probe(f, 0, 320*mib); fs != (model.Filesystem{}) {
			t.Errorf("%s: %+v is left", kind, fs)
		}
		if out, exit := try(t, "blkid", "-p", path); exit != 2 {
			t.Errorf("%s: blkid finds %s", kind, out)
		}
	}
}
