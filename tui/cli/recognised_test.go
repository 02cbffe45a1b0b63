package cli

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestDamagedButKnown: a file system that the system knows and that is damaged is shown as what it is, it needs a check, and
// the check makes it content.
func TestDamagedButKnown(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	const inPartition = "\nprintf 'label: gpt\\nstart=2048,size=%d\\n' | sfdisk -q $IMG; dd if=fs of=$IMG bs=1M seek=1 conv=notrunc,sparse status=none"
	for _, c := range []struct {
		kind, make string
		sectors    int64
		do         func(t *testing.T, image string)
		content    string // what is content with $W afterwards
		root       bool
	}{
		{
			"btrfs", "mkfs.btrfs -q fs", 200*2048 + 4, unevenBtrfs,
			`btrfs check --readonly $W 2>&1; btrfs rescue fix-device-size $W | grep -i 'no device size'`, true,
		},
		{
			"ext4", "mkfs.ext4 -q -O ^metadata_csum fs; debugfs -w -R 'ssv free_blocks_count 4294968254' fs 2>&1", 32 * 2048, nil,
			"e2fsck -fn $W", false,
		},
		{
			"ext4", "mkfs.ext4 -q -O ^metadata_csum fs; debugfs -w -R 'ssv free_inodes_count 99999' fs 2>&1", 16 * 2048, nil,
			"e2fsck -fn $W", false,
		},
		{"f2fs", "mkfs.f2fs -q fs; dd if=/dev/zero of=fs bs=1024 seek=1 count=3 conv=notrunc status=none", 64 * 2048, nil, "fsck.f2fs --dry-run $W; f2fslabel $W", false},
	} {
		t.Run(c.kind, func(t *testing.T) {
			if c.root {
				testneed.Root(t)
				testneed.Mountable(t, c.kind)
			}
			image := oracle.Image(t, 220, fmt.Sprintf("truncate -s %d fs; %s"+inPartition, c.sectors*512, c.make, c.sectors))
			if c.do != nil {
				c.do(t, image)
			}
			p := people()[0]
			if told := p.run(t, "info", image); !strings.Contains(told.out, c.kind) || !strings.Contains(told.out, "needs a check") {
				t.Errorf("%s%s", told.out, told.err)
			}
			p.run(t, "apply", "--yes", image, write(t, "check 1\n")).want(t, exitDone, "without any loss")
			if told := p.run(t, "info", image); !strings.Contains(told.out, c.kind) || strings.Contains(told.out, "needs a check") {
				t.Errorf("%s%s", told.out, told.err)
			}
			window := image + ".window"
			cutOut(t, image, window, mib, c.sectors*512)
			sh(t, ".", fmt.Sprintf("W='%s'\n%s", window, c.content))
		})
	}
}

// unevenBtrfs makes the size of the device no multiple of 4 KiB, as tools before 4.13 left it. kernel: struct
// btrfs_super_block; the checksum of its first field covers the other bytes of its block.
func unevenBtrfs(t *testing.T, image string) {
	t.Helper()
	f, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, at := range []int64{mib + 64<<10, mib + 64<<20} {
		b := make([]byte, 4096)
		if _, err := f.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
		size := binary.LittleEndian.Uint64(b[209:])
		binary.LittleEndian.PutUint64(b[209:], size+2048)
		binary.LittleEndian.PutUint32(b, crc32.Checksum(b[32:], crc32.MakeTable(crc32.Castagnoli)))
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
}
