package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// fatDrivers returns the drivers for FAT12, FAT16 and FAT32. Shunt resizes FAT itself, because the only other tool,
// fatresize, needs a disk with partitions rather than a file that holds a volume. fatresize also changes the partition
// table, may change the cluster size, the kind of FAT and the name in the boot sector, and fails for most sizes.
func fatDrivers() []Driver {
	fat := Driver{
		Package: "dosfstools", create: can("mkfs.fat"), grow: alone("fsck.fat"), shrink: alone("fsck.fat"),
		check: can("fsck.fat"), label: can("fatlabel"), uuid: alone(), online: cannot(notMounted),
		facts: ops.Capability{Labels: ops.LabelRule{Most: 11, DOS: true}, NewBlock: sectorBlock, Slack: ops.SlackOnUsed},
		make:  job.makeFAT,
		resize: func(j job, ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
			return 0, j.edit(func(f File) error { return resizeFAT(ctx, f, j.driver.Kind, int64(size)) })
		},
		verify: checking(fsckFATCodes, "check it first, which repairs it", "fsck.fat", "-n", "{}"),
		// -a: without asking. -w: write at once. -v: say what.
		repair: repairing(fsckFATCodes, "copy off what can be read, and make a new file system",
			"fsck.fat", "-a", "-w", "-v", "{}"),
		mend: job.mendFAT, walk: job.walkFAT, free: fatFree,
		examine: job.examineFAT,
		// fatlabel changes both the boot sector and the entry in the root directory.
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
		contents: openFAT, Mounts: mountedAs("vfat", ""),
	}
	fat12, fat16, fat32 := fat, fat, fat
	fat12.Kind, fat12.facts.MaxSize = model.FAT12, 255*geometry.MiB
	fat12.create, fat12.make = cannot("FAT12 is for floppy disks: choose FAT16 or FAT32"), nil
	fat16.Kind, fat16.facts.MinSectors, fat16.facts.MaxSize = model.FAT16, leastFAT16, 4095*geometry.MiB
	fat32.Kind, fat32.facts.MinSectors, fat32.facts.MaxSize = model.FAT32, leastFAT32, 2*geometry.TiB
	return []Driver{fat12, fat16, fat32}
}

const (
	// leastFAT16 and leastFAT32 are the fewest sectors of a new volume: with the fewest clusters that mkfs.fat makes, 4087 and
	// 65529, each of one sector, and with the FATs for them.
	leastFAT16, leastFAT32 = 4160, 66592
	// fat32Clusters is the smallest number of clusters in a FAT32 volume. Windows and other systems take a volume with fewer
	// for FAT16.
	fat32Clusters = 65525
)

// Exit codes of fsck.fat(8): 0 no errors, 1 errors found (and corrected if asked to), 2 usage error.
var fsckFATCodes = exitCodes{ok: []int{0}, text: map[int]string{1: "errors were found", 2: "usage error"}}

// examineFAT also finds files whose long names belong to other short ones, which fsck.fat mentions and leaves.
func (j job) examineFAT(ctx context.Context) error {
	argv := []string{"fsck.fat", "-n", j.path}
	exit, output, err := j.run(ctx, fsckFATCodes, argv...)
	if err == nil && says(output, "Wrong checksum for long file name") {
		err = &ToolError{Argv: argv, Exit: exit, Means: "a file has lost its long name", Output: output}
	}
	return advise(err, "the line `check P` of a plan repairs what can be repaired")
}

// makeFAT runs mkfs.fat.
func (j job) makeFAT(ctx context.Context, spec Spec) error {
	argv := []string{"mkfs.fat", "-F", strings.TrimPrefix(string(j.driver.Kind), "fat"), "-S", "{sector}", "-h", "{start}"}
	if j.driver.Kind == model.FAT16 && (spec.SectorSize == geometry.Sector4096 || j.n < int64(16*geometry.MiB)) {
		// The default makes too few clusters in small partitions, and with sectors that are not of 512 bytes.
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

// fat16Cluster returns the smallest cluster size, in sectors, that lets FAT16 cover that many sectors.
func fat16Cluster(sectors int64) int64 {
	const mostClusters, mostSectors = 65524, 128
	cluster := int64(1)
	for cluster < mostSectors && sectors/cluster > mostClusters {
		cluster *= 2
	}
	return cluster
}

// hiddenSectors returns the position of a partition as boot sectors store it: as 32 bits, or 0 if the position is too
// large.
func hiddenSectors(start geometry.Sector) uint32 {
	if start < 0 || start >= 1<<32 {
		return 0
	}
	return uint32(start)
}

// serialFAT writes the first bytes of a UUID into the boot sectors as the serial number.
func (j job) serialFAT(_ context.Context, fresh string) error {
	serial, err := uuid.Parse(fresh)
	if err != nil {
		return err
	}
	return j.edit(func(f File) error {
		boots, err := readFATBoots(f)
		field := int64(39)
		if boots.wide {
			field = 67
		}
		for _, at := range boots.at {
			if _, err := f.WriteAt(serial[:4], at+field); err != nil {
				return err
			}
		}
		return err
	})
}

func movedFAT(w Window, _ int64, start geometry.Sector, z geometry.SectorSize) error {
	boots, err := readFATBoots(w)
	for _, at := range boots.at {
		if err := setHidden(w, at, boots.sector, start, z); err != nil {
			return err
		}
	}
	return err
}

// fatBoots holds the positions of a FAT volume's boot sector and its backup.
type fatBoots struct {
	at     []int64 // in bytes
	sector int64   // the size of sectors
	wide   bool    // FAT32
}

// readFATBoots finds the boot sectors. FAT12 and FAT16 have no backup, and on FAT32 it may be missing.
func readFATBoots(w Window) (fatBoots, error) {
	head, sector, err := boot(w, 0)
	if err != nil {
		return fatBoots{}, err
	}
	u16 := func(off int) int64 { return int64(binary.LittleEndian.Uint16(head[off:])) }
	boots := fatBoots{[]int64{0}, sector, u16(22) == 0}
	if reserved, backup := u16(14), u16(50)*sector; boots.wide && backup > 0 && backup < reserved*sector {
		_, same, err := boot(w, backup)
		if err != nil && !errors.Is(err, errNoBoot) {
			return fatBoots{}, err
		}
		if same == sector {
			boots.at = append(boots.at, backup)
		}
	}
	return boots, nil
}
