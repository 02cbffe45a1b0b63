package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/diskfs/go-diskfs/partition/gpt"

	"shunt/geometry"
	"shunt/model"
)

// readGPT returns the model of a GPT and adds its faults to problems.
func readGPT(g *gptDisk, problems *report) (model.Table, []model.Partition) {
	c := g.chosen()
	if c == nil {
		noGPT(g, problems)
		return model.Table{Kind: model.TableGPT}, nil
	}
	t := model.Table{
		Kind:      model.TableGPT,
		Usable:    g.usable(),
		Slots:     int(c.header.Count),
		EntrySize: int(c.header.EntrySize),
		Boot:      slices.ContainsFunc(slots(g.first), func(e mbrEntry) bool { return e.protective() && e.active }),
		ID:        guidFromDisk(c.header.Disk[:]).String(),
	}
	if array, err := g.primaryArray(); err == nil { // else its sectors cannot be read, and an edit fails
		t.Array = array
	}
	if gptMark.in(c.raw) {
		problems.unfinished()
	}
	copyProblems(g, problems)
	placeProblems(g, t.Usable, problems)
	hybridProblems(g, problems)
	entries, err := entriesOf(*c)
	if err != nil {
		problems.fatal("", "GPT at LBA %s: %v", c.at, err)
		problems.plainly("The list of partitions cannot be understood.")
		return t, nil
	}
	parts := gptPartitions(g, t.Usable, entries, problems)
	t.Strays = readMirrors(g.first, parts)
	return t, parts
}

// hybridProblems reports entries of sector 0 that do not protect the GPT.
func hybridProblems(g *gptDisk, problems *report) {
	hybrid := len(mirrors(g.first))
	if hybrid == 0 {
		return
	}
	count := "1 entry"
	if hybrid > 1 {
		count = fmt.Sprintf("%d entries", hybrid)
	}
	problems.sound(model.Warning, "the other entries follow when their partition changes; check them with `gdisk` (command r, o)",
		"sector 0: hybrid MBR, %s beside the protective entry", count)
	problems.plainly("The first sector lists partitions of its own, for systems that do not know GPT (a hybrid MBR).")
}

// usable returns the range in which partitions may be, which never includes the arrays. It is the header's range, or, if
// the backup must move, the range after the next write has put the backup at the end of the disk.
func (g *gptDisk) usable() geometry.Span {
	c := g.chosen()
	u := c.header.usable()
	atEnd := g.sectors - 1 - c.header.arraySectors(g.z) // where the backup's array goes if it must move
	switch {
	case g.displaced():
		u.End = atEnd
	case g.backup.fault == nil:
		u.End = min(u.End, g.backup.header.Array)
	default:
		u.End = min(u.End, atEnd)
	}
	if array := c.header.arraySpan(g.z); c == &g.primary && array.Start <= u.Start {
		u.Start = max(u.Start, array.End)
	}
	u.Start = max(u.Start, 2)
	u.End = max(u.End, u.Start)
	return u
}

// noGPT reports why neither copy is whole.
func noGPT(g *gptDisk, problems *report) {
	if g.otherSize != 0 {
		problems.barred(fmt.Sprintf("open it with --sector-size %d", g.otherSize),
			"the GPT on this disk is for sectors of %d bytes, but the disk was opened with %d", g.otherSize, g.z)
		problems.plainly("The partition table is for sectors of %d bytes: open the disk with --sector-size %d.", g.otherSize, g.otherSize)
		return
	}
	problems.fatal("if you have a copy of the table, restore it with the option --load-backup of sgdisk; "+
		"`shunt rescue {target}` looks for the partitions",
		"both copies of the GPT are damaged: primary at LBA 1: %v; backup at LBA %s: %v",
		g.primary.fault, g.backup.at, g.backup.fault)
	problems.plainly("Both copies of the partition table are damaged.")
}

const nextRepairs = "The next change of the table repairs it."

