package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

// TestQcow2Situations meets images as people have them: an edit is done or refused as it should be, and qemu-img finds the
// disk in order. The script makes the image f in a directory of its own, from the raw image r with two partitions.
func TestQcow2Situations(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	testneed.Tool(t, "qemu-io")
	p := people()[0]
	dir := p.dir(t)
	sh(t, dir, "truncate -s 16M r; printf '2048,8192\n,8192\n' | sfdisk -q --label gpt r; qemu-io -f raw -c 'write -P 7 1M 1M' -c 'write -P 9 5M 1M' r >/dev/null")
	const move = "image grow 8MiB\nmove 2 right 4MiB\n"
	for _, c := range []struct {
		name, script, plan string
		says               string // in the report or the refusal
		after              string // a script that must succeed then
	}{
		{"clones of one base", "cp ../r b; for n in f g h; do qemu-img create -q -f qcow2 -F raw -b b $n; done", move, "from the backing file", "cmp b ../r && qemu-img compare -q g b"},
		{"a clone of a clone", "cp ../r b; qemu-img create -q -f qcow2 -F raw -b b g; qemu-img create -q -f qcow2 -F qcow2 -b g f", move, "Done", "qemu-img compare -q g ../r"},
		{"a base with clones", "cp ../r f; qemu-img create -q -f qcow2 -F raw -b f g; mkdir s; qemu-img create -q -f qcow2 -F raw -b ../f s/h", move, "the backing file of g:", ""},
		{"a base behind a link", "mkdir s; cp ../r s/b; ln -s s/b b; qemu-img create -q -f qcow2 -F raw -b b f", move, "Done", "cmp s/b ../r"},
		{"a base with an odd name", "cp ../r 'a, b:c'; qemu-img create -q -f qcow2 -F raw -b './a, b:c' f", move, "Done", ""},
		{
			"a base in QEMU's options", `cp ../r b; qemu-img create -q -u -f qcow2 -F raw -b 'json:{"driver":"raw","file":{"driver":"file","filename":"'$PWD/b'"}}' f 16M`,
			move, "Done", "cmp b ../r",
		},
		{
			"bitmaps dropped", "qemu-img convert -O qcow2 ../r f; qemu-img bitmap --add f a; qemu-img bitmap --add --disable f b", "image drop-bitmaps\n" + move, "Done",
			"! qemu-img info f 2>&1 | grep -q granularity",
		},
		{
			"repaired in the same commit", "qemu-img convert -O qcow2 -o lazy_refcounts=on ../r f; printf '\\1' | dd of=f bs=1 seek=79 conv=notrunc status=none; printf '\\0\\0' | dd of=f bs=1 seek=$((0x20000+10)) conv=notrunc status=none",
			"image repair\n" + move, "Done", "",
		},
		{"leaks given back", "qemu-img convert -O qcow2 ../r f; printf '\\0\\1\\0\\1' | dd of=f bs=1 seek=$((0x20000+200)) conv=notrunc status=none", "image repair\n" + move, "Done", ""},
		{"counts that the table has lost", "qemu-img convert -O qcow2 ../r f; dd if=/dev/zero of=f bs=8 count=1 seek=$((0x2000)) conv=notrunc status=none", "image repair\n" + move, "Done", ""},
		{"a cut file whose loss is accepted", "qemu-img convert -O qcow2 ../r f; truncate -s -150K f", "image repair\n", "Done", ""},
		{
			"a machine's state behind the end", "qemu-img create -q -f qcow2 f 24M; qemu-img convert -n -O qcow2 ../r f; qemu-io -c 'write -P 5 16M 6M' f >/dev/null; printf '\\1\\0\\0\\0' | dd of=f bs=1 seek=28 conv=notrunc status=none",
			"image grow 8MiB\n", "Done", "qemu-io -r -c 'read -P 0 16M 7M' f | grep -q 'read 7340032' && ! qemu-io -r -c 'read -P 0 16M 7M' f | grep -q failed",
		},
		{"a size that is no whole cluster", "truncate -s 16777728 ../q; cp ../r q; truncate -s 16777728 q; qemu-img convert -O qcow2 q f", "image grow 1s\nimage size 24MiB\n", "Done", ""},
		{"parts of a cluster", "qemu-img create -q -f qcow2 -o extended_l2=on,cluster_size=128K f 4M; qemu-io -c 'write -P 3 4k 512' f >/dev/null", "image grow 4MiB\n", "Done", ""}, // QEMU leaves the file short
		{"version 2 with a snapshot", "qemu-img convert -O qcow2 -o compat=0.10 ../r f; qemu-img snapshot -c a f", "move 2 right 4MiB\n", "no data is copied", "qemu-img convert -l a -O raw f s; cmp s ../r"},
		{"compressed, old version", "qemu-img convert -c -O qcow2 -o compat=0.10 ../r f", move, "no data is copied", ""},
		{"large clusters, odd distance", "qemu-img convert -O qcow2 -o cluster_size=2M ../r f", "image grow 8MiB\nmove 2 right 1MiB\n", "none, if it moves by a multiple of 2.00 MiB", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			sub := filepath.Join(dir, strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(c.name))
			if err := os.Mkdir(sub, 0o755); err != nil {
				t.Fatal(err)
			}
			sh(t, sub, c.script)
			image := filepath.Join(sub, "f")
			p.run(t, "apply", "--yes", image, write(t, c.plan)).want(t, 0, c.says)
			if c.name != "a base with clones" { // raw
				sh(t, sub, "qemu-img check -q f")
			}
			if c.after != "" {
				sh(t, sub, c.after)
			}
		})
	}
}

// TestBaseAndOverlayElsewhere names an overlay in another directory, so that the edit of its base warns of it.
func TestBaseAndOverlayElsewhere(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	p := people()[0]
	dir := p.dir(t)
	sh(t, dir, "truncate -s 4M b; echo 2048 | sfdisk -q b; mkdir s; qemu-img create -q -f qcow2 -F raw -b ../b s/o; qemu-img create -q -f qcow2 s/other 4M")
	plan := write(t, "image grow 1MiB\n")
	overlay := filepath.Join(dir, "s", "o")
	o := p.run(t, "apply", "--rehearse", "--overlay", overlay, "--overlay", filepath.Join(dir, "s", "other"), filepath.Join(dir, "b"), plan)
	o.want(t, 0, "the backing file of "+overlay+":")
}

// TestFullHostOfQcow2 has no room for a commit: the image stays as it is, and says what to do.
func TestFullHostOfQcow2(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	testneed.Tool(t, "qemu-img")
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, 0) })
	sh(t, dir, "truncate -s 16M r; printf '2048,8192\n,8192\n' | sfdisk -q --label gpt r; qemu-io -f raw -c 'write -P 7 5M 1M' r >/dev/null; qemu-img convert -O qcow2 r f; rm r; head -c 1200000 /dev/zero > ballast")
	image := filepath.Join(dir, "f")
	sum, length := digest(t, image), fileSize(t, image)
	p := people()[0]
	plan := write(t, "image grow 8MiB\nmove 2 right 12345s\n") // the distance is no multiple of the cluster
	p.run(t, "apply", "--yes", image, plan).want(t, exitRefused, "make room on the file system of the image")
	if digest(t, image) != sum || fileSize(t, image) != length {
		t.Error("the image has changed")
	}
	sh(t, dir, "rm ballast")
	p.run(t, "apply", "--yes", image, plan).want(t, 0, "Done")
	sh(t, dir, "qemu-img check -q f")
}
