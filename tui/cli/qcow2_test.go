package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
	"shunt/ops/demo"
)

// asQcow2 makes a qcow2 image of the practice image, by a script that finds it as stick.raw and leaves stick.qcow2.
func asQcow2(t *testing.T, p person, script string) (image, plan string) {
	t.Helper()
	testneed.Tool(t, "qemu-img")
	raw, plan := stick(t, p)
	sh(t, filepath.Dir(raw), script+"; rm -f stick.raw")
	image = filepath.Join(filepath.Dir(raw), "stick.qcow2")
	for _, name := range []string{image, filepath.Join(filepath.Dir(raw), "base")} {
		if _, err := os.Stat(name); err == nil {
			p.own(t, name)
		}
	}
	return image, plan
}

// unpacked is the disk in an image as a raw file, after qemu-img has found nothing wrong with the image.
func unpacked(t *testing.T, image string) string {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "disk")
	sh(t, ".", fmt.Sprintf("qemu-img check -q '%s' && qemu-img convert -O raw '%s' '%s'", image, image, raw))
	return raw
}

// TestFoundingExampleOnQcow2 does the guide's example on images of many kinds, and takes it back.
func TestFoundingExampleOnQcow2(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	stickImage, _ := stick(t, people()[0])
	before := oracle.SFDisk(t, stickImage)
	files := map[int]map[string]string{}
	for n := range 2 {
		files[n+1] = oracle.ExtFiles(t, stickImage, before.Part(t, n+1).Off)
	}
	convert := func(options string) string { return "qemu-img convert -O qcow2 " + options + " stick.raw stick.qcow2" }
	for i, c := range []struct {
		name, script string
		aligned      bool // every distance is a multiple of the cluster
	}{
		{"version 2", convert("-o compat=0.10"), true},
		{"version 3, zlib", convert("-c"), true},
		{"zstd, 4 KiB", convert("-c -o compression_type=zstd,cluster_size=4k"), true},
		{"2 MiB", convert("-o cluster_size=2M"), true},
		{"1 bit", convert("-o refcount_bits=1"), true},
		{"extended L2", convert("-o extended_l2=on"), true},
		{"preallocated", convert("-o preallocation=metadata"), true},
		{"a backing file", "mv stick.raw base; qemu-img create -q -f qcow2 -F raw -b base stick.qcow2", false},
		{"snapshots", convert("") + "; qemu-img snapshot -c one stick.qcow2; qemu-io -c 'write -z 0 512' -c 'write -z 0 0' stick.qcow2 >/dev/null; qemu-img snapshot -a one stick.qcow2; qemu-img snapshot -c two stick.qcow2", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := people()[i%len(people())]
			image, plan := asQcow2(t, p, c.script)
			sh(t, filepath.Dir(image), "cp stick.qcow2 original")
			info := sh(t, filepath.Dir(image), "qemu-img snapshot -l stick.qcow2")

			o := p.run(t, "apply", "--yes", image, plan)
			if o.want(t, 0, "Done"); t.Failed() {
				return
			}
			if c.aligned && !strings.Contains(o.err, "no data is copied") {
				t.Errorf("the move is not free:\n%s", o.err)
			}
			disk := unpacked(t, image)
			after := oracle.SFDisk(t, disk)
			p1, p2 := after.Part(t, 1), after.Part(t, 2)
			if p2.Off != before.Part(t, 2).Off+1024*mib || p1.Start != before.Part(t, 1).Start {
				t.Errorf("p1 is %+v, p2 is %+v", p1, p2)
			}
			for n, part := range map[int]oracle.Partition{1: p1, 2: p2} {
				oracle.ExtClean(t, disk, part.Off)
				oracle.SameFiles(t, oracle.ExtFiles(t, disk, part.Off), files[n])
			}
			fills(t, disk, p1)
			if size := fileSize(t, disk); size != int64(demo.Size)+2048*mib {
				t.Errorf("the disk has %d bytes", size)
			}
			if now := sh(t, filepath.Dir(image), "qemu-img snapshot -l stick.qcow2"); now != info {
				t.Errorf("the snapshots are\n%s, were\n%s", now, info)
			}
			p.run(t, "undo", "--yes", image).want(t, 0, "exactly as it was")
			sh(t, filepath.Dir(image), "qemu-img check -q stick.qcow2 && qemu-img compare -q stick.qcow2 original")
		})
	}
}

// TestQcow2Refused tells why an image cannot be edited, and what to do.
func TestQcow2Refused(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	p := people()[0]
	dir := p.dir(t)
	plan := write(t, "image grow 1MiB\n")
	for name, c := range map[string]struct{ script, says string }{
		"encrypted":      {"qemu-img create -q -f qcow2 --object secret,id=s,data=x -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 f 4M", "is encrypted"},
		"other file":     {"qemu-img create -q -f qcow2 -o data_file=d f 4M", "keeps its data in another file"},
		"no base":        {"qemu-img create -q -f raw b 4M; qemu-img create -q -f qcow2 -F raw -b b f; rm b", "the backing file of"},
		"own base":       {"qemu-img create -q -f qcow2 f 4M; qemu-img create -q -f qcow2 -F qcow2 -b f g; qemu-img rebase -u -F qcow2 -b g f", "leads back to itself"},
		"device as base": {"qemu-img create -q -f qcow2 -u -F raw -b /dev/null f 4M", "is not a regular file"},
		"guessed base":   {"qemu-img create -q -f raw b 4M; qemu-img create -q -f qcow2 -F raw -b b f; printf abcd | dd of=f bs=1 seek=112 conv=notrunc status=none", "does not name the format"},
		"protocol":       {"qemu-img create -q -f qcow2 -u -F raw -b nbd:unix:/none f 4M", "named as a protocol"},
		"bitmaps":        {"qemu-img create -q -f qcow2 f 4M; qemu-img bitmap --add f b", "`image drop-bitmaps`"},
		"version 2":      {"qemu-img create -q -f qcow2 -o compat=0.10 f 4M; qemu-img snapshot -c a f", "`qemu-img amend -o compat=1.1`"},
		"corrupt":        {"truncate -s 4M r; echo 2048 | sfdisk -q r; qemu-img convert -O qcow2 r f; printf '\\0\\0' | dd of=f bs=1 seek=$((0x20000+10)) conv=notrunc status=none", "`image repair`"},
		"cut":            {"qemu-img create -q -f qcow2 f 4M; qemu-io -c 'write 0 64k' f >/dev/null; truncate -s 100 f", "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			sub := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			if err := os.Mkdir(sub, 0o755); err != nil {
				t.Fatal(err)
			}
			sh(t, sub, c.script)
			image := filepath.Join(sub, "f")
			sum := digest(t, image)
			p.run(t, "apply", "--yes", image, plan).want(t, exitRefused, c.says)
			if digest(t, image) != sum {
				t.Error("the image has changed")
			}
		})
	}
}
