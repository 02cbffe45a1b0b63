package scan

import (
	"testing"

	"shunt/model"
)

// overlaid is a real ext2 in front, on a disk whose end still has the superblock of a real array.
func overlaid(t *testing.T) (disk pages, size int64) {
	t.Helper()
	ext, raid := golden(t, "ext2"), golden(t, "mdraid")
	if raid.n <= ext.n {
		t.Fatalf("the member has %d bytes, the file system %d", raid.n, ext.n)
	}
	for number, page := range raid.data {
		if number*pageSize >= ext.n {
			ext.data[number] = page
		}
	}
	size, ext.n = ext.n, raid.n
	return ext, size
}

// TestTraces looks from a partition with a new end for what older contents of the disk left there.
func TestTraces(t *testing.T) {
	disk, size := overlaid(t)
	if got := Probe(disk, 0, disk.n); got.Kind != model.RAID {
		t.Fatalf("the superblock at the end does not count: %s", summary(got))
	}
	own, traces := Traces(disk, 0, disk.n, model.Ext2)
	at := disk.n/(64<<10)*(64<<10) - 64<<10
	if own != size || len(traces) != 1 || traces[0] != (Trace{model.RAID, at, 512}) {
		t.Errorf("%d bytes of ext2, %v, want %d bytes and RAID at %d", own, traces, size, at)
	}
	for _, n := range []int64{size, disk.n - 64<<10, disk.n + 64<<10} {
		if own, traces := Traces(disk, 0, n, model.Ext2); own != size || len(traces) != 0 {
			t.Errorf("with the end at %d: %d bytes of ext2, %v", n, own, traces)
		}
	}
	if _, traces := Traces(disk, 0, disk.n, model.RAID); len(traces) != 0 {
		t.Errorf("its own superblock: %v", traces)
	}
}

// TestZFSAtEnd copies the labels of a real pool behind a real ext4: both are named, and the file system comes first.
func TestZFSAtEnd(t *testing.T) {
	f := blkidImage(t, "zfs")
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	pool := newWindow(f, 0, info.Size())
	disk := golden(t, "ext4")
	disk.n = 64 * mib
	for page := range int64(2 * zfsLabel / pageSize) {
		b := make([]byte, pageSize)
		if !pool.read(b, page*pageSize) {
			t.Fatal(pool.err)
		}
		disk.data[(disk.n-2*zfsLabel)/pageSize+page] = b
	}
	if kinds := Signatures(disk, 0, disk.n); len(kinds) != 2 || kinds[0] != model.Ext4 || kinds[1] != model.ZFS {
		t.Errorf("%v", kinds)
	}
	if _, traces := Traces(disk, 0, disk.n, model.Ext4); len(traces) != 1 || traces[0].Off != disk.n-2*zfsLabel {
		t.Errorf("%v", traces)
	}
}
