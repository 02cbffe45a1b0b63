package ops_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	planfile "shunt/ops/plan"
)

func TestRefusals(t *testing.T) {
	with := func(change func(*model.Partition)) model.Disk {
		p := full(1, 100*mib, 200*mib, 40*geometry.MiB)
		change(&p)
		return mbr(1000*mib, p)
	}
	fs := func(kind model.FSKind) model.Disk { return with(func(p *model.Partition) { p.FS.Kind = kind }) }
	dynamic := with(func(p *model.Partition) { p.Type = "0x42" })
	fixed := founding()
	fixed.Fixed = true
	none := model.New(model.Disk{SectorSize: 512, Sectors: 100 * mib}, nil, nil)
	whole, wholeXFS := none, none
	wholeXFS.Whole = model.Filesystem{Kind: model.XFS, Size: 50 * geometry.MiB, Used: 10 * geometry.MiB}
	whole.Whole = ext4(50*geometry.MiB, geometry.MiB)
	broken := model.New(founding(), founding().Partitions(), []model.Problem{{Severity: model.Fatal, Text: "the table is damaged"}})
	boot := gpt(1000*mib, part(1, 34, 2048, model.Filesystem{}))
	bios, _ := boot.Partition(1)
	bios.Type, bios.FS = model.BIOSBoot, model.Filesystem{Trait: model.Unread, Used: -1, Notes: "holds something"}
	boot = boot.With(bios)
	four := mbr(1000*mib, full(1, mib, 2*mib, 0), full(2, 2*mib, 3*mib, 0), full(3, 3*mib, 4*mib, 0), full(4, 4*mib, 5*mib, 0))

	tests := []struct {
		name string
		disk model.Disk
		line string
		want string
	}{
		// Growing.
		{"neighbour close", founding(), "resize 1 by +1MiB", "cannot grow p1 by 1 MiB to 483 MiB (990,018 sectors): p2 starts right behind it"},
		{"disk end close", founding(), "resize 2 by +1MiB", "cannot grow p2 by 1 MiB to 485 MiB (992,383 sectors): the disk ends right behind it"},
		{"neighbour far", mbr(1000*mib, full(1, 100*mib, 200*mib, 0), full(2, 300*mib, 400*mib, 0)), "resize 1 to 201MiB", "cannot grow p1 by 101 MiB to 201 MiB: p2 starts 100 MiB behind it; it can grow by at most 100 MiB"},
		{"off the grid", mbr(1000*mib+1, full(1, 100*mib, 200*mib, 0)), "resize 1 to 901MiB", "cannot grow p1 by 801 MiB to 901 MiB: the disk ends 800 MiB behind it; it can grow by at most 800 MiB (1,638,401 sectors)"},
		{"before a logical", chained(), "resize 5 to 100MiB", "cannot grow p5 by 1 MiB to 100 MiB: the boot record of p6 starts 1023 KiB behind it; it can grow by at most 1023 KiB"},
		{"no tool", fs(model.FAT32), "resize 1 to 110MiB", "cannot grow p1 by 10 MiB to 110 MiB: FAT32 cannot be resized here"},
		{"unknown", fs(model.LUKS), "resize 1 to 110MiB", "cannot grow p1 by 10 MiB to 110 MiB: shunt has no tool for luks"},
		{"raid", with(func(p *model.Partition) { p.Type, p.FS = "0xfd", model.Filesystem{} }), "resize 1 to 110MiB", "cannot grow p1 by 10 MiB to 110 MiB: a RAID member may be described at its end"},
		{"fill nothing", founding(), "grow 1", "cannot grow p1: there is no free space behind it: p2 starts there"},
		{"fill less than the grid", mbr(1000*mib, full(1, 100*mib, 200*mib+1, 0), full(2, 200*mib+1000, 400*mib, 0)), "grow 1", "cannot grow p1: the free space behind it does not reach the next grid line; resize it by an exact size, at most 499 KiB (999 sectors)"},
		{"fill luks", fs(model.LUKS), "grow 1", "cannot grow p1: shunt has no tool for luks"},
		// Shrinking.
		{"full", with(func(*model.Partition) {}), "resize 1 to 41MiB", "cannot shrink p1 by 59 MiB to 41 MiB: its files and some slack need 42.0 MiB; it can shrink by at most 58 MiB to 42 MiB"},
		{"floor", with(func(p *model.Partition) { p.FS = model.Filesystem{} }), "resize 1 to 2047s", "cannot shrink p1 by 99.0 MiB (202,753 sectors) to 1.00 MiB (2,047 sectors): no partition is made smaller than 1 MiB; it can shrink by at most 99 MiB to 1 MiB"},
		{"usage unknown", with(func(p *model.Partition) { p.FS.Used = -1 }), "resize 1 to 90MiB", "cannot shrink p1 by 10 MiB to 90 MiB: it is not known how much of it is used"},
		{"dirty", with(func(p *model.Partition) { p.FS.Dirty = "journal needs recovery" }), "resize 1 to 90MiB", "cannot shrink p1 by 10 MiB to 90 MiB: what its ext4 says of free space cannot be trusted (journal needs recovery): check it first"},
		{"xfs", fs(model.XFS), "resize 1 min", "cannot shrink p1: XFS cannot be shrunk"},
		{"all of it", with(func(*model.Partition) {}), "resize 1 by -100MiB", "cannot shrink p1 by 100 MiB: it is only 100 MiB long"},
		{"min twice", with(func(p *model.Partition) { p.FS.Min = 99 * geometry.MiB }), "resize 1 min", "cannot shrink p1: it is as small as it can be: its files and some slack need 104 MiB"},
		// Moving.
		{"over a neighbour", founding(), "move 1 right 100MiB", "cannot move p1 right by 100 MiB: p2 is in the way"},
		{"half over a neighbour", mbr(1000*mib, full(1, 100*mib, 200*mib, 0), full(2, 300*mib, 400*mib, 0)), "move 1 right 101MiB", "cannot move p1 right by 101 MiB: p2 is in the way; it can move right by up to 100 MiB"},
		{"off the end", founding(), "move 2 right 1MiB", "cannot move p2 right by 1 MiB: it would end 1 MiB behind the last usable sector of the disk; grow the image first"},
		{"off the start", founding(), "move 1 left 63s", "cannot move p1 left by 31.5 KiB: it would begin before the first usable sector of the disk, 1; it can move left by at most 31 KiB"},
		{"gpt tail", gpt(1000*mib, full(1, 900*mib, 999*mib, 0)), "move 1 right 1MiB", "cannot move p1 right by 1 MiB: it would end 16.5 KiB behind the last usable sector of the disk; it can move right by at most 1007 KiB (2,015 sectors)"},
		{"nowhere", founding(), "move 1 to 63s", "cannot move or resize p1: it would stay exactly as it is"},
		{"out of the extended", chained(), "move 7 right 500MiB", "cannot move p7 right by 500 MiB: it would end 100 MiB behind the last usable sector of the extended partition; it can move right by at most 400 MiB"},
		{"over a logical", chained(), "move 6 right 300MiB", "cannot move p6 right by 300 MiB: logical partitions keep their order and p7 is in between; it can move right by at most 100 MiB (206,846 sectors)"},
		{"over the boot record", chained(), "move 5 left 1MiB", "cannot move p5 left by 1 MiB: the boot record of a logical partition needs a free sector there; it can move left by at most 1023 KiB"},
		{"extended", chained(), "move 2 right 1MiB", "cannot move p2 right by 1 MiB: the logical partitions in it do not move along; resize it at its ends, or delete the logical partitions first"},
		{"extended off its logicals", chained(), "move 2 right 1MiB and resize to 799MiB", "cannot shrink p2 at its start by 1 MiB to 799 MiB: it must go on enclosing the logical partitions in it; its start can go up to sector 206,846"},
		{"extended too short", chained(), "resize 2 to 399MiB", "cannot shrink p2 by 401 MiB to 399 MiB: it must go on enclosing the logical partitions in it; it can shrink by at most 400 MiB to 400 MiB"},
		{"iso", fs(model.ISO9660), "move 1 left 1MiB", "cannot move p1 left by 1 MiB: the boot loader in a CD-ROM image relies on its position: it might not start any more"},
		{"bios boot", boot, "move 1 right 1MiB", "cannot move p1 right by 1 MiB: the boot code on this disk finds the boot loader in it by its position"},
		{"swsuspend", fs(model.SwSuspend), "move 1 left 1MiB", "cannot move or resize p1: it holds a hibernated system: start that system and shut it down first; or discard it first (`discard 1`), if what it had not saved may be lost"},
		{"swsuspend delete", fs(model.SwSuspend), "delete 1", "cannot delete p1: it holds a hibernated system: start that system and shut it down first; or discard it first (`discard 1`), if what it had not saved may be lost"},
		{"hibernated", with(func(p *model.Partition) { p.FS.Kind, p.FS.Trait = model.NTFS, model.Hibernated }), "move 1 left 1MiB", "cannot move or resize p1: it holds a hibernated system: start that system and shut it down first"},
		// The image.
		{"fixed", fixed, "image grow 1GiB", "cannot change the image size: a block device has a fixed size; that of a loop device is its file's: make the file longer with `truncate`, run `losetup -c` on the device and open it again"},
		{"below p2", founding(), "image size 965MiB", "cannot make the image 965 MiB long: p2 ends at 966 MiB, so it is as small as it can be"},
		{"gpt room", gpt(1000*mib, full(1, 100*mib, 200*mib, 0)), "image size 200MiB", "cannot make the image 200 MiB long: p1 ends at 200 MiB and the backup of the table follows; it can be made as small as 201 MiB (409,633 sectors)"},
		{"same size", founding(), "image size 966MiB", "cannot make the image 966 MiB long: it has this size already"},
		{"whole fs", whole, "image size 1MiB", "cannot make the image 1 MiB long: its files and some slack need 1.05 MiB; it can be made as small as 1.06 MiB (2,152 sectors)"},
		{"dynamic disk", dynamic, "grow 1", "cannot grow p1: it belongs to a dynamic disk of Windows, whose own database says where the volumes are: change it with the disk management of Windows"},
		{"dynamic disk moves", dynamic, "move 1 right 1MiB", "cannot move p1 right by 1 MiB: it belongs to a dynamic disk of Windows, whose own database says where the volumes are: change it with the disk management of Windows"},
		{"whole fs that cannot be shrunk", wholeXFS, "image size 49MiB", "cannot make the image 49 MiB long: the xfs on it ends there, and cannot be shrunk: XFS cannot be shrunk; it can be made as small as 50 MiB"},
		{"unknown contents", none, "image size 99MiB", "cannot make the image 99 MiB long: without a partition table it is not known where its contents end, so it is as small as it can be"},
		// New partitions.
		{"no table", none, "new max", "cannot create a partition: the disk has no partition table"},
		{"five", four, "new max", "cannot create a partition: this MBR has the 4 partitions it can hold; delete one and make an extended partition, or convert it to GPT"},
		{"no extended", founding(), "new 1MiB as=logical", "cannot create a partition: there is no extended partition for it; create that first"},
		{"second extended", chained(), "new 10MiB as=extended", "cannot create a partition: an MBR can have one extended partition, and this one has it"},
		{"gpt role", gpt(1000 * mib), "new 10MiB as=extended", "cannot create a partition: a GPT has no extended partitions"},
		{"no space", founding(), "new 1MiB", "cannot create a partition: there is no free space for it; grow the image, or shrink or delete a partition first"},
		{"too long", chained(), "new 101MiB", "cannot create a partition: no free space is that large; there is room for 100 MiB"},
		{"too long there", chained(), "new 101MiB at 900MiB", "cannot create a partition: it would end 1 MiB behind the last usable sector of the disk; there is room for 100 MiB"},
		{"on p1", chained(), "new 10MiB at 50MiB", "cannot create a partition: p1 lies at sector 102,400"},
		{"on p6", chained(), "new 10MiB at 250MiB as=logical", "cannot create a partition: p6 lies at sector 512,000"},
		{"primary inside", chained(), "new 10MiB at 350MiB as=primary", "cannot create a partition: sector 716,800 is inside the extended partition, where only logical partitions can be"},
		{"logical outside", chained(), "new 10MiB at 950MiB as=logical", "cannot create a partition: sector 1,945,600 is not inside the extended partition p2"},
		{"on the ebr", chained(), "new 10MiB at 614401s", "cannot create a partition: sector 614,401 leaves no room for its boot record; it can start at sector 614,402"},
		{"the next ebr", chained(), "new 206845s at 614402s", "cannot create a partition: the boot record of p7 is in the way; there is room for 100 MiB (206,844 sectors)"},
		{"behind the disk", chained(), "new 10MiB at 1000MiB", "cannot create a partition: sector 2,048,000 is outside the range for partitions, 1 to 2,047,999"},
		{"gpt head", gpt(1000 * mib), "new 10MiB at 33s", "cannot create a partition: sector 33 is outside the range for partitions, 34 to 2,047,966"},
		{"too small fat", gpt(1000 * mib), "new 32MiB fs=fat32", "cannot create a partition: 32.0 MiB is too small for fat32; make it 33 MiB or more"},
		{"no mkfs", gpt(1000 * mib), "new 400MiB fs=xfs", "cannot create a partition: mkfs.xfs is not installed: apt install xfsprogs"},
		{"label without fs", gpt(1000 * mib), "new 32MiB label=x", "cannot create a partition: without a file system there is nothing to label"},
		{"label length", gpt(1000 * mib), "new 32MiB fs=ext4 label=12345678901234567", `cannot create a partition: label "12345678901234567" is longer than the 16 bytes ext4 can hold`},
		{"fat label", gpt(1000 * mib), "new 50MiB fs=fat32 label=a+b", `cannot create a partition: label "a+b" of a FAT file system can hold ASCII only and none of *?.,;:/\|+=<>[]"`},
		{"name on mbr", mbr(1000 * mib), "new 50MiB name=x", "cannot create a partition: partitions have names on GPT only"},
		{"name length", gpt(1000 * mib), "new 50MiB name=" + strings.Repeat("x", 37), `cannot create a partition: name "` + strings.Repeat("x", 37) + `" is longer than the 36 characters a GPT can hold`},
		{"extended type", mbr(1000 * mib), "new 50MiB type=0x05", "cannot create a partition: type 0x05 does not go with the role primary"},
		{"plain type", mbr(1000 * mib), "new 50MiB as=extended type=linux", "cannot create a partition: type 0x83 does not go with the role extended"},
		{"type 0", mbr(1000 * mib), "new 50MiB type=0x00", "cannot create a partition: type 0x00 does not stand for a partition"},
		{"extended fs", mbr(1000 * mib), "new 50MiB as=extended fs=ext4", "cannot create a partition: an extended partition holds no file system"},
		{"extended length", mbr(1000 * mib), "new 2047s as=extended", "cannot create a partition: an extended partition needs room for boot records; make it 1 MiB or more"},
		// What a partition holds and is called.
		{"format extended", chained(), "format 2 fs=ext4", "cannot format p2 as ext4: an extended partition holds no file system"},
		{"format small", gpt(1000*mib, full(1, 100*mib, 120*mib, 0)), "format 1 fs=fat32", "cannot format p1 as fat32: 20.0 MiB is too small for fat32, which needs 33 MiB"},
		{"format no tool", founding(), "format 1 fs=xfs", "cannot format p1 as xfs: mkfs.xfs is not installed: apt install xfsprogs"},
		{"format label", founding(), "format 1 fs=swap label=1234567890123456", `cannot format p1 as swap: label "1234567890123456" is longer than the 15 bytes swap can hold`},
		{"format hibernated", fs(model.SwSuspend), "format 1 cleared", "cannot format p1: it holds a hibernated system: start that system and shut it down first; or discard it first (`discard 1`), if what it had not saved may be lost"},
		{"label extended", chained(), "label 2 x", "cannot label p2: an extended partition holds no file system"},
		{"label nothing", with(func(p *model.Partition) { p.FS = model.Filesystem{} }), "label 1 x", "cannot label p1: there is no file system in it"},
		{"label the same", founding(), "label 1 l", "cannot label p1: it has this label already"},
		{"label too long", founding(), "label 1 12345678901234567", `cannot label p1: label "12345678901234567" is longer than the 16 bytes ext4 can hold`},
		{"name the same", marked(), "name 1 one", "cannot name p1: it has this name already"},
		{"name too long", marked(), "name 1 " + strings.Repeat("\U0001F427", 19), `cannot name p1: name "` + strings.Repeat("\U0001F427", 19) + `" is longer than the 36 characters a GPT can hold`},
		{"type extended", founding(), "type 1 0x05", "cannot change the type of p1: type 0x05 does not go with the role primary"},
		{"type of extended", chained(), "type 2 linux", "cannot change the type of p2: type 0x83 does not go with the role extended"},
		{"type nothing", founding(), "type 1 0x00", "cannot change the type of p1: type 0x00 does not stand for a partition"},
		{"type protective", founding(), "type 1 0xee", "cannot change the type of p1: type 0xee does not stand for a partition"},
		{"type the same", founding(), "type 1 linux", "cannot change the type of p1: it has this type already"},
		{"flag not set", founding(), "flag 2 boot off", "cannot clear flag boot on p2: it is not set"},
		{"flag logical", chained(), "flag 5 boot on", "cannot set flag boot on p5: a BIOS starts from primary partitions only; it can have bls_boot, diag, esp, irst, lvm, msftres, palo, prep, raid, swap"},
		{"flag without a variant", founding(), "flag 1 hidden on", "cannot set flag hidden on p1: there is no such variant of its type 0x83; it can have bls_boot, boot, diag, esp, irst, lvm, msftres, palo, prep, raid, swap"},
		{"uuid nothing", with(func(p *model.Partition) { p.FS = model.Filesystem{} }), "uuid 1 new", "cannot change the UUID in p1: there is no file system in it"},
		{"uuid extended", chained(), "uuid 2 new", "cannot change the UUID in p2: an extended partition holds no file system"},
		// Tables.
		{"table read-only", broken, "table new gpt", "cannot make a new partition table: the table is damaged; if nothing there is needed, erase it with wipefs --all first"},
		{"table too small", mbr(67), "table new gpt", "cannot make a new partition table: the disk, 33.5 KiB, is too small for one"},
		{"table hibernated", fs(model.SwSuspend), "table new gpt", "cannot make a new partition table: p1 would be lost and it holds a hibernated system: start that system and shut it down first; or discard it first (`discard 1`), if what it had not saved may be lost"},
		{"gpt to gpt", gpt(1000 * mib), "table gpt", "cannot convert the table to GPT: it is a GPT already"},
		{"none to gpt", none, "table gpt", "cannot convert the table to GPT: the disk has no partition table"},
		{"gpt no room behind", founding(), "table gpt", "cannot convert the table to GPT: p2 ends where the GPT's backup has to lie; shrink it by at least 33 sectors, or grow the image by 33 sectors first"},
		{"gpt no room before", mbr(1000*mib, full(1, 33, 10*mib, 0)), "table gpt", "cannot convert the table to GPT: p1 starts at sector 33, where the GPT has to lie; move it right by at least 1 sector first"},
		{"gpt too small", mbr(67), "table gpt", "cannot convert the table to GPT: the disk, 33.5 KiB, is too small for one"},
		// The others.
		{"extended with logicals", chained(), "delete 2", "cannot delete p2: it holds 3 logical partitions; delete what is in it first"},
		{"check extended", chained(), "check 2", "cannot check p2: an extended partition holds no file system"},
		{"check nothing", with(func(p *model.Partition) { p.FS = model.Filesystem{} }), "check 1", "cannot check p1: there is no file system in it"},
		{"check luks", fs(model.LUKS), "check 1", "cannot check p1: shunt has no tool for luks"},
		{"read-only", broken, "delete 1", "cannot delete p1: the table is damaged"},
		{"read-only new", broken, "new 1MiB at 1MiB", "cannot create a partition: the table is damaged"},
		{"read-only image", broken, "image grow 1MiB", "cannot change the image size: the table is damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := ops.NewQueue(tt.disk, env())
			after, err := planfile.Parse(strings.NewReader(tt.line), q, geometry.AlignMiB)
			refused(t, err, tt.want)
			if after.Len() != 0 {
				t.Errorf("%d operations staged", after.Len())
			}
		})
	}
}

