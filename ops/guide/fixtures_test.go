package guide

import (
	"fmt"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
)

const mib = testdisk.MiB

// env is a machine with the tools for ext and swap; XFS grows and never shrinks, FAT stays as it is, LUKS moves.
func env() ops.Env {
	const no = "it is not resized here"
	return ops.Env{Room: Room, Caps: ops.Capabilities{
		model.Ext4:    {MinSize: 256 * geometry.KiB, FreeKnown: true},
		model.FAT32:   {Grow: no, Shrink: no},
		model.Swap:    {Check: "swap space needs no check", MinSize: 40 * geometry.KiB},
		model.XFS:     {Shrink: "XFS cannot be shrunk"},
		model.LUKS:    {Grow: no, Shrink: no},
		model.ISO9660: {Grow: no, Shrink: no, Move: "an ISO 9660 file system holds absolute positions on the disk"},
	}}
}

// disk is what a test draws: "mbr 1000: 1 ext4 1-100 used 10; 2 swap 100-200". Positions are in MiB.
func disk(t testing.TB, text string) model.Disk {
	t.Helper()
	head, list, _ := strings.Cut(text, ":")
	var table string
	var size int64
	if _, err := fmt.Sscan(head, &table, &size); err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	var parts []model.Partition
	kind := model.TableMBR
	if table == "gpt" {
		kind = model.TableGPT
	}
	for _, p := range strings.Split(list, ";") {
		parts = append(parts, partition(t, kind, strings.Fields(p)))
	}
	return testdisk.Disk(kind, geometry.Sector(size)*mib, parts...)
}

// partition is NUMBER KIND START-END [used MIB] [esp] [active] [busy] [mounted].
func partition(t testing.TB, table model.TableKind, words []string) model.Partition {
	t.Helper()
	var p model.Partition
	var start, end int64
	if _, err := fmt.Sscanf(words[0]+" "+words[2], "%d %d-%d", &p.Number, &start, &end); err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	p.ID = model.PartID(p.Number)
	p.Span = geometry.Span{Start: geometry.Sector(start) * mib, End: geometry.Sector(end) * mib}
	p.FS = model.Filesystem{Kind: model.FSKind(words[1]), Used: -1, Size: geometry.Sector512.Bytes(p.Span.Len()), BlockSize: 4096}
	p.Type = model.DefaultType(table, model.Primary, p.FS.Kind)
	switch {
	case words[1] == "none":
		p.FS = model.Filesystem{}
	case words[1] == "extended":
		p.Role, p.FS, p.Type = model.Extended, model.Filesystem{}, model.MBRExtendedLBA
	case table == model.TableMBR && p.Number >= model.FirstLogical:
		p.Role, p.EBR = model.Logical, p.Span.Start
		p.Span.Start += mib
		p.FS.Size -= geometry.MiB
	}
	for i, word := range words {
		switch word {
		case "used":
			var used int64
			if _, err := fmt.Sscan(words[i+1], &used); err != nil {
				t.Fatal(err)
			}
			p.FS.Used = geometry.Bytes(used) * geometry.MiB
			p.FS.Min = p.FS.Used
		case "esp":
			p.Type, _ = model.TypeByAlias(table, "esp")
		case "active":
			p.Active = true
		case "busy":
			p.Use = model.Use{Kind: model.Held, Place: "device-mapper"}
		case "mounted":
			p.Use = model.Use{Kind: model.Mounted, Place: "/mnt"}
		}
	}
	return p
}

// told is what Plans answers, as text: a line for each plan and each impossibility.
func told(d model.Disk, plans []Plan, no []Impossible) string {
	var b strings.Builder
	z := d.SectorSize
	for _, p := range plans {
		fmt.Fprintf(&b, "  %s: copies %s, moves %d, risk %d+%d, has %s\n", p.Title(), geometry.FormatBytes(p.Copied),
			p.Moved, p.Risk.Boot, p.Risk.Shrunk, geometry.FormatBytes(z.Bytes(p.Len)))
	}
	for _, i := range no {
		fmt.Fprintf(&b, "  not %s: %s\n", i.What, i.Why)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// drawn is a disk and a wish for people who look into a failure.
func drawn(d model.Disk, w Wish) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %d sectors, fixed %v, %d to %d MiB:\n", d.Table.Kind, d.Sectors, d.Fixed, w.Part, w.Size/mib)
	for _, p := range d.Partitions() {
		fmt.Fprintf(&b, "  %d %s %s %d-%d MiB, %s used %d, %s\n", p.ID, p.Ref(), p.Role, p.Span.Start/mib, p.Span.End/mib, p.FS.Kind, p.FS.Used, p.Use)
	}
	return b.String()
}
