package ops_test

import (
	"slices"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func TestConsequences(t *testing.T) {
	whole := model.New(model.Disk{SectorSize: 512, Sectors: 100 * mib, Whole: ext4(50*geometry.MiB, 0)}, nil, nil)
	blank := gpt(1000*mib, part(1, mib, 10*mib, model.Filesystem{}))
	locked := gpt(1000*mib, part(1, mib, 100*mib, model.Filesystem{Kind: model.LUKS, Size: 100 * geometry.MiB}))
	volumes := gpt(1000*mib, part(1, mib, 100*mib, model.Filesystem{Kind: model.LVM2, Size: 100 * geometry.MiB}))
	unread := model.Filesystem{Trait: model.Unread, Used: 3 * geometry.MiB}
	strange, unmeasured := gpt(1000*mib, part(1, mib, 10*mib, unread)), whole
	unmeasured.Whole = model.Filesystem{Trait: model.Unread, Used: -1}
	for _, test := range []struct {
		name  string
		disk  model.Disk
		lines []string
		want  []string
	}{
		{"nothing to tell", founding(), []string{"label 1 \"x\"", "check 2"}, nil},
		{"a move", founding(), []string{"image grow 1GiB", "move 2 right 10MiB"}, []string{"Moves p2: a boot loader that finds it by position must be reinstalled."}},
		{"there and back", founding(), []string{"image grow 1GiB", "move 2 right 10MiB", "move 2 left 10MiB"}, nil},
		{"logical partitions", chained(), []string{"delete 5", "format 6 fs=ext4"}, []string{
			`Deletes everything in p5 (ext4 "l"), p7 (ext4 "l"). Have a backup if you need it.`,
			"Changes partition numbers: p6 becomes p5, p7 becomes p6. Change them wherever they are used, for example in /etc/fstab and in boot loaders. On an MBR, PARTUUIDs change with them.",
		}},
		{"a copy over another", founding(), []string{"copy 1 over 2"}, []string{`Deletes everything in p2 (ext4 "l"). Have a backup if you need it.`}},
		{"more room for what is encrypted", locked, []string{"grow 1"}, []string{
			"Enlarges p1, but not the encrypted file system inside: once it is open, `cryptsetup resize` with its name " +
				"and then the file system's own program (`resize2fs`, `lvextend -r`) let it use the room.",
		}},
		{"more room for volumes", volumes, []string{"grow 1"}, []string{
			"Gives the volume group in p1 free space, which no volume uses yet: `lvextend -r -l +100%FREE` with a volume makes that one and its " +
				"file system larger.",
		}},
		{"nothing", blank, []string{"delete 1"}, nil},
		{"unknown contents", strange, []string{"delete 1"}, []string{"Deletes everything in p1 (unknown, up to 3.00 MiB of data). Have a backup if you need it."}},
		{"unknown contents without a table", unmeasured, []string{"table new gpt"}, []string{"Deletes everything in the disk (unknown, how much is not known). Have a backup if you need it."}},
		{"a file system without a table", whole, []string{"table new gpt"}, []string{"Deletes everything in the ext4 on the disk. Have a backup if you need it."}},
		{"the end of what is unknown", strange, []string{"resize 1 to 5MiB entry-only"}, []string{
			"Cuts off the end of p1 (unknown, up to 3.00 MiB of data, by 4 MiB). Shunt does not know what lies there, nor whether it is needed: " +
				"it is no longer in the partition, and what is made in that room destroys it.",
		}},
		{"the end of what is encrypted", gpt(1000*mib, part(1, mib, 10*mib, model.Filesystem{Kind: model.LUKS})), []string{"resize 1 to 5MiB entry-only"}, []string{
			"Cuts off the end of p1 (luks, by 4 MiB). Shunt does not know what lies there, nor whether it is needed: it is no longer in the " +
				"partition, and what is made in that room destroys it.",
		}},
		{"the end of nothing", blank, []string{"resize 1 to 5MiB entry-only"}, nil},
		{"what was only pending", founding(), []string{"image grow 1GiB", "new 10MiB fs=ext4", "delete 3"}, nil},
	} {
		if got := plan(t, test.disk, test.lines...).Consequences(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q", test.name, got)
		}
	}
	if got := ops.NewQueue(founding(), env()).Consequences(); len(got) != 0 {
		t.Errorf("an empty queue: %q", got)
	}
}
