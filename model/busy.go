package model

// Use is what a partition is used for on the running system.
type Use struct {
	Why       string // Partition.Busy
	MountedAt string // Partition.MountedAt
}

// InUse is d with its partitions marked that are in use, by their numbers; all others are not. An extended partition is
// as busy as what lies in it, which is for those to find out whom it concerns: it is not marked.
func (d Disk) InUse(uses map[int]Use) Disk {
	parts := d.Partitions()
	for i := range parts {
		use := uses[parts[i].Number]
		if parts[i].Role == Extended {
			use = Use{}
		}
		parts[i].Busy, parts[i].MountedAt = use.Why, use.MountedAt
	}
	return d.WithPartitions(parts)
}

// Steady is d without what changes by itself: of file systems that are in use only the kind counts, and not by whom
// they are used. Two scans of a disk that nobody edits have the same Steady.
func (d Disk) Steady() Disk {
	parts := d.Partitions()
	for i := range parts {
		if parts[i].Busy != "" {
			parts[i].FS = Filesystem{Kind: parts[i].FS.Kind}
			parts[i].Busy, parts[i].MountedAt = "in use", ""
		}
	}
	return d.WithPartitions(parts)
}
