package cli

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/oracle"
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
	label string // which it is made with
	// files reads the files back; nil for what has none.
	files func(t testing.TB, w string) map[string]string
}

// spare is how many MiB at its end a file system may leave unused when it fills its partition.
func (f matrixFS) spare() int64 {
	if f.kind == model.F2FS {
		return 4 // it ends at a whole section
	}
	return 2
}

func matrixKinds() []matrixFS {
	list := []matrixFS{
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
			kind: model.ExFAT, size: 64, tools: []string{"fsck.exfat"}, build: filledBefore, check: `fsck.exfat -n $W`, files: filesByGRUB,
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
			build: `mkfs.f2fs -q -l OLD $W; sload.f2fs -f $TREE $W`, check: `fsck.f2fs --dry-run $W`, files: filesByGRUB,
		},
		{kind: model.NILFS2, size: 192, build: filledBefore, files: filesByGRUB},
		{kind: model.UDF, size: 64, tools: []string{"udfinfo"}, build: filledBefore, check: `udfinfo $W`, files: filesByGRUB},
		// -f together with -n would write a byte.
		{kind: model.JFS, size: 64, tools: []string{"jfs_fsck"}, build: filledBefore, check: `jfs_fsck -n $W`, files: filesByGRUB},
		{kind: model.ReiserFS, size: 64, tools: []string{"reiserfsck"}, build: filledBefore, check: `reiserfsck --yes --check -q $W`, files: filesByGRUB},
		{
			kind: model.EROFS, size: 8, tools: []string{"mkfs.erofs", "fsck.erofs", "mount"}, root: true,
			build: `mkfs.erofs --quiet $W.small $TREE; dd if=$W.small of=$W bs=1M conv=notrunc status=none; rm $W.small`,
			check: `fsck.erofs -d3 $W 2>&1 | grep "No errors found"`, files: filesByMount("erofs", "ro"),
		},
		{kind: model.Swap, size: 16, tools: []string{"mkswap"}, build: `mkswap -q -L OLD $W`},
		{
			// LVM works on block devices only, and must not look at others here.
			kind: model.LVM2, size: 32, tools: []string{"pvcreate", "vgcreate", "pvck"}, root: true,
			build: `yes volume | head -c 20M | dd of=$W bs=1M seek=4 iflag=fullblock conv=notrunc status=none
D=$(losetup -f --show $W); trap 'losetup -d $D' EXIT; ` + onlyDevice + `; pvcreate -q --config "$C" $D; vgcreate -q --config "$C" shunt$(date +%s%N) $D`,
			check: `D=$(losetup -f --show $W); trap 'losetup -d $D' EXIT; ` + onlyDevice + `; pvck --config "$C" $D; vgck --config "$C"
test $(pvs --config "$C" --noheadings --nosuffix --units b -o pv_size $D) -gt $(($(stat -c %s $W) - 9 * 1024 * 1024))`,
			files: payloadAt(4*mib, 20*mib),
		},
		{
			kind: model.LUKS, size: 32, tools: []string{"cryptsetup"},
			build: `printf word | cryptsetup -q luksFormat --type luks2 --label OLD --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $W -; ` +
				`yes secret | head -c 16M | dd of=$W bs=1M seek=16 iflag=fullblock conv=notrunc status=none`,
			check: `cryptsetup isLuks $W && printf word | cryptsetup open --test-passphrase $W --key-file -`, files: payloadAt(16*mib, 16*mib),
		},
	}
	for i := range list {
		if list[i].kind != model.LVM2 && list[i].kind != model.EROFS {
			list[i].label = "OLD"
		}
	}
	return list
}

// filledBefore is a file system that only a kernel can put files into, and not every kernel. One that has the drivers did
// so, with the files of matrixTree; see the README of testdata/filled.
const filledBefore = `xz -dc $FILLED.xz | dd of=$W bs=1M iflag=fullblock conv=sparse,notrunc status=none`

