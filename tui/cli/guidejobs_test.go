package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// guideResizeQcow2 has a root at the end, as the guide's machine, behind a file system to boot from and swap.
func guideResizeQcow2(t *testing.T, shunt func(...string) string) {
	sh(t, ".", `truncate -s 96M d; printf '2048,16M,L,*\n,8M,S\n,,L\n' | sfdisk -q d; mkfs.ext4 -q -F -E offset=1048576 d 16M; mkfs.ext4 -q -F -b 4096 -E offset=26214400 d 71M
		qemu-img convert -O qcow2 d f18.qcow2`)
	shunt("enlarge", "f18.qcow2", "by", "5GiB", "--yes")
	wantIn(t, sh(t, ".", "qemu-img info f18.qcow2; qemu-img check f18.qcow2; qemu-img convert -O raw f18.qcow2 after; fdisk -l after"),
		"5.09 GiB (5469372416 bytes)", "No errors were found", "10682368 sectors", "10631168")
	oracle.ExtClean(t, "after", 25*mib)
	// The whole partition of 10631168 sectors.
	wantIn(t, sh(t, ".", "dumpe2fs -h 'after?offset=26214400' 2>/dev/null | tr -s ' '"), "Block count: 1328896", "Block size: 4096")
}

func guideCommit(t *testing.T, shunt func(...string) string) {
	sh(t, ".", `mkdir base images; qemu-img create -q -f qcow2 base/base.qcow2 10G; qemu-io -f qcow2 -c 'write -P 1 1M 1M' base/base.qcow2
		qemu-img create -q -b ../base/base.qcow2 -F qcow2 -f qcow2 images/web.qcow2
		qemu-io -f qcow2 -c 'write -P 2 1500k 1M' -c 'write -P 3 9G 64k' images/web.qcow2; qemu-img convert -O qcow2 images/web.qcow2 want.qcow2`)
	shunt("image", "commit", "images/web.qcow2", "--yes")
	wantIn(t, sh(t, ".", "qemu-img compare base/base.qcow2 want.qcow2; qemu-img check base/base.qcow2"), "Images are identical", "No errors were found")
	wantIn(t, sh(t, ".", "qemu-img compare images/web.qcow2 want.qcow2; qemu-img info images/web.qcow2"), "Images are identical", "backing file: ../base/base.qcow2")
}

// thumbDrive makes the guide's stick: two partitions, a text file in each, and old data wherever they are free.
func thumbDrive(t *testing.T, name string) {
	t.Helper()
	sh(t, ".", `yes old-data | head -c 64M >`+name+`; printf 'label: dos\n2048,31M,L\n,,L\n' | sfdisk -q --wipe never --wipe-partitions never `+name+`
		mkdir tree; echo hello >tree/text
		mkfs.ext4 -q -F -E offset=1048576,nodiscard -d tree `+name+` 31M; mkfs.ext4 -q -F -E offset=33554432,nodiscard -d tree `+name+` 32M`)
}

// stickIsWhole fails the test unless both file systems of thumbDrive are in order and have their files.
func stickIsWhole(t *testing.T, name string) {
	t.Helper()
	for _, off := range []int64{mib, 32 * mib} {
		oracle.ExtClean(t, name, off)
		if files := oracle.ExtFiles(t, here(t, name), off); files["text"] == "" {
			t.Errorf("the files at %d are %v", off, files)
		}
	}
}

