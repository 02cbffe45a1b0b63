package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
)

// damage is something that went wrong with a file system of the acceptance table, by the hand of foreign tools or by bytes
// that were overwritten.
type damage struct {
	kind model.FSKind
	name string
	do   func(t *testing.T, w string)
}

// byScript damages by a shell script that calls the file system $W.
func byScript(text string) func(t *testing.T, w string) {
	return func(t *testing.T, w string) {
		t.Helper()
		sh(t, ".", fmt.Sprintf("W='%s'\n%s", w, text))
	}
}

// debugfs damages by requests to debugfs, one a line.
func debugfs(requests string) func(t *testing.T, w string) {
	return func(t *testing.T, w string) {
		t.Helper()
		testneed.Tool(t, "debugfs")
		byScript("debugfs -w -f - $W 2>&1 <<'END'\n"+requests+"\nEND")(t, w)
	}
}

// xfsDB damages by requests to xfs_db. $I is the inode of /d0/f2, and $D that of /d0.
func xfsDB(requests string) func(t *testing.T, w string) {
	const inode = `$(xfs_db -r -f -c "path %s" -c ls $W | awk '$NF=="(good)" && $(NF-1)=="%s" {print $2}')`
	return byScript(fmt.Sprintf("D=%s; I=%s\nxfs_db -x -f $W 2>&1 <<END\n%s\nquit\nEND",
		fmt.Sprintf(inode, "/", "d0"), fmt.Sprintf(inode, "/d0", "f2"), requests))
}

// bytesAt damages by bytes at places that the file system's own bytes tell.
func bytesAt(where func(t *testing.T, b []byte) (off int, with []byte)) func(t *testing.T, w string) {
	return func(t *testing.T, w string) {
		t.Helper()
		b, err := os.ReadFile(w)
		if err != nil {
			t.Fatal(err)
		}
		off, with := where(t, b)
		f, err := os.OpenFile(w, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		if _, err := f.WriteAt(with, int64(off)); err != nil {
			t.Fatal(err)
		}
	}
}

func both(list ...func(t *testing.T, w string)) func(t *testing.T, w string) {
	return func(t *testing.T, w string) {
		t.Helper()
		for _, do := range list {
			do(t, w)
		}
	}
}

// fatPlace finds places of a FAT volume: entry c of copy i of its table, and the directory entry of a file.
type fatPlace struct {
	b []byte
	w int // bytes of an entry
}

func fatOf(b []byte) fatPlace {
	if binary.LittleEndian.Uint16(b[22:]) != 0 {
		return fatPlace{b, 2}
	}
	return fatPlace{b, 4}
}

func (p fatPlace) entry(i, c int) int {
	le := binary.LittleEndian
	length := int(le.Uint16(p.b[22:])) + int(le.Uint32(p.b[36:]))*(p.w/4)
	return (int(le.Uint16(p.b[14:]))+i*length)*512 + c*p.w
}

func (p fatPlace) file(t *testing.T, name string) int {
	t.Helper()
	for at := 0; ; at++ {
		i := bytes.Index(p.b[at:], []byte(fmt.Sprintf("%-11s", name)))
		if i < 0 {
			t.Fatalf("no entry of %s", name)
		}
		if at += i; at%32 == 0 {
			return at
		}
	}
}

func (p fatPlace) first(t *testing.T, name string) int {
	return int(binary.LittleEndian.Uint16(p.b[p.file(t, name)+26:]))
}

func (p fatPlace) number(c int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(c))[:p.w] }

// rechained lets the chain of a file go on elsewhere behind its third cluster, in copy i of the table.
func rechained(i int, to func(t *testing.T, p fatPlace) int) func(t *testing.T, w string) {
	return bytesAt(func(t *testing.T, b []byte) (int, []byte) {
		p := fatOf(b)
		return p.entry(i, p.first(t, "F2")+2), p.number(to(t, p))
	})
}

func inBoth(to func(t *testing.T, p fatPlace) int) func(t *testing.T, w string) {
	return both(rechained(0, to), rechained(1, to))
}

// inEntry writes into the directory entry of a file.
func inEntry(name string, at int, with ...byte) func(t *testing.T, w string) {
	return bytesAt(func(t *testing.T, b []byte) (int, []byte) { return fatOf(b).file(t, name) + at, with })
}

// inMFT writes into a record of NTFS.
func inMFT(record, at int, with []byte) func(t *testing.T, w string) {
	return bytesAt(func(_ *testing.T, b []byte) (int, []byte) { return ntfsAt(b, 48) + record*1024 + at, with })
}

// ntfsAt returns where in an NTFS the cluster lies that the boot sector names at that place.
func ntfsAt(b []byte, at int) int {
	return int(binary.LittleEndian.Uint64(b[at:])) * int(b[13]) * 512
}

