package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
)

// matrixFS is a file system as the acceptance table tries it: how it is made with files in it, how its own tools judge
// it, and how the files are read back by others than shunt. Scripts find it as $W, a file that is just as long as it; the
// files are in $TREE, and $START is the sector where the partition will begin.
type matrixFS struct {
	kind  model.FSKind
	size  int64 // MiB
	tools []string
	root  bool // it takes a mount to fill it or to read it
	build string
	check string // "" where there is no tool
	// files reads the files back; nil where only a kernel could do so that has a driver for it.
	files func(t testing.TB, w string) map[string]string
	// places are bytes that tell the position on the disk, or that a mount changes: not compared after a move.
	places []span
}

type span struct{ from, to int64 }

func matrixKinds() []matrixFS {
	return []matrixFS{
		{
			kind: model.Ext2, size: 64, tools: []string{"mkfs.ext2", "e2fsck", "debugfs"},
			build: `mkfs.ext2 -q -F -L OLD -d $TREE $W`, check: `e2fsck -fn $W`, files: filesOfExt,
		},
		{
			kind: model.Ext3, size: 64, tools: []string{"mkfs.ext3", "e2fsck", "debugfs"},
			build: `mkfs.ext3 -q -F -L OLD -d $TREE $W`, check: `e2fsck -fn $W`, files: filesOfExt,
		},
		{
			kind: model.Ext4, size: 64, tools: []string{"mkfs.ext4", "e2fsck", "debugfs"},
			build: `mkfs.ext4 -q -F -L OLD -d $TREE $W`, check: `e2fsck -fn $W`, files: filesOfExt,
		},
		{
			kind: model.FAT12, size: 6, tools: []string{"mkfs.fat", "fsck.fat", "mcopy"},
			build: `mkfs.fat -F 12 -s 8 -h $START -n OLD $W; mcopy -s -Q -i $W $TREE/* ::/`, check: `fsck.fat -n $W`, files: filesOfFAT,
		},
		{
			kind: model.FAT16, size: 64, tools: []string{"mkfs.fat", "fsck.fat", "mcopy"},
			build: `mkfs.fat -F 16 -h $START -n OLD $W; mcopy -s -Q -i $W $TREE/* ::/`, check: `fsck.fat -n $W`, files: filesOfFAT,
		},
		{
			kind: model.FAT32, size: 64, tools: []string{"mkfs.fat", "fsck.fat", "mcopy"},
			build: `mkfs.fat -F 32 -s 1 -h $START -n OLD $W; mcopy -s -Q -i $W $TREE/* ::/`, check: `fsck.fat -n $W`, files: filesOfFAT,
		},
		{
			kind: model.ExFAT, size: 64, tools: []string{"mkfs.exfat", "fsck.exfat"},
			build: `mkfs.exfat -L OLD $W`, check: `fsck.exfat -n $W`, places: []span{{0, 24 * 512}},
		},
		{
			kind: model.NTFS, size: 64, tools: []string{"mkntfs", "ntfsresize", "ntfscp", "ntfscat"},
			build: `mkntfs -q -Q -F -L OLD -p $START -H 255 -S 63 $W; cd $TREE; for f in $(find . -type f); do ntfscp -f $W $f $(echo ${f#./} | tr / _); done`,
			check: `ntfsresize --info --force --no-progress-bar $W`, files: filesOfNTFS,
		},
		{
			kind: model.XFS, size: 320, tools: []string{"mkfs.xfs", "xfs_repair", "mount"}, root: true,
			build: `mkfs.xfs -q -f -L OLD $W; M=$(mktemp -d); mount -o loop $W $M; cp -a $TREE/. $M/; umount $M; rmdir $M`,
			check: `xfs_repair -n -f $W`, files: filesByMount("xfs", "ro,nouuid"),
		},
		{
			kind: model.Btrfs, size: 384, tools: []string{"mkfs.btrfs", "btrfs", "mount"}, root: true,
			build: `mkfs.btrfs -q -L OLD --rootdir $TREE $W`, check: `btrfs check --readonly $W`, files: filesByMount("btrfs", "ro"),
		},
		{
			kind: model.F2FS, size: 80, tools: []string{"mkfs.f2fs", "sload.f2fs", "fsck.f2fs"},
			build: `mkfs.f2fs -q -l OLD $W; sload.f2fs -f $TREE $W`, check: `fsck.f2fs --dry-run $W`,
		},
		{
			kind: model.NILFS2, size: 192, tools: []string{"mkfs.nilfs2"},
			build: `mkfs.nilfs2 -q -f -L OLD $W`,
		},
		{
			kind: model.UDF, size: 64, tools: []string{"mkudffs", "udfinfo"},
			build: `mkudffs --media-type=hd --blocksize=512 --label=OLD $W`, check: `udfinfo $W`,
		},
		{
			kind: model.JFS, size: 64, tools: []string{"mkfs.jfs", "fsck.jfs"},
			build: `mkfs.jfs -q -L OLD $W`, check: `fsck.jfs -n -f $W`,
		},
		{
			kind: model.ReiserFS, size: 64, tools: []string{"mkreiserfs", "reiserfsck"},
			build: `mkreiserfs -q -ff -l OLD $W`, check: `reiserfsck --yes --check -q $W`,
		},
		{kind: model.Swap, size: 16, tools: []string{"mkswap"}, build: `mkswap -q -L OLD $W`},
		{
			kind: model.LUKS, size: 32, tools: []string{"cryptsetup"},
			build: `printf word | cryptsetup -q luksFormat --type luks2 --label OLD --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $W -`,
			check: `cryptsetup isLuks $W && printf word | cryptsetup open --test-passphrase $W --key-file -`,
		},
	}
}

