package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"shunt/model/testneed"
)

// TestUndoStack commits three times and goes back, one by one and over several, on all kinds of targets: each time the disk is what
// it was then, as a foreign program reads it, and nothing stays beside it in the end.
func TestUndoStack(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	for _, format := range []string{"raw", "qcow2", "vmdk"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			p := people()[0]
			dir := p.dir(t)
			image := filepath.Join(dir, "disk."+format)
			sh(t, dir, "truncate -s 32M made; printf 'label: gpt\\nsize=8M\\nsize=8M\\n' | sfdisk -q made; mkfs.ext4 -q -E offset=9437184 made 8M")
			if format == "raw" {
				sh(t, dir, "mv made "+image)
			} else {
				testneed.Tool(t, "qemu-img")
				sh(t, dir, "qemu-img convert -O "+format+" made "+image+"; rm made")
			}
			sum := func() string { return diskDigest(t, image, format) }
			sums := []string{sum()}
			do := func(n int, args ...string) {
				t.Helper()
				p.run(t, append([]string{"apply", "--yes", image}, args...)...).want(t, 0, keptBefore[n])
				sums = append(sums, sum())
			}
			do(0, "move", "2", "right", "4MiB")
			do(1, "image", "grow", "8MiB") // a new file, in some formats
			if format == "vmdk" {
				do(2, "image", "grow", "8MiB") // an edit in place would end the undo of the new file
			} else {
				do(2, "label", "2", "third")
			}

			p.run(t, "undo", "--list", image).want(t, 0, "1. ", "2. ", "3. ", "--to=N")
			var got infoTarget
			if err := json.Unmarshal([]byte(p.run(t, "info", "--json", image).out), &got); err != nil || len(got.Undos) != 3 {
				t.Fatalf("%v, %+v", err, got.Undos)
			}
			p.run(t, "info", image).want(t, 0, "so can 2 transactions before it")
			p.run(t, "undo", "--yes", "--to=4", image).want(t, 1, "3 transactions can be undone, and not 4")
			p.run(t, "undo", "--yes", "--to=0", image).want(t, 2)
			p.run(t, "undo", "--yes", "--forget=4", image).want(t, 2, "3 transactions")
			p.run(t, "undo", "--yes", image).want(t, 0, "exactly as it was")
			if sum() != sums[2] {
				t.Error("after one undo the disk is not what it was")
			}
			p.run(t, "undo", "--yes", "--to=2", image).want(t, 0, "1 of 2", "2 of 2")
			if sum() != sums[0] {
				t.Error("after three undos the disk is not what it was")
			}
			onlyWith(t, image)
			p.run(t, "undo", "--yes", image).want(t, 1, "no transaction that can be undone")
		})
	}
}

// keptBefore is what the report says of n transactions before.
var keptBefore = []string{"stay", "The commit before it can still be undone", "The 2 commits before it can still be undone"}

// diskDigest is a digest of the disk in an image.
func diskDigest(t *testing.T, image, format string) string {
	t.Helper()
	if format == "raw" {
		return digest(t, image)
	}
	raw := filepath.Join(t.TempDir(), "raw")
	if out, err := exec.Command("qemu-img", "convert", "-O", "raw", image, raw).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return digest(t, raw)
}

// TestUndoStackStops goes back over three commits, and one does not fit any more: the target is as it was before another one,
// and the answer says how to go on.
func TestUndoStackStops(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	image, _ := stick(t, p)
	p.run(t, "apply", "--yes", image, "image", "grow", "200MiB").want(t, 0)
	first := digest(t, image)
	p.run(t, "apply", "--yes", image, "move", "2", "right", "100MiB").want(t, 0)
	p.run(t, "apply", "--yes", image, "label", "1", "third").want(t, 0)
	if err := os.Remove(filepath.Join(image+".shunt", "before")); err != nil {
		t.Fatal(err)
	}
	p.run(t, "undo", "--yes", "--to=3", image).want(t, 1, "2 transactions can be undone, and not 3")
	p.run(t, "undo", "--yes", "--to=2", image).want(t, 0)
	if digest(t, image) != first {
		t.Error("the disk is not what it was after the first commit")
	}

	p.run(t, "apply", "--yes", image, "label", "1", "again").want(t, 0)
	p.run(t, "apply", "--yes", image, "label", "1", "third").want(t, 0)
	p.run(t, "undo", "--yes", "--forget=2", image).want(t, 0, "1 transaction cannot be undone any more", "2. ")
	p.run(t, "undo", "--yes", "--to=2", image).want(t, 1, "1 transaction can be undone, and not 2")
	p.run(t, "undo", "--yes", image).want(t, 0)
	p.run(t, "apply", "--yes", "--keep-undos=1", image, "label", "1", "fourth").want(t, 0)
	p.run(t, "apply", "--yes", image, "label", "1", "fifth").want(t, 0)
	p.run(t, "apply", "--yes", "--keep-undos=2", image, "label", "1", "sixth").want(t, 0, "can still be undone after it", "at most 2 are kept")
	p.run(t, "apply", "--yes", "--undo-room=1KiB", image, "label", "1", "seventh").want(t, 0, "2 earlier commits", "they would take more than 1")
	p.run(t, "apply", "--yes", "--keep-undos=16", image, "label", "1", "eighth").want(t, 2, "use 1 to 15")
}

// TestListReadOnly looks at what can be undone where nothing can be written.
func TestListReadOnly(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	dir := t.TempDir()
	sh(t, dir, "truncate -s 4M disk.raw; printf 'label: gpt\\nsize=1M\\n' | sfdisk -q disk.raw")
	p.run(t, "apply", "--yes", filepath.Join(dir, "disk.raw"), "name", "1", "x").want(t, 0)
	image := filepath.Join(t.TempDir(), "disk.raw")
	sh(t, dir, "mount --bind . '"+filepath.Dir(image)+"'; mount -o remount,bind,ro '"+filepath.Dir(image)+"'")
	t.Cleanup(func() { sh(t, "/", "umount '"+filepath.Dir(image)+"'") })

	p.run(t, "undo", "--yes", image).want(t, 1, "read-only file system")
	p.run(t, "undo", "--list", image).want(t, 0, "1. ", "can be undone", `"x"`)
	p.run(t, "undo", "--list", "--json", image).want(t, 0, `"undos": [`, `"operations"`)
	p.run(t, "info", image).want(t, 0, "can be undone with")
	p.run(t, "table", "readings", image).want(t, 0, "is not damaged")
}

// TestUndoStackLosesOne damages the seal of the lower of two commits: undoing the upper one drops it, and the answer counts the upper
// one and gives no number that does not fit any more.
func TestUndoStackLosesOne(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	image := filepath.Join(p.dir(t), "disk.raw")
	sh(t, filepath.Dir(image), "truncate -s 4M disk.raw; printf 'label: gpt\\nsize=1M\\n' | sfdisk -q disk.raw")
	p.run(t, "apply", "--yes", image, "name", "1", "one").want(t, 0)
	sum := digest(t, image)
	p.run(t, "apply", "--yes", image, "name", "1", "two").want(t, 0)
	sh(t, image+".shunt", "printf x | dd of=seal bs=1 seek=9 conv=notrunc status=none")
	o := p.run(t, "undo", "--yes", "--to=2", image)
	o.want(t, 1, "1 of 2 were undone before it stopped. The target is as it was before one of them.\n", "no longer fits")
	if digest(t, image) != sum {
		t.Error("the disk is not what it was after the first commit")
	}
}
