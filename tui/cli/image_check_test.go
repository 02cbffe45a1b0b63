package cli

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/report"
)

// TestImageCheckOfFilesystems checks file systems that foreign tools made, whole and damaged, on a disk without a table.
// Whatever is damaged is wrong, nothing else is, and the image stays as it was. Without -damage it tries one damage of
// each kind.
func TestImageCheckOfFilesystems(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	byKind := map[model.FSKind][]damage{}
	for _, d := range damages() {
		byKind[d.kind] = append(byKind[d.kind], d)
	}
	for _, fs := range matrixKinds() {
		list := byKind[fs.kind]
		slices.SortFunc(list, func(a, b damage) int { return strings.Compare(a.name, b.name) })
		if !*allDamage && len(list) > 0 {
			list = list[rng.Intn(len(list)):][:1]
		}
		t.Run(string(fs.kind), func(t *testing.T) {
			t.Parallel()
			whole, _ := fs.make(t, 2048)
			checksAs(t, whole, true)
			for _, d := range list {
				t.Run(d.name, func(t *testing.T) {
					image := filepath.Join(t.TempDir(), "disk.raw")
					sh(t, ".", fmt.Sprintf("cp --sparse=always '%s' '%s'", whole, image))
					d.do(t, image)
					checksAs(t, image, harmlessDamage[string(d.kind)+": "+d.name])
				})
			}
		})
	}
}

// harmlessDamage are those that leave a file system that its own tools take for sound.
var harmlessDamage = map[string]bool{
	"ext4: a journal that wants a replay": true, // what is in it need not be damage
	"ext4: a name without an inode":       true, // debugfs does not do it
	"ext4: a size beyond":                 true, // a file may end in a hole
	"ext4: a used block that is free":     true, // in this file system they were free
	"xfs: a size":                         true, // blocks behind the end may be allocated
	"f2fs: a file's inode":                true, // mkfs.f2fs makes no checksums of inodes
	"f2fs: a file's checksum":             true,
}

// checksAs checks an image and returns what was found in each part.
func checksAs(t *testing.T, image string, clean bool) map[string]report.Check {
	t.Helper()
	before := digest(t, image)
	out := people()[0].run(t, "image", "check", "--json", image)
	want := exitDone
	if !clean {
		want = exitRefused
	}
	if out.code != want {
		t.Errorf("exit code %d, want %d\n%s%s", out.code, want, out.out, out.err)
	}
	var found report.ImageCheck
	if err := json.Unmarshal([]byte(out.out), &found); err != nil || found.Clean != clean {
		t.Errorf("%v\n%s", err, out.out)
	}
	if digest(t, image) != before {
		t.Error("the image was written to")
	}
	parts := map[string]report.Check{}
	for _, c := range found.Checks {
		parts[c.Part] = c
	}
	return parts
}