// fixed writes bytes at a fixed place; a negative one counts from the end.
func fixed(off int, with []byte) func(t *testing.T, w string) {
	return bytesAt(func(_ *testing.T, b []byte) (int, []byte) {
		if off < 0 {
			off += len(b)
		}
		return off, with
	})
}

var noise = bytes.Repeat([]byte("noise! "), 700)

// btrfsTree overwrites the first leaf or node of a tree, in one copy or in all.
func btrfsTree(tree, copies string) func(t *testing.T, w string) {
	return func(t *testing.T, w string) {
		t.Helper()
		testneed.Tool(t, "btrfs-map-logical")
		byScript(fmt.Sprintf(`L=$(btrfs inspect-internal dump-tree -t %s $W | awk '/^(leaf|node) /{print $2; exit}')
for at in $(btrfs-map-logical -l $L $W | awk '/^mirror (%s) /{print $6}'); do
	yes noise | head -c 8000 | dd of=$W bs=1 seek=$((at + 100)) conv=notrunc status=none
done`, tree, copies))(t, w)
	}
}

// f2fsInode overwrites bytes at a place of the inode of a file.
func f2fsInode(name string, at int) func(t *testing.T, w string) {
	return byScript(fmt.Sprintf(`cd "$(dirname $W)"
I=$(fsck.f2fs --dry-run -t $W | sed -n 's/.*-- %s <ino = \(0x[0-9a-f]*\)>.*/\1/p')
dump.f2fs -n 0~100 $W </dev/null >/dev/null
B=$(awk -v i=$((I)) '$2==i && $4==i {print $8}' dump_nat)
yes noise | head -c 16 | dd of=$W bs=1 seek=$((B*4096 + %d)) conv=notrunc status=none`, name, at))
}

// damages lists them all.
func damages() []damage {
	crossed := func(t *testing.T, p fatPlace) int { return p.first(t, "F4") + 3 }
	list := []damage{
		{model.Btrfs, "one copy of the file tree", btrfsTree("5", "1")},
		{model.Btrfs, "the other copy of the extent tree", btrfsTree("2", "2")},
		{model.Btrfs, "both copies of the extent tree", btrfsTree("2", "1|2")},
		{model.Btrfs, "both copies of the checksum tree", btrfsTree("7", "1|2")},
		{model.Btrfs, "both copies of the file tree", btrfsTree("5", "1|2")},
		{model.Btrfs, "a mirror of the superblock", fixed(64<<20, noise[:4096])},
		{model.XFS, "a mode", xfsDB("inode $I\nwrite -d core.mode 0170644")},
		{model.XFS, "a size", xfsDB("inode $I\nwrite -d core.size 5000")},
		{model.XFS, "an extent", xfsDB("inode $I\nwrite -d u3.bmx[0].startblock 30")},
		{model.XFS, "the count of free blocks", xfsDB("sb 0\nwrite -d fdblocks 77")},
		{model.XFS, "a group's free space", xfsDB("agf 0\nwrite -d freeblks 12")},
		{model.XFS, "a directory's parent", xfsDB("inode $D\nwrite -d u3.sfdir3.hdr.parent.i4 999")},
		{model.XFS, "the root of the free space", xfsDB("agf 1\nwrite -d bnoroot 999999")},
		{model.XFS, "a second superblock", byScript(`at=$(xfs_db -r -f -c 'sb 0' -c 'p agblocks' $W | awk '{print $3}')
yes noise | head -c 512 | dd of=$W bs=512 seek=$((at*8)) conv=notrunc status=none`)},
		{model.F2FS, "a file's inode", f2fsInode("f2", 40)},
		{model.F2FS, "a directory's inode", f2fsInode("d0", 400)},
		{model.F2FS, "a file's checksum", f2fsInode("f2", 4080)},
		{model.F2FS, "the first superblock", fixed(1024, make([]byte, 3000))},
		{model.F2FS, "the first checkpoint", fixed(512*4096, noise[:4096])},
		{model.ExFAT, "the allocation bitmap", exfatBitmapDamage},
		{model.ExFAT, "the backup boot sector", fixed(12*512, noise[:512])},
		{model.ExFAT, "the mark of an unclean unmount", fixed(106, []byte{2})},
		{model.NTFS, "a record's copy", bytesAt(func(_ *testing.T, b []byte) (int, []byte) { return ntfsAt(b, 56) + 1024 + 60, noise[:100] })},
		{model.NTFS, "a record of the MFT", inMFT(1, 60, noise[:100])},
		{model.NTFS, "a file's record", inMFT(66, 40, noise[:300])},
		{model.NTFS, "the boot sector's copy", fixed(-512, noise[:512])},
		{model.NTFS, "the mark of an unclean unmount", byScript(`ntfsfix $W >/dev/null`)},
	}
	for _, kind := range []model.FSKind{model.FAT16, model.FAT32} {
		list = append(list,
			damage{kind, "crossed chains", inBoth(crossed)},
			damage{kind, "a chain that ends early", inBoth(func(_ *testing.T, p fatPlace) int { return 1<<(8*p.w) - 1 })},
			damage{kind, "a chain into nothing", inBoth(func(_ *testing.T, p fatPlace) int { return 1<<28 - 100 })},
			damage{kind, "a chain into itself", inBoth(func(t *testing.T, p fatPlace) int { return p.first(t, "F2") + 1 })},
			damage{kind, "a first table that differs", rechained(0, crossed)},
			damage{kind, "a second table that differs", rechained(1, crossed)},
			damage{kind, "lost clusters", byScript(`mmd -i $W ::/gone; yes lost | head -c 90000 | mcopy -i $W - ::/gone/LOST
at=$(grep -abo 'LOST       ' $W | head -1 | cut -d: -f1); printf '\345' | dd of=$W bs=1 seek=$at conv=notrunc status=none`)},
			damage{kind, "a length beyond the chain", inEntry("F2", 28, 0, 0, 0x40, 0)},
			damage{kind, "a length within the chain", inEntry("F2", 28, 0, 0x10, 0, 0)},
			damage{kind, "a start nowhere", inEntry("F2", 26, 1, 0)},
			damage{kind, "a name of odd characters", inEntry("F2", 0, 'F', '*', 2)},
			damage{kind, "a name twice", inEntry("F2", 0, 'F', '0')},
			damage{kind, "a directory without its kind", inEntry("D1", 11, 0x20)},
			damage{kind, "the dot", both(inEntry(".", 26, 9, 0))},
			damage{kind, "the dots", both(inEntry("..", 26, 9, 0))},
			damage{kind, "a long name", byScript(`mren -i $W ::/d0/f2 '::/d0/a long name of f2'
at=$(grep -abo 'ALONGN' $W | head -1 | cut -d: -f1); printf X | dd of=$W bs=1 seek=$((at+1)) conv=notrunc status=none`)},
		)
	}
	for name, requests := range extDamages {
		list = append(list, damage{model.Ext4, name, debugfs(requests)})
	}
	return list
}