// What a refusal says is possible is possible, and one sector more is not.
func TestNearestIsExact(t *testing.T) {
	tests := []struct {
		name      string
		disk      model.Disk
		yes, over string
	}{
		{"grow off the grid", mbr(1000*mib+1, full(1, 100*mib, 200*mib, 0)), "resize 1 by +1638401s", "resize 1 by +1638402s"},
		{"grow before a logical", chained(), "resize 5 by +2046s", "resize 5 by +2047s"},
		{"move before a logical", chained(), "move 6 right 206846s", "move 6 right 206847s"},
		{"move to the boot record", chained(), "move 5 left 2046s", "move 5 left 2047s"},
		{"move behind a logical", chained(), "move 6 left 2046s", "move 6 left 2047s"},
		{"move to the gpt tail", gpt(1000*mib, full(1, 900*mib, 999*mib, 0)), "move 1 right 2015s", "move 1 right 2016s"},
		{"move left", founding(), "move 1 left 62s", "move 1 left 63s"},
		{"image", gpt(1000*mib, full(1, 100*mib, 200*mib, 0)), "image size 409633s", "image size 409632s"},
		{"extended end", chained(), "resize 2 to 819200s", "resize 2 to 819199s"},
		{"extended start", chained(), "move 2 right 2046s and resize to 1636354s", "move 2 right 2047s and resize to 1636353s"},
		{"new logical", chained(), "new 206844s at 614402s", "new 206845s at 614402s"},
		{"shrink", mbr(1000*mib, full(1, 100*mib, 200*mib, 40*geometry.MiB)), "resize 1 to 42MiB", "resize 1 to 86015s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clean(t, plan(t, tt.disk, tt.yes).Preview())
			q := ops.NewQueue(tt.disk, env())
			if _, err := planfile.Parse(strings.NewReader(tt.over), q, geometry.AlignMiB); err == nil {
				t.Errorf("%s is not refused", tt.over)
			}
		})
	}
}

