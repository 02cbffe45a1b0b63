package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// layered makes a directory with a raw disk "r" of 24 MiB with a table and an ext4, and runs a script there.
func layered(t *testing.T, p person, script string) string {
	t.Helper()
	testneed.Tool(t, "qemu-img")
	testneed.File(t, "/dev/fuse")
	dir := p.dir(t)
	sh(t, dir, "truncate -s 24M r; printf 'label: gpt\nstart=2048,size=32768\n' | sfdisk -q r; mkfs.ext4 -q -F -E offset=1048576 r 16m; "+script+
		fmt.Sprintf("; chown -R %d .", max(p.uid, os.Getuid())))
	return dir
}

// TestImageSnapshot keeps, applies and deletes states of an image, in turns with qemu-img.
func TestImageSnapshot(t *testing.T) {
	t.Parallel()
	for _, p := range people() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir := layered(t, p, "qemu-img convert -O qcow2 r f")
			image, name := filepath.Join(dir, "f"), "a b,c:\n-é"
			shot := func(args ...string) outcome { return p.run(t, append([]string{"image", "snapshot"}, args...)...) }
			shot("create", image, name).want(t, 0, "Done")
			shot("create", image, name).want(t, 1, "has this name")
			shot("create", image, "").want(t, 1, "needs a name")
			shot("create", image, strings.Repeat("x", 256)).want(t, 1, "255")
			sh(t, dir, "qemu-img check -q f && qemu-io -c 'write -P 3 0 3M' f && qemu-img snapshot -c 2nd f")
			shot("create", image, "2").want(t, 1, "has this name or this ID")
			if o := shot("list", image); strings.Count(o.out, "\n") != 3 || !strings.Contains(o.out, "24.0 MiB") {
				t.Errorf("the list is\n%s", o.out)
			}
			shot("list", "--json", image).want(t, 0, `"id": "2"`)
			shot("apply", image, "1").want(t, 2, "--yes")
			shot("apply", "--yes", image, "3").want(t, 1, "there is no snapshot", `"2nd" (2)`)
			shot("apply", "--yes", image, name).want(t, 0, "What was written since is lost")
			sh(t, dir, "qemu-img check -q f && qemu-img compare -q f r")
			p.run(t, "undo", "--yes", image).want(t, 0, "exactly as it was")
			sh(t, dir, "qemu-img check -q f && qemu-img convert -O raw -l 2nd f s && qemu-img compare -q f s && qemu-img snapshot -a 1 f && qemu-img compare -q f r")
			shot("delete", "--yes", image, "1").want(t, 0, "Done")
			sh(t, dir, "qemu-img check -q f && qemu-img compare -q f r && qemu-img snapshot -d 2nd f && qemu-img check -q f")
			shot("list", image).want(t, 0, "has no snapshots")
			shot("create", filepath.Join(dir, "r"), "x").want(t, 1, "only qcow2 images")
			shot("list", filepath.Join(dir, "r")).want(t, 1, "only qcow2 images")
			// A table that makes no sense is no reason to stay with it.
			shot("create", image, "whole").want(t, 0)
			sh(t, dir, "qemu-io -c 'write -P 255 512 16k' f")
			shot("apply", "--yes", image, "whole").want(t, 0)
			sh(t, dir, "qemu-img compare -q f r")
			shot("rename", image).want(t, 2, "there is no command")
		})
	}
}

// TestImageSnapshotRefused says why an image cannot have a snapshot.
func TestImageSnapshotRefused(t *testing.T) {
	t.Parallel()
	p := people()[0]
	for name, c := range map[string]struct{ options, more, says string }{
		"narrow counts": {"refcount_bits=1", "true", "1 bit"},
		"full counts":   {"refcount_bits=2", "qemu-img snapshot -c a f && qemu-img snapshot -c b f", "refcounts of 2 bits"},
		"bitmaps":       {"compat=1.1", "qemu-img bitmap --add f b", "drop-bitmaps"},
	} {
		dir := layered(t, p, "qemu-img convert -O qcow2 -o "+c.options+" r f && "+c.more)
		image := filepath.Join(dir, "f")
		sum := digest(t, image)
		p.run(t, "image", "snapshot", "create", image, "x").want(t, 1, c.says)
		if digest(t, image) != sum {
			t.Errorf("%s: the image has changed", name)
		}
		if name == "bitmaps" {
			p.run(t, "image", "snapshot", "create", "--drop-bitmaps", image, "x").want(t, 0)
			sh(t, dir, "qemu-img check -q f")
		}
	}
	// The size of a snapshot of version 2 cannot be taken.
	dir := layered(t, p, "qemu-img convert -O qcow2 r f && qemu-img snapshot -c a f && qemu-img resize -q f 32M && qemu-img snapshot -c b f")
	p.run(t, "image", "snapshot", "apply", "--yes", filepath.Join(dir, "f"), "a").want(t, 0)
	sh(t, dir, "qemu-img check -q f && qemu-img compare -q f r")
}

