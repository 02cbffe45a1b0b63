package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

var everyRoot = flag.Bool("roots", false, "enlarge and shrink every layout as raw and as qcow2, by everybody who can")

// filling is what a partition of a layout holds. A file system is made as in the acceptance table, with an /etc/fstab in
// its tree if fstab is set.
type filling struct {
	kind  model.FSKind
	mib   int64 // its length
	fstab string
	build string // instead of that of the table
}

// layout is a disk as people have it. The table is a script for sfdisk.
type layout struct {
	name, table string
	mib         int64 // of the image
	parts       map[int]filling
	root        int
	to          string // a size for enlarge, behind "to" or "by"
	bytes       int64  // the size that this is
	say         string // what the report says
	stuck       bool   // the root cannot be made smaller afterwards
}

const (
	gptLinux    = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
	gptSwap     = "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"
	gptESP      = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	gptBIOS     = "21686148-6449-6E6F-744E-656564454649"
	gptBasic    = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
	gptRecovery = "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC"
	gptReserved = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
	gptRoot     = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
)

// withSubvolume makes a btrfs whose tree is in the subvolume @.
const withSubvolume = `mkfs.btrfs -q -L OLD $W; M=$(mktemp -d); mount -o loop $W $M; btrfs -q subvolume create $M/@; cp -a $TREE/. $M/@/; umount $M; rmdir $M`

// garbage is a boot loader that shunt does not know.
const garbage = `head -c 900K /dev/urandom | dd of=$W conv=notrunc status=none`

func layouts() []layout {
	ext := func(mib int64, fstab string) filling { return filling{kind: model.Ext4, mib: mib, fstab: fstab} }
	swap := filling{kind: model.Swap, mib: 16}
	return []layout{
		{
			name: "cloud image, root last", mib: 160, root: 1, to: "to 300MiB", bytes: 300 * mib,
			table: "label: gpt\nstart=65536,size=64M,type=" + gptLinux + ",name=rootfs\nstart=2048,size=8M,type=" + gptESP + ",attrs=GUID:59\n",
			parts: map[int]filling{1: ext(64, "LABEL=OLD / ext4 defaults 0 1"), 2: {kind: model.FAT12, mib: 6}},
		},
		{
			name: "p14 to p16 in front", mib: 176, root: 1, to: "by 100000s", bytes: 176*mib + 100000*512,
			table: "label: gpt\n1: start=98304,size=96M,type=" + gptLinux + "\n14: start=2048,size=4M,type=" + gptBIOS + "\n15: start=10240,size=8M,type=" +
				gptESP + "\n16: start=26624,size=32M,type=" + gptLinux + "\n",
			parts: map[int]filling{
				1: ext(96, "UUID=$UUID / ext4 rw 0 1"), 14: {mib: 4, build: garbage}, 15: {kind: model.FAT12, mib: 6}, 16: ext(32, ""),
			},
		},
		{
			name: "ESP and boot behind the root", mib: 160, root: 1, to: "to 400001s", bytes: 400001 * 512,
			table: "label: gpt\nsize=64M,type=" + gptRoot + "\nsize=8M,type=" + gptESP + ",name=efi\nsize=64M,type=" + gptLinux + ",attrs=LegacyBIOSBootable\n",
			parts: map[int]filling{1: ext(64, ""), 2: {kind: model.FAT12, mib: 6}, 3: ext(64, "UUID=1234 / ext4 rw 0 1")},
		},
		{
			name: "swap behind the root", mib: 84, root: 1, to: "to 300MiB", bytes: 300 * mib,
			table: "label: dos\nsize=64M,type=83,bootable\nsize=16M,type=82\n",
			parts: map[int]filling{1: ext(64, "# copied\n/dev/sda1 / ext4 errors=remount-ro 0 1"), 2: swap},
		},
		{
			name: "swap in an extended partition", mib: 84, root: 1, to: "by 100MiB", bytes: 184 * mib,
			table: "label: dos\nsize=64M,type=83,bootable\nstart=135166,size=34816,type=5\nstart=135168,size=16M,type=82\n",
			parts: map[int]filling{1: ext(64, "UUID=$UUID / ext4 rw 0 1"), 5: swap},
		},
		{
			name: "logical root", mib: 160, root: 5, to: "by 100MiB", bytes: 260 * mib,
			table: "label: dos\nsize=32M,type=83\nsize=100M,type=f\nsize=16M,type=83\n5: size=64M,type=83\n6: size=16M,type=82\n",
			parts: map[int]filling{1: ext(32, ""), 3: ext(16, ""), 5: ext(64, "LABEL=OLD / ext4 rw 0 1\n"), 6: swap},
		},
		{
			name: "recovery behind Windows", mib: 176, root: 3, to: "to 300MiB", bytes: 300 * mib, say: "reagentc /enable", stuck: true,
			table: "label: gpt\nsize=8M,type=" + gptESP + "\nsize=16M,type=" + gptReserved + "\nsize=64M,type=" + gptBasic + "\nsize=64M,type=" + gptRecovery + ",attrs=\"RequiredPartition GUID:63\"\n",
			parts: map[int]filling{1: {kind: model.FAT12, mib: 6}, 3: {kind: model.NTFS, mib: 64}, 4: {kind: model.NTFS, mib: 64}},
		},
		{
			name: "Raspberry Pi", mib: 132, root: 2, to: "by 1s", bytes: 132*mib + 512,
			table: "label: dos\nlabel-id: 0x4fd1c0de\nstart=8192,size=64M,type=c\nsize=63M,type=83\n",
			parts: map[int]filling{1: {kind: model.FAT32, mib: 64}, 2: ext(63, "proc /proc proc defaults 0 0\nPARTUUID=4fd1c0de-01 /boot vfat defaults 0 2\nPARTUUID=4fd1c0de-02  /  ext4  defaults,noatime  0  1\n")},
		},
		{
			name: "XFS", mib: 400, root: 2, to: "to 700MiB", bytes: 700 * mib, stuck: true,
			table: "label: gpt\nsize=32M,type=" + gptLinux + "\nsize=320M,type=" + gptLinux + "\nsize=16M,type=" + gptSwap + "\n",
			parts: map[int]filling{1: ext(32, ""), 2: {kind: model.XFS, mib: 320, fstab: "LABEL=OLD / xfs defaults 0 0"}, 3: swap},
		},
		{
			name: "btrfs with subvolumes", mib: 512, root: 1, to: "by 200MiB", bytes: 712 * mib,
			table: "label: gpt\nsize=384M,type=" + gptLinux + "\nsize=64M,type=" + gptLinux + ",name=boot\n",
			parts: map[int]filling{1: {kind: model.Btrfs, mib: 384, fstab: "UUID=$UUID / btrfs subvol=@ 0 0", build: withSubvolume}, 2: ext(64, "")},
		},
		{name: "no table", mib: 64, root: 0, to: "to 100MiB", bytes: 100 * mib, parts: map[int]filling{0: ext(64, "")}},
	}
}

