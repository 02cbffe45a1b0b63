package cli

import (
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// elsewhereDisk is an image with a partition that holds what foreign tools made, one of several devices. The superblocks are
// those that the scanner's tests have recorded; the rest is zero.
func elsewhereDisk(t *testing.T, p person, name string) (image string, size int64) {
	t.Helper()
	f, err := os.Open("../../model/scan/testdata/probe/" + name + ".pages.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil || len(b) < 8 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	const start, page = 4 * mib, 4096
	size = int64(binary.LittleEndian.Uint64(b)) / mib
	image = filepath.Join(p.dir(t), "disk.raw")
	sh(t, ".", fmt.Sprintf("truncate -s %dM '%s'; printf 'label: gpt\nstart=4MiB,size=%dMiB\n' | sfdisk -q '%[2]s'", 3*size+20, image, size))
	for b = b[8:]; len(b) > 8; b = b[min(len(b), 8+page):] {
		poke(t, image, start+int64(binary.LittleEndian.Uint64(b))*page, b[8:min(len(b), 8+page)]...)
	}
	p.own(t, image)
	return image, size
}

// TestElsewhere has file systems that name other devices moved, copied, written over and deleted, without a tool being run on
// them, and everything else refused with the reason.
func TestElsewhere(t *testing.T) {
	testneed.Tool(t, "sfdisk")
	for name, reason := range map[string]string{
		"ext4-journal": "its journal is on another device", "ext2-journaldev": "it is the journal of a file system",
		"btrfs-two": "one of several devices", "btrfs-seed": "it is a seed", "f2fs-two": "one of several devices",
		"xfs-log": "its journal is on another device", "xfs-realtime": "its realtime section", "jfs-log": "its journal is on another device",
		"reiserfs-journal": "its journal is on another device", "bcache-backing": "its cache is on another device",
		"bcache-cache": "the cache of other devices", "lvm2-two": "physical volumes on other devices", "mdraid": "a Linux RAID", "mdraid-1": "a Linux RAID",
	} {
		for _, p := range people() {
			t.Run(name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				image, size := elsewhereDisk(t, p, name)
				sum := digest(t, image)
				p.run(t, "info", image).want(t, 0, "note: p1: ", reason)
				p.run(t, "ls", image, "1").want(t, exitRefused)
				lines := []string{"check 1", `label 1 "x"`, "uuid 1 new", fmt.Sprintf("resize 1 to %dMiB", size+1), fmt.Sprintf("resize 1 to %dMiB", size-1)}
				if p.uid < 0 {
					p.run(t, "info", image, "--json").want(t, 0, `"elsewhere": "`)
					p.run(t, "info", image, "1").want(t, 0, reason)
				} else { // the reasons are read from the disk, whoever asks
					lines = lines[:1]
				}
				if p.uid < 0 && os.Geteuid() == 0 {
					p.run(t, "mount", image, "1").want(t, exitRefused, "cannot be mounted")
				}
				for _, line := range lines {
					got := p.run(t, "apply", "--rehearse", image, p.write(t, line+"\n"))
					got.want(t, exitRefused)
					if !strings.Contains(strings.Join(strings.Fields(got.err), " "), reason) {
						t.Errorf("%s: %s", line, got.err)
					}
				}
				plan := fmt.Sprintf("move 1 right 1MiB\ncopy 1 at %dMiB\ndelete 2\nformat 1 cleared\n", size+10)
				if name == "lvm2-two" {
					plan = "move 1 right 1MiB\nformat 1 cleared\n" // LVM takes no copies
				}
				p.withoutTools(t, image, plan)
				if p.uid < 0 {
					p.withoutTools(t, image, strings.Replace(plan, "delete 2\nformat 1 cleared\n", "", 1))
					p.withoutTools(t, image, "delete 1\n")
				}
				if digest(t, image) != sum {
					t.Error("the image changed")
				}
			})
		}
	}
}

// withoutTools rehearses a plan for which no tool may run.
func (p person) withoutTools(t *testing.T, image, plan string) {
	t.Helper()
	got := p.run(t, "apply", "--rehearse", "--json", image, p.write(t, plan))
	got.want(t, 0)
	if strings.Contains(got.out, `"command":"`) {
		t.Errorf("a tool ran for\n%s\n%s", plan, got.out)
	}
}
