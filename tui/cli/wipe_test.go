package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestWipe wipes a partition and unallocated space in images of several formats: nothing of it is left in the image's file or
// beside it, and all else is as it was.
func TestWipe(t *testing.T) {
	for _, name := range []string{"sfdisk", "mkfs.ext4", "qemu-img", "e2fsck"} {
		testneed.Tool(t, name)
	}
	source := t.TempDir()
	sh(t, source, `mkdir tree; for i in 1 2; do yes "secret $i" | head -c 300000 >tree/file; truncate -s 8M part$i; mkfs.ext4 -q -F -d tree part$i; done
		truncate -s 32M disk.raw; printf 'label: gpt\nsize=8M\nsize=8M\n' | sfdisk -q disk.raw
		for i in 1 2; do dd if=part$i of=disk.raw bs=1M seek=$((8*i-7)) conv=notrunc status=none; done
		yes 'secret 3' | head -c 300000 | dd of=disk.raw bs=1M seek=20 conv=notrunc status=none
		for f in qcow2 vdi; do qemu-img convert -O $f disk.raw disk.$f; done`)
	for _, format := range []string{"raw", "qcow2", "vdi"} {
		for line, want := range map[string][]bool{"wipe 2": {true, false, true}, "wipe free random": {true, true, false}} {
			p := user()
			dir := p.dir(t)
			image := filepath.Join(dir, "disk."+format)
			sh(t, dir, fmt.Sprintf("cp --sparse=always '%s/disk.%s' .", source, format))
			p.own(t, image)
			p.run(t, "apply", "--yes", image, write(t, line+"\n")).want(t, exitDone, "Done", "No undo brings it back")
			b, err := os.ReadFile(image)
			if err != nil {
				t.Fatal(err)
			}
			for i, there := range want {
				if bytes.Contains(b, fmt.Appendf(nil, "secret %d\nsecret", i+1)) != there {
					t.Errorf("%s, %s: secret %d", format, line, i+1)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("%s, %s: left beside it: %v, %v", format, line, left, err)
			}
			p.run(t, "undo", "--yes", image).want(t, exitRefused, "no transaction that can be undone")
			if format == "qcow2" {
				sh(t, dir, "qemu-img check -q disk.qcow2")
			}
			sh(t, dir, fmt.Sprintf("[ %s = raw ] || qemu-img convert -O raw disk.%s disk.raw; cmp -n %d -i %d disk.raw '%s/disk.raw'", format, format, 8<<20, 1<<20, source))
			oracle.TableClean(t, filepath.Join(dir, "disk.raw"))
		}
	}
}
