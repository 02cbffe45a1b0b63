package model

import "shunt/geometry"

// Loader is a boot loader that the boot code in sector 0 finds by its position on the disk. The zero Loader stands for none
// that shunt knows.
type Loader struct {
	Name string // "GRUB"
	// Core holds the sectors that are loaded. The boot code names the first of them, and the first one names the others.
	Core geometry.Span
}

// LoaderIn reports whether p holds the whole boot loader that the boot code in sector 0 finds by its position.
func (d Disk) LoaderIn(p Partition) bool {
	return p.Role != Extended && !d.Loader.Core.Empty() && p.Span.Encloses(d.Loader.Core)
}