// TestImageCheckOfTablesAndFormats checks images that foreign tools made, and others that were damaged by hand. wrong are
// the parts with a fault, and says what is in the report.
func TestImageCheckOfTablesAndFormats(t *testing.T) {
	for _, tool := range []string{"sfdisk", "qemu-img", "qemu-io", "mkfs.ext4", "mkfs.fat"} {
		testneed.Tool(t, tool)
	}
	const gpt = "truncate -s 24M f; printf 'label: gpt\n,12M,L\n,8M,U\n' | sfdisk -q f; " +
		"truncate -s 12M p; mkfs.ext4 -q p; dd if=p of=f bs=1M seek=1 conv=notrunc status=none\n"
	const mbr = "truncate -s 24M f; printf 'label: dos\n,8M,L\n,,E\n,4M,L\n,4M,L\n' | sfdisk -q f\n"
	const overlay = "mv f b; qemu-img create -q -f qcow2 -F raw -b b m; qemu-img create -q -f qcow2 -F qcow2 -b m f; qemu-io -c 'write 20M 1M' m >/dev/null\n"
	noise := func(at string) string {
		return fmt.Sprintf("printf noisenoise | dd of=f bs=1 seek=$((%s)) conv=notrunc status=none\n", at)
	}
	for name, c := range map[string]struct{ script, wrong, says string }{
		"gpt":                    {gpt, "", "e2fsck"},
		"primary gpt":            {gpt + noise("512+60"), "table", "primary GPT"},
		"backup gpt":             {gpt + noise("24*1048576-512+60"), "table", "backup GPT"},
		"array of the backup":    {gpt + noise("24*1048576-33*512+50"), "table", "backup GPT"},
		"both":                   {gpt + noise("512+60") + noise("24*1048576-512+60"), "table", ""},
		"a longer disk":          {gpt + "truncate -s 30M f", "", "longer than its GPT says"},
		"a cut disk":             {gpt + "truncate -s 20M f", "table", "made for"},
		"ext4 in p1":             {gpt + "printf '\\0\\0' | dd of=f bs=1 seek=$((1048576+1024+58)) conv=notrunc status=none", "p1", "Superblock invalid"},
		"a superblock":           {gpt + "dd if=/dev/zero of=f bs=1k seek=$((1024+1)) count=1 conv=notrunc status=none", "p1", "perhaps it was"},
		"mbr":                    {mbr, "", "MBR"},
		"mbr past the end":       {mbr + "truncate -s 20M f", "table", "the disk has"},
		"a chain":                {mbr + noise("$(sfdisk -d f | sed -n 's/^f5.*start= *\\([0-9]*\\).*/\\1/p')*512-2048*512+510-8"), "table", "boot record"},
		"overlapping partitions": {"truncate -s 24M f; printf '1,4000,83\n' | sfdisk -q --force f; printf '\\0\\0\\0\\0\\203\\0\\0\\0\\0\\010\\0\\0\\0\\100\\0\\0' | dd of=f bs=1 seek=$((446+16)) conv=notrunc status=none", "table", "overlap"},
		"no table, fat":          {"truncate -s 24M f; mkfs.fat f >/dev/null", "", "fsck.fat"},
		"nothing":                {"truncate -s 24M f", "", ""},
		"a Sun disklabel":        {"truncate -s 24M f; printf 'label: sun\n' | sfdisk -q f", "", "by name only"},
		"qcow2":                  {gpt + "mv f r; qemu-img convert -O qcow2 r f", "", "qcow2"},
		"vmdk":                   {gpt + "mv f r; qemu-img convert -O vmdk r f", "", "vmdk"},
		"vpc":                    {gpt + "mv f r; qemu-img convert -O vpc r f", "", "does not check this format"},
		"a leak in vdi":          {gpt + "mv f r; qemu-img convert -O vdi r f; printf '\\005' | dd of=f bs=1 seek=$((512+8)) conv=notrunc status=none", "format", "errors in the tables"},
		"snapshots":              {gpt + "mv f r; qemu-img convert -O qcow2 r f; qemu-img snapshot -c a f; qemu-io -c 'write 2M 1M' -c 'write -z 3M 64k' f >/dev/null; qemu-img snapshot -a a f", "", ""},
		"a chain of images":      {gpt + overlay, "", "backing file"},
		"a count":                {gpt + "mv f r; qemu-img convert -O qcow2 r f; printf '\\0\\0' | dd of=f bs=1 seek=$((0x20000+10)) conv=notrunc status=none", "format", "counted less often"},
		"a leak":                 {gpt + "mv f r; qemu-img convert -O qcow2 r f; printf '\\0\\1' | dd of=f bs=1 seek=$((0x20000+2000)) conv=notrunc status=none", "format", "counted more often"},
		"a table of entries":     {gpt + "mv f r; qemu-img convert -O qcow2 r f; printf '\\177\\377' | dd of=f bs=1 seek=$((0x30000)) conv=notrunc status=none", "format", ""},
		"a count below":          {gpt + overlay + "printf '\\0\\0' | dd of=m bs=1 seek=$((0x20000+10)) conv=notrunc status=none", "backing file", "counted less often"},
		"a file below":           {gpt + overlay + "printf '\\0\\0' | dd of=b bs=1 seek=$((1048576+1024+58)) conv=notrunc status=none", "p1", "Superblock invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			sh(t, dir, c.script)
			found := checksAs(t, filepath.Join(dir, "f"), c.wrong == "")
			said := ""
			for part, one := range found {
				if (one.Verdict == report.Faulty) != (c.wrong != "" && strings.HasPrefix(part, c.wrong)) {
					t.Errorf("%s is %s: %q", part, one.Verdict, one.Faults)
				}
				said += fmt.Sprintf("%s %+v\n", part, one)
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("%q is not in the report:\n%s", c.says, said)
			}
		})
	}
}
