package cli

import (
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestToldBefore rehearses edits that write over a boot loader of a board in no partition and no table, and edits of a
// disk with a damaged table. The report says so before anything is asked.
func TestToldBefore(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	const loader = "\nprintf 'eGON.BT0 is here' | dd of=$IMG bs=512 seek=16 conv=notrunc status=none"
	const mbr = "printf 'label: dos\\nstart=20480,size=40960\\n' | sfdisk -q $IMG"
	const gpt = "printf 'label: gpt\\nstart=20480,size=40960\\n' | sfdisk -q $IMG"
	for _, c := range []struct {
		name, script, plan string
		told, silent       string
	}{
		{"array overwritten", gpt + loader, "grow 1", "overwrites what lies in sectors 16-16", ""},
		{"the scan's warning", gpt + loader, "grow 1", "Warning: primary GPT at LBA 1", ""},
		{"MBR to GPT", mbr + loader, "table gpt", "overwrites what lies in sectors 16-16", ""},
		{"new GPT", mbr + loader, "table new gpt", "overwrites what lies in sectors 16-16", ""},
		{"whole GPT", gpt, "grow 1", "wrote partition table", "Warning"},
		{"MBR beside the loader", mbr + loader, "grow 1", "wrote partition table", "Warning"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := people()[0]
			image := oracle.Image(t, 64, c.script)
			p.own(t, image)
			o := p.run(t, "apply", "--rehearse", image, write(t, c.plan+"\n"))
			o.want(t, 0, c.told)
			if c.silent != "" && strings.Contains(o.err+o.out, c.silent) {
				t.Error(o.err + o.out)
			}
		})
	}
}

// TestDisklabelStays asks for moves of a partition that fdisk divided by a BSD disklabel. fdisk counts from the start of the
// disk. With the same label counted from the partition, it can move.
func TestDisklabelStays(t *testing.T) {
	testneed.Tool(t, "fdisk")
	testneed.File(t, "/dev/fuse")
	const script = `printf 'label: dos\nstart=20480,size=40960,type=a6\n' | sfdisk -q $IMG
printf 'b\ny\nn\na\n\n\nw\nr\nw\n' | fdisk $IMG`
	p := people()[0]
	image := oracle.Image(t, 64, script)
	p.own(t, image)
	for _, edit := range []string{"move 1 right 1MiB", "move 1 left 1s", "copy 1 at 40MiB", "resize 1 to 10MiB"} {
		p.run(t, "apply", "--yes", image, write(t, edit+"\n")).want(t, 1, "counts from the start of the disk")
	}
	// Partition c begins with the partition and is as long.
	relative := oracle.Image(t, 64, script+"\ndd if=/dev/zero of=$IMG bs=1 seek=$((20481*512+148+32+4)) count=4 conv=notrunc status=none")
	p.own(t, relative)
	p.run(t, "apply", "--yes", relative, write(t, "move 1 right 1MiB\n")).want(t, 0)
}
