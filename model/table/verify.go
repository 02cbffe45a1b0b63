package table

import (
	"fmt"
	"strings"

	"shunt/model"
)

// difference says in which field of the table the disk that was read differs from the one that is wanted,
// "" if in none. What want leaves open matches anything: its table ID and the PARTUUIDs of its partitions.
// The PARTUUIDs of an MBR follow from its ID and the numbers and are not compared.
func difference(got, want model.Disk) string {
	differ := func(what string, got, want any) string {
		return fmt.Sprintf("%s is %v, not %v", what, got, want)
	}
	g, w := got.Table, want.Table
	switch {
	case g.Kind != w.Kind:
		return differ("the kind of table", g.Kind, w.Kind)
	case got.Sectors != want.Sectors:
		return differ("the size in sectors", got.Sectors, want.Sectors)
	case g.Kind == model.TableNone:
		return ""
	case g.Usable != w.Usable:
		return differ("the range for partitions", g.Usable.Inclusive(), w.Usable.Inclusive())
	case g.Slots != w.Slots:
		return differ("the number of slots", g.Slots, w.Slots)
	case g.EntrySize != w.EntrySize && w.EntrySize != 0:
		return differ("the size of an entry", g.EntrySize, w.EntrySize)
	case w.ID != "" && !strings.EqualFold(g.ID, w.ID):
		return differ("the table's ID", g.ID, w.ID)
	}
	for _, p := range got.Partitions() {
		if _, ok := want.ByNumber(p.Number); !ok {
			return p.Ref() + " should not be there"
		}
	}
	for _, p := range want.Partitions() {
		q, ok := got.ByNumber(p.Number)
		if !ok {
			return p.Ref() + " is missing"
		}
		if diff := partitionDifference(w.Kind, q, p); diff != "" {
			return p.Ref() + ": " + diff
		}
	}
	return ""
}

func partitionDifference(kind model.TableKind, got, want model.Partition) string {
	differ := func(what string, got, want any) string {
		return fmt.Sprintf("%s is %v, not %v", what, got, want)
	}
	switch {
	case got.Span != want.Span:
		return differ("its place", got.Span.Inclusive(), want.Span.Inclusive())
	case got.Role != want.Role:
		return differ("its role", got.Role, want.Role)
	case !sameType(got.Type, want.Type):
		return differ("its type", got.Type, want.Type)
	case got.EBR != want.EBR:
		return differ("its boot record", got.EBR, want.EBR)
	case got.Active != want.Active:
		return differ("its boot flag", got.Active, want.Active)
	case kind == model.TableMBR:
		return ""
	case got.Name != want.Name:
		return fmt.Sprintf("its name is %q, not %q", got.Name, want.Name)
	case got.Attributes != want.Attributes:
		return fmt.Sprintf("its attributes are %#x, not %#x", got.Attributes, want.Attributes)
	case want.UUID != "" && !strings.EqualFold(got.UUID, want.UUID):
		return differ("its PARTUUID", got.UUID, want.UUID)
	}
	return ""
}

// sameTable reports whether two disks have the same table, down to the identity of each partition.
func sameTable(a, b model.Disk) bool {
	if difference(a, b) != "" || difference(b, a) != "" {
		return false
	}
	for _, p := range a.Partitions() {
		if q, _ := b.ByNumber(p.Number); q.ID != p.ID {
			return false
		}
	}
	return true
}
