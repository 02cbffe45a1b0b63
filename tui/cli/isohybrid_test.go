package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestISOOnStick puts an ISO on a larger disk, as people write one to a stick. The room behind it takes a partition. The ISO
// stays as it is but for sector 0, or the places of its GPT, and its own partitions are not edited.
func TestISOOnStick(t *testing.T) {
	testneed.Tool(t, "xorriso")
	testneed.File(t, "/dev/fuse")
	const boot = "-b boot.bin -no-emul-boot -boot-load-size 4 -isohybrid-mbr mbr.bin"
	for _, c := range []struct {
		name, options, alone string
		parts                int
	}{
		{"one entry from sector 0", boot, "whole disk", 1},
		{"EFI inside", boot + " -eltorito-alt-boot -e efi.img -no-emul-boot -isohybrid-gpt-basdat", "p1 begins with sector 0", 2},
		{"entry from sector 64", "-partition_offset 16", "p1", 1},
		{"GPT", "-append_partition 2 0xef efi.img -appended_part_as_gpt -partition_offset 16", "p1", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := people()[0]
			image := oracle.Image(t, 1, fmt.Sprintf(`rm $IMG; mkdir tree; truncate -s 512 mbr.bin; truncate -s 4K tree/boot.bin
truncate -s 1M tree/efi.img; mkfs.fat tree/efi.img; cp tree/efi.img .; head -c 300000 /dev/urandom >tree/file
xorriso -as mkisofs -quiet -R -V STICK -o $IMG %s tree 2>/dev/null`, c.options))
			p.own(t, image)
			p.run(t, "info", image).want(t, 0, c.alone, "iso9660", "STICK")
			iso, err := os.ReadFile(image)
			if err != nil {
				t.Fatal(err)
			}
			sh(t, ".", "truncate -s 64M '"+image+"'")
			before := oracle.SFDisk(t, image).Partitions
			for _, edit := range []string{"move 1 right 1MiB", "delete 1", "type 1 linux", fmt.Sprintf("format %d fs=ext4", c.parts)} {
				p.run(t, "apply", "--yes", image, write(t, edit+"\n")).want(t, 1, "it belongs to what begins with sector 0")
			}
			p.run(t, "apply", "--yes", image, write(t, "new max fs=ext4 label=persistence\n")).want(t, 0)
			after := oracle.SFDisk(t, image).Partitions
			if len(before) != c.parts || len(after) != c.parts+1 || fmt.Sprint(after[:c.parts]) != fmt.Sprint(before) {
				t.Errorf("partitions %v, before %v", after, before)
			}
			if start := after[c.parts].Off; start < int64(len(iso)) {
				t.Errorf("the new partition begins at byte %d of an ISO of %d", start, len(iso))
			}
			oracle.ExtClean(t, image, after[c.parts].Off)
			sh(t, ".", "xorriso -indev '"+image+"' -check_media -- 2>/dev/null")
			now, err := os.ReadFile(image)
			if err != nil {
				t.Fatal(err)
			}
			kept := len(iso)
			from := 512
			if strings.HasPrefix(c.name, "GPT") {
				from, kept = 32<<10, kept-33*512 // the backup of the table moves to the end of the stick
			}
			if string(now[from:kept]) != string(iso[from:kept]) {
				t.Error("the ISO changed")
			}
		})
	}
}

// TestWholeDiskWithEntry looks at a UDF that covers a whole disk and has an MBR for systems that show only disks with one: it
// is no table. On a larger disk the entry is a partition, and the room behind it is free.
func TestWholeDiskWithEntry(t *testing.T) {
	testneed.Tool(t, "mkudffs")
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	image := oracle.Image(t, 32, "mkudffs --media-type=hd --bootarea=mbr --label=DATA $IMG")
	p.own(t, image)
	told := p.run(t, "info", image)
	told.want(t, 0, "table: none", "whole disk", "udf", "DATA")
	if strings.Contains(told.out+told.err, "fatal") {
		t.Error(told.out + told.err)
	}
	sh(t, ".", "truncate -s 64M '"+image+"'")
	p.run(t, "apply", "--yes", image, write(t, "new max fs=ext4\n")).want(t, 0)
	parts := oracle.SFDisk(t, image).Partitions
	if len(parts) != 2 || parts[1].Off < 32*mib {
		t.Errorf("partitions %v", parts)
	}
	if kind := oracle.Blkid(t, image, "TYPE"); kind != "" && kind != "udf" {
		t.Errorf("blkid takes the disk for %s", kind)
	}
}

// TestISOWithEFIEntry has an ISO whose MBR has an entry for its EFI boot image alone. The rest of it is no free space.
func TestISOWithEFIEntry(t *testing.T) {
	testneed.Tool(t, "genisoimage")
	p := people()[0]
	const make = `mkdir tree; head -c 3000000 /dev/urandom >tree/file; genisoimage -quiet -R -V LIVE -o $IMG tree
truncate -s 64M $IMG; echo %s | sfdisk -q --wipe never $IMG`
	image := oracle.Image(t, 1, fmt.Sprintf(make, "start=200,size=64,type=ef"))
	p.own(t, image)
	p.run(t, "info", image).want(t, 0, "an ISO image begins with sector 0")
	for _, edit := range []string{"delete 1", "grow 1", "format 1 fs=ext4", "move 1 right 10MiB"} {
		p.run(t, "apply", "--yes", image, write(t, edit+"\n")).want(t, 1, "it belongs to what begins with sector 0")
	}
	p.run(t, "apply", "--yes", image, write(t, "new 1MiB at 1MiB\n")).want(t, 1, "outside the range for partitions")
	p.run(t, "apply", "--rehearse", image, write(t, "table new gpt\n")).want(t, 0, "the iso9660 on the disk is lost")
	before := sh(t, ".", "head -c 3000000 '"+image+"' | tail -c +513 | md5sum")
	p.run(t, "apply", "--yes", image, write(t, "new max fs=ext4\n")).want(t, 0)
	if after := sh(t, ".", "head -c 3000000 '"+image+"' | tail -c +513 | md5sum"); after != before {
		t.Error("the ISO has changed")
	}
	oracle.ExtClean(t, image, oracle.SFDisk(t, image).Part(t, 2).Off)

	// A partition where tools place it is no file of the ISO: the stick has been used anew.
	image = oracle.Image(t, 1, fmt.Sprintf(make, "start=2048,size=4096,type=ef"))
	p.own(t, image)
	p.run(t, "info", image).want(t, 0, "signature of an ISO image is left over")
	p.run(t, "apply", "--yes", image, write(t, "grow 1\nnew 1MiB\n")).want(t, 1, "holds something that is not recognised")
	p.run(t, "apply", "--yes", image, write(t, "delete 1\nnew max\n")).want(t, 0, "Deletes everything in p1 (unknown, up to")
}
