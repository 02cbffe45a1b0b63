package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// asQcow2 makes a qcow2 image of a raw one, by a script that finds that as stick.raw and leaves stick.qcow2 and perhaps a
// base.
func asQcow2(t *testing.T, p person, raw, script string) (image string) {
	t.Helper()
	testneed.Tool(t, "qemu-img")
	dir := p.dir(t)
	sh(t, dir, fmt.Sprintf("cp --sparse=always '%s' stick.raw; %s; rm -f stick.raw", raw, script))
	for _, name := range []string{"stick.qcow2", "base"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			p.own(t, filepath.Join(dir, name))
		}
	}
	return filepath.Join(dir, "stick.qcow2")
}

// unpacked is the disk in an image as a raw file, after qemu-img has found nothing wrong with the image.
func unpacked(t *testing.T, image string) string {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "disk")
	sh(t, ".", fmt.Sprintf("qemu-img check -q '%s' && qemu-img convert -O raw '%s' '%s'", image, image, raw))
	return raw
}

// TestQcow2Refused tells why an image cannot be edited, and what to do.
func TestQcow2Refused(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	p := people()[0]
	dir := p.dir(t)
	plan := write(t, "image grow 1MiB\n")
	for name, c := range map[string]struct{ script, says string }{
		"encrypted":        {"qemu-img create -q -f qcow2 --object secret,id=s,data=x -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 f 4M", "is encrypted"},
		"other file":       {"qemu-img create -q -f qcow2 -o data_file=d f 4M", "keeps its data in another file"},
		"no base":          {"qemu-img create -q -f raw b 4M; qemu-img create -q -f qcow2 -F raw -b b f; rm b", "the backing file of"},
		"own base":         {"qemu-img create -q -f qcow2 f 4M; qemu-img create -q -f qcow2 -F qcow2 -b f g; qemu-img rebase -u -F qcow2 -b g f", "leads back to itself"},
		"device as base":   {"qemu-img create -q -f qcow2 -u -F raw -b /dev/null f 4M", "is not a regular file"},
		"guessed base":     {"qemu-img create -q -f raw b 4M; qemu-img create -q -f qcow2 -F raw -b b f; printf abcd | dd of=f bs=1 seek=112 conv=notrunc status=none", "does not name the format"},
		"protocol":         {"qemu-img create -q -f qcow2 -u -F raw -b nbd:unix:/none f 4M", "named as a protocol"},
		"bitmaps":          {"qemu-img create -q -f qcow2 f 4M; qemu-img bitmap --add f b", "`image drop-bitmaps`"},
		"version 2":        {"qemu-img create -q -f qcow2 -o compat=0.10 f 4M; qemu-img snapshot -c a f", "`qemu-img amend -o compat=1.1`"},
		"corrupt":          {"truncate -s 4M r; echo 2048 | sfdisk -q r; qemu-img convert -O qcow2 r f; printf '\\0\\0' | dd of=f bs=1 seek=$((0x20000+10)) conv=notrunc status=none", "`image repair`"},
		"cut in data":      {"truncate -s 4M r; echo 2048 | sfdisk -q --label gpt r; qemu-img convert -O qcow2 r f; truncate -s -66K f", "was cut short"},
		"cut in a cluster": {"truncate -s 4M r; echo 2048 | sfdisk -q --label gpt r; qemu-img convert -O qcow2 r f; truncate -s -1000 f", "was cut short"},
		"cut in a table":   {"truncate -s 4M r; echo 2048 | sfdisk -q --label gpt r; qemu-img convert -O qcow2 r f; truncate -s 300000 f", "the first is cluster 4)"},
		"L1 cut":           {"qemu-img create -q -f qcow2 f 4M; truncate -s 196610 f", "the first is cluster 3)"},
		"L1 damaged":       {"truncate -s 4M r; echo 2048 | sfdisk -q r; qemu-img convert -O qcow2 r f; printf '\\377' | dd of=f bs=1 seek=$((0x30000)) conv=notrunc status=none", "entry 0 of an L1 table"},
		"L2 damaged":       {"truncate -s 4M r; echo 2048 | sfdisk -q r; qemu-img convert -O qcow2 r f; printf '\\377' | dd of=f bs=1 seek=$((0x40000+1)) conv=notrunc status=none", "far behind the end of the file, for example cluster "},
		"snapshots":        {"qemu-img create -q -f qcow2 f 4M; qemu-img snapshot -c a f; printf '\\377' | dd of=f bs=1 seek=$((0x50000+36)) conv=notrunc status=none", "snapshot 1 has"},
		"not closed":       {"qemu-img create -q -f qcow2 -o lazy_refcounts=on f 4M; printf '\\1' | dd of=f bs=1 seek=79 conv=notrunc status=none", "was not closed cleanly"},
		"unknown bit":      {"qemu-img create -q -f qcow2 f 4M; printf '\\200' | dd of=f bs=1 seek=79 conv=notrunc status=none", "the feature number 7"},
		"named bit":        {"qemu-img create -q -f qcow2 f 4M; printf '\\40' | dd of=f bs=1 seek=79 conv=notrunc status=none; printf '\\0\\5new thing' | dd of=f bs=1 seek=120 conv=notrunc status=none", `the feature "new thing"`},
		"raw data file":    {"qemu-img create -q -f qcow2 -o data_file=d,data_file_raw=on f 4M", "in another file, d: that one is a raw image"},
		"small clusters":   {"qemu-img create -q -f qcow2 -o cluster_size=512 f 4M; echo image size 4TiB > plan", "as long as 128 GiB"},
		"through a link":   {"mkdir s; qemu-img create -q -f raw s/b 4M; qemu-img create -q -f qcow2 -F raw -b b s/f; ln -s s/f f", "open that instead"},
		"old bitmaps":      {"qemu-img create -q -f qcow2 f 4M; qemu-img bitmap --add f a; qemu-img bitmap --add --disable f b", "backups (2)"},
		"cut":              {"qemu-img create -q -f qcow2 f 4M; qemu-io -c 'write 0 64k' f >/dev/null; truncate -s 100 f", "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			sub := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			if err := os.Mkdir(sub, 0o755); err != nil {
				t.Fatal(err)
			}
			sh(t, sub, c.script)
			image := filepath.Join(sub, "f")
			sum, plan := digest(t, image), plan
			if own := filepath.Join(sub, "plan"); fileExists(own) {
				plan = own
			}
			p.run(t, "apply", "--yes", image, plan).want(t, exitRefused, c.says)
			if digest(t, image) != sum {
				t.Error("the image has changed")
			}
		})
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