// matrixTree writes the files that every file system of the table holds.
func matrixTree(t testing.TB, dir string) {
	t.Helper()
	for i := range 6 {
		name := filepath.Join(dir, fmt.Sprintf("d%d", i%2), fmt.Sprintf("f%d", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Repeat(fmt.Sprintf("%d of a tree\n", i), 9000*(i+1))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// make makes the file system and returns it as a file of its own, with what is in it.
func (f matrixFS) make(t testing.TB, start int64) (window string, files map[string]string) {
	t.Helper()
	for _, name := range f.tools {
		testneed.Tool(t, name)
	}
	if f.build == filledBefore {
		testneed.Tool(t, "xz")
		testneed.Tool(t, "grub-fstest")
	}
	if f.root {
		testneed.Root(t)
		testneed.File(t, "/dev/loop-control")
	}
	dir, tree := t.TempDir(), t.TempDir()
	matrixTree(t, tree)
	filled, err := filepath.Abs(filepath.Join("testdata", "filled", string(f.kind)))
	if err != nil {
		t.Fatal(err)
	}
	window = filepath.Join(dir, "window")
	sh(t, dir, fmt.Sprintf("truncate -s %dM window", f.size))
	sh(t, dir, fmt.Sprintf("W='%s' TREE='%s' FILLED='%s' START=%d\n%s", window, tree, filled, start, f.build))
	if f.kind == model.ExFAT {
		placeExFAT(t, window, start)
	}
	if f.files != nil {
		files = f.files(t, window)
		if f.kind != model.LUKS && f.kind != model.LVM2 {
			oracle.SameFiles(t, files, oracle.Sums(t, tree))
		}
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

func filesOfExt(t testing.TB, w string) map[string]string {
	t.Helper()
	return oracle.ExtFiles(t, w, 0)
}

func filesOfFAT(t testing.TB, w string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	sh(t, dir, fmt.Sprintf("MTOOLS_SKIP_CHECK=1 mcopy -s -n -Q -i '%s' '::/*' .", w))
	return oracle.Sums(t, dir)
}

// filesOfNTFS knows the names: they were made from those of the tree.
func filesOfNTFS(t testing.TB, w string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	sh(t, dir, fmt.Sprintf(`for f in $(ntfsls -f '%s' | grep _); do ntfscat -f '%[1]s' "$f" > "$f"; done`, w))
	files := map[string]string{}
	for name, sum := range oracle.Sums(t, dir) {
		files[strings.Replace(name, "_", "/", 1)] = sum
	}
	return files
}

// filesByGRUB reads the files with the boot loader's drivers, which there are for more file systems than this kernel may
// have.
func filesByGRUB(t testing.TB, w string) map[string]string {
	t.Helper()
	tool, dir := testneed.Tool(t, "grub-fstest"), t.TempDir()
	sh(t, dir, fmt.Sprintf(`for d in d0 d1; do mkdir $d; for f in $('%s' '%s' ls "(loop0)/$d/"); do case $f in f*) `+
		`'%[1]s' '%[2]s' cp "(loop0)/$d/$f" $d/$f;; esac; done; done`, tool, w))
	return oracle.Sums(t, dir)
}

// filesByMount reads the files through the kernel's driver.
func filesByMount(kind, options string) func(testing.TB, string) map[string]string {
	return func(t testing.TB, w string) map[string]string {
		t.Helper()
		dir := t.TempDir()
		sh(t, dir, fmt.Sprintf("mount -t %s -o loop,%s '%s' '%s'", kind, options, w, dir))
		defer unmounted(t, dir)
		return oracle.Sums(t, dir)
	}
}

// onlyDevice has LVM look at $D alone, and keep nothing in /etc.
const onlyDevice = `C="devices { filter=[ \"a|^$D$|\", \"r|.*|\" ] global_filter=[ \"a|^$D$|\", \"r|.*|\" ] use_devicesfile=0 ` +
	`obtain_device_list_from_udev=0 } backup { backup=0 archive=0 } activation { udev_sync=0 udev_rules=0 }"`

// payloadAt reads what lies in volumes or is encrypted, n bytes from off on.
func payloadAt(off, n int64) func(testing.TB, string) map[string]string {
	return func(t testing.TB, w string) map[string]string {
		t.Helper()
		dir := t.TempDir()
		cutOut(t, w, filepath.Join(dir, "payload"), off, n)
		return oracle.Sums(t, dir)
	}
}

// placeExFAT tells an exFAT where its partition begins, as Windows does and mkfs.exfat does not.
func placeExFAT(t testing.TB, w string, start int64) {
	t.Helper()
	region := rangeOf(t, w, 0, 12*512)
	binary.LittleEndian.PutUint64(region[64:], uint64(start))
	copy(region[11*512:], slices.Repeat(exfatSum(region), 128))
	poke(t, w, 0, region...)
	poke(t, w, 12*512, region...)
}

// exfatSum is the checksum of a boot region of exFAT.
func exfatSum(region []byte) []byte {
	sum := uint32(0)
	for i, b := range region[:11*512] {
		if i == 106 || i == 107 || i == 112 {
			continue
		}
		sum = sum<<31 | sum>>1
		sum += uint32(b)
	}
	return binary.LittleEndian.AppendUint32(nil, sum)
}
