package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A lesson is a section of the Virtual Disk Guide (Tim Bielawa, "The Linux Sysadmin's Guide to Virtual Disks"), what it does
// with other programs, and how it is done here. The README has the table. Each section is done and judged by the guide's own
// programs in a test.
type lesson struct {
	section string
	guide   string   // the guide's commands
	shunt   []string // the commands here
	note    string   // what they do not do, or do otherwise
	// try does the job in a directory, with shunt as a command on the path, and has foreign programs judge it. It is nil where
	// another test does that, which is named.
	try  func(t *testing.T, shunt func(args ...string) string)
	test string
}

// lessons returns the sections in the order of the guide.
func lessons() []lesson {
	return []lesson{
		{
			section: "2.1 Creating Simple Images", guide: "qemu-img create, qemu-img info",
			shunt: []string{"shunt image create web.raw 10GiB", "shunt image create web.qcow2 10GiB"}, try: guideCreate,
		},
		{
			section: "2.2.1 Resizing RAW Images", guide: "qemu-img resize, kpartx, gparted, resize2fs",
			shunt: []string{"shunt apply stick.raw plan"}, test: "TestFoundingExample",
		},
		{
			section: "2.2.2 Resizing QCOW2 Images", guide: "qemu-img resize, virsh, fdisk, resize2fs",
			shunt: []string{"shunt enlarge f18.qcow2 by 5GiB"}, note: "the system inside is not started for it", try: guideResizeQcow2,
		},
		{
			section: "2.3 Query an Image for Information", guide: "qemu-img info",
			shunt: []string{"shunt image info FILE"}, try: guideQuery,
		},
		{
			section: "2.4.1 Convert an Image from RAW to QCOW2", guide: "qemu-img convert -O qcow2",
			shunt: []string{"shunt image convert web.raw web.qcow2"}, try: guideConvert,
		},
		{
			section: "2.4.2 Convert an Image from QCOW2 to RAW", guide: "qemu-img convert -O raw",
			shunt: []string{"shunt image convert web.qcow2 web.raw"}, try: guideConvert,
		},
		{
			section: "2.5 Creating Disks with Backing Images", guide: "qemu-img create -b",
			shunt: []string{"shunt image create web1.qcow2 --backing base.qcow2"}, try: guideBacking,
		},
		{
			section: "2.6 Committing changes to a backing image", guide: "qemu-img create -b, qemu-img commit",
			shunt: []string{"shunt image commit web1.qcow2"}, try: guideCommit,
		},
		{
			section: "2.7 Cloning a Physical Disk", guide: "parted, umount, qemu-img convert",
			shunt: []string{"shunt image clone /dev/sdb thumb_drive.raw"}, try: guideClone,
		},
		{
			section: "3.1 Creating a 1GiB virtual disk from scratch", guide: "dd, ls, file, fdisk",
			shunt: []string{"shunt image create disk.raw 1GiB --table mbr"}, try: guideScratch,
		},
		{
			section: "3.2 Devices and Partitions", guide: "losetup, fdisk, mkfs, mount, df, losetup -d",
			shunt: []string{"shunt apply disk.raw plan", "shunt mount disk.raw 1 --rw DIR", "shunt unmount disk.raw 1"},
			note:  "no loop device, no offset to compute", try: guidePartitions,
		},
		{
			section: "4.1.1 guestmount", guide: "guestmount",
			shunt: []string{"shunt mount disk.qcow2 1", "shunt ls disk.qcow2 1 /etc", "shunt cat disk.qcow2 1 /etc/fstab", "shunt cp disk.qcow2:1:/etc DIR"},
			note:  "without root", try: guideLook,
		},
		{
			section: "4.1.2 virt-filesystems", guide: "virt-filesystems",
			shunt: []string{"shunt find DIR"}, note: "LVM physical volumes are listed, logical volumes are not", test: "TestFind",
		},
		{
			section: "4.1.3 virt-rescue", guide: "virt-rescue",
			shunt: []string{"shunt shell disk.qcow2", "shunt image check disk.qcow2", "shunt apply disk.qcow2 plan"},
			note:  "no program of the image is run, and boot loaders are not repaired", try: guideRescue,
		},
		{
			section: "4.1.4 virt-resize", guide: "virt-resize",
			shunt: []string{"shunt enlarge FILE to SIZE", "shunt shrink FILE"}, note: "in place; logical volumes are not resized", test: "TestEnlarge",
		},
		{
			section: "4.1.5 virt-sparsify", guide: "virt-sparsify, qemu-img info, ls",
			shunt: []string{"shunt image sparsify thumb_drive.raw"}, note: "in place", try: guideSparsify,
		},
		{
			section: "5.4 Other Formats", guide: "qemu-img convert",
			shunt: []string{"shunt apply disk.vdi plan", "shunt enlarge disk.vmdk to SIZE", "shunt image convert disk.vhdx disk.qcow2"},
			note:  "edited in place; another size is a new file of the same format", try: guideOther,
		},
		{
			section: "7 Why are my cloned disks so big", guide: "zerofree, virt-sparsify",
			shunt: []string{"shunt image clone /dev/sdb thumb_drive.qcow2", "shunt image sparsify thumb_drive.qcow2"},
			note:  "a clone has the used blocks alone", try: guideSmallClone,
		},
		{
			section: "7 Why do I get a device busy error", guide: "umount -l, fuser, lsof",
			shunt: []string{"shunt unmount disk.raw 1"}, note: "names the programs that keep it busy", test: "TestMountedByFUSE",
		},
	}
}

