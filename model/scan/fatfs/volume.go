// Package fatfs computes the geometry of FAT volumes: from a boot sector, and after a change of size.
//
// All integers are little-endian. A volume begins with a boot sector:
//
//	11  bytes/sector (2)     22  sectors per FAT (2), 0 for FAT32     FAT32 only
//	13  sectors/cluster      32  sectors (4), if 19 is 0              36  sectors per FAT (4)
//	14  reserved (2)         FAT12/16 only                            40  flags (2)        48  FSInfo sector (2)
//	16  FATs                 38  0x28 or 0x29: the fields             42  version (2)      50  backup boot sector (2)
//	17  root entries (2)         from 28 on are there                 44  root cluster (4)
//	19  sectors (2)
//	21  media                510 0x55 0xAA
//
// Then follow, in units of sectors, the FATs, the root directory (FAT12/16) and the clusters:
//
//	├ reserved ┼ FAT 1 ┼ FAT 2 ┼ root ┼ cluster 2 ┼ cluster 3 ┼ … ┤ rest
//	0                                 DataStart()                 Sectors
//
// The number of clusters alone decides between FAT12 and FAT16. FAT32 has a layout of its own, but some drivers look only
// at the number of clusters there too. Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03.
//
// Invariant: Parse accepts only geometries in which everything lies within the volume and the FATs have an entry for
// every cluster. Code that works with a Volume is therefore safe from division by zero and overflows.
package fatfs

import (
	"encoding/binary"
	"math/bits"

	"shunt/model"
)

// BootSize is the number of bytes of the boot sector that Parse needs.
const BootSize = 512

// FirstCluster is the number of the first cluster. FAT entries 0 and 1 hold marks instead.
const FirstCluster = 2

// The largest numbers of clusters.
const (
	maxFAT12 = 4084
	maxFAT16 = 65524
	maxFAT32 = 0x0FFFFFF5
)

// kinds holds, for each kind, the bits of a FAT entry and the fewest and most clusters. One cluster fewer than the fewest,
// or more than the most, makes it another kind.
var kinds = map[model.FSKind]struct{ bits, fewest, most int64 }{
	model.FAT12: {12, 1, maxFAT12},
	model.FAT16: {16, maxFAT12 + 1, maxFAT16},
	model.FAT32: {32, maxFAT16 + 1, maxFAT32},
}

const entrySize = 32 // of a directory, in bytes

// Volume is the geometry of a FAT volume. Lengths and positions are in sectors of the volume unless stated otherwise.
type Volume struct {
	Kind        model.FSKind // FAT12, FAT16 or FAT32
	SectorSize  int64        // bytes
	PerCluster  int64        // sectors per cluster
	Reserved    int64        // sectors before the first FAT
	Copies      int64        // number of FATs
	FATSectors  int64        // length of each FAT
	RootEntries int64        // of the root directory, 0 for FAT32
	Sectors     int64        // length of the volume
	Media       byte
	// For FAT32:
	RootCluster int64 // first cluster of the root directory
	Active      int64 // the FAT that counts: 0 unless mirroring is off
	Info        int64 // the FSInfo sector, 0 if there is none
	Backup      int64 // the backup boot sector, 0 if there is none
	Version     int64 // 0 in all volumes that are in use
}

// Parse reads the geometry from a boot sector. ok is false if it is not the boot sector of a FAT volume. The mark 0x55
// 0xAA is not required.
func Parse(b []byte) (v Volume, ok bool) {
	if len(b) < BootSize {
		return Volume{}, false
	}
	u16 := func(off int) int64 { return int64(binary.LittleEndian.Uint16(b[off:])) }
	u32 := func(off int) int64 { return int64(binary.LittleEndian.Uint32(b[off:])) }
	v = Volume{
		SectorSize: u16(11), PerCluster: int64(b[13]), Reserved: u16(14), Copies: int64(b[16]), RootEntries: u16(17),
		Sectors: u16(19), Media: b[21], FATSectors: u16(22),
	}
	if v.Sectors == 0 {
		v.Sectors = u32(32)
	}
	wide := v.FATSectors == 0
	if wide {
		v.FATSectors, v.Version, v.RootCluster = u32(36), u16(42), u32(44)
		const noMirror, activeMask = 0x80, 0x0F
		if flags := u16(40); flags&noMirror != 0 {
			v.Active = flags & activeMask
		}
		if info := u16(48); info > 0 && info < v.Reserved {
			v.Info = info
		}
		if backup := u16(50); backup > 0 && backup < v.Reserved {
			v.Backup = backup
		}
	}
	switch {
	case v.SectorSize < 512 || v.SectorSize > 4096 || bits.OnesCount64(uint64(v.SectorSize)) != 1,
		v.PerCluster == 0 || bits.OnesCount64(uint64(v.PerCluster)) != 1,
		v.Reserved == 0, v.Copies == 0 || v.Copies > 4, v.FATSectors == 0,
		v.Media != 0xF0 && v.Media < 0xF8,
		v.DataStart() >= v.Sectors, wide != (v.RootEntries == 0):
		return Volume{}, false
	}
	n := v.Clusters()
	v.Kind = model.FAT12
	if wide {
		v.Kind = model.FAT32
	} else if n > maxFAT12 {
		v.Kind = model.FAT16
	}
	ok = n > 0 && n <= maxFAT32 && v.FATLen(n) <= v.FATSectors*v.SectorSize
	return v, ok
}

// RootSectors returns the length of the root directory behind the FATs, which FAT12 and FAT16 have.
func (v Volume) RootSectors() int64 {
	return (v.RootEntries*entrySize + v.SectorSize - 1) / v.SectorSize
}

// RootStart returns the first sector behind the FATs.
func (v Volume) RootStart() int64 { return v.Reserved + v.Copies*v.FATSectors }

// DataStart returns the sector at which the first cluster begins.
func (v Volume) DataStart() int64 { return v.RootStart() + v.RootSectors() }

// Clusters returns the number of clusters. They are numbered from FirstCluster to FirstCluster+Clusters()-1.
func (v Volume) Clusters() int64 { return (v.Sectors - v.DataStart()) / v.PerCluster }

// Size returns the length of the volume in bytes.
func (v Volume) Size() int64 { return v.Sectors * v.SectorSize }

// ClusterSize returns the length of a cluster in bytes.
func (v Volume) ClusterSize() int64 { return v.PerCluster * v.SectorSize }

// ClusterAt returns the byte at which a cluster begins.
func (v Volume) ClusterAt(cluster int64) int64 {
	return v.DataStart()*v.SectorSize + (cluster-FirstCluster)*v.ClusterSize()
}

// FATAt returns the byte at which a copy of the FAT begins. Copies are counted from 0.
func (v Volume) FATAt(copyNo int64) int64 { return (v.Reserved + copyNo*v.FATSectors) * v.SectorSize }

// EntryBits returns the number of bits in a FAT entry.
func (v Volume) EntryBits() int64 { return kinds[v.Kind].bits }

// FATLen returns the number of bytes that a FAT with entries for that many clusters needs.
func (v Volume) FATLen(clusters int64) int64 {
	return ((clusters+FirstCluster)*v.EntryBits() + 7) / 8
}

// Capacity returns the number of clusters for which a FAT has room.
func (v Volume) Capacity() int64 {
	return v.FATSectors*v.SectorSize*8/v.EntryBits() - FirstCluster
}