// extDamages are kinds of damage that e2fsck knows. The images that it is tested with have the others.
var extDamages = map[string]string{
	"a mode":                         "sif /d0/f2 mode 0170000",
	"an inode":                       "clri /d0/f2",
	"a wrong block count":            "sif /d0/f2 blocks 6",
	"a block of two files":           "copy_inode /d0/f2 /d0/f4",
	"an orphaned inode":              "unlink /d0/f2",
	"a deleted inode with links":     "sif /d0/f2 links_count 0\nsif /d0/f2 dtime 1700000000",
	"a wrong link count":             "sif /d0/f2 links_count 7",
	"a directory block":              "zap_block -f /d0 -p 0x55 0",
	"a directory without a name":     "unlink /d0",
	"a name without an inode":        "link <60000> /d0/nothing",
	"a directory twice":              "link /d0 /d1/again",
	"bad extents":                    "sif /d0/f2 block[4] 4294967295",
	"a bad extent magic":             "sif /d0/f2 block[0] 12345",
	"a used block that is free":      "freeb 9000 800",
	"a free block that is used":      "setb 60000 50",
	"a used inode that is free":      "freei /d0/f2",
	"a size":                         "sif /d0/f2 size 1000",
	"a size beyond":                  "sif /d0/f2 size 90000000",
	"the group's block bitmap":       "set_bg 0 block_bitmap 3",
	"the group's checksum":           "set_bg 0 checksum 0x1234",
	"the group's inode table":        "set_bg 0 inode_table 60000",
	"the count of free blocks":       "ssv free_blocks_count 7",
	"the count of inodes":            "ssv free_inodes_count 3",
	"an impossible count":            "ssv free_blocks_count 4294968254",
	"the journal's inode":            "clri <8>",
	"the journal's block":            "zap_block -f <8> -p 0 0",
	"the root directory":             "clri <2>",
	"the state":                      "ssv state 2",
	"a journal that wants a replay":  "feature needs_recovery",
	"the list of orphans":            "ssv last_orphan 13",
	"a directory's htree":            "sif /d0 flags 0x81000",
	"an inode's flags":               "sif /d0/f2 flags 0x10080000",
	"an attribute block":             "sif /d0/f2 file_acl 5",
	"a superblock's wrong reserved":  "ssv reserved_gdt_blocks 999",
	"the inode size of extra fields": "ssv want_extra_isize 999",
}

// exfatBitmapDamage frees clusters in the allocation bitmap, which mkfs.exfat and Windows put into cluster 2.
func exfatBitmapDamage(t *testing.T, w string) {
	t.Helper()
	bytesAt(func(_ *testing.T, b []byte) (int, []byte) {
		return int(binary.LittleEndian.Uint32(b[88:])) << b[108], []byte{0, 0}
	})(t, w)
}