// made is a layout with the image of it.
type made struct {
	layout
	trial
	start map[int]int64 // in bytes, of what the layout puts into partitions
	held  map[int]map[string]string
}

// make makes the image.
func (l layout) make(t *testing.T) made {
	t.Helper()
	script := ":"
	if l.table != "" {
		testneed.Tool(t, "sfdisk")
		script = "sfdisk -q $IMG <<'TABLE'\n" + l.table + "TABLE\n"
	}
	m := made{layout: l, trial: newTrial(t, l.mib, script), start: map[int]int64{}, held: map[int]map[string]string{}}
	for number, c := range l.parts {
		if number > 0 {
			m.start[number] = oracle.SFDisk(t, m.image).Part(t, number).Off
		}
		c.put(t, m.image, m.start[number])
		m.held[number] = c.files(t, m.image, m.start[number])
	}
	return m
}

// table row of the kind.
func (c filling) fs() matrixFS {
	for _, f := range matrixKinds() {
		if f.kind == c.kind && c.kind != model.Unformatted {
			return f
		}
	}
	return matrixFS{}
}

// put makes the content at a place of the image.
func (c filling) put(t *testing.T, image string, off int64) {
	t.Helper()
	f := c.fs()
	for _, name := range f.tools {
		testneed.Tool(t, name)
	}
	if f.root {
		testneed.Root(t)
		testneed.File(t, "/dev/loop-control")
	}
	dir, tree, build := t.TempDir(), t.TempDir(), f.build
	matrixTree(t, tree)
	if c.build != "" {
		build = c.build
	}
	uuid := ""
	if strings.Contains(c.fstab, "$UUID") {
		uuid = strings.TrimSpace(sh(t, dir, "cat /proc/sys/kernel/random/uuid"))
		build = strings.NewReplacer("mkfs.ext4 ", "mkfs.ext4 -U "+uuid+" ", "mkfs.btrfs ", "mkfs.btrfs -U "+uuid+" ").Replace(build)
	}
	if c.fstab != "" {
		sh(t, tree, "mkdir etc; cat > etc/fstab <<'FSTAB'\n"+strings.ReplaceAll(c.fstab, "$UUID", uuid)+"\nFSTAB")
	}
	w := filepath.Join(dir, "window")
	sh(t, dir, fmt.Sprintf("truncate -s %dM window; W='%s' TREE='%s' START=%d\n%s", c.mib, w, tree, off/512, build))
	putInto(t, w, image, off)
	if err := os.Remove(w); err != nil {
		t.Fatal(err)
	}
}

