package fsys

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// fatDrivers returns the drivers for FAT12, FAT16 and FAT32. Shunt resizes FAT itself. The only tool that does, fatresize, works
// on partitions of a disk and not on a file that holds a volume. It changes the table as well, may change the size of
// clusters, the kind of FAT and the name in the boot sector, and fails for most sizes.
func fatDrivers() []Driver {
	fat := Driver{
		Package: "dosfstools", create: can("mkfs.fat"), grow: alone("fsck.fat"), shrink: alone("fsck.fat"),
		check: can("fsck.fat"), label: can("fatlabel"), uuid: alone(), online: cannot(notMounted),
		facts: ops.Capability{Labels: ops.LabelRule{Most: 11, DOS: true}, NewBlock: sectorBlock},
		make:  job.makeFAT,
		resize: func(j job, ctx context.Context, size geometry.Bytes) error {
			return j.edit(func(f File) error { return resizeFAT(ctx, f, j.driver.Kind, int64(size)) })
		},
		verify: job.verifyFAT, repair: job.repairFAT,
		// fatlabel changes the boot sector and the entry in the root directory.
		setLabel: func(j job, ctx context.Context, label string) error {
			if label == "" {
				return command("fatlabel", "--reset", "{}")(j, ctx, "")
			}
			return command("fatlabel", "{}", "{=}")(j, ctx, label)
		},
		setUUID: job.serialFAT, moved: movedFAT, storedStart: hiddenIn,
		Ask: ask("mtools", "minfo", "-i", "{}", "::"),
		ways: []Way{
			{Name: "go-diskfs", suits: libraryReadsFAT, Read: readFATLibrary},
			lister{"mdir", "mtools", []string{"MTOOLSRC=/dev/null", "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8"}, listMdir}.way(),
		},
		Mounts: mountedAs("vfat", ""),
	}
	fat12, fat16, fat32 := fat, fat, fat
	fat12.Kind, fat12.facts.MinSize, fat12.facts.MaxSize = model.FAT12, geometry.MiB, 255*geometry.MiB
	fat12.create, fat12.make = cannot("FAT12 is for floppy disks: choose FAT16 or FAT32"), nil
	fat16.Kind, fat16.facts.MinSize, fat16.facts.MaxSize = model.FAT16, 16*geometry.MiB, 4095*geometry.MiB
	fat32.Kind, fat32.facts.MinSize, fat32.facts.MaxSize = model.FAT32, 33*geometry.MiB, 2*geometry.TiB
	fat32.facts.MinSectors = fat32Clusters
	return []Driver{fat12, fat16, fat32}
}

// fat32Clusters is the smallest number of clusters of a FAT32. Windows and others take a volume with fewer for FAT16.
const fat32Clusters = 65525

// fsck.fat(8): 0 no errors, 1 errors found (and corrected, if an option asks for that), 2 usage error.
var fsckFATCodes = exitCodes{ok: []int{0}, text: map[int]string{1: "errors were found", 2: "usage error"}}

func (j job) repairFAT(ctx context.Context) error {
	// -a: without asking. -w: write at once. -v: say what.
	exit, _, err := j.run(ctx, fsckFATCodes.or(1), "fsck.fat", "-a", "-w", "-v", j.path)
	if err != nil || exit == 0 {
		return err
	}
	return j.verifyFAT(ctx) // 1 does not tell whether all was corrected
}

func (j job) verifyFAT(ctx context.Context) error {
	_, _, err := j.run(ctx, fsckFATCodes, "fsck.fat", "-n", j.path)
	return advise(err, "check it first, which repairs it")
}

// makeFAT runs mkfs.fat.
func (j job) makeFAT(ctx context.Context, spec Spec) error {
	argv := []string{"mkfs.fat", "-F", strings.TrimPrefix(string(j.driver.Kind), "fat"), "-S", "{sector}", "-h", "{start}"}
	if j.driver.Kind == model.FAT16 && spec.SectorSize == geometry.Sector4096 {
		// The default is meant for sectors of 512 bytes and would make clusters too large for all but large partitions.
		argv = append(argv, "-s", strconv.FormatInt(fat16Cluster(j.n/int64(spec.SectorSize)), 10))
	}
	spec.UUID = strings.ReplaceAll(spec.UUID, "-", "")
	err := mkfs(argv, "-n", "{label}", "-i", "{uuid}")(j, ctx, spec)
	if err != nil || j.driver.Kind != model.FAT32 {
		return err
	}
	fs, err := j.result()
	if err == nil && fs.Size/max(1, fs.BlockSize) < fat32Clusters {
		least := fat32Clusters * max(fs.BlockSize, geometry.Bytes(spec.SectorSize))
		err = fmt.Errorf("the partition is too small: with sectors of %d bytes it must have at least %s; choose fat16 instead",
			spec.SectorSize, geometry.FormatBytes(least))
	}
	return err
}

// fat16Cluster returns the smallest cluster size, in sectors, with which a FAT16 can have that many sectors.
func fat16Cluster(sectors int64) int64 {
	const mostClusters, mostSectors = 65524, 128
	cluster := int64(1)
	for cluster < mostSectors && sectors/cluster > mostClusters {
		cluster *= 2
	}
	return cluster
}

// hiddenSectors returns what boot sectors store as the position of a partition that begins at start: 32 bits, with 0 for
// positions that are too large.
func hiddenSectors(start geometry.Sector) uint32 {
	if start < 0 || start >= 1<<32 {
		return 0
	}
	return uint32(start)
}

// serialFAT writes a serial number into the boot sector and, on FAT32, its backup: the first bytes of a UUID.
func (j job) serialFAT(_ context.Context, fresh string) error {
	serial, err := uuid.Parse(fresh)
	if err != nil {
		return err
	}
	return j.edit(func(f File) error {
		head, sector, ok, err := boot(f, 0)
		if err == nil && !ok {
			err = errNoBoot
		}
		if err != nil {
			return err
		}
		at, places := int64(39), []int64{0}
		if binary.LittleEndian.Uint16(head[22:]) == 0 { // FAT32
			at = 67
			backup, err := fatBackup(f, head, sector)
			if err != nil {
				return err
			}
			if backup > 0 {
				places = append(places, backup)
			}
		}
		for _, off := range places {
			if _, err := f.WriteAt(serial[:4], off+at); err != nil {
				return err
			}
		}
		return nil
	})
}

func movedFAT(w Window, _ int64, start geometry.Sector, z geometry.SectorSize) error {
	head, sector, ok, err := boot(w, 0)
	if err != nil {
		return err
	}
	if !ok {
		return errNoBoot
	}
	if err := setHidden(w, 0, sector, start, z); err != nil {
		return err
	}
	if binary.LittleEndian.Uint16(head[22:]) != 0 {
		return nil // FAT12 and FAT16 have no backup
	}
	backup, err := fatBackup(w, head, sector)
	if err != nil || backup == 0 {
		return err
	}
	return setHidden(w, backup, sector, start, z)
}

// fatBackup returns the offset of the backup of a FAT32 boot sector, or 0 if there is none.
func fatBackup(w Window, head []byte, sector int64) (off int64, err error) {
	reserved, backup := int64(binary.LittleEndian.Uint16(head[14:])), int64(binary.LittleEndian.Uint16(head[50:]))
	if backup == 0 || backup >= reserved {
		return 0, nil
	}
	_, same, ok, err := boot(w, backup*sector)
	if err != nil || !ok || same != sector {
		return 0, err // FAT32 works without one
	}
	return backup * sector, nil
}
