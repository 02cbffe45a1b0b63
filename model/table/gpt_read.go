package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
)

// report collects the problems of a disk.
type report []model.Problem

// maxProblems is how many problems are told. A table full of nonsense has tens of thousands.
const maxProblems = 50

// add tells a problem, unless there are more than anyone reads; the first fatal one is always told.
func (r *report) add(severity model.Severity, advice, format string, args ...any) {
	isFatal := func(p model.Problem) bool { return p.Severity == model.Fatal }
	if len(*r) >= maxProblems && (severity != model.Fatal || slices.ContainsFunc(*r, isFatal)) {
		return
	}
	*r = append(*r, model.Problem{Severity: severity, Text: fmt.Sprintf(format, args...), Advice: advice})
}

// readGPT is the model of a GPT and of all that is wrong with it.
func readGPT(v verdict, known []model.Problem) (model.Table, []model.Partition, []model.Problem) {
	problems := report(known)
	g := v.gpt
	c := g.chosen()
	if c == nil {
		noGPT(g, &problems)
		return model.Table{Kind: model.TableGPT}, nil, problems
	}
	t := model.Table{
		Kind:      model.TableGPT,
		Usable:    g.usable(),
		Slots:     c.header.count,
		EntrySize: c.header.entrySize,
		ID:        c.header.disk.String(),
	}
	if gptMarked(c.raw) {
		problems.unfinished()
	}
	copyProblems(&g, &problems)
	placeProblems(&g, t.Usable, &problems)
	if hybrid := mirrors(v.first); len(hybrid) > 0 {
		problems.add(model.Warning, "the other entries follow when their partition changes; check them with `gdisk` (command r, o)",
			"sector 0: hybrid MBR, %s beside the protective entry", plural(len(hybrid), "entry", "entries"))
	}
	entries, err := entriesOf(*c, g.z)
	if err != nil {
		problems.add(model.Fatal, "", "GPT at LBA %d: %v", c.at, err)
		return t, nil, problems
	}
	parts := gptPartitions(&g, t.Usable, entries, &problems)
	return t, parts, problems
}

