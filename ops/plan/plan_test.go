package plan_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/plan"
)

func TestPlanErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"mvoe 1 right 1MiB", `plan line 1, column 1: "mvoe" is not an operation: use image, move, resize, grow, room, new, delete, check, copy, discard, format, label, name, type, flag, wipe, uuid or table`},
		{"\n# comment\n   image", "plan line 3, column 9: what to do with the image is missing: use grow, size, to, by, min, repair, drop-bitmaps, sparsify, snapshot, flatten, rebase or commit"},
		{"image shrink 1GiB", `plan line 1, column 7: "shrink" is not something to do with the image: use grow, size, to, by, min, repair, drop-bitmaps, sparsify, snapshot, flatten, rebase or commit`},
		{"image grow", "plan line 1, column 11: by how much is missing: use a size with a unit such as 1.5GiB"},
		{"image grow 5", `plan line 1, column 12: size "5" has no unit: use s, B, KiB, MiB, GiB, TiB, kB, MB, GB or TB`},
		{"image grow 0B", `plan line 1, column 12: size "0B" is nothing: use one sector or more`},
		{"image grow 1GiB now", `plan line 1, column 17: "now" is not a property of an image size: use prealloc=metadata, prealloc=falloc or prealloc=off`},
		{"image min now", `plan line 1, column 11: "now" is not expected here: use nothing more, or start a comment with #`},
		{"image grow 1GiB prealloc=full", `plan line 1, column 17: "full" is not a kind of preallocation: use prealloc=metadata, prealloc=falloc or prealloc=off`},
		{"image grow 1GiB prealloc=metadata", "plan line 1, column 1: cannot make the image 1990 MiB long: an image without tables of its own has no metadata to " +
			"allocate; `prealloc=falloc` allocates its room on the host"},
		{"image size 966MiB prealloc=falloc", "plan line 1, column 1: cannot make the image 966 MiB long: only a part that is added can be preallocated"},
		{"move", "plan line 1, column 5: a partition number is missing: use 1, 2"},
		{"move x right 1MiB", `plan line 1, column 6: "x" is not a partition number: use 1, 2`},
		{"move 3 right 1MiB", "plan line 1, column 6: there is no partition 3 at this point: use 1, 2"},
		{"move 1 up 1MiB", `plan line 1, column 8: "up" is not a direction: use right, left or to`},
		{"move 1 right 1MiB and", "plan line 1, column 22: the rest of `and resize to SIZE` is missing: use resize"},
		{"move 1 right 1MiB and grow", "plan line 1, column 23: \"grow\" is not part of `and resize to SIZE`: use resize"},
		{"resize 1", "plan line 1, column 9: the new size is missing: use to, by, min or max"},
		{"resize 1 x1GiB", `plan line 1, column 10: "x1GiB" is not a way to resize: use to, by, min or max`},
		{"resize 1 by 1GiB", `plan line 1, column 13: change "1GiB" has no sign: write it as "+500MiB" or "-1GiB"`},
		{"resize 1 to -1GiB", `plan line 1, column 13: -1GiB leaves nothing of 482 MiB`},
		{"image -4GiB", `plan line 1, column 7: -4GiB leaves nothing of 966 MiB`},
		{"image grow -4GiB", `plan line 1, column 12: size "-4GiB" has a sign, which a size cannot have`},
		{"new +1GiB", `plan line 1, column 5: size "+1GiB" has a sign, which a size cannot have`},
		{"resize 1 min entry-only", `plan line 1, column 14: "entry-only" is not expected here: use nothing more, or start a comment with #`},
		{"resize 1 by 1MiB", `plan line 1, column 13: change "1MiB" has no sign: write it as "+500MiB" or "-1GiB"`},
		{"new", "plan line 1, column 4: the size is missing: use a size with a unit such as 1.5GiB, or max"},
		{"new 1MiB at", "plan line 1, column 12: the offset is missing: use an offset with a unit such as 2049MiB"},
		{"new 1MiB fs=ext9", `plan line 1, column 10: "ext9" is not a file system that can be made: use ext2, ext4, fat32, swap, none`},
		{"new 1MiB size=4", `plan line 1, column 10: "size=4" is not a property of a new partition: use at, keep, fs=, label=, name=, type=, partuuid= or as=`},
		{"new 1MiB fs=ext4 fs=swap", "plan line 1, column 18: fs= is given twice: leave one"},
		{"new 1MiB at 5MiB at 6MiB", "plan line 1, column 18: at is given twice: leave one"},
		{`new 1MiB "as=logical" fs=ext4 as=logical`, "plan line 1, column 31: as= is given twice: leave one"},
		{`new 1MiB label=a label="b c"`, "plan line 1, column 18: label= is given twice: leave one"},
		{"new 1MiB name= name=", "plan line 1, column 16: name= is given twice: leave one"},
		{"new 1MiB type=linux fs=swap type=linux", "plan line 1, column 29: type= is given twice: leave one"},
		{"format 1 fs=ext4 fs=swap", "plan line 1, column 18: fs= is given twice: leave one"},
		{"format 1 fs=ext4 label=a label=a", "plan line 1, column 26: label= is given twice: leave one"},
		{"copy 1 at 1GiB size=1GiB size=2GiB", "plan line 1, column 26: size= is given twice: leave one"},
		{"copy 1 at 1GiB as=primary size=1GiB as=logical", "plan line 1, column 37: as= is given twice: leave one"},
		{`copy 1 at 1GiB from=/a from="/b c"`, "plan line 1, column 24: from= is given twice: leave one"},
		{"copy 1 over 2 from=/a from=/a", "plan line 1, column 23: from= is given twice: leave one"},
		{"copy from=/a 1 over 2 from=/b", "plan line 1, column 23: from= is given twice: leave one"},
		{"new 1MiB type=zebra", `plan line 1, column 10: "zebra" is not a partition type on MBR: use linux, swap, esp, lvm, raid, fat32, fat16, ntfs, data, diag, palo, irst, prep, recovery, xbootldr, hfs or the code of a type`},
		{"new 1MiB as=boot", `plan line 1, column 10: "boot" is not a role: use primary, extended or logical`},
		{`new 1MiB label="x`, `plan line 1, column 16: this quote is not closed: end it with "`},
		{`new 1MiB label="x\"`, `plan line 1, column 16: this quote is not closed: end it with "`},
		{`new 1MiB label="\n"`, `plan line 1, column 17: \n is not an escape: use \" or \\, \xff for a byte, \u202e or \U0001f4be for a character`},
		{"room 1", "plan line 1, column 7: how much room is missing: use by, to or max"},
		{"room 1 x1GiB", `plan line 1, column 8: "x1GiB" is not a way to make room: use by, to or max`},
		{"room 1 -1MiB", `plan line 1, column 8: "-1MiB" is not more room: use a size with a plus such as +1GiB`},
		{"room 1 to -1MiB", `plan line 1, column 11: "-1MiB" is not more room: use a size with a plus such as +1GiB`},
		{"room 1 by 1GiB", `plan line 1, column 11: change "1GiB" has no sign: write it as "+500MiB" or "-1GiB"`},
		{"room 1 by -1GiB", `plan line 1, column 11: "-1GiB" is not more room: use a size with a plus such as +1GiB`},
		{"room 1 by +1GiB x", `plan line 1, column 17: "x" is not expected here: use nothing more, or start a comment with #`},
		{"image grow 1GiB\ndelete 1\nroom 2 by +1GiB", "plan line 3, column 1: the moves that this line stands for cannot be found here: write them out"},
		{"image min", "plan line 1, column 1: the moves that this line stands for cannot be found here: write them out"},
		{"format 1", "plan line 1, column 9: what to format it as is missing: use fs=KIND or cleared"},
		{"format 1 ext4", `plan line 1, column 10: "ext4" is not what to format it as: use fs=KIND or cleared`},
		{"format 1 fs=none", `plan line 1, column 10: "fs=none" is not what to format it as: use fs=KIND or cleared`},
		{"format 1 fs=zfs", `plan line 1, column 10: "zfs" is not a file system that can be made: use ext2, ext4, fat32, swap, none`},
		{"format 1 fs=ext4 name=x", `plan line 1, column 18: "name=x" is not a property of a new file system: use label=`},
		{"format 1 cleared x", `plan line 1, column 18: "x" is not expected here: use nothing more, or start a comment with #`},
		{"label 1", `plan line 1, column 8: the label is missing: use text in quotes, or "" for none`},
		{`name 1 "x"`, "plan line 1, column 1: cannot name p1: partitions have names on GPT only"},
		{"type 1", "plan line 1, column 7: the type is missing: use a word such as linux, or the code of a type"},
		{"flag 1 bios_grub on", `plan line 1, column 8: "bios_grub" is not a flag of p1 on MBR: use bls_boot, boot, diag, esp, irst, lvm, msftres, palo, prep, raid, swap`},
		{"flag 1 boot", "plan line 1, column 12: what the flag shall be is missing: use on or off"},
		{"flag 1 boot yes", `plan line 1, column 13: "yes" is not what a flag can be: use on or off`},
		{"flag 1 boot on", "plan line 1, column 1: cannot set flag boot on p1: it is set already"},
		{"uuid 1 old", `plan line 1, column 8: "old" is not a kind of UUID that can be set: use new or half`},
		{"uuid 1 half", "plan line 1, column 1: cannot change the UUID in p1: only NTFS has a serial number of two halves; set a whole new one"},
		{"table mbr", `plan line 1, column 7: "mbr" is not something to do with the table: use new, gpt, restore, use, sort, flag, first-lba, array or hybrid`},
		{"table msdos", `plan line 1, column 7: "msdos" is not something to do with the table: use new, gpt, restore, use, sort, flag, first-lba, array or hybrid`},
		{"table", `plan line 1, column 6: what to do with the table is missing: use new, gpt, restore, use, sort, flag, first-lba, array or hybrid`},
		{"table new", `plan line 1, column 10: the kind of table is missing: use gpt or mbr`},
		{"table new bsd", `plan line 1, column 11: "bsd" is not a kind of table: use gpt or mbr`},
		{"  \u00fc 1", `plan line 1, column 3: "ü" is not an operation: use image, move, resize, grow, room, new, delete, check, copy, discard, format, label, name, type, flag, wipe, uuid or table`},
		{`new 1MiB label="ü" x`, `plan line 1, column 20: "x" is not a property of a new partition: use at, keep, fs=, label=, name=, type=, partuuid= or as=`},
		{"image grow 1GiB\n  grow 1", "plan line 2, column 3: cannot grow p1: there is no free space behind it: p2 starts there"},
		{"#\n" + strings.Repeat("x", 530000), "plan line 2, column 1: the line is longer than 524288 bytes"},
	}
	for _, tt := range tests {
		q := ops.NewQueue(founding(), env())
		after, err := plan.Parse(strings.NewReader(tt.text), q, geometry.AlignMiB)
		var planErr *plan.Error
		if !errors.As(err, &planErr) {
			t.Errorf("%.40q: error %v", tt.text, err)
			continue
		}
		if err.Error() != tt.want {
			t.Errorf("%.40q:\n got %s\nwant %s", tt.text, err, tt.want)
		}
		if after.Len() != 0 {
			t.Errorf("%.40q: %d operations staged", tt.text, after.Len())
		}
	}
	broken := io.MultiReader(strings.NewReader("image grow 1GiB\n"), iotest.ErrReader(errors.New("disk on fire")))
	_, err := plan.Parse(broken, ops.NewQueue(founding(), env()), geometry.AlignMiB)
	if want := "plan line 2, column 1: read the plan: disk on fire"; err == nil || err.Error() != want {
		t.Errorf("read error %v", err)
	}
}

