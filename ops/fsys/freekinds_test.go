package fsys

import (
	"io"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/scan"
	"shunt/model/testneed"
)

// freeCase is a file system, in use for a while, whose free blocks are found. The scripts run with the image in $W, a tree
// of files in $TREE and an empty directory in $OUT.
type freeCase struct {
	name  string
	kind  model.FSKind
	size  int64  // MiB
	mount string // what the kernel must be able to mount, "" if nothing
	// build makes the file system and puts the files of $TREE into it, some of them twice; the second ones are removed.
	build string
	// free prints how many bytes are free.
	free string
	// short is the most that may be missing from that: what a file system counts as free and does not use.
	short int64
	check string
	// read copies the files to $OUT.
	read  string
	tools []string
}

const (
	fatCopy  = `mcopy -s -Q -i $W $TREE/* ::/; mmd -i $W ::/again; mcopy -s -Q -i $W $TREE/* ::/again; mdeltree -i $W ::/again/dir1 ::/again/dir3`
	fatRead  = `mcopy -s -Q -n -i $W '::/*' $OUT`
	fatCount = `mdir -i $W ::/ | sed -n 's/^ *\([0-9 ]*\) bytes free.*/\1/p' | tr -d ' '`
	kernelIn = `M=$(mktemp -d); mount -o loop $W $M; cp -a $TREE/. $M/; mkdir $M/again; cp -a $TREE/. $M/again; sync -f $M
rm -r $M/again/dir1 $M/again/dir3; for f in $M/again/dir2/*; do truncate -s 5000 $f; done; umount $M; rmdir $M`
	kernelOut = `M=$(mktemp -d); mount -o loop,ro,$O $W $M; cp -a $M/. $OUT; umount $M; rmdir $M`
)

var freeCases = []freeCase{
	{name: "fat12", kind: model.FAT12, size: 6, build: `mkfs.fat -F 12 -s 8 $W; ` + fatSmall, free: fatCount, check: `fsck.fat -n $W`, read: fatRead, tools: []string{"mkfs.fat", "mcopy"}},
	{name: "fat16", kind: model.FAT16, size: 64, build: `mkfs.fat -F 16 $W; ` + fatCopy, free: fatCount, check: `fsck.fat -n $W`, read: fatRead, tools: []string{"mkfs.fat", "mcopy"}},
	{name: "fat32", kind: model.FAT32, size: 80, build: `mkfs.fat -F 32 -s 2 $W; ` + fatCopy, free: fatCount, check: `fsck.fat -n $W`, read: fatRead, tools: []string{"mkfs.fat", "mcopy"}},
	{name: "fat32 one table", kind: model.FAT32, size: 80, build: `mkfs.fat -F 32 -f 1 -s 2 $W; ` + fatCopy, free: fatCount, check: `fsck.fat -n $W`, read: fatRead, tools: []string{"mkfs.fat", "mcopy"}},
	{
		name: "exfat", kind: model.ExFAT, size: 64, build: `xz -dc $FILLED/exfat.xz | cp --sparse=always /dev/stdin $W`,
		free:  `dump.exfat $W | sed -n 's/^Free Clusters:[^0-9]*//p' | awk '{print $1*4096}'`,
		check: `fsck.exfat -n $W`, read: `cd $OUT; for i in 0 1 2 3 4 5; do grub-fstest $W cp "(loop0)/d$((i % 2))/f$i" f$i; done`, tools: []string{"xz", "dump.exfat", "fsck.exfat"},
	},
	{
		name: "ntfs", kind: model.NTFS, size: 64,
		build: `mkntfs -q -Q -F $W; M=$(mktemp -d); ntfs-3g $W $M; cp -a $TREE/. $M/; mkdir $M/again; cp -a $TREE/. $M/again; sync -f $M
rm -r $M/again/dir1 $M/again/dir3; for f in $M/again/dir2/*; do truncate -s 5000 $f; done; fusermount3 -u $M; while mountpoint -q $M; do :; done; rmdir $M`,
		free:  `ntfsinfo -m $W | sed -n 's/.*Free Clusters: *\([0-9]*\).*/\1/p' | awk '{print $1*4096}'`,
		check: `ntfsresize --info --force --no-progress-bar $W`,
		read:  `M=$(mktemp -d); ntfs-3g -o ro $W $M; cp -a $M/. $OUT; fusermount3 -u $M; rmdir $M`, tools: []string{"mkntfs", "ntfs-3g", "ntfsinfo", "ntfsresize"},
	},
	{
		name: "xfs", kind: model.XFS, size: 320, mount: "xfs", build: `mkfs.xfs -q -f $W; ` + kernelIn, free: xfsCount, short: 4 * 16 * kib,
		check: `xfs_repair -n -f $W`, read: `O=nouuid,norecovery; ` + kernelOut, tools: []string{"mkfs.xfs", "xfs_repair", "xfs_db"},
	},
	{
		name: "xfs 1k", kind: model.XFS, size: 320, mount: "xfs", build: `mkfs.xfs -q -f -b size=1024 -m rmapbt=1 -d agcount=4 -l size=64m $W; ` + kernelIn, free: xfsCount, short: 4 * 6 * kib,
		check: `xfs_repair -n -f $W`, read: `O=nouuid,norecovery; ` + kernelOut, tools: []string{"mkfs.xfs", "xfs_repair", "xfs_db"},
	},
	{
		name: "xfs 4", kind: model.XFS, size: 320, build: `{ echo / 0 0; echo d--755 0 0; for i in 1 2 3; do echo f$i ---644 0 0 $TREE/dir0/$(ls $TREE/dir0 | sed -n ${i}p); done; echo '$'; } >proto
mkfs.xfs -q -f -m crc=0 -p proto $W`, free: xfsCount, short: 4 * 16 * kib,
		check: `xfs_repair -n -f $W`, read: `cd $OUT; for i in 1 2 3; do grub-fstest $W cp "(loop0)/f$i" f$i; done`, tools: []string{"mkfs.xfs", "xfs_repair", "xfs_db", "grub-fstest"},
	},
}