// TestImageBacking moves an overlay to other bases and to none. Names are odd, and the overlay is reached from elsewhere.
func TestImageBacking(t *testing.T) {
	t.Parallel()
	for _, p := range people() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir := layered(t, p, `mkdir 'o, 1'; cp r r2; printf hello | dd of=r2 bs=1 seek=5000000 conv=notrunc status=none
				qemu-img create -q -f qcow2 -F raw -b ../r 'o, 1/a:b'; qemu-io -c 'write -P 3 20M 300k' './o, 1/a:b'; qemu-img convert -O raw './o, 1/a:b' want
				truncate -s 4M small; qemu-img convert -O qcow2 small 'o, 1/s:q'; (cd 'o, 1'; qemu-img create -q -f qcow2 -F qcow2 -b './a:b' top)`)
			over := filepath.Join(dir, "o, 1", "a:b")
			same := func(base string) {
				t.Helper()
				info := sh(t, dir, "qemu-img check -q './o, 1/a:b' && qemu-img compare -q './o, 1/a:b' want && qemu-img info './o, 1/a:b'")
				if base != "" && !strings.Contains(info, "backing file: "+base+" (") && !strings.Contains(info, "backing file: "+base+"\n") ||
					strings.Contains(info, "backing file:") != (base != "") {
					t.Errorf("QEMU says\n%s", info)
				}
			}
			from := func(cwd string, args ...string) outcome {
				cmd := p.program(t, append([]string{"image"}, args...)...)
				cmd.Dir = cwd
				return finish(t, cmd)
			}
			from(dir, "rebase", over, "--backing", "r2").want(t, 2, "--yes")
			from(dir, "rebase", over, "--yes", "--backing", "r2").want(t, 0, "Done")
			same("../r2")
			p.run(t, "undo", "--yes", over).want(t, 0, "exactly as it was")
			same("../r")
			from(dir, "rebase", over, "--yes", "--backing", filepath.Join(dir, "r2")).want(t, 0)
			same(filepath.Join(dir, "r2"))
			from(filepath.Join(dir, "o, 1"), "rebase", "a:b", "--yes", "--backing", "s:q").want(t, 0)
			same("./s:q")
			from(dir, "rebase", over, "--yes", "--backing", "o, 1/top").want(t, 1, "show each other")
			from(dir, "rebase", over, "--yes", "--backing", over).want(t, 1, "the image itself")
			from(dir, "rebase", over, "--yes", "--backing", "none").want(t, 1, "does not exist")
			from(dir, "rebase", over, "--yes", "--backing", "").want(t, 2, "image flatten")
			from(dir, "rebase", "r", "--yes", "--backing", "r2").want(t, 1, "only qcow2")
			sh(t, dir, "ln -s r2 link")
			from(dir, "rebase", over, "--yes", "--backing", "link").want(t, 0)
			same("../link")
			from(dir, "flatten", over, "--yes").want(t, 0, "Done")
			same("")
			from(dir, "flatten", over, "--yes").want(t, 1, "no backing file")
			p.run(t, "undo", "--yes", over).want(t, 0, "exactly as it was")
			same("../link")
			if p.uid >= 0 { // root writes to what is read-only
				sh(t, dir, "chmod a-w './o, 1/a:b'")
				from(dir, "flatten", over, "--yes").want(t, 1, "a:b")
				same("../link")
			}
			sh(t, dir, "chmod u+w './o, 1/a:b'; qemu-img snapshot -c x './o, 1/a:b'")
			from(dir, "flatten", over, "--yes").want(t, 1, "snapshots (1)")
		})
	}
}

