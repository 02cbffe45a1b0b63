package ops

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// Noun returns what an edit of a partition is called: "move".
func Noun(op Operation) string {
	switch op := op.(type) {
	case MoveResize:
		if op.Shift == 0 {
			return "resize"
		}
		return "move"
	case SetLabel:
		return "label"
	case SetName:
		return "name"
	case SetType:
		return "type"
	case SetFlag:
		return "flag"
	case Check:
		return "check"
	case Format:
		return "format"
	case NewUUID:
		return "new UUID"
	}
	return "edit"
}

// amount formats a distance or difference. Up to 10 GiB it uses MiB, as people do: "1024 MiB", not "1.00 GiB".
func amount(b geometry.Bytes) string {
	const most = 10 * geometry.GiB
	whole := (b + geometry.MiB/2) / geometry.MiB
	if b >= most || (b%geometry.MiB != 0 && whole < 100) {
		return geometry.FormatBytes(b)
	}
	return fmt.Sprintf("%d MiB", whole)
}

// exactAmount formats an amount, and adds the exact number of sectors if the text is rounded.
func exactAmount(n geometry.Sector, z geometry.SectorSize) string {
	return exactly(amount(z.Bytes(n)), n, z)
}

// AtMost formats the largest possible amount so that it can be typed: it is rounded down.
func AtMost(n geometry.Sector, z geometry.SectorSize) string { return exactly(rounded(n, z, 0), n, z) }

// AtLeast formats the smallest possible amount so that it can be typed: it is rounded up.
func AtLeast(n geometry.Sector, z geometry.SectorSize) string { return exactly(rounded(n, z, 1), n, z) }

// exactly returns the words for an amount, and adds the exact number of sectors if the words are rounded.
func exactly(words string, n geometry.Sector, z geometry.SectorSize) string {
	if b, err := geometry.ParseSize(words, z); err == nil && b == z.Bytes(n) {
		return words
	}
	return fmt.Sprintf("%s (%s)", words, n.Count())
}

// units lists the units of rounded, each with the smallest size that is shown in it.
var units = []struct {
	name        string
	size, least geometry.Bytes
}{
	{"B", 1, 0},
	{"KiB", geometry.KiB, geometry.KiB},
	{"MiB", geometry.MiB, geometry.MiB},
	{"GiB", geometry.GiB, 10 * geometry.GiB},
	{"TiB", geometry.TiB, geometry.TiB},
}

// rounded formats an amount with three digits. It rounds down, or up if up is 1.
func rounded(n geometry.Sector, z geometry.SectorSize, up geometry.Bytes) string {
	b := z.Bytes(n)
	if b%geometry.MiB == 0 && b < 10*geometry.GiB {
		return amount(b)
	}
	unit := units[0]
	for _, u := range units {
		if b >= u.least {
			unit = u
		}
	}
	digits, scale := 0, geometry.Bytes(1)
	switch {
	case b%unit.size == 0:
	case b < 10*unit.size:
		digits, scale = 2, 100
	case b < 100*unit.size:
		digits, scale = 1, 10
	}
	count, rest := b/unit.size*scale+b%unit.size*scale/unit.size, b%unit.size*scale%unit.size
	if rest > 0 {
		count += up
	}
	return fmt.Sprintf("%.*f %s", digits, float64(count)/float64(scale), unit.name)
}

// contents names the contents of a partition.
func contents(p model.Partition) string {
	switch {
	case p.Role == model.Extended:
		return "extended"
	}
	return p.FS.Word()
}

// sized formats a partition with its contents and size: "p2 (xfs, 483 MiB)", "p3 (unknown, 483 MiB, up to 12.0 MiB of
// data)".
func sized(p model.Partition, z geometry.SectorSize) string {
	words := []string{contents(p), geometry.FormatChosen(z.Bytes(p.Span.Len()))}
	if much := p.FS.Amount(); much != "" {
		words = append(words, much)
	}
	return p.Ref() + " (" + strings.Join(words, ", ") + ")"
}

// Covering names what is on a disk without a table: "the ext4 on the disk", "the disk (unknown, up to 3.00 MiB of data)".
func Covering(whole model.Filesystem) string {
	if whole.Known() {
		return "the " + whole.Word() + " on the disk"
	}
	return "the disk (" + whole.Described() + ")"
}

// renumbered returns a clause that names the logical partitions with new numbers, such as "; p6 becomes p5", or "".
func renumbered(before, after model.Disk) string {
	var from, to []string
	for _, p := range before.Logicals() {
		if q, ok := after.Partition(p.ID); ok && q.Number != p.Number {
			from, to = append(from, p.Ref()), append(to, q.Ref())
		}
	}
	switch n := len(from); n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("; %s becomes %s", from[0], to[0])
	case 2:
		return fmt.Sprintf("; %s and %s become %s and %s", from[0], from[1], to[0], to[1])
	default:
		return fmt.Sprintf("; %s to %s become %s to %s", from[0], from[n-1], to[0], to[n-1])
	}
}
