package fatfs

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Fewest and most clusters of a volume that comes out of a resize. They keep away from the numbers at which FAT12 becomes
// FAT16 and FAT16 becomes FAT32, since not all drivers agree on those to the cluster; mkfs.fat keeps the same distance.
const (
	most12, fewest16 = 4080, 4087
	most16, fewest32 = 65520, 65529
)

// fewest is the least number of clusters with which the volume stays of its kind for all drivers. A volume that has
// fewer already may get smaller still: whoever reads it does not go by the number.
func (v Volume) fewest() int64 {
	least := int64(1)
	switch v.Kind {
	case model.FAT16:
		least = fewest16
	case model.FAT32:
		least = fewest32
	default:
	}
	if v.Clusters() < least && v.Kind == model.FAT32 {
		return 1
	}
	return min(least, v.Clusters())
}

// most is the largest number of clusters with which the volume stays of its kind.
func (v Volume) most() int64 {
	limit := int64(maxFAT32)
	switch v.Kind {
	case model.FAT12:
		limit = most12
	case model.FAT16:
		limit = most16
	default:
	}
	return max(limit, v.Clusters())
}

// MinSize is the least size in bytes the volume can be shrunk to if that many of its clusters must be kept.
func (v Volume) MinSize(used int64) int64 {
	return (v.DataStart() + max(used, v.fewest())*v.PerCluster) * v.SectorSize
}

// MaxSize is the largest size in bytes the volume can be grown to with clusters of the size that it has.
func (v Volume) MaxSize() int64 {
	const mostSectors = 1<<32 - 1
	clusters := v.most()
	sectors := min(v.withFATFor(clusters).DataStart()+clusters*v.PerCluster+v.PerCluster-1, mostSectors)
	return max(sectors, v.Sectors) * v.SectorSize
}

// SizeError is returned when a volume cannot have a size without becoming another kind of FAT.
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

// Resized is the volume with at most that many sectors. Its clusters keep their size and their place to the cluster: where
// the FATs have to be longer, they get longer by whole clusters in sum, so the first clusters give way to them and all
// others stay where they are with lower numbers. FATs never get shorter. Where longer FATs would take more than they give,
// the volume ends at what its FATs have room for. A *SizeError tells that the number of sectors is not possible.
func (v Volume) Resized(sectors int64) (Volume, error) {
	fail := func(nearest int64) (Volume, error) {
		return Volume{}, &SizeError{
			Kind: v.Kind, Cluster: geometry.Bytes(v.ClusterSize()),
			Want: geometry.Bytes(sectors * v.SectorSize), Nearest: geometry.Bytes(nearest),
		}
	}
	if sectors*v.SectorSize > v.MaxSize() {
		return fail(v.MaxSize())
	}
	least := v.MinSize(0)
	if sectors*v.SectorSize < least {
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

// Shift is by how many clusters the data of to, a result of Resized, begins later.
func (v Volume) Shift(to Volume) int64 { return (to.DataStart() - v.DataStart()) / v.PerCluster }

// withFATFor is the volume with FATs that hold an entry for that many clusters.
func (v Volume) withFATFor(clusters int64) Volume {
	need := (v.FATLen(clusters) + v.SectorSize - 1) / v.SectorSize
	if more := need - v.FATSectors; more > 0 {
		unit := v.PerCluster / gcd(v.PerCluster, v.Copies)
		v.FATSectors += (more + unit - 1) / unit * unit
	}
	return v
}

// withFATIn is the volume with FATs long enough for all clusters that it has in that many sectors.
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

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