// TestUndoOfRebase refuses to show a former backing file that is gone, or that was changed since.
func TestUndoOfRebase(t *testing.T) {
	t.Parallel()
	p := people()[0]
	for _, args := range [][]string{{"flatten", "--yes"}, {"rebase", "--yes", "--backing", "s"}} {
		dir := layered(t, p, "touch -d '1 hour ago' r; truncate -s 2M s; qemu-img create -q -f qcow2 -F raw -b r over; qemu-io -c 'write -P 5 3M 1M' over")
		over := filepath.Join(dir, "over")
		cmd := p.program(t, append([]string{"image", args[0], "over"}, args[1:]...)...)
		cmd.Dir = dir
		finish(t, cmd).want(t, 0)
		sum := digest(t, over)
		sh(t, dir, "mv r away")
		p.run(t, "undo", "--yes", over).want(t, 1, "is gone", "nothing was changed")
		sh(t, dir, "mv away r")
		// The journal is written at once. A host that counts seconds gives a file that was written then the beginning of its second.
		for _, when := range []string{"-d 'next hour'", "-r over.shunt/journal", "-d @$(stat -c %Y over.shunt/journal)"} {
			sh(t, dir, "touch "+when+" r")
			p.run(t, "undo", "--yes", over).want(t, 1, "was changed at", "nothing was changed")
		}
		if digest(t, over) != sum {
			t.Error("the overlay has changed")
		}
		sh(t, dir, "touch -d '1 hour ago' r")
		p.run(t, "undo", "--yes", over).want(t, 0, "exactly as it was")
		sh(t, dir, "qemu-img check -q over; qemu-img info over | grep -q 'backing file: r'")
	}
}

// TestImageCommit commits overlays into bases of both formats, which are longer and shorter, and takes that back.
func TestImageCommit(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ name, base, over string }{
		{"raw", "cp r base; f=raw", "32M"},
		{"qcow2", "qemu-img convert -O qcow2 r base; f=qcow2", "32M"},
		{"a base on a base", "qemu-img create -q -f qcow2 -F raw -b r base; f=qcow2", ""},
		{"unknown content", "head -c 24M /dev/urandom > base; f=raw", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := people()[i%len(people())]
			dir := layered(t, p, c.base+`; mkdir k; cp base orig; qemu-img create -q -f qcow2 -F $f -b base other; qemu-img create -q -f qcow2 -F $f -b base over `+c.over+`
				qemu-io -c 'write -P 5 3M 1M' -c 'write -P 6 20M 2M' -c 'write -z 1M 100k' -c 'write -P 0 10M 64k' over; qemu-img convert -O raw over want; cp over k/o`)
			over, base := filepath.Join(dir, "over"), filepath.Join(dir, "base")
			p.run(t, "image", "commit", over).want(t, 2, "--yes")
			p.run(t, "image", "commit", "--yes", over).want(t, 0, "backing file of other:", "Done")
			sh(t, dir, "qemu-img compare -q base want && qemu-img compare -q over want && cmp over k/o")
			p.run(t, "image", "commit", "--yes", over).want(t, 0, "as planned already")
			p.run(t, "undo", "--yes", base).want(t, 0, "exactly as it was", "backing file of")
			sh(t, dir, "qemu-img compare -q base orig && qemu-img compare -q over want && if [ $(head -c 3 base) = QFI ]; then qemu-img check -q base; fi")
			p.run(t, "image", "commit", "--yes", filepath.Join(dir, "r")).want(t, 1, "has no backing file")
		})
	}
	p := people()[0]
	dir := layered(t, p, "cp r base; qemu-img create -q -f qcow2 -F raw -b base over; qemu-img convert -O qcow2 r q; cp q base")
	p.run(t, "image", "commit", "--yes", filepath.Join(dir, "over")).want(t, 1, "one of them is wrong")
}

// TestImageResize resizes raw and qcow2 images. Only a smaller size is asked about.
func TestImageResize(t *testing.T) {
	t.Parallel()
	p := people()[0]
	for _, format := range []string{"raw", "qcow2"} {
		dir := layered(t, p, "qemu-img convert -O "+format+" r f")
		image := filepath.Join(dir, "f")
		size := func(want string) {
			t.Helper()
			sh(t, dir, "qemu-img info -f "+format+" f | grep -q '("+want+" bytes)'; qemu-img convert -O raw f x; sfdisk -q --verify x")
		}
		p.run(t, "image", "resize", image, "+8MiB").want(t, 0, "Done")
		size("33554432")
		p.run(t, "image", "resize", image, "-8MiB").want(t, 2, "--yes")
		p.run(t, "image", "resize", "--yes", image, "-4MiB").want(t, 0)
		size("29360128")
		p.run(t, "image", "resize", image, "28MiB").want(t, 0, "has this size already")
		p.run(t, "image", "resize", image, "--yes", "16MiB").want(t, 1, "p1 ends at")
		p.run(t, "image", "resize", image, "--yes", "-1GiB").want(t, 2, "leaves nothing")
		p.run(t, "image", "resize", image, "7").want(t, 2, "no unit")
		p.run(t, "image", "resize", image).want(t, 2, "SIZE is missing")
		size("29360128")
	}
}