func TestRefusalsWithoutAPlan(t *testing.T) {
	d := founding()
	q := ops.NewQueue(d, env())
	_, err := q.Stage(ops.Delete{ID: 9})
	refused(t, err, "cannot delete the partition: it does not exist at this point of the queue")
	_, err = q.Stage(ops.New{ID: 1, At: 1, Len: 1})
	refused(t, err, "cannot create a partition: its identity 1 is in use")
	_, err = ops.NewQueue(gpt(1000*mib), env()).Stage(ops.New{ID: 1, At: 2048, Len: 2048, Name: "a\nb"})
	refused(t, err, `cannot create a partition: name "a\nb" holds control characters`)
	_, err = ops.NewQueue(gpt(1000*mib), env()).Stage(ops.New{ID: 1, At: 2048, Len: 2048, Type: "0x83"})
	refused(t, err, "cannot create a partition: type 0x83 does not exist in this kind of table")
	_, err = ops.NewQueue(gpt(1000*mib), env()).Stage(ops.New{ID: 1})
	refused(t, err, "cannot create a partition: no partition is 0 sectors long and starts at sector 0")
}

// TestImageStays makes a new table: what the image's own format asks for stays.
func TestImageStays(t *testing.T) {
	before := founding()
	before.Image = model.ImageState{Renews: true, Cylinders: true, Longest: geometry.TiB}
	for _, op := range []ops.Operation{ops.NewTable{Kind: model.TableGPT}, ops.NewTable{Kind: model.TableMBR}} {
		after, err := op.Apply(before, ops.Env{})
		if err != nil || after.Image != before.Image {
			t.Errorf("%T: %+v, %v", op, after.Image, err)
		}
	}
}
