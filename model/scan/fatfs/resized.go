package fatfs

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// fewest returns the smallest number of clusters of the same kind of FAT. A FAT32 volume that is already smaller may shrink
// further: its drivers evidently ignore the number.
func (v Volume) fewest() int64 {
	if v.Clusters() < kinds[v.Kind].fewest && v.Kind == model.FAT32 {
		return 1
	}
	return min(kinds[v.Kind].fewest, v.Clusters())
}

// MinSize returns the smallest possible size in bytes after a shrink that keeps used clusters.
func (v Volume) MinSize(used int64) int64 {
	return (v.DataStart() + max(used, v.fewest())*v.PerCluster) * v.SectorSize
}

// MaxSize returns the largest possible size in bytes after growing, with clusters of the same size.
func (v Volume) MaxSize() int64 {
	const mostSectors = 1<<32 - 1
	clusters := max(kinds[v.Kind].most, v.Clusters())
	sectors := min(v.withFATFor(clusters).DataStart()+clusters*v.PerCluster+v.PerCluster-1, mostSectors)
	return max(sectors, v.Sectors) * v.SectorSize
}

// mostCluster is the size in bytes of the largest clusters that all drivers of today read.
const mostCluster = 64 << 10

// Coarser returns the volume with that many sectors and larger clusters, the smallest that are large enough. FAT32 always has
// enough of them. ok is false if no clusters are large enough.
func (v Volume) Coarser(sectors int64) (to Volume, ok bool) {
	if v.Kind == model.FAT32 {
		return v, false
	}
	to = v
	for to.PerCluster *= 2; to.PerCluster <= 128 && to.ClusterSize() <= mostCluster; to.PerCluster *= 2 {
		at := to.withFATIn(sectors)
		if at.Clusters() >= kinds[v.Kind].fewest && at.Clusters() <= kinds[v.Kind].most && at.Sectors == sectors {
			return at, true
		}
	}
	return v, false
}

// LargestSize returns the largest possible size in bytes after growing, with larger clusters where that helps.
func (v Volume) LargestSize() int64 {
	if v.Kind != model.FAT32 {
		for v.PerCluster < 128 && 2*v.ClusterSize() <= mostCluster {
			v.PerCluster *= 2
		}
	}
	return v.MaxSize()
}

// SizeError means that a volume of this size would be another kind of FAT.
type SizeError struct {
	Kind    model.FSKind
	Cluster geometry.Bytes
	Want    geometry.Bytes
	Nearest geometry.Bytes // the closest size that it can have
}

func (e *SizeError) Error() string {
	word := "smaller"
	if e.Want > e.Nearest {
		word = "larger"
	}
	return fmt.Sprintf("with clusters of %s a %s volume cannot be %s than %s (%d bytes)",
		geometry.FormatBytes(e.Cluster), e.Kind, word, geometry.FormatBytes(e.Nearest), int64(e.Nearest))
}

// Resized returns the volume after a change of its size to at most that many sectors. Clusters keep their size and place.
// FATs never get shorter. Where longer FATs are needed, all FATs together grow by whole clusters: the first clusters give
// up their space, and the numbers of all others become smaller. If longer FATs would cost more clusters than they add,
// the volume ends where its present FATs do. The error is a *SizeError if that size is impossible.
func (v Volume) Resized(sectors int64) (Volume, error) {
	fail := func(nearest int64) (Volume, error) {
		return Volume{}, &SizeError{
			Kind: v.Kind, Cluster: geometry.Bytes(v.ClusterSize()),
			Want: geometry.Bytes(sectors * v.SectorSize), Nearest: geometry.Bytes(nearest),
		}
	}
	if most := v.MaxSize(); sectors*v.SectorSize > most {
		return fail(most)
	}
	if least := v.MinSize(0); sectors*v.SectorSize < least {
		return fail(least)
	}
	short, long := v, v.withFATIn(sectors)
	short.Sectors = min(sectors, short.DataStart()+short.Capacity()*short.PerCluster+short.PerCluster-1)
	long.Sectors = sectors
	if short.Clusters() >= long.Clusters() {
		return short, nil
	}
	return long, nil
}

// Shift returns by how many clusters the data area moves back when the volume becomes to, a result of Resized.
func (v Volume) Shift(to Volume) int64 { return (to.DataStart() - v.DataStart()) / v.PerCluster }

// withFATFor returns the volume with FATs that have entries for that many clusters.
func (v Volume) withFATFor(clusters int64) Volume {
	need := (v.FATLen(clusters) + v.SectorSize - 1) / v.SectorSize
	if more := need - v.FATSectors; more > 0 {
		unit := v.PerCluster / min(v.PerCluster, v.Copies&-v.Copies) // PerCluster is a power of two
		v.FATSectors += (more + unit - 1) / unit * unit
	}
	return v
}

// withFATIn returns the volume, resized to that many sectors, with FATs long enough for all its clusters.
func (v Volume) withFATIn(sectors int64) Volume {
	for {
		v.Sectors = max(sectors, v.DataStart())
		longer := v.withFATFor(v.Clusters())
		if longer.FATSectors == v.FATSectors {
			return v
		}
		v = longer
	}
}
