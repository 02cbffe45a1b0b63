package ops_test

import (
	"fmt"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// marked is a GPT of which every mark of a partition is set.
func marked() model.Disk {
	d := gpt(1000*mib, full(1, 100*mib, 200*mib, 0), full(3, 300*mib, 400*mib, 0))
	p, _ := d.Partition(1)
	p.Name, p.UUID, p.Attributes = "one", "11111111-1111-1111-1111-111111111111", 1<<2|1<<60
	return d.With(p)
}

// What is not meant stays: number, place, PARTUUID, name, attributes, active flag.
func TestEdits(t *testing.T) {
	fat := func(d model.Disk, alias string) model.Disk {
		p, _ := d.Partition(1)
		p.FS = model.Filesystem{Kind: model.FAT32}
		p.Type, _ = model.TypeByAlias(d.Table.Kind, alias)
		return d.With(p)
	}
	logicalEFI := chained()
	for _, tt := range []struct {
		disk   model.Disk
		line   string
		id     model.PartID
		text   string
		steps  string
		change func(*model.Partition)
	}{
		{marked(), "format 1 fs=swap label=s", 1, `Format p1 as swap, label "s"; its type becomes Linux swap`, "wipe p1, make swap p1", func(p *model.Partition) {
			p.Type = "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"
			p.FS = model.Filesystem{Kind: model.Swap, Label: "s", Size: 100 * geometry.MiB, BlockSize: 4096}
		}},
		{founding(), "format 1 fs=ext2", 1, "Format p1 as ext2", "wipe p1, make ext2 p1, verify ext2 p1", func(p *model.Partition) {
			p.FS = model.Filesystem{Kind: model.Ext2, BlockSize: 1024, Size: 987970 * 512}
		}},
		{fat(marked(), "esp"), "format 1 fs=fat32 label=efi", 1, `Format p1 as fat32, label "efi"`, "wipe p1, make fat32 p1, verify fat32 p1", func(p *model.Partition) {
			p.FS = model.Filesystem{Kind: model.FAT32, Label: "EFI", BlockSize: 512, Size: 100 * geometry.MiB}
		}},
		{fat(marked(), "esp"), "format 1 fs=ext4", 1, "Format p1 as ext4; its type becomes Linux file system", "wipe p1, make ext4 p1, verify ext4 p1", func(p *model.Partition) {
			p.Type = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
			p.FS = model.Filesystem{Kind: model.Ext4, BlockSize: 1024, Size: 100 * geometry.MiB}
		}},
		{founding(), "format 1 cleared", 1, "Clear p1", "wipe p1", func(p *model.Partition) { p.FS = model.Filesystem{} }},
		{founding(), `label 1 "new one"`, 1, `Label ext4 in p1 "new one"`, "label ext4 p1, verify ext4 p1", func(p *model.Partition) { p.FS.Label = "new one" }},
		{founding(), `label 1 ""`, 1, "Clear the label of ext4 in p1", "label ext4 p1, verify ext4 p1", func(p *model.Partition) { p.FS.Label = "" }},
		{marked(), `name 1 "Ünï"`, 1, `Name p1 "Ünï"`, "", func(p *model.Partition) { p.Name = "Ünï" }},
		{marked(), `name 1 ""`, 1, "Clear the name of p1", "", func(p *model.Partition) { p.Name = "" }},
		{marked(), "type 1 esp", 1, "Change the type of p1 from Linux file system to EFI system", "", func(p *model.Partition) { p.Type = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" }},
		{logicalEFI, "type 6 esp", 6, "Change the type of p6 from Linux file system to EFI system (firmware does not start from a logical partition)", "", func(p *model.Partition) { p.Type = "0xef" }},
		{founding(), "flag 2 boot on", 2, "Set flag boot on p2; p1 has it too, and a BIOS may refuse to start from two", "", func(p *model.Partition) { p.Active = true }},
		{founding(), "flag 1 boot off", 1, "Clear flag boot on p1", "", func(p *model.Partition) { p.Active = false }},
		{founding(), "flag 2 lvm on", 2, "Set flag lvm on p2; its type becomes Linux LVM", "", func(p *model.Partition) { p.Type = "0x8e" }},
		{chained(), "flag 2 lba off", 2, "Clear flag lba on p2; its type becomes Extended", "", func(p *model.Partition) { p.Type = "0x05" }},
		{marked(), "flag 1 legacy_boot off", 1, "Clear flag legacy_boot on p1", "", func(p *model.Partition) { p.Attributes = 1 << 60 }},
		{founding(), "uuid 1 new", 1, "Set a new UUID on ext4 in p1", "check ext4 p1, uuid ext4 p1, verify ext4 p1", func(p *model.Partition) { p.FS.UUID = ops.UnknownUUID }},
	} {
		q := plan(t, tt.disk, tt.line)
		want, _ := tt.disk.Partition(tt.id)
		tt.change(&want)
		got, _ := q.Preview().Partition(tt.id)
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.line, got, want)
		}
		if !same(q.Preview(), tt.disk.With(want)) {
			t.Errorf("%s changes more: %v", tt.line, q.Preview())
		}
		if text := q.Ops()[0].Describe(tt.disk).String(); text != tt.text {
			t.Errorf("%s:\n got %s\nwant %s", tt.line, text, tt.text)
		}
		steps, err := q.Compile()
		if err != nil {
			t.Fatal(err)
		}
		steps = withoutTable(steps)
		if text := stepWords(steps); text != tt.steps {
			t.Errorf("%s:\n got %s\nwant %s", tt.line, text, tt.steps)
		}
		roundTrip(t, q)
	}
}

func withoutTable(steps []ops.Step) []ops.Step {
	if n := len(steps); n > 0 && steps[n-1].Kind == ops.StepWriteTable {
		return steps[:n-1]
	}
	return steps
}

// stepWords names steps, what they work on, and where.
func stepWords(steps []ops.Step) string {
	var words []string
	for _, s := range steps {
		kind := map[ops.StepKind]string{
			ops.StepCheckFS: "check", ops.StepRepairFS: "repair", ops.StepVerifyFS: "verify", ops.StepWipe: "wipe", ops.StepMakeFS: "make",
			ops.StepLabelFS: "label", ops.StepUUIDFS: "uuid", ops.StepResizeFS: "resize", ops.StepRemap: "move",
			ops.StepCopy: "copy", ops.StepMoved: "moved",
		}[s.Kind]
		if kind == "wipe" {
			words = append(words, kind+" "+s.Ref)
			continue
		}
		words = append(words, fmt.Sprintf("%s %s %s", kind, s.FS, s.Ref))
	}
	return strings.Join(words, ", ")
}

// Swap space that gets a new UUID and is then made anew in another size has no UUID to keep.
func TestSwapForgetsItsUUID(t *testing.T) {
	swap := part(1, 100*mib, 200*mib, model.Filesystem{Kind: model.Swap, UUID: "old", Label: "s", Size: 100 * geometry.MiB, BlockSize: 4096})
	for lines, want := range map[string]string{"resize 1 to 50MiB": "old", "uuid 1 new\nresize 1 to 50MiB": ""} {
		steps, err := plan(t, mbr(1000*mib, swap), lines).Compile()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Kind == ops.StepMakeFS && (s.UUID != want || s.Label != "s") {
				t.Errorf("%q makes it with UUID %q and label %q", lines, s.UUID, s.Label)
			}
		}
	}
}
