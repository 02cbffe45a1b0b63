package cli

// planGroup describes a group of lines of plan files. The help, the manual page and the table in the README are made from
// it, and a test compares it with the parser.
type planGroup struct {
	title string
	rows  []item
	// example is a plan with such lines. A test stages it on one of its disks, whose name is in on.
	example []string
	on      string
}

var planGroups = []planGroup{
	{
		title: "the image", on: "stick",
		rows: []item{
			{[]string{"image grow SIZE", "image size SIZE"}, "enlarge the image by a size, or set its size; `prealloc=metadata` gives " +
				"what is added its place in a qcow2 file, `prealloc=falloc` also room on the host, `prealloc=off` neither; without it " +
				"a preallocated image stays so"},
			{[]string{"image min"}, "make the image as small as its contents allow: move partitions together, shrink them, cut " +
				"the image"},
			{[]string{"image sparsify"}, "give room in the file back to the host: free blocks of file systems, blocks of zeros, and unallocated " +
				"space behind the first partition become holes; what was in them is not kept for an undo"},
			{[]string{"image repair", "image drop-bitmaps"}, "of a qcow2 image: write the counts of its format anew, or drop the bitmaps " +
				"of incremental backups; needed before other edits where there are such faults or bitmaps"},
			{[]string{`image snapshot create NAME`, `image snapshot apply NAME`, `image snapshot delete NAME`}, "of a qcow2 image: keep the disk as it is " +
				"now, go back to that, or forget it; like each of the next lines it is a plan of its own"},
			{[]string{"image flatten", `image rebase "PATH"`, `image commit from="PATH"`}, "of a qcow2 image: do without the backing file; change it, with the disk as it " +
				"is; of a backing file: write into it what the overlay at PATH has of its own"},
		},
		example: []string{"image grow 2GiB", "image size 12GiB prealloc=falloc", "image min", "image sparsify"},
	},
	{
		title: "move and resize", on: "stick",
		rows: []item{
			{
				[]string{"move P right SIZE", "move P left SIZE", "move P to OFFSET"},
				"move; `… and resize to SIZE` does both at once",
			},
			{[]string{"resize P to SIZE", "resize P by +SIZE", "resize P by -SIZE"}, "resize"},
			{[]string{"resize P to SIZE entry-only", "resize P by -SIZE entry-only"}, "the partition in the table alone: its file system is left as it is; one that is longer than " +
				"its partition then cannot be used until it has its room back"},
			{[]string{"resize P min", "resize P max", "grow P"}, "shrink to the least, or fill the free space behind it; without any, the file system fills the partition"},
		},
		example: []string{
			"image grow 4GiB", "move 2 right 1024MiB", "move 2 left 512MiB", "move 2 to 2049MiB and resize to 1GiB",
			"resize 2 by +500MiB", "resize 2 by -100MiB", "resize 1 to 1GiB", "resize 1 min", "grow 1",
		},
	},
	{
		title: "make room", on: "server",
		rows: []item{
			{[]string{"room P by +SIZE", "room P to SIZE", "room P max"}, "make room: shunt finds the cheapest moves that give " +
				"`P` the space: of `P`, of its neighbours, of the end of the image; others are shrunk only where nothing else helps"},
		},
		example: []string{"room 2 by +1GiB", "room 2 to 12GiB", "room 2 max"},
	},
	{
		title: "partitions", on: "server",
		rows: []item{
			{[]string{"new SIZE at OFFSET fs=ext4 label=L name=N type=T as=logical"}, "new partition; `new max` fills the free " +
				"space, all but the size may be left out; `as=` is `primary`, `extended` or `logical`"},
			{[]string{"new SIZE at OFFSET keep partuuid=ID"}, "a partition around what lies there already, as `shunt rescue` finds it: only the table is " +
				"written; also with `name=`, `type=` and `as=`"},
			{[]string{"delete P", "check P"}, "delete; check and repair, and let the file system fill the partition; `P` is 0 in `check`, `grow`, `resize`, `label`, `uuid` and `discard` " +
				"for the file system that covers a disk without a table"},
			{[]string{"copy P at OFFSET size=SIZE as=logical", "copy P over Q"}, "a copy in free space, or over another " +
				"partition; a file system grows to fill it where it can; with `from=\"PATH\"` at the end, `P` is a partition of " +
				"that other image or device"},
			{
				[]string{"format P fs=ext4 label=L", "format P cleared"},
				"replace the contents by an empty file system, or by nothing",
			},
			{[]string{"wipe P random", "wipe free random"}, "overwrite all of a partition, or unallocated space behind the first one but the last MiB of the disk; without `random`, " +
				"with zeros; nothing is kept for an undo, and once it has begun it can only be finished"},
			{
				[]string{"discard P"},
				"throw away the hibernated system in the swap space `P`, which is plain swap space with the same label and UUID " +
					"then; all other edits of it are refused",
			},
		},
		example: []string{
			"delete 3", "new 2GiB fs=swap", `new max at 14GiB fs=ext4 label=srv name="web data" type=linux`, "check 2",
			"copy 1 at 19GiB size=600MiB", "copy 4 over 2", "format 4 cleared", "format 1 fs=fat32 label=BOOT",
			`copy 1 over 3 from="old.raw"`,
		},
	},
	{
		title: "names, types, flags", on: "server",
		rows: []item{
			{[]string{`label P "text"`, `name P "text"`}, "label of the file system; name of the partition (GPT); `\"\"` for none"},
			{[]string{"type P T", "flag P F on", "flag P F off"}, "type, by a word (`linux`, `esp`, `lvm`, …) or by its code; " +
				"flag (`boot`, `esp`, `legacy_boot`, `hidden`, `lba`, `raid`, …)"},
			{[]string{"uuid P new", "uuid P half"}, "new UUID for the file system; half of one for NTFS"},
		},
		example: []string{`label 2 "root"`, `name 2 "the system"`, "type 4 lvm", "flag 2 legacy_boot on", "uuid 2 new"},
	},
	{
		title: "the table", on: "stick",
		rows: []item{
			{[]string{"table new gpt", "table new mbr"}, "a new, empty table; " +
				"all partitions are lost; `msdos` and `dos` mean `mbr`"},
			{[]string{"table gpt"}, "MBR to GPT, with all partitions, their numbers and contents"},
			{[]string{"table flag boot on", "table flag boot off"}, "of a GPT: the active flag of its protective MBR, without which some BIOS do not start"},
			{[]string{"table hybrid P Q R active=P ee=last", "table hybrid none"}, "of a GPT: list one to three of its partitions in the first sector too, for systems that only read the MBR; with the active flag for one of them, and the protective entry behind them; or list none again"},
			{[]string{"table first-lba OFFSET", "table array OFFSET"}, "of a GPT: the first sector for partitions; the first sector of its entries, which makes room for boot loaders " +
				"of boards in front of them; `table new gpt first-lba=OFFSET` for a new one"},
			{[]string{"table use first", "table use backup", "table use lower", "table use higher"}, "of a table that is damaged or contradicts itself: take one of its readings, which " +
				"`shunt table readings` shows"},
			{[]string{"table sort"}, "number the partitions by their place on the disk, the logical ones too; `/etc/fstab` and boot loaders that use numbers have " +
				"to be changed"},
			{[]string{`table restore from="PATH"`}, "the table that `shunt table save` or `sfdisk --dump` wrote to the file at PATH, in place of the present one; " +
				"what lies in partitions is not touched; a saved plan has the text itself instead of the path"},
		},
		example: []string{"table new gpt", "new 200MiB fs=fat32 type=esp", "new max fs=ext4"},
	},
}

