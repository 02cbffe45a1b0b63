package ops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shunt/model"
)

// changesOf lists what a new table makes of each partition, by number.
func changesOf(before, after model.Disk) string {
	var list, gone, added []string
	z := before.SectorSize
	for _, p := range numbered(before) {
		if _, stays := after.Partition(p.ID); !stays {
			gone = append(gone, sized(p, z))
		}
	}
	for _, p := range numbered(after) {
		was, ok := before.Partition(p.ID)
		switch by := p.Span.Len() - was.Span.Len(); {
		case !ok:
			added = append(added, sized(p, z))
		case by > 0:
			list = append(list, fmt.Sprintf("%s becomes %s longer", was.Ref(), amount(z.Bytes(by))))
		case by < 0:
			list = append(list, fmt.Sprintf("%s becomes %s shorter", was.Ref(), amount(z.Bytes(-by))))
		case p.Number != was.Number:
			list = append(list, fmt.Sprintf("%s becomes %s", was.Ref(), p.Ref()))
		case p.Type != was.Type || p.Role != was.Role || p.Name != was.Name || p.Attributes != was.Attributes || p.Active != was.Active ||
			p.UUID != was.UUID:
			list = append(list, was.Ref()+" changes its entry")
		}
	}
	list = slices.Concat(doing(gone, "vanishes", "vanish"), doing(added, "appears", "appear"), list)
	if len(list) == 0 {
		return "all partitions stay"
	}
	return strings.Join(shortened(list), "; ")
}

// numbered returns the partitions by number.
func numbered(d model.Disk) []model.Partition {
	list := d.Partitions()
	slices.SortFunc(list, func(a, b model.Partition) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// doing returns the sentence that names do something, or none.
func doing(names []string, one, several string) []string {
	switch names = shortened(names); len(names) {
	case 0:
		return nil
	case 1:
		return []string{names[0] + " " + one}
	}
	last := len(names) - 1
	return []string{strings.Join(names[:last], ", ") + " and " + names[last] + " " + several}
}

// shortened returns the first words of a long list, and how many are left out.
func shortened(list []string) []string {
	const most = 8
	if n := len(list); n > most+1 {
		return append(slices.Clone(list[:most]), fmt.Sprintf("%d more", n-most))
	}
	return list
}
