package fstab

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
)

// A Mount says where a partition is to be mounted.
type Mount struct {
	Part model.Partition
	Dir  string // from the root of the system: "/", "/boot"
	// Subvolume is the one to mount, of a file system that has several roots; "" if none is named.
	Subvolume string
	ReadOnly  bool
}

// A Left is a line that is not followed.
type Left struct {
	Source, Dir string
	Why         model.Reason
}

// Layout returns what an fstab says of the partitions of a disk, parents before what is mounted in them. Of the options
// only "ro" and the subvolume count.
func Layout(d model.Disk, text string) (mounts []Mount, left []Left) {
	at := map[string]bool{}
	for _, l := range parse(text) {
		dir := path.Clean(l.dir)
		if l.kind == "swap" || !strings.HasPrefix(l.dir, "/") || virtual(l.source) {
			continue
		}
		no := func(why model.Reason) { left = append(left, Left{l.source, l.dir, why}) }
		i := slices.IndexFunc(d.Partitions(), func(p model.Partition) bool { return means(l.source, p) })
		switch {
		case slices.Contains(strings.Split(l.dir, "/"), ".."):
			no("its directory leads upwards")
		case at[dir]:
			no("another line of /etc/fstab has the same directory")
		case i < 0:
			no("it is not a partition of this image")
		default:
			m := l.mount(d.Partitions()[i], dir)
			if j := slices.IndexFunc(mounts, m.again); j >= 0 {
				no(model.Because("it is mounted at %s already, or another disk is meant", safetext.Printable(mounts[j].Dir)))
				continue
			}
			at[dir] = true
			mounts = append(mounts, m)
		}
	}
	slices.SortStableFunc(mounts, func(a, b Mount) int { return cmp.Compare(depth(a.Dir), depth(b.Dir)) })
	return mounts, left
}

func (l line) mount(p model.Partition, dir string) Mount {
	m := Mount{Part: p, Dir: dir}
	for o := range strings.SplitSeq(l.options, ",") {
		if sub, ok := strings.CutPrefix(o, "subvol="); ok {
			m.Subvolume = sub
		}
		m.ReadOnly = m.ReadOnly || o == "ro"
	}
	return m
}

// again reports whether other mounts the same files.
func (m Mount) again(other Mount) bool {
	return m.Part.Number == other.Part.Number && m.Subvolume == other.Subvolume
}

// depth returns how many directories lead to a directory.
func depth(dir string) int {
	if dir == "/" {
		return 0
	}
	return strings.Count(dir, "/")
}

// virtual reports whether a source is no device.
func virtual(source string) bool {
	return !strings.HasPrefix(source, "/") && !strings.Contains(source, "=")
}