func TestPlanForms(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"\r\n\t# nothing\r\n", ""},
		{"image size 3GiB\r\n", "image size 3GiB\n"},
		{"image grow 2GiB # more", "image size 3014MiB\n"},
		{"image grow 2GiB prealloc=falloc", "image size 3014MiB prealloc=falloc\n"},
		{"image +2GiB prealloc=off", "image size 3014MiB prealloc=off\n"},
		{"image grow 2GB", "image size 5884618s\n"},
		{"image grow 1s", "image size 1978369s\n"},
		{"image grow 2GiB\nmove p2 right 1GiB", "image size 3014MiB\nmove 2 right 1024MiB\n"},
		{"image grow 2GiB\nmove 2 to 2049MiB", "image size 3014MiB\nmove 2 right 3208319s\n"},
		{"image grow 2GiB\nmove 2 to 1000001s", "image size 3014MiB\nmove 2 right 11968s\n"},
		{"resize 2 to 100MB", "resize 2 to 195313s\n"},
		{"resize 2 by -83.5MiB", "resize 2 to 819327s\n"},
		{"resize 2 min", "resize 2 to 56447s\n"},
		{"image size 4GiB\nresize 2 max", "image size 4GiB\nresize 2 to 7400575s\n"},
		{"image size 4GiB\nresize 2 to 1.5GiB\nmove 2 right 10MiB", "image size 4GiB\nresize 2 to 1.5GiB\nmove 2 right 10MiB\n"},
		{"delete 2\nnew 10MiB", "delete 2\nnew 10MiB at 989184s as=primary\n"},
		{`delete 2` + "\n" + `new 50MiB label="\"a\\ b#" fs=ext4`, "delete 2\nnew 50MiB at 989184s fs=ext4 label=\"\\\"a\\\\ b#\" as=primary\n"},
		{"delete 2\nnew 10MiB fs=none type=0x83", "delete 2\nnew 10MiB at 989184s as=primary\n"},
		{"delete 2\nnew 10MiB type=0x8E", "delete 2\nnew 10MiB at 989184s type=lvm as=primary\n"},
		{"delete 2\nnew 10MiB type=0x17", "delete 2\nnew 10MiB at 989184s type=0x17 as=primary\n"},
		{"delete 2\nnew max as=extended\nnew 5MiB", "delete 2\nnew 483MiB at 989184s as=extended\n"},
		// A size without a sign is the new size, one with a sign is the difference.
		{"image grow 2GiB", "image size 3014MiB\n"},
		{"image grow +2GiB", "image size 3014MiB\n"},
		{"image size 3014MiB", "image size 3014MiB\n"},
		{"image size +2GiB", "image size 3014MiB\n"},
		{"image to 3014MiB", "image size 3014MiB\n"},
		{"image by +2GiB", "image size 3014MiB\n"},
		{"image +2GiB", "image size 3014MiB\n"},
		{"image 3014MiB", "image size 3014MiB\n"},
		{"resize 1 400MiB", "resize 1 to 400MiB\n"},
		{"resize 1 to 400MiB", "resize 1 to 400MiB\n"},
		{"delete 2\nresize 1 +1MiB", "delete 2\nresize 1 to 990018s\n"},
		{"delete 2\nresize 1 to +1MiB", "delete 2\nresize 1 to 990018s\n"},
		{"resize 1 by -2048s", "resize 1 to 985922s\n"},
		{"resize 1 -2048s", "resize 1 to 985922s\n"},
		{"image +2GiB\nmove 2 right +1GiB", "image size 3014MiB\nmove 2 right 1024MiB\n"},
		{"image +2GiB\nmove 2 right 1GiB and resize to +1MiB", "image size 3014MiB\nmove 2 right 1024MiB and resize to 992383s\n"},
		{"resize 2 400MiB entry-only", "resize 2 to 400MiB entry-only\n"},
		{"resize 2 by -1s entry-only", "resize 2 to 990334s entry-only\n"},
		{
			"table new gpt first-lba=1MiB\ntable array 1000s\ntable first-lba 2MiB\ntable flag boot on\nnew 1MiB\nnew 1MiB at 10MiB\ndelete 1\nnew 1MiB at 20MiB\ntable sort",
			"table new gpt first-lba=2048s\ntable array 1000s\ntable first-lba 4096s\ntable flag boot on\nnew 1MiB at 4096s\nnew 1MiB at 20480s\ndelete 1\nnew 1MiB at 40960s\ntable sort\n",
		},
		{
			"table new gpt\nnew 1MiB\nnew 1MiB\nnew 1MiB\ntable hybrid p1 3 ee=last active=p3\ntable hybrid 2 ee=first\ndelete 1\ntable hybrid none",
			"table new gpt\nnew 1MiB at 2048s\nnew 1MiB at 4096s\nnew 1MiB at 6144s\ntable hybrid 1 3 active=3 ee=last\ntable hybrid 2\ndelete 1\ntable hybrid none\n",
		},
		{"check 1", "check 1\n"},
		{"format p1 fs=ext4", "format 1 fs=ext4\n"},
		{`format 1 fs=swap label="a b"`, "format 1 fs=swap label=\"a b\"\n"},
		{"format 2 cleared", "format 2 cleared\n"},
		{`label 1 home`, "label 1 \"home\"\n"},
		{`label 1 ""`, "label 1 \"\"\n"},
		{"type 1 0x8E", "type 1 lvm\n"},
		{"type 1 0x1f", "type 1 0x1f\n"},
		{"flag 1 boot off\nflag 2 boot on\nflag 2 lvm on", "flag 1 boot off\nflag 2 boot on\nflag 2 lvm on\n"},
		{"uuid 1 new", "uuid 1 new\n"},
		{"table new gpt\nnew max", "table new gpt\nnew 964MiB at 2048s\n"},
		{"table new mbr\nnew max", "table new mbr\nnew 965MiB at 2048s as=primary\n"},
		{"table new msdos", "table new mbr\n"},
		{"table new DOS", "table new mbr\n"},
		{"table new MBR", "table new mbr\n"},
		{"table new Gpt", "table new gpt\n"},
		{"image grow 33s\ntable GPT\nname 1 x", "image size 1978401s\ntable gpt\nname 1 \"x\"\n"},
		{"image grow 33s\ntable gpt\nname 1 x", "image size 1978401s\ntable gpt\nname 1 \"x\"\n"},
	}
	for _, tt := range tests {
		q, err := plan.Parse(strings.NewReader(tt.text), ops.NewQueue(founding(), env()), geometry.AlignMiB)
		if err != nil && !strings.Contains(tt.text, "extended") {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if strings.Contains(tt.text, "extended") {
			// The line behind it is refused: what is left is inside the extended partition.
			first, _, _ := strings.Cut(tt.text, "\nnew 5MiB")
			q, err = plan.Parse(strings.NewReader(first), ops.NewQueue(founding(), env()), geometry.AlignMiB)
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := plan.Format(q); got != tt.want {
			t.Errorf("%q:\n got %q\nwant %q", tt.text, got, tt.want)
		}
	}
}
