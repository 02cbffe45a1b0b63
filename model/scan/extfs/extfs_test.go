package extfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// sample is a superblock of 100000 blocks of 4 KiB in 4 groups.
func sample() []byte {
	b := make([]byte, SuperblockSize)
	put := func(off int, v uint32) { binary.LittleEndian.PutUint32(b[off:], v) }
	put(0x00, 4*8192)
	put(0x04, 100000)
	put(0x0C, 90000)
	put(0x10, 4*8192-11)
	put(0x18, 2)
	put(0x1C, 2)
	put(0x20, 32768)
	put(0x24, 32768)
	put(0x28, 8192)
	b[0x38], b[0x39], b[0x3A] = 0x53, 0xEF, 1
	put(0x4C, 1)
	b[0x59] = 1 // inode size 256
	put(0x60, IncompatFiletype|IncompatExtents)
	put(0x64, ROCompatSparseSuper)
	return b
}

func TestParse(t *testing.T) {
	sb, err := Parse(sample())
	if err != nil {
		t.Fatal(err)
	}
	if sb.Size() != 100000*4096 || sb.Used() != 10000*4096 || sb.Groups() != 4 || sb.GroupBlocks(3) != 100000-3*32768 ||
		sb.ITableBlocks() != 512 || sb.DescBlocks() != 1 || sb.Version() != "ext4" || sb.Dirty() != "" {
		t.Errorf("got %+v", sb)
	}
	for _, c := range []struct {
		name  string
		off   int
		value uint32
		want  string // in the error
	}{
		{"magic", 0x38, 0xEF52, "no ext2"},
		{"block size", 0x18, 7, "block size"},
		{"no blocks in a group", 0x20, 0, "blocks per group"},
		{"odd group", 0x20, 32767, "blocks per group"},
		{"group larger than its bitmap", 0x20, 32768 + 8, "blocks per group"},
		{"no inodes", 0x28, 0, "inodes per group"},
		{"more inodes than the bitmap has", 0x28, 32769, "inodes per group"},
		{"inode size", 0x58, 100, "inode size"},
		{"inode larger than a block", 0x58, 8192, "inode size"},
		{"first block", 0x14, 2, "first block"},
		{"no blocks", 0x04, 0, "first block"},
		{"descriptor size", 0x60, Incompat64Bit, "descriptor size"},
		{"cluster size", 0x64, ROCompatBigalloc | ROCompatSparseSuper, ""},
	} {
		b := sample()
		binary.LittleEndian.PutUint32(b[c.off:], c.value)
		if _, err := Parse(b); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	for off, value := range map[int]uint32{0x0C: 100001, 0x10: 4*8192 + 1} {
		b := sample()
		binary.LittleEndian.PutUint32(b[off:], value)
		if sb, err := Parse(b); err != nil || !sb.Miscounted || sb.Used() != sb.Size() || sb.Dirty() == "" {
			t.Errorf("more free than there is, at %#x: %v, %+v", off, err, sb)
		}
	}
	for _, n := range []int{0, 1023} {
		if _, err := Parse(sample()[:n]); !errors.Is(err, ErrNotExt) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestHasSuper lists the groups that have copies, as dumpe2fs lists them for such file systems.
func TestHasSuper(t *testing.T) {
	for _, c := range []struct {
		name             string
		compat, roCompat uint32
		backups          [2]uint32
		want             string
	}{
		{"all", 0, 0, [2]uint32{}, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29"},
		{"sparse", 0, ROCompatSparseSuper, [2]uint32{}, "0 1 3 5 7 9 25 27"},
		{"sparse2", CompatSparseSuper2, ROCompatSparseSuper, [2]uint32{1, 29}, "0 1 29"},
		{"sparse2 without copies", CompatSparseSuper2, ROCompatSparseSuper, [2]uint32{}, "0"},
	} {
		sb := Superblock{Compat: c.compat, ROCompat: c.roCompat, backups: c.backups}
		var got []string
		for group := range uint64(30) {
			if sb.HasSuper(group) {
				got = append(got, strconv.FormatUint(group, 10))
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		if n := sb.copies(30); n < uint64(len(got)) {
			t.Errorf("%s: %d copies counted, there are %d", c.name, n, len(got))
		}
	}
}

// TestCRC16 uses the check value of the catalogue of CRCs: with a start of ones this one is called CRC-16/MODBUS.
func TestCRC16(t *testing.T) {
	if got := crc16(0xFFFF, []byte("123456789")); got != 0x4B37 {
		t.Errorf("got %04x", got)
	}
}

// TestMinSize has resize2fs make file systems as small as MinSize and OneRun say, with the slack that shunt leaves, and
// e2fsck judge the result.
func TestMinSize(t *testing.T) {
	resize2fs, mke2fs, e2fsck := testneed.Tool(t, "resize2fs"), testneed.Tool(t, "mke2fs"), testneed.Tool(t, "e2fsck")
	dir := t.TempDir()
	for i := range 40 {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), make([]byte, i*5000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, options := range []string{
		"-t ext4 -b 4096", "-t ext4 -b 1024", "-t ext4 -b 1024 -N 100000", "-t ext4 -b 2048 -G 4", "-t ext4 -b 1024 -O ^flex_bg",
		"-t ext4 -b 1024 -O meta_bg,^resize_inode", "-t ext4 -b 1024 -O sparse_super2", "-t ext4 -O ^has_journal -b 1024",
		"-t ext3 -b 1024", "-t ext2 -b 4096", "-t ext2 -b 1024 -O ^sparse_super,^resize_inode", "-t ext4 -b 1024 -g 1024",
		"-t ext4 -O bigalloc",
	} {
		for _, size := range []int64{5 << 20, 64 << 20, 400 << 20} {
			path := filepath.Join(t.TempDir(), "image")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Truncate(size); err != nil {
				t.Fatal(err)
			}
			argv := append(append([]string{"-q", "-F", "-d", dir}, strings.Fields(options)...), path)
			if out, err := exec.Command(mke2fs, argv...).CombinedOutput(); err != nil {
				if size == 5<<20 {
					continue // too small for some
				}
				t.Fatalf("mke2fs %s: %v\n%s", options, err, out)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			sb := superblockOf(t, path)
			if sb.ClusterBlocks > 1 {
				if sb.MinSize() != sb.Size() {
					t.Errorf("%s in %d bytes: clusters are not resized", options, size)
				}
				continue
			}
			if sb.MinSize() > sb.OneRun() || sb.OneRun() > sb.Size()/2 && size > 5<<20 {
				t.Errorf("%s in %d bytes: %d, %d in one run", options, size, sb.MinSize(), sb.OneRun())
			}
			for want := max(1<<20, sb.MinSize()*105/100); sb.Size() > want; {
				run := max(want, sb.OneRun())
				if run >= sb.Size() {
					run = want
				}
				if out, err := exec.Command(resize2fs, "-f", path, fmt.Sprintf("%dK", run/1024)).CombinedOutput(); err != nil {
					t.Errorf("%s in %d bytes: to %d: %v\n%s", options, size, run, err, out)
					break
				}
				sb = superblockOf(t, path)
			}
			if out, err := exec.Command(e2fsck, "-fn", path).CombinedOutput(); err != nil {
				t.Errorf("%s in %d bytes: %v\n%s", options, size, err, out)
			}
		}
	}
}

// superblockOf returns the superblock of a file system in a file.
func superblockOf(t *testing.T, path string) Superblock {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, SuperblockSize)
	_, err = f.ReadAt(b, SuperblockOffset)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	sb, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return sb
}

// TestLyingGeometry makes sure that all arithmetic on a superblock that Parse accepts ends, and stays in range.
func TestLyingGeometry(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	odd := []uint32{0, 1, 2, 8, 16, 255, 1024, 32768, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1}
	fields := []int{0x00, 0x04, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x58, 0x5C, 0x60, 0x64, 0xCE, 0xFE, 0x104, 0x150, 0x158, 0x174}
	accepted := 0
	for range 200_000 {
		b := sample()
		for range 1 + rng.IntN(6) {
			binary.LittleEndian.PutUint32(b[fields[rng.IntN(len(fields))]:], odd[rng.IntN(len(odd))])
		}
		sb, err := Parse(b)
		if err != nil {
			continue
		}
		accepted++
		if least := sb.MinSize(); least < 0 || least > sb.Size() {
			t.Fatalf("minimum %d of %d: %+v", least, sb.Size(), sb)
		}
		for _, group := range []uint64{0, 1, sb.Groups() / 2, sb.Groups() - 1} {
			if n := sb.GroupBlocks(min(group, sb.Groups()-1)); n == 0 || n > sb.BlocksPerGroup {
				t.Fatalf("group %d has %d blocks: %+v", group, n, sb)
			}
			sb.Base(group)
			sb.DescBlock(group / sb.DescsPerBlock())
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d superblocks were accepted", accepted)
	}
}