// copyProblems reports which copies are damaged and whether the two agree.
func copyProblems(g *gptDisk, problems *report) {
	const repaired = "it is rebuilt by the next change of the table; `sgdisk --verify {target}` shows the details"
	switch {
	case g.primary.fault != nil:
		problems.damage(repaired, "primary GPT at LBA 1: %v; the backup at LBA %s is used instead", g.primary.fault, g.backup.at)
		problems.plainly("The first copy of the partition table is damaged; the second is in use. %s", nextRepairs)
	case g.backup.fault == nil && !g.same():
		problems.damage("the primary is used and the next change overwrites the backup; "+
			"compare them with `gdisk {target}` (commands r, c) first",
			"the GPT at LBA 1 and its backup at LBA %s are both whole but differ", g.backup.at)
		problems.plainly("The two copies of the partition table differ; the first is in use. " +
			"The next change of the table overwrites the second.")
	case g.backup.fault != nil && g.primary.header.Other < g.sectors:
		problems.damage(repaired, "backup GPT at LBA %s: %v", g.primary.header.Other, g.backup.fault)
		problems.plainly("The second copy of the partition table is damaged; the first is in use. %s", nextRepairs)
	}
	if c := g.chosen(); c.header.arraySpan(g.z).Overlaps(c.header.usable()) {
		problems.fatal("move the array with the option --move-main-table of sgdisk or shrink the usable range",
			"GPT at LBA %s: its entry array is where partitions may be", c.at)
		problems.plainly("The partition table lies where partitions may be.")
	}
}

// placeProblems reports whether the backup is at the wrong place because the disk grew or was cut off.
func placeProblems(g *gptDisk, usable geometry.Span, problems *report) {
	c := g.chosen()
	place := g.backupPlace()
	switch {
	case place > g.sectors-1:
		problems.warn(cutOff(int64(g.z.Bytes(place+1))), "the GPT was made for %s sectors but the disk has %s; "+
			"its backup is missing and is rebuilt by the next change of the table", place+1, g.sectors)
		problems.plainly("The disk is shorter than its partition table says: its end may be missing, and with it the second copy of the table.")
	case place < g.sectors-1:
		problems.note("the next change of the table moves it to the end, as `sgdisk --move-second-header {target}` does",
			"the disk is %s sectors longer than its GPT says; the backup is at LBA %s instead of the end",
			g.sectors-1-place, place)
	case c.header.Last >= g.sectors-1:
		problems.fatal("repair the table with `gdisk {target}` (commands x, e)",
			"GPT at LBA %s: partitions may extend to LBA %s, over the backup at LBA %s", c.at, c.header.Last, place)
		problems.plainly("The partition table allows partitions to lie over its own second copy.")
	}
	if usable.Empty() {
		problems.warn("make the disk longer", "the GPT leaves no room for partitions")
	}
}

// maxPartitions is the largest number of partitions in a GPT that shunt edits. Linux shows at most 256 of a disk. A table
// of 4 MiB can list 32768, and comparing every pair of them takes seconds.
const maxPartitions = 1024

// gptPartitions converts entries to partitions and reports invalid ones.
func gptPartitions(g *gptDisk, usable geometry.Span, entries []*gpt.Partition, problems *report) []model.Partition {
	const repair = "repair the table with `gdisk {target}` before changing anything"
	parts := make([]model.Partition, 0, len(entries))
	numbers := make(map[string]int, len(entries))
	place := g.backupPlace()
	for _, e := range entries {
		if e.Start > e.End || e.End >= maxLBA {
			problems.fatal(repair, "p%d: sectors %s to %s are not a valid range", e.Index, geometry.Sector(e.Start), geometry.Sector(e.End))
			continue
		}
		p := model.Partition{
			Number: e.Index, Role: model.Primary, Type: model.PartType(e.Type), Name: e.Name, UUID: strings.ToLower(e.GUID),
			Span:       geometry.Span{Start: geometry.Sector(e.Start), End: geometry.Sector(e.End) + 1},
			Attributes: e.Attributes,
		}
		if twin, twice := numbers[p.UUID]; twice {
			problems.warn("give one of them a new PARTUUID", "p%d and %s have the same PARTUUID %s", twin, p.Ref(), p.UUID)
		}
		numbers[p.UUID] = p.Number
		if p.Span.End > g.sectors || place > g.sectors-1 && p.Span.End > usable.End {
			array := g.chosen().header.arraySectors(g.z)
			problems.cut(p.Span.End+array+1, cutOff(int64(g.z.Bytes(max(place+1, p.Span.End)))),
				"%s ends at sector %s, but the disk has %s and the GPT needs the last %s of them",
				p.Ref(), p.Span.End, g.sectors, g.sectors-usable.End)
		}
		parts = append(parts, p)
	}
	if len(parts) > maxPartitions {
		problems.sound(model.Fatal, "delete those that are not needed with `gdisk`",
			"the GPT has %d partitions; shunt edits tables of up to %d", len(parts), maxPartitions)
	}
	return parts
}

// sameType reports whether two type codes are the same in any letter case: "0x0F" and "0x0f".
func sameType(a, b model.PartType) bool { return strings.EqualFold(string(a), string(b)) }