const (
	fatSmall = `mcopy -s -Q -i $W $TREE/dir0 $TREE/dir1 ::/; mdeltree -i $W ::/dir1`
	// freesp lists the extents in the btrees: from, to, extents, blocks, percent.
	xfsCount = `xfs_db -r -f -c 'freesp -s' $W | sed -n 's/^total free blocks //p' | awk -v b=$(xfs_db -r -f -c 'sb 0' -c 'p blocksize' $W | sed 's/.* //') '{print $1*b}'`
)

// TestFreeKinds overwrites all that is free with random bytes: neither the file system's own tool nor a reader of the files
// may notice. The file system's own count of its free space says whether all was found.
func TestFreeKinds(t *testing.T) {
	dir := fileTree(t, 3*mib)
	for _, c := range freeCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range c.tools {
				testneed.Tool(t, name)
			}
			if c.mount != "" {
				testneed.Mountable(t, c.mount)
			}
			path := sparse(t, c.size*mib)
			before, shell := readFiles(t, c, path, dir)
			f, n := open(t, path), fileSize(t, path)
			list := &freeList{shortest: 1}
			must(t, Of(c.kind).free(io.NewSectionReader(f, 0, n), scan.Probe(f, 0, n), list))
			all, found := list.done(), int64(0)
			junk := filler(rand.New(rand.NewPCG(1, 2)), mib)
			for _, r := range all {
				found += r.Len
				for at := r.Off; at < r.End(); at += mib {
					_, err := f.WriteAt(junk[:min(mib, r.End()-at)], at)
					must(t, err)
				}
			}
			free, err := strconv.ParseInt(strings.TrimSpace(shell(c.free)), 10, 64)
			if err != nil || found > free || found < free-c.short {
				t.Errorf("%d bytes free were found, and the file system counts %d, %v", found, free, err)
			}
			shell(c.check)
			out := t.TempDir()
			shell("OUT=" + out + "\n" + c.read)
			oracle.SameFiles(t, oracle.Sums(t, out), before)
			if got, err := FreeRanges(f, c.kind, 0, n); len(got) == 0 || err != nil {
				t.Errorf("%d ranges of 64 KiB or more, %v", len(got), err)
			}
		})
	}
}

// readFiles builds the file system of a case and returns the sums of its files, and a function that runs other scripts on
// it.
func readFiles(t *testing.T, c freeCase, path, tree string) (map[string]string, func(script string) string) {
	t.Helper()
	filled, err := filepath.Abs("../../tui/cli/testdata/filled")
	must(t, err)
	out := t.TempDir()
	shell := func(script string) string {
		return testneed.Shell(t, t.TempDir(), script, "W="+path, "TREE="+tree, "OUT="+out, "FILLED="+filled, "MTOOLS_SKIP_CHECK=1")
	}
	shell(c.build)
	shell(c.read)
	return oracle.Sums(t, out), shell
}

// TestFreeKindsMutated reads lying metadata, without checksums that would give it away: nothing may panic, and what is
// found lies within.
func TestFreeKindsMutated(t *testing.T) {
	seed := *randomSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed-fsys=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, c := range []struct {
		kind  model.FSKind
		size  int64
		make  string
		heads []int64 // bytes at which much of the metadata is
	}{
		{model.FAT12, 4, `mkfs.fat -F 12 $W`, []int64{0, 512}},
		{model.FAT32, 40, `mkfs.fat -F 32 -s 1 $W`, []int64{0, 32 * 512}},
		{model.ExFAT, 8, `mkfs.exfat $W`, []int64{0, 64}},
		{model.NTFS, 4, `mkntfs -q -Q -F $W`, []int64{0, 16 * kib, 22 * kib}},
		{model.XFS, 320, `mkfs.xfs -q -f -m crc=0 $W`, []int64{0, 512, 4096, 80 * mib, 80*mib + 512}},
	} {
		path := sparse(t, c.size*mib)
		testneed.Tool(t, strings.Fields(c.make)[0])
		testneed.Shell(t, t.TempDir(), c.make, "W="+path)
		f, n := open(t, path), c.size*mib
		odd := []byte{0, 1, 2, 0x7F, 0x80, 0xFF}
		for range 200 {
			p := patched{f, map[int64]byte{}}
			for range 1 + rng.IntN(3) {
				p.bytes[c.heads[rng.IntN(len(c.heads))]+int64(rng.IntN(256))] = odd[rng.IntN(len(odd))]
			}
			got, err := FreeRanges(p, c.kind, 0, n)
			if err != nil {
				t.Fatalf("%s: %v", c.kind, err)
			}
			at := int64(0)
			for _, r := range got {
				if r.Off < at || r.Len < minFree || r.End() > n {
					t.Fatalf("%s: bad ranges %v", c.kind, got)
				}
				at = r.End() + 1
			}
		}
		if got, err := FreeRanges(f, c.kind, 0, n); len(got) == 0 || err != nil {
			t.Errorf("%s pristine: %v, %v", c.kind, got, err)
		}
	}
}

// patched shows other bytes at a few places.
type patched struct {
	r     io.ReaderAt
	bytes map[int64]byte
}

func (p patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.r.ReadAt(b, off)
	for at, value := range p.bytes {
		if at >= off && at < off+int64(n) {
			b[at-off] = value
		}
	}
	return n, err
}
