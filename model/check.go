package model

import (
	"fmt"

	"shunt/geometry"
)

// Check returns every broken invariant of d. If there are none, d can be written as it is. A problem is fatal if no table
// can express it or if two partitions would share a sector.
func Check(d Disk) []Problem {
	c := checker{disk: d}
	if !d.SectorSize.Valid() {
		c.fatal("the sector size %d is neither 512 nor 4096", d.SectorSize)
		return c.problems // without it no other number has a meaning
	}
	c.table()
	c.numbers()
	for i, p := range d.parts {
		c.partition(p)
		for j := i + 1; j < len(d.parts) && d.parts[j].Span.Start < p.Span.End; j++ {
			c.pair(p, d.parts[j]) // the partitions behind it begin behind p as well
		}
	}
	c.chain()
	return c.problems
}

type checker struct {
	disk     Disk
	problems []Problem
}

func (c *checker) fatal(format string, args ...any) {
	c.problems = append(c.problems, Problem{Severity: Fatal, Text: fmt.Sprintf(format, args...)})
}

// chainFatal is fatal for a fault in the chain of boot records of logical partitions.
func (c *checker) chainFatal(format string, args ...any) {
	c.fatal(format, args...)
	c.problems[len(c.problems)-1].Plain = "The list of logical partitions is damaged."
}

func (c *checker) table() {
	d := c.disk
	if d.Sectors <= 0 {
		c.fatal("the disk has no sectors")
	}
	if d.Table.Kind == TableNone {
		if len(d.parts) > 0 {
			c.fatal("there are %d partitions but no partition table", len(d.parts))
		}
		return
	}
	u := d.Table.Usable
	if u.Start < 1 || u.End < u.Start || !d.Span().Encloses(u) {
		c.fatal("the range for partitions, sectors %s, does not lie on the disk of %s sectors", u.Inclusive(), d.Sectors)
	}
	if d.Table.Kind == TableMBR && u.End > MBRSectors {
		c.fatal("the range for partitions, sectors %s, reaches beyond the 2^32 sectors an MBR can address", u.Inclusive())
	}
}

func (c *checker) numbers() {
	d := c.disk
	if d.Table.Kind == TableNone {
		return
	}
	ids, numbers, roles := map[PartID]bool{}, map[int]bool{}, map[Role]int{}
	for _, p := range d.parts {
		if ids[p.ID] {
			c.fatal("two partitions have the identity %d", p.ID)
		}
		if numbers[p.Number] {
			c.fatal("two partitions have the number %d", p.Number)
		}
		ids[p.ID], numbers[p.Number] = true, true
		roles[p.Role]++
		if p.Role != Logical && (p.Number < 1 || p.Number > d.Table.Slots) {
			c.fatal("%s is outside the %d slots of the table", p.Ref(), d.Table.Slots)
		}
		if p.Role != Primary && d.Table.Kind == TableGPT {
			c.fatal("%s is %s, which a GPT does not have", p.Ref(), p.Role)
		}
	}
	extended, logicals := roles[Extended], roles[Logical]
	if extended > 1 {
		c.fatal("there are %d extended partitions; an MBR can have one", extended)
	}
	if extended == 0 && logicals > 0 {
		c.fatal("there are logical partitions but no extended partition")
	}
	for n := FirstLogical; n < FirstLogical+logicals; n++ {
		if !numbers[n] {
			c.fatal("there are %d logical partitions but none has the number %d", logicals, n)
		}
	}
}

func (c *checker) partition(p Partition) {
	d := c.disk
	if p.Span.Empty() {
		c.fatal("%s ends at sector %s and starts behind that, at %s", p.Ref(), p.Span.End-1, p.Span.Start)
		return
	}
	if d.Table.Kind != TableNone && !d.Table.Usable.Encloses(p.Span) && !d.Beneath(p) {
		c.fatal("%s at sectors %s is outside the range for partitions, %s",
			p.Ref(), p.Span.Inclusive(), d.Table.Usable.Inclusive())
	}
	if d.Table.Kind == TableMBR && p.Span.Len() >= MBRSectors {
		c.fatal("%s is %s sectors long; an MBR entry holds less than 2^32", p.Ref(), p.Span.Len())
	}
	if p.Mirror.Slot != 0 && p.Span.End > MBRSectors {
		c.fatal("%s at %s is in the hybrid MBR too, which ends at sector 2^32", p.Ref(), p.Span.Named())
	}
	if p.Role != Logical && p.EBR != 0 {
		c.fatal("%s is %s but has a boot record at sector %s", p.Ref(), p.Role, p.EBR)
	}
}

func (c *checker) pair(p, q Partition) {
	if c.disk.collide(p, q) {
		c.fatal("%s at %s and %s at %s overlap", p.Ref(), p.Span.Named(), q.Ref(), q.Span.Named())
	}
}

// collide reports whether p and q, which follows it in the order of the disk, share sectors and must not.
func (d Disk) collide(p, q Partition) bool {
	switch {
	case !p.Span.Overlaps(q.Span):
		return false
	case p.Role == Extended && q.Role == Logical || p.Role == Logical && q.Role == Extended:
		return false // chain checks whether the logical partition is inside
	}
	return !d.Beneath(p) || p.Span.Start != 0 || !p.Span.Encloses(q.Span) // as in an ISO image for sticks
}

func (c *checker) chain() {
	ext, ok := c.disk.Extended()
	if !ok {
		return
	}
	chain := c.disk.Logicals()
	taken := map[geometry.Sector]string{}
	for i, p := range chain {
		if !ext.Span.Encloses(p.Span) {
			c.fatal("%s at sectors %s is not inside the extended partition %s, %s",
				p.Ref(), p.Span.Inclusive(), ext.Ref(), ext.Span.Inclusive())
		}
		if i == 0 && p.EBR != ext.Span.Start {
			c.chainFatal("the boot record of %s at sector %s is not the first sector of the extended partition", p.Ref(), p.EBR)
		}
		if p.EBR >= p.Span.Start || !ext.Span.Contains(p.EBR) {
			c.chainFatal("the boot record of %s at sector %s is not before it inside the extended partition", p.Ref(), p.EBR)
		}
		if other, twice := taken[p.EBR]; twice {
			c.chainFatal("%s and %s have the same boot record at sector %s", other, p.Ref(), p.EBR)
		}
		taken[p.EBR] = p.Ref()
		for _, q := range chain {
			if q.ID != p.ID && q.Span.Contains(p.EBR) {
				c.chainFatal("the boot record of %s at sector %s lies inside %s", p.Ref(), p.EBR, q.Ref())
			}
		}
	}
}
