package cli

import (
	"fmt"
	"strings"
	"testing"

	"shunt/model/oracle"
)

// TestUnknownContents has a partition whose contents nothing recognises: it is moved as a whole, never made shorter, and
// nothing is lost without a word on how much.
func TestUnknownContents(t *testing.T) {
	p := people()[0]
	// 3 MiB of random bytes behind zeros: a check of the first bytes alone would take the partition for empty.
	const data = "dd if=/dev/urandom of=$IMG bs=1M seek=20 count=3 conv=notrunc"
	fresh := func(script string) string {
		image := oracle.Image(t, 64, script+"; "+data)
		p.own(t, image)
		return image
	}
	parted := "printf 'label: gpt\nstart=2048,size=61440\nsize=2048\n' | sfdisk -q $IMG"
	image := fresh(parted)
	p.run(t, "info", image).want(t, 0, "p1", "unknown", "up to 3.00 MiB of data", "unformatted")
	for _, line := range []string{"resize 1 min", "resize 1 by -1MiB", "grow 1", "resize 1 max", "room 1 by +1MiB"} {
		p.run(t, "apply", "--yes", image, write(t, line+"\n")).want(t, 1, "it holds something that is not recognised")
	}
	sum := sh(t, ".", "tail -c +$((1<<20|1)) '"+image+"' | head -c 30M | md5sum")
	p.run(t, "apply", "--yes", image, write(t, "move 1 right 5MiB\n")).want(t, 1, "p2 is in the way")
	p.run(t, "apply", "--yes", image, write(t, "image size 200MiB\nroom 2 by +20MiB\nimage min\n")).want(t, 0)
	one := oracle.SFDisk(t, image).Part(t, 1)
	if after := sh(t, ".", fmt.Sprintf("tail -c +%d '%s' | head -c 30M | md5sum", one.Off+1, image)); one.Len != 30<<20 || after != sum {
		t.Errorf("%d bytes long, or changed", one.Len)
	}
	for _, line := range []string{"delete 1", "format 1 fs=ext4", "copy 2 over 1", "table new mbr"} {
		o := p.run(t, "apply", "--rehearse", image, write(t, line+"\n"))
		o.want(t, 0, "Deletes everything in p1 (unknown, up to 3.00 MiB of data). Have a backup if you need it.")
		if strings.Contains(o.out+o.err, "p2 (unformatted)") {
			t.Errorf("%s: an empty partition is no loss:\n%s%s", line, o.out, o.err)
		}
	}
	p.run(t, "apply", "--rehearse", image, write(t, "delete 1\n")).want(t, 0, "(unknown, 30.0 MiB, up to 3.00 MiB of data)")

	image = fresh("true")
	p.run(t, "info", image).want(t, 0, "whole disk", "unknown", "up to 3.00 MiB of")
	p.run(t, "apply", "--yes", image, write(t, "image size 10MiB\n")).want(t, 1, "it is not known where its contents end")
	p.run(t, "apply", "--yes", image, write(t, "image min\n")).want(t, 1, "it is not known where its contents end")
	p.run(t, "apply", "--rehearse", image, write(t, "table new gpt\n")).want(t, 0,
		"everything in the disk (unknown, up to 3.00 MiB of data) is lost")
}

// TestNewGPTFromSector34 makes partitions of a new GPT where it begins. Without --align none they begin at 1 MiB.
func TestNewGPTFromSector34(t *testing.T) {
	p := people()[0]
	for _, c := range []struct {
		args  []string
		plan  string
		start int64
	}{
		{nil, "table new gpt\nnew 10MiB\n", 2048},
		{[]string{"--align", "none"}, "table new gpt\nnew max\n", 34},
		{[]string{"--align", "none"}, "table new gpt\nnew 1007KiB at 34s type=bios-boot\nnew max\n", 34},
		{nil, "table new gpt\nnew 10MiB at 40s\n", 40},
		{[]string{"--align", "none"}, "table new mbr\nnew max\n", 2048}, // an MBR has its boot loader there
	} {
		image := oracle.Image(t, 64, "true")
		p.own(t, image)
		p.run(t, append(append([]string{"apply", "--yes"}, c.args...), image, write(t, c.plan))...).want(t, 0)
		oracle.TableClean(t, image)
		if start := oracle.SFDisk(t, image).Part(t, 1).Start; start != c.start {
			t.Errorf("%q %v: begins at sector %d", c.plan, c.args, start)
		}
	}
}
