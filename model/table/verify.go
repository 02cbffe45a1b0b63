package table

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"shunt/model"
)

// field is a field of a table with its actual and its wanted value. Both are printable and comparable.
type field struct {
	what      string
	got, want any
}

// differing describes the first field that does not have its wanted value. It returns "" if all do.
func differing(fields ...field) string {
	for _, f := range fields {
		if f.got != f.want {
			return fmt.Sprintf("%s is %v, not %v", f.what, f.got, f.want)
		}
	}
	return ""
}

// difference describes the first field of the table in which got differs from want, or returns "". Where want has no
// table ID or PARTUUID, any is accepted. The PARTUUIDs of an MBR are not compared, because they follow from its ID and
// the numbers.
func difference(got, want model.Disk) string {
	g, w := got.Table, want.Table
	diff := differing(field{"the kind of table", g.Kind, w.Kind}, field{"the size in sectors", got.Sectors, want.Sectors})
	if diff != "" || g.Kind == model.TableNone {
		return diff
	}
	if diff := differing(
		field{"the range for partitions", g.Usable.Inclusive(), w.Usable.Inclusive()},
		field{"the number of slots", g.Slots, w.Slots},
		field{"the size of an entry", g.EntrySize, cmp.Or(w.EntrySize, g.EntrySize)},
		field{"the place of the entries", g.Array, cmp.Or(w.Array, g.Array)},
		field{"the active flag of the protective MBR", g.Boot, w.Boot},
		field{"the table's ID", strings.ToLower(g.ID), strings.ToLower(cmp.Or(w.ID, g.ID))},
	); diff != "" {
		return diff
	}
	for p := range got.Each() {
		if _, ok := want.ByNumber(p.Number); !ok {
			return p.Ref() + " should not be there"
		}
	}
	for p := range want.Each() {
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
	diff := differing(
		field{"its place", got.Span.Inclusive(), want.Span.Inclusive()},
		field{"its role", got.Role, want.Role},
		field{"its type", strings.ToLower(string(got.Type)), strings.ToLower(string(want.Type))},
		field{"its boot record", got.EBR, want.EBR},
		field{"its boot flag", got.Active, want.Active},
	)
	if diff != "" || kind == model.TableMBR {
		return diff
	}
	return differing(
		field{"its entry in the hybrid MBR", got.Mirror, want.Mirror},
		field{"its name", strconv.Quote(got.Name), strconv.Quote(want.Name)},
		field{"its attributes", fmt.Sprintf("%#x", got.Attributes), fmt.Sprintf("%#x", want.Attributes)},
		field{"its PARTUUID", strings.ToLower(got.UUID), strings.ToLower(cmp.Or(want.UUID, got.UUID))},
	)
}

// sameTable reports whether two disks have the same table, including the identity of each partition.
func sameTable(a, b model.Disk) bool {
	if difference(a, b) != "" || difference(b, a) != "" {
		return false
	}
	for p := range a.Each() {
		if q, _ := b.ByNumber(p.Number); q.ID != p.ID {
			return false
		}
	}
	return true
}