// usable is where partitions may lie: what the header says or, if the backup has to move, what it will say
// once the table has been written with the backup at the end of the disk. The arrays are never in it.
func (g *gptDisk) usable() geometry.Span {
	c := g.chosen()
	u := c.header.usable()
	atEnd := g.sectors - 1 - c.header.arraySectors(g.z) // where the backup's array goes unless it has a good place
	switch {
	case g.displaced():
		u.End = atEnd
	case g.backup.fault == nil:
		u.End = min(u.End, g.backup.header.array)
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

func noGPT(g gptDisk, problems *report) {
	if g.otherSize != 0 {
		problems.add(model.Fatal, fmt.Sprintf("open it with --sector-size %d", g.otherSize),
			"the GPT on this disk was made for sectors of %d bytes, and it is opened with %d", g.otherSize, g.z)
		return
	}
	problems.add(model.Fatal,
		"if you have a copy of the table, restore it with the option --load-backup of sgdisk; `testdisk {target}` can look for the partitions",
		"both copies of the GPT are damaged: primary at LBA 1: %v; backup at LBA %d: %v",
		g.primary.fault, g.backup.at, g.backup.fault)
}

// copyProblems says which copies are bad, and whether they agree.
func copyProblems(g *gptDisk, problems *report) {
	const repaired = "it is made anew by the next change of the table; `sgdisk --verify {target}` shows the details"
	switch {
	case g.primary.fault != nil:
		problems.add(model.Warning, repaired, "primary GPT at LBA 1: %v; the backup at LBA %d is used instead",
			g.primary.fault, g.backup.at)
	case g.backup.fault == nil && !g.same():
		problems.add(model.Warning,
			"the primary is used and the next change overwrites the backup; compare them with `gdisk {target}` (commands r, c) first",
			"the GPT at LBA 1 and its backup at LBA %d are both whole but differ", g.backup.at)
	case g.backup.fault != nil && g.primary.header.other < g.sectors:
		problems.add(model.Warning, repaired, "backup GPT at LBA %d: %v", g.primary.header.other, g.backup.fault)
	}
	if c := g.chosen(); c.header.arraySpan(g.z).Overlaps(c.header.usable()) {
		problems.add(model.Fatal, "move the array with the option --move-main-table of sgdisk or shrink the usable range",
			"GPT at LBA %d: its entry array lies where partitions may lie", c.at)
	}
}

// placeProblems says what is wrong with the place of the backup: the disk grew, or was cut off.
func placeProblems(g *gptDisk, usable geometry.Span, problems *report) {
	c := g.chosen()
	place := g.backupPlace()
	switch {
	case place > g.sectors-1:
		problems.add(model.Warning, fmt.Sprintf("if the image was cut off by mistake, make it %d bytes long again: `truncate --size %d {target}`",
			int64(g.z.Bytes(place+1)), int64(g.z.Bytes(place+1))),
			"the GPT was made for %d sectors but the disk has %d; its backup is missing and is made anew by the next change of the table",
			place+1, g.sectors)
	case place < g.sectors-1:
		problems.add(model.Note, "the next change of the table moves it to the end, as `sgdisk --move-second-header {target}` does",
			"the disk is %d sectors longer than its GPT says; the backup is at LBA %d instead of the end", g.sectors-1-place, place)
	case c.header.last >= g.sectors-1:
		problems.add(model.Fatal, "repair the table with `gdisk {target}` (commands x, e)",
			"GPT at LBA %d: partitions may lie up to LBA %d, where the backup at LBA %d lies", c.at, c.header.last, place)
	}
	if usable.Empty() {
		problems.add(model.Warning, "make the disk longer", "the GPT leaves no room for partitions")
	}
}

// maxPartitions is how many partitions a GPT that is edited may have. Linux shows 256 of a disk at most. A table of 4 MiB
// can list 32768, and then every look at each pair of them takes seconds.
const maxPartitions = 1024

// gptPartitions turns entries into partitions and says which of them cannot be as they are.
func gptPartitions(g *gptDisk, usable geometry.Span, entries []gptEntry, problems *report) []model.Partition {
	const repair = "repair the table with `gdisk {target}` before changing anything"
	parts := make([]model.Partition, 0, len(entries))
	numbers := make(map[uuid.UUID]int, len(entries))
	for _, e := range entries {
		p, err := e.partition()
		if err != nil {
			problems.add(model.Fatal, repair, "%v", err)
			continue
		}
		if twin, twice := numbers[e.id]; twice {
			problems.add(model.Warning, "give one of them a new PARTUUID", "p%d and %s have the same PARTUUID %s", twin, p.Ref(), e.id)
		}
		numbers[e.id] = p.Number
		need := int64(g.z.Bytes(max(g.backupPlace()+1, p.Span.End)))
		switch cut := g.backupPlace() > g.sectors-1; {
		case p.Span.End > g.sectors, cut && p.Span.End > usable.End:
			problems.add(model.Fatal, fmt.Sprintf("if the image was cut off, make it %d bytes long again: `truncate --size %d {target}`", need, need),
				"%s ends at sector %d, but the disk has %d and the GPT needs the last %d of them",
				p.Ref(), p.Span.End, g.sectors, g.sectors-usable.End)
		case !usable.Encloses(p.Span):
			problems.add(model.Fatal, repair, "%s at sectors %s is outside the range for partitions, %s", p.Ref(), p.Span.Inclusive(), usable.Inclusive())
		}
		parts = append(parts, p)
	}
	if len(parts) > maxPartitions {
		problems.add(model.Fatal, "delete those that are not needed with `gdisk`",
			"the GPT has %d partitions; shunt edits tables of up to %d", len(parts), maxPartitions)
	}
	overlapProblems(parts, problems)
	return parts
}

// overlapProblems names partitions that share sectors with one before them; a handful is enough to tell.
func overlapProblems(parts []model.Partition, problems *report) {
	sorted := make([]*model.Partition, len(parts))
	for i := range parts {
		sorted[i] = &parts[i]
	}
	slices.SortStableFunc(sorted, func(a, b *model.Partition) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	for i, told := 1, 0; i < len(sorted) && told < 8; i++ {
		furthest, p := sorted[0], sorted[i]
		if furthest.Span.Overlaps(p.Span) {
			told++
			problems.add(model.Fatal, "repair the table with `gdisk` or `sfdisk` before changing anything",
				"%s at sectors %s and %s at sectors %s overlap", furthest.Ref(), furthest.Span.Inclusive(), p.Ref(), p.Span.Inclusive())
		}
		if p.Span.End > furthest.Span.End {
			sorted[0] = p // the one that reaches furthest is all that the next ones have to be held against
		}
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sameType reports whether two type codes are the same, "0x0F" and "0x0f" included.
func sameType(a, b model.PartType) bool { return strings.EqualFold(string(a), string(b)) }
