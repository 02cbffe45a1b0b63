package scan

import (
	"cmp"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// A Place is a run of bytes in a partition.
type Place struct{ Off, Len geometry.Bytes }

// Superblocks returns where contents of a kind can have their superblocks, boot sectors or headers in a partition of some
// bytes. It returns none for kinds that have none at a fixed place.
func Superblocks(kind model.FSKind, size geometry.Bytes) (list []Place) {
	switch kind { // they have no fixed signature, but a fixed place
	case model.FAT12, model.FAT16, model.FAT32:
		return []Place{{0, 512}}
	case model.Swap, model.SwSuspend:
		return []Place{{0, 4 * geometry.KiB}}
	}
	for _, layer := range registry {
		for _, p := range layer {
			if p.kind != kind && !slices.Contains(p.also, kind) || p.find != nil {
				continue
			}
			for _, at := range p.places(int64(size)) {
				list = append(list, Place{geometry.Bytes(at), geometry.Bytes(cmp.Or(p.size, 512))})
			}
		}
	}
	return list
}