// here returns the path of a file in the working directory.
func here(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// guideClone copies a device if it may make one, and else the file that would be its disk.
func guideClone(t *testing.T, shunt func(...string) string) {
	thumbDrive(t, "stick")
	source := "stick"
	if _, err := os.Stat("/dev/loop-control"); err == nil && os.Geteuid() == 0 {
		source = strings.TrimSpace(sh(t, ".", "losetup --show -r -f stick"))
		t.Cleanup(func() { sh(t, ".", "losetup -d "+source) })
	}
	shunt("image", "clone", source, "thumb_drive.raw")
	wantIn(t, sh(t, ".", "qemu-img info thumb_drive.raw; fdisk -l thumb_drive.raw"), "file format: raw", "64 MiB (67108864 bytes)", "thumb_drive.raw2")
	sh(t, ".", "sfdisk -d stick | sed s/stick/X/ >1; sfdisk -d thumb_drive.raw | sed s/thumb_drive.raw/X/ >2; cmp 1 2; cmp -n 1048576 stick thumb_drive.raw")
	stickIsWhole(t, "thumb_drive.raw")
}

// guidePartitions partitions and formats an empty disk. Root also mounts it and asks df.
func guidePartitions(t *testing.T, shunt func(...string) string) {
	shunt("image", "create", "disk.raw", "64MiB", "--table", "mbr")
	if err := os.WriteFile("plan", []byte("new max fs=ext3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shunt("apply", "disk.raw", "plan", "--yes")
	wantIn(t, sh(t, ".", "fdisk -l disk.raw; blkid -p -O 1048576 disk.raw"), "disk.raw1", "129024", "83 Linux", `TYPE="ext3"`)
	disk := here(t, "disk.raw")
	oracle.ExtClean(t, disk, mib)
	if _, err := os.Stat("/dev/loop-control"); err != nil || os.Geteuid() != 0 {
		return
	}
	sh(t, ".", "mkdir partition1")
	shunt("mount", "disk.raw", "1", "--rw", "partition1")
	wantIn(t, sh(t, ".", "echo hello >partition1/text; df --output=source,target partition1"), "/dev/loop", "/partition1")
	shunt("unmount", "disk.raw", "1")
	if files := oracle.ExtFiles(t, disk, mib); files["text"] == "" {
		t.Errorf("the files are %v", files)
	}
	if left := sh(t, ".", "losetup -j disk.raw"); left != "" {
		t.Errorf("left: %s", left)
	}
}

func guideLook(t *testing.T, shunt func(...string) string) {
	thumbDrive(t, "disk.raw")
	sh(t, ".", "qemu-img convert -O qcow2 disk.raw disk.qcow2")
	sum := digest(t, "disk.raw")
	wantIn(t, shunt("ls", "disk.qcow2", "2"), "text")
	wantIn(t, shunt("cat", "disk.qcow2", "2", "/text"), "hello")
	shunt("cp", "disk.qcow2:1:/", "files")
	sh(t, ".", "diff -r -x lost+found tree files")
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "fuse2fs")
	testneed.Tool(t, "fusermount3")
	sh(t, ".", "mkdir at")
	shunt("mount", "disk.qcow2", "1", "at")
	wantIn(t, sh(t, ".", "cat at/text; df --output=source at; diff -r -x lost+found tree at"), "hello", "/disk.qcow2:1")
	shunt("unmount", "disk.qcow2", "1")
	if digest(t, "disk.raw") != sum {
		t.Error("looking inside has changed the image")
	}
}

// guideRescue repairs an ext4 that counts its free blocks wrongly.
func guideRescue(t *testing.T, shunt func(...string) string) {
	thumbDrive(t, "disk.raw")
	sh(t, ".", "debugfs -w -R 'set_super_value free_blocks_count 5' 'disk.raw?offset=1048576' 2>&1; debugfs -w -R 'clri /text' 'disk.raw?offset=1048576' 2>&1; qemu-img convert -O qcow2 disk.raw disk.qcow2")
	if code, out, _ := called(t, "image", "check", "disk.qcow2"); code != exitRefused || !strings.Contains(out, "p1") {
		t.Errorf("exit code %d for a damaged file system:\n%s", code, out)
	}
	if err := os.WriteFile("plan", []byte("check 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shunt("apply", "disk.qcow2", "plan", "--yes")
	shunt("image", "check", "disk.qcow2")
	sh(t, ".", "qemu-img check -q disk.qcow2; qemu-img convert -O raw disk.qcow2 disk.raw")
	oracle.ExtClean(t, "disk.raw", mib)
	testneed.Tool(t, "fuse2fs")
	if got := people()[0].shelled(t, "cat p2/text", "disk.qcow2"); got.out != "hello\n" || got.code != exitDone {
		t.Errorf("in the shell: %+v", got)
	}
}

func guideSparsify(t *testing.T, shunt func(...string) string) {
	thumbDrive(t, "thumb_drive.raw")
	wantIn(t, sh(t, ".", "qemu-img info thumb_drive.raw"), "disk size: 64 MiB")
	shunt("image", "sparsify", "thumb_drive.raw", "--yes")
	wantIn(t, sh(t, ".", "qemu-img info thumb_drive.raw"), "virtual size: 64 MiB")
	if n := allocated(t, "thumb_drive.raw"); n > 8*mib {
		t.Errorf("%d bytes are allocated", n)
	}
	stickIsWhole(t, "thumb_drive.raw")
}

// guideOther moves a partition in an image of another program, makes another longer, and converts a third.
func guideOther(t *testing.T, shunt func(...string) string) {
	testneed.Tool(t, "qemu-storage-daemon")
	thumbDrive(t, "disk.raw")
	sh(t, ".", "qemu-img convert -O vdi disk.raw disk.vdi; qemu-img convert -O vmdk disk.raw disk.vmdk; qemu-img convert -O vhdx disk.raw disk.vhdx")
	shunt("enlarge", "disk.vmdk", "to", "80MiB", "--yes")
	wantIn(t, sh(t, ".", "qemu-img info disk.vmdk; qemu-img check disk.vmdk"), "file format: vmdk", "80 MiB (83886080 bytes)", "No errors were found")
	if err := os.WriteFile("plan", []byte("resize 2 to 16MiB\nmove 2 right 16MiB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shunt("apply", "disk.vdi", "plan", "--yes")
	wantIn(t, sh(t, ".", "qemu-img check disk.vdi; qemu-img convert -O raw disk.vdi after; sfdisk -d after"), "No errors were found", "start=       98304, size=       32768")
	oracle.ExtClean(t, "after", 48*mib)
	if files := oracle.ExtFiles(t, here(t, "after"), 48*mib); files["text"] == "" {
		t.Errorf("the files of the moved partition are %v", files)
	}
	shunt("image", "convert", "disk.vhdx", "disk.qcow2")
	wantIn(t, sh(t, ".", "qemu-img compare disk.vhdx disk.qcow2"), "Images are identical")
}

// guideSmallClone copies a stick full of old data. What is not in use takes no room in the copy.
func guideSmallClone(t *testing.T, shunt func(...string) string) {
	thumbDrive(t, "stick")
	shunt("image", "clone", "stick", "thumb_drive.qcow2")
	shunt("image", "sparsify", "thumb_drive.qcow2", "--yes")
	if n := allocated(t, "thumb_drive.qcow2"); n > 12*mib {
		t.Errorf("%d bytes are allocated", n)
	}
	sh(t, ".", "qemu-img check -q thumb_drive.qcow2; qemu-img convert -O raw thumb_drive.qcow2 thumb_drive.raw")
	stickIsWhole(t, "thumb_drive.raw")
}

// guideNeeds names the programs of the jobs.
func guideNeeds(t *testing.T) {
	t.Helper()
	for _, name := range []string{"qemu-img", "sfdisk", "fdisk", "mkfs.ext4", "mkfs.ext3", "e2fsck", "debugfs", "dumpe2fs", "blkid"} {
		testneed.Tool(t, name)
	}
}