// files checks the content at a place and reads its files.
func (c filling) files(t *testing.T, image string, off int64) map[string]string {
	t.Helper()
	f := c.fs()
	w := filepath.Join(t.TempDir(), "window")
	cutOut(t, image, w, off, min(c.mib*mib, fileSize(t, image)-off))
	if c.kind == model.Swap {
		return map[string]string{"label": oracle.Blkid(t, w, "LABEL"), "uuid": oracle.Blkid(t, w, "UUID")}
	}
	if f.files == nil {
		return map[string]string{"": digest(t, w)}
	}
	if c.kind == model.NTFS { // which was enlarged: a part of it cannot be judged
		return f.files(t, w)
	}
	f.clean(t, w)
	if c.build == withSubvolume {
		return filesByMount("btrfs", "ro,subvol=@")(t, w)
	}
	return f.files(t, w)
}

// judge checks an image that was enlarged or shrunk: only the root has another length.
func (m made) judge(t *testing.T, image string, length int64) {
	t.Helper()
	if got := fileSize(t, image); got != length {
		t.Errorf("the image has %d bytes, want %d", got, length)
	}
	if m.layout.table == "" {
		c := m.parts[0]
		c.mib = length / mib
		oracle.SameFiles(t, c.files(t, image, 0), m.held[0])
		return
	}
	before, after := oracle.SFDisk(t, m.image), oracle.SFDisk(t, image)
	if after.Label != before.Label || after.ID != before.ID || len(after.Partitions) != len(before.Partitions) {
		t.Errorf("the table is %+v, was %+v", after, before)
	}
	oracle.TableClean(t, image)
	root := before.Part(t, m.root)
	end := length
	for _, was := range before.Partitions {
		is := after.Part(t, was.Number)
		if was.Off >= root.Off+root.Len {
			end = min(end, is.Off)
		}
		extended := was.Off < root.Off && was.Off+was.Len > root.Off
		if is.Type != was.Type || after.Label == "gpt" && is.UUID != was.UUID || is.Name != was.Name || is.Attrs != was.Attrs || is.Bootable != was.Bootable {
			t.Errorf("p%d is %+v, was %+v", was.Number, is, was)
		}
		if was.Off <= root.Off && is.Off != was.Off || was.Number != m.root && !extended && is.Len != was.Len {
			t.Errorf("p%d lies at %d+%d, was at %d+%d", was.Number, is.Off, is.Len, was.Off, was.Len)
		}
		if c, ok := m.parts[was.Number]; ok {
			if was.Number == m.root {
				c.mib = is.Len / mib
			}
			oracle.SameFiles(t, c.files(t, image, is.Off), m.held[was.Number])
		}
	}
	if got := after.Part(t, m.root); end-got.Off-got.Len > 2*mib {
		t.Errorf("%d bytes behind the root are free:\n%s", end-got.Off-got.Len, sh(t, ".", "sfdisk -d '"+image+"'"))
	}
}

// TestEnlarge enlarges disks as people have them, in one line, and shrinks them to their old size. Foreign programs made
// them and judge them.
func TestEnlarge(t *testing.T) {
	t.Parallel()
	for i, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			m := l.make(t)
			for k, format := range []string{"raw", "qcow2"} {
				if *everyRoot || k == i%2 {
					m.thereAndBack(t, people()[0], format)
				}
			}
			if last := people()[len(people())-1]; (*everyRoot || i == 0) && !m.parts[m.root].fs().root {
				m.thereAndBack(t, last, "raw")
			}
		})
	}
}

