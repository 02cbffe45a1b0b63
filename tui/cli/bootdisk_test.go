package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// bootLayout says how a bootable disk is laid out.
type bootLayout struct {
	name            string
	size            int64  // of the disk, in MiB
	table           string // for sfdisk
	root, esp, data int    // numbers of partitions; 0 without
	uefi            bool   // started by UEFI, else by BIOS
}

const biosBoot = "21686148-6449-6E6F-744E-656564454649"

// bootLayouts are those of an installed server, of the images of clouds, whose root is p1 and lies last, and of an old disk
// with GRUB in the gap before the first partition.
func bootLayouts() map[string]bootLayout {
	server := `label: gpt
1: start=2048,size=1MiB,type=` + biosBoot + `
2: start=4096,size=40MiB,type=uefi
3: start=43MiB,size=160MiB,name=root
4: start=203MiB,size=40MiB,name=data
`
	cloud := `label: gpt
1: start=48MiB,size=160MiB,name=root
14: start=2048,size=3MiB,type=` + biosBoot + `
15: start=4MiB,size=44MiB,type=uefi
`
	behind := `label: gpt
1: start=2048,size=160MiB,name=root
2: start=161MiB,size=1MiB,type=` + biosBoot + `
3: start=162MiB,size=40MiB,name=data
`
	mbr := `label: dos
1: start=2048,size=160MiB,type=83,bootable
2: start=161MiB,size=40MiB,type=83
`
	return map[string]bootLayout{
		"server":           {"server", 256, server, 3, 2, 4, false},
		"UEFI server":      {"UEFI server", 256, server, 3, 2, 4, true},
		"cloud":            {"cloud", 210, cloud, 1, 15, 0, false},
		"UEFI cloud":       {"UEFI cloud", 210, cloud, 1, 15, 0, true},
		"BIOS boot behind": {"BIOS boot behind", 204, behind, 1, 0, 3, false},
		"MBR":              {"MBR", 256, mbr, 1, 0, 2, false},
	}
}

// bootNeeds ends the test unless the machine has what is needed to make and start bootable disks.
func bootNeeds(t *testing.T) {
	t.Helper()
	testneed.Root(t) // GRUB's installer looks for the device below its own files
	testneed.File(t, "/dev/loop-control")
	testneed.File(t, "/dev/fuse")
	for _, name := range []string{
		"qemu-system-x86_64", "qemu-img", "busybox", "cpio", "modprobe", "grub-mkimage", "sfdisk", "mkfs.ext4", "mkfs.fat", "mcopy",
	} {
		testneed.Tool(t, name)
	}
	for _, pattern := range []string{
		"/boot/vmlinuz-*-amd64", "/usr/lib/grub/i386-pc/boot.img", "/usr/lib/grub/i386-pc/grub-bios-setup",
		"/usr/lib/grub/x86_64-efi/normal.mod", "/usr/share/OVMF/OVMF_CODE.fd",
	} {
		if found, err := filepath.Glob(pattern); err != nil || len(found) == 0 {
			testneed.Missing(t, "needs "+pattern+": see .ci/install boot")
		}
	}
}

// bootUUID is the UUID of the root, by which GRUB and the system find it.
const bootUUID = "11111111-2222-3333-4444-555555555555"