// TestGuide does what the guide does.
func TestGuide(t *testing.T) {
	guideNeeds(t)
	for _, l := range lessons() {
		if l.try == nil {
			continue
		}
		t.Run(l.section, func(t *testing.T) {
			t.Chdir(t.TempDir())
			l.try(t, func(args ...string) string {
				t.Helper()
				code, out, errs := called(t, args...)
				if code != exitDone {
					t.Fatalf("%q: exit code %d, %s", args, code, errs)
				}
				return out
			})
		})
	}
}

// TestReadmeGuide compares the README's table with the lessons, and looks for the tests that do them.
func TestReadmeGuide(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| section | the guide's programs | here |\n| --- | --- | --- |\n")
	for _, l := range lessons() {
		table.WriteString("| " + l.section + " | `" + strings.ReplaceAll(l.guide, ", ", "`, `") + "` | `" + strings.Join(l.shunt, "`, `") + "`")
		if l.note != "" {
			table.WriteString(": " + l.note)
		}
		table.WriteString(" |\n")
	}
	if _, rest, _ := strings.Cut(string(readme), "<!-- guide -->\n"); !strings.HasPrefix(rest, table.String()+"<!-- /guide -->") {
		t.Errorf("between <!-- guide --> and <!-- /guide --> the README should have:\n%s", table.String())
	}
	sources := ""
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources += string(text)
	}
	for _, l := range lessons() {
		if (l.try == nil) == (l.test == "") || l.test != "" && !strings.Contains(sources, "func "+l.test+"(") {
			t.Errorf("%s: no test does it", l.section)
		}
	}
}

// wantIn fails for the words that a text lacks.
func wantIn(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in\n%s", w, text)
		}
	}
}

func guideCreate(t *testing.T, shunt func(...string) string) {
	shunt("image", "create", "web.raw", "10GiB")
	shunt("image", "create", "web.qcow2", "10GiB")
	wantIn(t, sh(t, ".", "qemu-img info web.raw"), "file format: raw", "10 GiB (10737418240 bytes)", "disk size: ")
	wantIn(t, sh(t, ".", "qemu-img info web.qcow2"), "file format: qcow2", "10 GiB (10737418240 bytes)", "cluster_size: 65536", "compat: 1.1")
	wantIn(t, sh(t, ".", "qemu-img check web.qcow2; file web.qcow2; du -k web.raw"), "No errors were found", "QEMU QCOW", "0\tweb.raw")
	sh(t, ".", "qemu-img compare -q -f raw -F qcow2 web.raw web.qcow2")
	sh(t, ".", "qemu-io -f qcow2 -c 'write -P 5 9G 1M' -c 'read -P 5 9G 1M' web.qcow2 && qemu-img check -q web.qcow2")
}