func filesOfExt(t testing.TB, w string) map[string]string {
	t.Helper()
	files := extFiles(t, w, 0)
	return files
}

func filesOfFAT(t testing.TB, w string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	sh(t, dir, fmt.Sprintf("MTOOLS_SKIP_CHECK=1 mcopy -s -n -Q -i '%s' '::/*' .", w))
	return treeSums(t, dir)
}

// filesOfNTFS knows the names: they were made from those of the tree.
func filesOfNTFS(t testing.TB, w string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	sh(t, dir, fmt.Sprintf(`for f in $(ntfsls -f '%s' | grep _); do ntfscat -f '%[1]s' "$f" > "$f"; done`, w))
	files := map[string]string{}
	for name, sum := range treeSums(t, dir) {
		files[strings.Replace(name, "_", "/", 1)] = sum
	}
	return files
}

// filesByMount reads the files through the kernel's driver.
func filesByMount(kind, options string) func(testing.TB, string) map[string]string {
	return func(t testing.TB, w string) map[string]string {
		t.Helper()
		dir := t.TempDir()
		sh(t, dir, fmt.Sprintf("mount -t %s -o loop,%s '%s' '%s'", kind, options, w, dir))
		defer sh(t, ".", fmt.Sprintf("umount '%s'", dir))
		return treeSums(t, dir)
	}
}

// make makes the file system and returns it as a file of its own, with what is in it.
func (f matrixFS) make(t testing.TB, start int64) (window string, files map[string]string) {
	t.Helper()
	for _, name := range f.tools {
		testneed.Tool(t, name)
	}
	if f.root {
		testneed.Root(t)
		testneed.File(t, "/dev/loop-control")
	}
	dir, tree := t.TempDir(), t.TempDir()
	for i := range 6 {
		name := filepath.Join(tree, fmt.Sprintf("d%d", i%2), fmt.Sprintf("f%d", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Repeat(fmt.Sprintf("%d of %s\n", i, f.kind), 9000*(i+1))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	window = filepath.Join(dir, "window")
	sh(t, dir, fmt.Sprintf("truncate -s %dM window", f.size))
	sh(t, dir, fmt.Sprintf("W='%s' TREE='%s' START=%d\n%s", window, tree, start, f.build))
	if f.files != nil {
		files = treeSums(t, tree)
		sameFiles(t, f.files(t, window), files)
	}
	return window, files
}

// clean has the file system's own tool judge it.
func (f matrixFS) clean(t testing.TB, window string) {
	t.Helper()
	if f.check != "" {
		sh(t, ".", fmt.Sprintf("W='%s'\n%s", window, f.check))
	}
}
