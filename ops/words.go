package ops

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// amount is a distance or difference for people. Up to 10 GiB it counts in MiB, since that is the unit
// people give distances in: "1024 MiB", not "1.00 GiB".
func amount(b geometry.Bytes) string {
	const most = 10 * geometry.GiB
	whole := (b + geometry.MiB/2) / geometry.MiB
	if b >= most || (b%geometry.MiB != 0 && whole < 100) {
		return geometry.FormatBytes(b)
	}
	return fmt.Sprintf("%d MiB", whole)
}

// bound is an amount that can be typed back without being refused: where the words for people round it,
// the exact number of sectors follows.
func bound(n geometry.Sector, z geometry.SectorSize) string {
	b := z.Bytes(n)
	if b%geometry.MiB == 0 {
		return amount(b)
	}
	return fmt.Sprintf("%s (%ds)", amount(b), n)
}

// exactSize is a length for plan files, without loss: "1.5GiB", "483MiB", "987903s".
func exactSize(n geometry.Sector, z geometry.SectorSize) string {
	b := z.Bytes(n)
	if b > geometry.GiB && b%geometry.GiB == geometry.GiB/2 {
		return fmt.Sprintf("%d.5GiB", b/geometry.GiB)
	}
	if b%geometry.MiB != 0 {
		return exactSectors(n)
	}
	return geometry.FormatExact(b, z)
}

// exactDistance is a distance for plan files, without loss: "1024MiB", "63s".
func exactDistance(n geometry.Sector, z geometry.SectorSize) string {
	b := z.Bytes(n)
	if b%geometry.MiB != 0 {
		return exactSectors(n)
	}
	return fmt.Sprintf("%dMiB", b/geometry.MiB)
}

// exactSectors is a position for plan files: one given in sectors is never rounded to the grid.
func exactSectors(n geometry.Sector) string { return fmt.Sprintf("%ds", n) }

// quoted is text as a plan file takes it back.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// contents names what is in a partition.
func contents(p model.Partition) string {
	switch {
	case p.Role == model.Extended:
		return "extended"
	case p.FS.Known():
		return string(p.FS.Kind)
	}
	return "unformatted"
}

// sized is a partition with what is in it: "p2 (xfs, 483 MiB)".
func sized(p model.Partition, z geometry.SectorSize) string {
	return fmt.Sprintf("%s (%s, %s)", p.Ref(), contents(p), geometry.FormatBytes(z.Bytes(p.Span.Len())))
}

// renumbered tells which logical partitions change their number, as a clause to put behind the edit that
// makes them: "; p6 becomes p5". It is "" if none does.
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
	default:
		return fmt.Sprintf("; %s to %s become %s to %s", from[0], from[n-1], to[0], to[n-1])
	}
}
