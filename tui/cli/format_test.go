package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestFormatFlag opens a raw disk that begins as a VHD does, and a VDI image, with all that --format can say.
func TestFormatFlag(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	testneed.Tool(t, "qemu-storage-daemon")
	t.Parallel()
	dir := t.TempDir()
	// The last sector of the raw disk has the mark of a VHD. The disk has no GPT, whose backup would lie there.
	sh(t, dir, `truncate -s 40M f; printf '2048,20480,83\n40960,,83\n' | sfdisk -q f; mke2fs -q -E offset=1048576 f 10m
		printf conectix | dd of=f bs=1 seek=$((40*1048576-512)) conv=notrunc status=none
		cp f before; printf 'move 1 right 4MiB\n' > plan; qemu-img create -q -f vdi v 8M`)
	p := people()[0]
	raw, vdi := filepath.Join(dir, "f"), filepath.Join(dir, "v")
	p.run(t, "info", raw).want(t, exitRefused, "cannot be opened as a vpc image")
	p.run(t, "info", raw, "--format", "raw").want(t, exitDone, "ext2")
	p.run(t, "find", raw, "--format", "raw").want(t, exitDone, "ext2")
	p.run(t, "image", "info", raw, "--format", "raw").want(t, exitDone, "raw")
	p.run(t, "ls", raw, "1", "--format", "raw").want(t, exitDone, "lost+found")
	p.run(t, "image", "check", raw, "--format=raw").want(t, exitDone, "ext2")
	p.run(t, "apply", "--yes", "--format=raw", raw, filepath.Join(dir, "plan")).want(t, exitDone, "exactly as planned")
	p.run(t, "recover", "--format", "raw", raw).want(t, exitDone, "no unfinished")
	p.run(t, "undo", "--yes", "--format", "raw", raw).want(t, exitDone, "exactly as it was")
	sh(t, dir, "cmp f before")
	p.run(t, "image", "convert", raw, filepath.Join(dir, "q.qcow2"), "--source-format", "raw").want(t, exitDone, "holds the disk")
	p.run(t, "image", "clone", raw, filepath.Join(dir, "c.raw"), "--source-format", "raw").want(t, exitDone, "holds the disk")
	sh(t, dir, "qemu-img compare -q -f raw -F qcow2 f q.qcow2")

	p.run(t, "info", vdi, "--format", "vdi").want(t, exitDone, "vdi")
	p.run(t, "info", vdi, "--format", "qcow2").want(t, exitRefused, "in the format vdi, and not qcow2")
	p.run(t, "apply", "--yes", vdi, filepath.Join(dir, "plan"), "--format", "qed").want(t, exitRefused, "in the format vdi, and not qed")
	p.run(t, "info", raw, "--format", "vhd").want(t, exitUsage, "use one of raw, ")
	before := sh(t, dir, "cat before | md5sum")
	if after := sh(t, dir, "cat f | md5sum"); strings.TrimSpace(after) != strings.TrimSpace(before) {
		t.Error("the raw image was changed")
	}
}