// thereAndBack enlarges a copy of the image and shrinks it again.
func (m made) thereAndBack(t *testing.T, p person, format string) {
	t.Helper()
	image, disk := filepath.Join(p.dir(t), "disk"), func(image string) string { return image }
	if format == "qcow2" {
		testneed.Tool(t, "qemu-img")
		disk = func(image string) string { return unpacked(t, image) }
	}
	sh(t, ".", fmt.Sprintf("if [ %s = raw ]; then cp --sparse=always '%s' '%s'; else qemu-img convert -O qcow2 '%[2]s' '%[3]s'; fi", format, m.image, image))
	p.own(t, image)
	args := strings.Fields(m.to)
	o := p.run(t, append([]string{"enlarge", image, "--yes"}, args...)...)
	if o.want(t, exitDone, "Done", m.say); t.Failed() {
		return
	}
	m.judge(t, disk(image), m.bytes)
	p.run(t, "enlarge", image, "--yes", "to", itoa(m.bytes)+"B").want(t, exitDone, "nothing to do")
	sum := digest(t, image)
	if m.stuck {
		p.run(t, "shrink", image, "--yes", "to", itoa(m.mib)+"MiB").want(t, exitRefused, "cannot be made smaller", "undo")
		if digest(t, image) != sum {
			t.Error("a refused shrink has changed the image")
		}
		return
	}
	p.run(t, "shrink", image, "--yes", "to", itoa(m.mib)+"MiB").want(t, exitDone, "Done")
	m.judge(t, disk(image), m.mib*mib)
}

// TestEnlargeRefused: what cannot be done is said and changes nothing.
func TestEnlargeRefused(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "sfdisk")
	ext := filling{kind: model.Ext4, mib: 32, fstab: "LABEL=OLD / ext4 rw 0 1"}
	m := layout{
		mib: 80, table: "label: gpt\nsize=32M\nsize=32M\nsize=1M,type=" + gptBIOS + "\n",
		parts: map[int]filling{1: ext, 2: ext, 3: {mib: 1, build: garbage}},
	}.make(t)
	p := people()[len(people())-1]
	image := filepath.Join(p.dir(t), "disk")
	sh(t, ".", fmt.Sprintf("cp --sparse=always '%s' '%s'", m.image, image))
	p.own(t, image)
	sum := digest(t, image)
	for _, c := range []struct {
		words []string
		code  int
		want  string
	}{
		{[]string{"enlarge", image, "to", "200MiB", "--yes"}, exitRefused, "p1 (ext4, \"OLD\", 32.0 MiB), p2 (ext4, \"OLD\", 32.0 MiB). Say which one with --partition"},
		{[]string{"enlarge", image, "to", "200MiB", "--yes", "--partition", "2"}, exitRefused, "finds the boot loader in it by its position"},
		{[]string{"enlarge", image, "to", "200MiB", "--yes", "--partition", "4"}, exitRefused, "there is no partition 4"},
		{[]string{"enlarge", image, "to", "70MiB", "--yes", "--partition", "2"}, exitRefused, "it is 80MiB long"},
		{[]string{"enlarge", image, "to", "200000001B", "--yes", "--partition", "2"}, exitRefused, "not a whole number of sectors"},
		{[]string{"enlarge", image, "to", "much", "--yes", "--partition", "2"}, exitUsage, "no number"},
		{[]string{"enlarge", image, "up", "1GiB", "--yes"}, exitUsage, "use to or by"},
		{[]string{"enlarge", image, "to", "200MiB", "--partition", "2"}, exitRefused, "by its position"}, // before --yes is missed
		{[]string{"shrink", image, "to", "100MiB", "--yes", "--partition", "2"}, exitRefused, "it is 80MiB long"},
		{[]string{"shrink", image, "to", "36MiB", "--yes", "--partition", "2"}, exitRefused, "it can be"},
		{[]string{"shrink", image, "by", "36MiB", "--yes"}, exitUsage, "use to"},
		{[]string{"enlarge", image, "by", "10MiB", "--rehearse", "--partition", "1"}, exitRefused, "by its position"},
	} {
		if p.run(t, c.words...).want(t, c.code, c.want); digest(t, image) != sum {
			t.Fatalf("%q has changed the image", c.words)
		}
	}
}

// TestShrinkToTheEnd shrinks a disk as far as its files allow. They stay as they are.
func TestShrinkToTheEnd(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "sfdisk")
	m := layout{
		mib: 1200, root: 1, table: "label: gpt\nsize=1G,type=" + gptRoot + "\nsize=32M,name=home\n",
		parts: map[int]filling{1: {kind: model.Ext4, mib: 1024}, 2: {kind: model.Ext4, mib: 32}},
	}.make(t)
	p := people()[len(people())-1]
	image := filepath.Join(p.dir(t), "disk")
	sh(t, ".", fmt.Sprintf("cp --sparse=always '%s' '%s'", m.image, image))
	p.own(t, image)
	if p.run(t, "shrink", image, "--yes").want(t, exitDone, "Done"); t.Failed() {
		return
	}
	m.judge(t, image, fileSize(t, image))
	if n := fileSize(t, image); n > 150*mib {
		t.Errorf("%d bytes are left", n)
	}
	p.run(t, "shrink", image, "--yes").want(t, exitDone, "nothing to do")
}