// bootTree makes a small system in the directory root: the kernel of Debian, busybox, blkid, and checksums of all files.
// Its console is the serial one. On a busy machine the timer of an emulated one is late, and the kernel must not mind.
const bootTree = `
kernel=$(ls -v /boot/vmlinuz-*-amd64 | tail -n 1); version=${kernel#/boot/vmlinuz-}
mkdir -p init/bin init/mod init/proc init/sys init/dev init/root root/bin root/sbin root/proc root/sys root/dev root/boot/grub
cp "$(command -v busybox)" init/bin/busybox; cp init/bin/busybox root/bin/busybox; cp "$kernel" root/boot/vmlinuz
for name in virtio_pci virtio_blk ext4; do modprobe -S "$version" --show-depends $name; done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >modules
n=100; while read -r module; do cp "$module" init/mod/$n.ko; n=$((n + 1)); done <modules
cat >init/init <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys; $b mount -t devtmpfs dev /dev
for m in /mod/*.ko; do $b insmod $m 2>/dev/null; done
dev=$($b findfs UUID=@UUID@)
$b mount -t ext4 $dev /root && echo $dev >/root/root-device && $b mount -o remount,ro /root
exec $b switch_root /root /sbin/init
INIT
cat >root/sbin/init <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys; $b mount -t devtmpfs dev /dev
$b mount -o remount,rw /
export PATH=/bin:/sbin PS1='booted# '
exec $b setsid $b cttyhack $b sh
INIT
chmod +x init/init root/sbin/init
(cd init && find . | cpio -o -H newc --quiet) | gzip -1 >root/boot/initrd
cp "$(command -v blkid)" root/sbin
for file in $(ldd "$(command -v blkid)" | grep -o '/[^ ]*'); do mkdir -p "root${file%/*}"; cp "$file" "root$file"; done
for name in $(busybox --list); do [ -e root/bin/$name ] || ln -s busybox root/bin/$name; done
cat >root/boot/grub/grub.cfg <<'GRUB'
serial --unit=0
terminal_output serial
linux /boot/vmlinuz root=UUID=@UUID@ console=ttyS0 quiet panic=-1 no_timer_check
initrd /boot/initrd
boot
GRUB
head -c 20000000 /dev/urandom >root/noise
(cd root && find . -type f | xargs sha256sum) >sums; mv sums root/sums
printf 'search.fs_uuid @UUID@ root\nset prefix=($root)/boot/grub\n' >load.cfg
`

// bootGRUB installs GRUB for BIOS and, if there is an ESP, for UEFI. GRUB's own installer writes the boot sector and the
// core image. It wants to know the device below its files, hence the small file system of their own.
const bootGRUB = `
modules="part_gpt part_msdos ext2 normal search search_fs_uuid linux serial terminal boot"
mkdir setup; truncate -s 4M small; mkfs.ext4 -q -F small
grub-mkimage -O i386-pc -p /boot/grub -c load.cfg -o core.img biosdisk $modules
loop=$(losetup -f --show small); mount $loop setup
trap 'umount setup; losetup -d $loop' EXIT
cp core.img /usr/lib/grub/i386-pc/boot.img setup
printf '(hd0) %s\n(hd1) %s\n' "$PWD/disk.raw" $loop >device.map
/usr/lib/grub/i386-pc/grub-bios-setup --skip-fs-probe -d setup -m device.map "$PWD/disk.raw"
[ "$esp" -eq 0 ] || {
	mkfs.fat -F 32 -s 1 -h $((esp / 512)) --offset $((esp / 512)) disk.raw $((espsize / 1024)) >/dev/null
	grub-mkimage -O x86_64-efi -p /boot/grub -c load.cfg -o boot.efi $modules
	mmd -i disk.raw@@$esp ::EFI ::EFI/BOOT; mcopy -i disk.raw@@$esp boot.efi ::EFI/BOOT/BOOTX64.EFI
}
`

// bootSystem makes the system that bootDisk installs, in a new directory.
func bootSystem(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	sh(t, dir, strings.ReplaceAll(bootTree, "@UUID@", bootUUID))
	return dir
}

// bootDisk makes a raw image with the system of bootSystem, which GRUB starts. The checksums of the files of the root and of
// the data are in files of the trial.
func bootDisk(t *testing.T, l bootLayout, system string) trial {
	t.Helper()
	tr := newTrial(t, l.size, fmt.Sprintf("printf '%s' | sfdisk -q $IMG", strings.ReplaceAll(l.table, "\n", `\n`)))
	dir := filepath.Dir(tr.image)
	table := oracle.SFDisk(t, tr.image)
	format := func(number int, options string) {
		p := table.Part(t, number)
		sh(t, dir, fmt.Sprintf("mkfs.ext4 -q -F %s -E offset=%d disk.raw %dK", options, p.Off, p.Len/1024))
		tr.files[number] = oracle.ExtFiles(t, tr.image, p.Off)
	}
	format(l.root, "-d '"+system+"/root' -U "+bootUUID)
	if l.data != 0 {
		format(l.data, "-d '"+system+"/root/boot'")
	}
	var esp oracle.Partition
	if l.esp != 0 {
		esp = table.Part(t, l.esp)
	}
	sh(t, dir, fmt.Sprintf("cp '%s/load.cfg' .; esp=%d espsize=%d\n%s", system, esp.Off, esp.Len, bootGRUB))
	return tr
}
