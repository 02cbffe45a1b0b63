package plan

import (
	"fmt"
	"strconv"

	"shunt/geometry"
	"shunt/model"
)

// writer collects the words of one line.
type writer struct {
	disk  model.Disk // that the line is to be read on
	words []string
}

func (w *writer) add(words ...string) { w.words = append(w.words, words...) }

// edit adds the words of an edit of a partition.
func (w *writer) edit(verb string, id model.PartID, words ...string) {
	w.add(verb, w.number(id))
	w.add(words...)
}

// number is how the line calls a partition.
func (w *writer) number(id model.PartID) string {
	p, _ := w.disk.Partition(id)
	return strconv.Itoa(p.Number)
}

// size is a length without loss: "1.5GiB", "483MiB", "987903s".
func (w *writer) size(n geometry.Sector) string {
	b := w.disk.SectorSize.Bytes(n)
	if b > geometry.GiB && b%geometry.GiB == geometry.GiB/2 {
		return fmt.Sprintf("%d.5GiB", b/geometry.GiB)
	}
	if b%geometry.MiB != 0 {
		return sectors(n)
	}
	return geometry.FormatExact(b, w.disk.SectorSize)
}

// distance is a distance without loss: "1024MiB", "63s".
func (w *writer) distance(n geometry.Sector) string {
	b := w.disk.SectorSize.Bytes(n)
	if b%geometry.MiB != 0 {
		return sectors(n)
	}
	return fmt.Sprintf("%dMiB", b/geometry.MiB)
}

// sectors is a position: one given in sectors is never rounded to the grid.
func sectors(n geometry.Sector) string { return fmt.Sprintf("%ds", n) }
