package cli

import (
	"path/filepath"
	"testing"

	"shunt/model/testneed"
)

// TestUndoIsSaidToTheByte moves an ext4 in which deleted files left their bytes, right over them and past them. Blocks that
// no file used are not kept for an undo, so only where none of them was overwritten the image is said to be exactly as it
// was, and is.
func TestUndoIsSaidToTheByte(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	const script = `truncate -s 64M disk; echo '2048,32768,L' | sfdisk -q disk; truncate -s 16M fs; mkfs.ext4 -q -m 0 fs
		head -c 12M /dev/urandom > file; debugfs -w -R 'write file file' fs; debugfs -w -R 'rm file' fs
		dd if=fs of=disk bs=1M seek=1 conv=notrunc`
	const exactly, but = "is exactly as it was", "is as it was, except for the content of blocks that no file system used"
	p := people()[0]
	for plan, want := range map[string]string{"move 1 right 4MiB": but, "move 1 right 32MiB": but, "resize 1 to 20MiB": "", "label 1 x": exactly} {
		dir := t.TempDir()
		sh(t, dir, "{ "+script+"; } >log 2>&1; printf '"+plan+"\\n' > plan")
		disk := filepath.Join(dir, "disk")
		sum := digest(t, disk)
		p.run(t, "apply", "--yes", disk, filepath.Join(dir, "plan")).want(t, 0)
		undone := p.run(t, "undo", "--yes", disk)
		said := map[bool]string{true: exactly, false: but}[digest(t, disk) == sum]
		undone.want(t, 0, "Rolled back: the target "+said)
		if want != "" && said != want {
			t.Errorf("%s: the target %s", plan, said)
		}
		sh(t, dir, "tail -c +1048577 disk | head -c 16M > fs; e2fsck -fn fs")
	}
}