func guideQuery(t *testing.T, shunt func(...string) string) {
	sh(t, ".", "qemu-img create -q -f qcow2 a.qcow2 4G; qemu-img snapshot -c before a.qcow2; qemu-img create -q -f vdi a.vdi 64M; truncate -s 5M a.raw")
	wantIn(t, shunt("image", "info", "a.qcow2"), "qcow2", "4.00 GiB (4,294,967,296 bytes)", "1 before, made ")
	wantIn(t, shunt("image", "info", "--json", "a.vdi"), `"format": "vdi"`, `"virtual_size": 67108864`, `"open_by": []`)
	wantIn(t, shunt("image", "info", "--json", "a.raw"), `"format": "raw"`, `"virtual_size": 5242880`, `"chain": []`, `"snapshots": []`, `"allocated": 0`)
}

func guideConvert(t *testing.T, shunt func(...string) string) {
	sh(t, ".", "truncate -s 8M web.raw; printf 2048 | sfdisk -q web.raw; mkfs.ext4 -q -F -E offset=1048576 web.raw 5M")
	shunt("image", "convert", "web.raw", "web.qcow2")
	shunt("image", "convert", "web.qcow2", "back.raw")
	wantIn(t, sh(t, ".", "qemu-img check web.qcow2; qemu-img compare web.raw web.qcow2; qemu-img info web.qcow2; fdisk -l back.raw"),
		"No errors were found", "Images are identical", "file format: qcow2", "back.raw1")
	sh(t, ".", "cmp web.raw back.raw; test $(stat -c %b back.raw) -le $(stat -c %b web.raw)")
}

func guideBacking(t *testing.T, shunt func(...string) string) {
	sh(t, ".", "mkdir vm; qemu-img create -q -f qcow2 base.qcow2 64M; qemu-io -f qcow2 -c 'write -P 3 1M 1M' base.qcow2")
	sum := digest(t, "base.qcow2")
	shunt("image", "create", "vm/web1.qcow2", "--backing", "base.qcow2")
	shunt("image", "create", "web2.qcow2", "128MiB", "--backing", "vm/web1.qcow2")
	wantIn(t, sh(t, ".", "qemu-img info --backing-chain web2.qcow2"), "backing file: vm/web1.qcow2", "backing file: ../base.qcow2", "backing file format: qcow2", "128 MiB")
	sh(t, ".", "qemu-img compare -q base.qcow2 vm/web1.qcow2; qemu-io -f qcow2 -c 'read -P 3 1M 1M' -c 'write -P 4 1M 64k' web2.qcow2; qemu-img check -q web2.qcow2")
	if digest(t, "base.qcow2") != sum {
		t.Error("the backing file has changed")
	}
}

func guideScratch(t *testing.T, shunt func(...string) string) {
	shunt("image", "create", "disk.raw", "1GiB", "--table", "mbr")
	shunt("image", "create", "disk.qcow2", "1GiB", "--table", "gpt")
	sh(t, ".", "qemu-img convert -O raw disk.qcow2 gpt.raw")
	wantIn(t, sh(t, ".", "ls -l disk.raw; fdisk -l disk.raw; file disk.raw"), "1073741824", "2097152 sectors", "Disklabel type: dos", "DOS/MBR boot sector")
	wantIn(t, sh(t, ".", "fdisk -l gpt.raw; sgdisk -v gpt.raw"), "Disklabel type: gpt", "No problems found")
	sh(t, ".", "echo ',,L' | sfdisk -q disk.raw")
}
