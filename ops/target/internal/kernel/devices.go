package kernel

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// Devices lists the nodes of the block devices that can be edited: loop devices that are set up and other images that are
// shown as devices; physical disks only if they are allowed.
func (k Kernel) Devices(physical bool) []string {
	var list []Disk
	for _, name := range names(filepath.Join(k.sys, "block")) {
		dir, err := filepath.EvalSymlinks(filepath.Join(k.sys, "block", name))
		if err != nil {
			continue
		}
		d := Disk{Name: name, dir: dir}
		setUp := d.Text("size") != "0" && (!d.Is("loop") || d.Text("loop", "backing_file") != "")
		// Of disks in memory there are many on some machines, and nobody keeps an image there.
		if setUp && !d.Is("ram") && !d.Is("zram") && (physical || !k.Physical(d)) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Disk) int {
		return cmp.Or(cmp.Compare(stem(a.Name), stem(b.Name)), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	nodes := make([]string, len(list))
	for i, d := range list {
		nodes[i] = k.Node(d)
	}
	return nodes
}

// stem is a kernel's name without its number.
func stem(name string) string { return strings.TrimRight(name, "0123456789") }