// planStories are complete plans for common tasks.
var planStories = []planGroup{
	{
		title: "example: a larger first partition", on: "stick",
		rows: []item{{text: "A USB stick's image with two partitions side by side; the first is full. The image is enlarged, " +
			"the second partition moves out of the way, and the first takes the space."}},
		example: []string{"# stick.raw: p1 docs 483 MiB, p2 photos 483 MiB", "image grow 2GiB", "move 2 right 1024MiB", "grow 1"},
	},
	{
		title: "example: make room for the root", on: "server",
		rows: []item{{text: "The same without naming the moves: shunt finds them. Here swap follows root, and free space " +
			"follows swap."}},
		example: []string{"# root needs 2 GiB more, wherever they come from", "room 2 by +2GiB"},
	},
	{
		title: "example: an image as small as its contents", on: "server",
		rows: []item{{text: "To distribute an image: the file systems are shrunk, the partitions are moved together, and the " +
			"image is cut."}},
		example: []string{"check 2", "image min"},
	},
}

// planTopic returns the page on plan files.
func planTopic() topic {
	parts := []passage{
		{text: "A plan file is a queue of operations as text, one a line. `shunt apply TARGET PLAN` rehearses all of them " +
			"without touching the target, shows the report, asks, and applies them in one transaction; `PLAN` may be `-` for " +
			"standard input, and `--rehearse` stops after the rehearsal. A single line can be given itself: `shunt apply " +
			"stick.raw grow 1`. In the editor `s` saves the queue as a plan file."},
		{text: "`#` begins a comment. `P` is a partition number as it is at that point of the plan. Words that hold blanks " +
			"stand in double quotes, in which `\\\"` and `\\\\` are the quote and the backslash, `\\x1b` is a byte, and " +
			"`\\u202e` and `\\U0001f4be` are characters. Each line is checked against the result of the lines before it: a " +
			"plan with an impossible line is refused as a whole; the error names the line, the column and what would be " +
			"possible."},
	}
	for _, g := range planGroups {
		parts = append(parts, passage{heading: g.title, list: g.rows}, passage{text: "For example:"}, passage{code: g.example})
	}
	parts = append(parts, passage{
		heading: "sizes", text: "A size without a sign is the new size, one with a sign is the difference: `resize 1 2GiB`, `resize 1 " +
			"+2GiB`, `image 12GiB`, `image +2GiB` and `room 1 +1GiB` mean the same as with `to` and `by`. A size " +
			"needs a unit: `s` (sectors), `B`, `K` or `KiB`, `M` or `MiB`, `G` or `GiB`, `T` or `TiB` (powers of " +
			"1024), `kB`, `MB`, `GB`, `TB` (powers of 1000). Distances and sizes are kept to the sector; positions " +
			"that shunt chooses, and offsets in other units than sectors, go on the grid that `--align` names: `mib`, " +
			"`cylinder` or `none`.",
	})
	for _, g := range planStories {
		parts = append(parts, passage{heading: g.title, text: g.rows[0].text}, passage{code: g.example})
	}
	return topic{name: "plan", short: "The lines of plan files, with examples", section: "plan files", parts: parts}
}
