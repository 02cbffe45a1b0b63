package table

import (
	"fmt"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/dump"
)

// A Reading is one way to understand a table that is damaged or contradicts itself.
type Reading struct {
	Name  string // "first", "backup", "lower", "higher"
	Text  string // what it is, for people
	Table dump.Table
}

// Readings returns the ways to understand the table on r, a disk of size bytes with sectors of size z: the two copies of a
// GPT that are whole and differ, or the one that is whole; and, where partitions overlap or do not fit on the disk, those
// that fit when the lower or the higher numbers come first. There are none if nothing is wrong. The error is that of Read.
func Readings(r io.ReaderAt, size int64, z geometry.SectorSize) ([]Reading, error) {
	d, err := Read(r, size, z)
	if err != nil || !slices.ContainsFunc(d.Problems(), func(p model.Problem) bool { return p.InTable }) {
		return nil, err
	}
	var list []Reading
	if d.Table.Kind == model.TableGPT {
		src, err := newSource(r, z, d.Sectors)
		if err != nil {
			return nil, err
		}
		g, err := loadGPT(src)
		if err != nil {
			return nil, err
		}
		for _, c := range []struct {
			copy gptCopy
			name string
		}{{g.primary, "first"}, {g.backup, "backup"}} {
			if c.copy.fault != nil {
				continue
			}
			alone := g
			alone.primary, alone.backup = c.copy, c.copy
			table, parts := readGPT(&alone, &report{})
			list = append(list, Reading{
				Name: c.name, Text: fmt.Sprintf("the %s copy of the GPT, at sector %s", map[string]string{"first": "first", "backup": "backup"}[c.name], c.copy.at),
				Table: dump.Of(model.New(model.Disk{SectorSize: z, Sectors: d.Sectors, Table: ranged(table, d)}, parts, nil)),
			})
		}
	}
	if d.ReadOnly().OK() || d.Table.Kind == model.TableNone || len(d.Partitions()) == 0 {
		return list, nil
	}
	return append(list, fitting(d)...), nil
}

// ranged returns the table with a range for partitions that the disk has.
func ranged(t model.Table, d model.Disk) model.Table {
	fresh := model.FreshTable(t.Kind, d.Sectors, d.SectorSize)
	t.Usable = t.Usable.Intersect(fresh.Usable)
	if t.Usable.Empty() {
		t.Usable = fresh.Usable
	}
	return t
}

// fitting returns the readings of a disk without the partitions that are in the way of others.
func fitting(d model.Disk) []Reading {
	t := ranged(d.Table, d)
	var list []Reading
	for _, name := range []string{"lower", "higher"} {
		parts := dump.Of(d).Parts
		if name == "higher" {
			slices.Reverse(parts)
		}
		var kept []model.Partition
		var gone []string
		for _, p := range parts {
			inTheWay := func(q model.Partition) bool {
				around := p.Role == model.Extended && q.Role == model.Logical && p.Span.Encloses(q.Span) ||
					q.Role == model.Extended && p.Role == model.Logical && q.Span.Encloses(p.Span)
				return p.Span.Overlaps(q.Span) && !around
			}
			if !t.Usable.Encloses(p.Span) || p.Span.Empty() || slices.ContainsFunc(kept, inTheWay) {
				gone = append(gone, p.Ref())
				continue
			}
			kept = append(kept, p)
		}
		if len(gone) == 0 {
			return nil // what is wrong is something else
		}
		for i := range kept {
			kept[i].ID = model.PartID(i + 1)
		}
		after := model.New(model.Disk{SectorSize: d.SectorSize, Sectors: d.Sectors, Table: t}, kept, nil)
		list = append(list, Reading{
			Name: name, Text: fmt.Sprintf("the partitions that fit, %s numbers first: without %s", name, joined(gone)), Table: dump.Of(after),
		})
	}
	if len(list) == 2 && list[0].Table.String() == list[1].Table.String() {
		list = list[:1]
	}
	return list
}

// joined lists the first names of a list.
func joined(names []string) string {
	const most = 6
	text := ""
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	if n := len(names) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
