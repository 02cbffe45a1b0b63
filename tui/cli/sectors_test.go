package cli

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// bigDisk is an MBR of sectors of 4096 bytes with FAT16, ext4 and NTFS in it, the last two in an extended partition, all
// made for such sectors.
const bigDisk = `truncate -s 400M disk.raw
DEV=$(losetup -f --show -b 4096 disk.raw); trap 'losetup -d $DEV' EXIT
printf 'label: dos\nlabel-id: 0xdeadbeef\nstart=4096,size=24M,type=e,bootable\nstart=12288,size=200M,type=f\nstart=12544,size=48M,type=83\nstart=28672,size=48M,type=7\n' | sfdisk -q $DEV
truncate -s 24M fat; mkfs.fat -F 16 -S 4096 -s 1 -h 4096 -n OLD fat; mcopy -s -Q -i fat $TREE/* ::/; dd if=fat of=disk.raw bs=1M seek=16 conv=notrunc status=none
truncate -s 48M ext; mkfs.ext4 -q -F -b 4096 -L OLD -d $TREE ext; dd if=ext of=disk.raw bs=1M seek=49 conv=notrunc status=none
truncate -s 48M ntfs; mkntfs -q -Q -F -s 4096 -p 28672 -H 255 -S 63 -L OLD ntfs
(cd $TREE; for f in $(find . -type f); do ntfscp -f $OLDPWD/ntfs $f $(echo ${f#./} | tr / _); done)
dd if=ntfs of=disk.raw bs=1M seek=112 conv=notrunc status=none`

// TestBigSectors converts a table of 4096-byte sectors to GPT, moves, resizes and copies in it. File systems count in such
// sectors where they begin.
func TestBigSectors(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	testneed.File(t, "/dev/loop-control")
	for _, name := range []string{"sfdisk", "sgdisk", "parted", "mkfs.fat", "mcopy", "mkfs.ext4", "mkntfs", "ntfscp", "ntfsresize"} {
		testneed.Tool(t, name)
	}
	dir, tree := t.TempDir(), t.TempDir()
	matrixTree(t, tree)
	sh(t, dir, fmt.Sprintf("TREE='%s'\n%s", tree, bigDisk))
	files, image := oracle.Sums(t, tree), filepath.Join(dir, "disk.raw")
	plan := `move 6 right 5MiB
resize 6 to 64MiB
table gpt
copy 5 at 260MiB
copy 1 at 320MiB size=30MiB
move 1 left 3MiB
`
	people()[0].run(t, "apply", "--yes", "--sector-size", "4096", image, write(t, plan)).want(t, 0, "Done")

	dev := strings.TrimSpace(sh(t, ".", "losetup -f --show -r -b 4096 '"+image+"'"))
	defer sh(t, ".", "losetup -d "+dev)
	table := oracle.SFDisk(t, dev)
	oracle.SGDiskClean(t, dev)
	oracle.PartedClean(t, dev)
	if table.Label != "gpt" || table.SectorSize != 4096 {
		t.Errorf("the table is %s of sectors of %d bytes", table.Label, table.SectorSize)
	}
	for _, want := range []struct {
		number      int
		start, size int64 // MiB
		check       string
		files       func(testing.TB, string) map[string]string
		boot        bool // the first sector says where it lies
	}{
		{1, 13, 24, "fsck.fat -n", filesOfFAT, true},
		{2, 260, 48, "e2fsck -fn", filesOfExt, false},
		{3, 320, 30, "fsck.fat -n", filesOfFAT, true},
		{5, 49, 48, "e2fsck -fn", filesOfExt, false},
		{6, 117, 64, "ntfsresize --info --force --no-progress-bar", filesOfNTFS, true},
	} {
		p := table.Part(t, want.number)
		if p.Off != want.start*mib || p.Len != want.size*mib {
			t.Errorf("p%d lies at %d+%d", want.number, p.Off, p.Len)
			continue
		}
		window := filepath.Join(t.TempDir(), "window")
		cutOut(t, image, window, p.Off, p.Len)
		sh(t, ".", want.check+" '"+window+"'")
		oracle.SameFiles(t, want.files(t, window), files)
		if hidden := binary.LittleEndian.Uint32(rangeOf(t, window, 28, 4)); want.boot && int64(hidden) != p.Start {
			t.Errorf("p%d believes to begin at sector %d, and it is %d", want.number, hidden, p.Start)
		}
	}
}
