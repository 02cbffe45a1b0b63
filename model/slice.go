package model

import (
	"iter"
	"slices"

	"shunt/geometry"
)

// A Slice is a part of a partition, according to a table inside the partition. Shunt shows it and leaves it alone.
type Slice struct {
	Of    PartID
	Name  string        // "p2a"
	Table string        // "BSD disklabel"
	Span  geometry.Span // on the disk
	FS    Filesystem
	// within is where the partition was when its table was read.
	within geometry.Span
}

// WithSlices returns d with these parts of its partitions.
func (d Disk) WithSlices(list []Slice) Disk {
	d.inner = slices.Clone(list)
	for i, s := range d.inner {
		p, _ := d.Partition(s.Of)
		d.inner[i].within = p.Span
	}
	return d
}

// Slices iterates over the parts of p. There are none once p has changed its place or its size.
func (d Disk) Slices(p Partition) iter.Seq[Slice] {
	return func(yield func(Slice) bool) {
		for _, s := range d.inner {
			if s.Of == p.ID && s.within == p.Span && !yield(s) {
				return
			}
		}
	}
}
