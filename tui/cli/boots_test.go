package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/oracle"
)

// bootCase is a disk that starts before and after a plan was carried out on it.
type bootCase struct {
	name, layout, format string
	script               string // makes the image from disk.raw
	plan                 string
	enlarge              string // instead of a plan: the words behind the image
	root                 place  // where the root lies then, in MiB; of a size below 0: anywhere, and smaller than it was
}

func bootCases() []bootCase {
	convert := func(options string) string { return "qemu-img convert -O qcow2 " + options + " disk.raw image" }
	behind := "image grow 300MiB\nmove 4 right 250MiB\ngrow 3\n" // what lies behind the root makes room
	last := "image grow 300MiB\nmove 1 right 100MiB\ngrow 1\n"   // the root moves and grows
	overlay := "qemu-img convert -c -O qcow2 disk.raw base; qemu-img create -q -f qcow2 -F qcow2 -b base image"
	uefi := "image grow 300MiB\nmove 4 right 280MiB\nmove 3 right 30MiB\nresize 2 by +30MiB\ngrow 3\n"
	both := "image grow 300MiB\nmove 1 right 150MiB\nmove 15 right 100MiB\ngrow 1\n"
	mbr := "image grow 200MiB\nmove 2 right 150MiB\nmove 1 right 60MiB\ngrow 1\n"
	room := "image grow 100MiB\nroom 15 by +64MiB\n"
	return []bootCase{
		{"raw", "server", "raw", "cp --sparse=always disk.raw image", behind, "", place{43, 410}},
		{"version 2", "server", "qcow2", convert("-o compat=0.10"), behind, "", place{43, 410}},
		{"compressed", "server", "qcow2", convert("-c"), behind, "", place{43, 410}},
		{"version 2, compressed", "cloud", "qcow2", convert("-c -o compat=0.10"), last, "", place{148, 361}},
		{"version 3", "cloud", "qcow2", convert(""), last, "", place{148, 361}},
		{"room for the ESP", "cloud", "qcow2", convert("-c -o compression_type=zstd"), room, "", place{112, 160}},
		{"overlay", "cloud", "qcow2", overlay, last, "", place{148, 361}},
		{"as small as it gets", "cloud", "qcow2", convert("-o cluster_size=2M"), "image min\n", "", place{0, -1}},
		{"extended L2", "UEFI server", "qcow2", convert("-o extended_l2=on"), uefi, "", place{73, 410}},
		{"ESP moved too", "UEFI cloud", "qcow2", convert("-c"), both, "", place{198, 311}},
		{"enlarged", "BIOS boot behind", "qcow2", convert("-c"), "", "by 200MiB", place{1, 361}},
		{"enlarged raw", "BIOS boot behind", "raw", "cp --sparse=always disk.raw image", "", "to 500001s", place{1, 202}},
		{"version 2", "MBR", "qcow2", convert("-o compat=0.10"), mbr, "", place{61, 250}},
	}
}

// TestBoots starts a small system before and after a plan, in images of several formats, by BIOS and by UEFI. It comes to
// its prompt, its root is where and as large as was planned, and its files are whole.
func TestBoots(t *testing.T) {
	if !*bootFlag {
		return // systems start slowly in software
	}
	bootNeeds(t)
	system := bootSystem(t)
	layouts := bootLayouts()
	for _, name := range slices.Sorted(maps.Keys(layouts)) {
		t.Run(name, func(t *testing.T) {
			l := layouts[name]
			d := bootDisk(t, l, system)
			for _, c := range bootCases() {
				if c.layout == name {
					t.Run(c.name, func(t *testing.T) { c.try(t, d, l) })
				}
			}
		})
	}
}

func (c bootCase) try(t *testing.T, d trial, l bootLayout) {
	t.Helper()
	p := people()[len(people())-1] // an ordinary user where the test is run by root
	dir := p.dir(t)
	sh(t, dir, fmt.Sprintf("ln -s '%s' disk.raw; %s", d.image, c.script))
	image := filepath.Join(dir, "image")
	for _, name := range []string{"image", "base"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			p.own(t, filepath.Join(dir, name))
		}
	}
	was := boot(t, image, c.format, l.uefi, false)

	if c.enlarge != "" {
		p.run(t, append([]string{"enlarge", "--yes", image}, strings.Fields(c.enlarge)...)...).want(t, exitDone, "Done", "told the boot code")
	} else {
		p.run(t, "apply", "--yes", image, write(t, c.plan)).want(t, exitDone, "Done")
	}

	want := place{c.root.start * mib, c.root.size * mib}
	disk := filepath.Join(t.TempDir(), "disk")
	unpack := fmt.Sprintf("qemu-img convert -f %s -O raw '%s' '%s'", c.format, image, disk)
	sh(t, dir, unpack)
	table := oracle.SFDisk(t, disk)
	for n, files := range d.files {
		at := table.Part(t, n)
		oracle.ExtClean(t, disk, at.Off)
		oracle.SameFiles(t, oracle.ExtFiles(t, disk, at.Off), files)
	}
	if c.root.size < 0 {
		at := table.Part(t, l.root)
		want = place{at.Off, at.Len}
		if want.size >= was.root.size {
			t.Errorf("the root has %d bytes, had %d", want.size, was.root.size)
		}
	}
	now := boot(t, image, c.format, l.uefi, true)
	now.isAt(t, was, want)
	// The system has written to it.
	if c.format == "qcow2" {
		sh(t, dir, "qemu-img check -q image")
	}
	sh(t, dir, unpack)
	oracle.ExtClean(t, disk, want.start)
	t.Logf("the root was %d MiB at %d MiB and is %d MiB at %d MiB; df counts %d MiB",
		was.root.size/mib, was.root.start/mib, now.root.size/mib, now.root.start/mib, now.fs/mib)
}
