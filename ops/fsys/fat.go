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
)

// notMounted is why most kinds are not grown in place.
const notMounted = "it cannot be grown while it is mounted: unmount it first"

// fatFeature is FAT16 or FAT32 in partitions from least to most bytes.
func fatFeature(least, most geometry.Bytes) feature {
	return feature{
		pkg: "dosfstools", create: can("mkfs.fat"),
		grow: can("fsck.fat"), shrink: can("fsck.fat"),
		check: can("fsck.fat"), label: can("fatlabel"), uuid: can(), online: cannot(notMounted),
		minSize: least, maxSize: most,
	}
}

func fat12Feature() feature {
	f := fatFeature(geometry.MiB, 255*geometry.MiB)
	f.create = cannot("FAT12 is for floppy disks: choose FAT16 or FAT32")
	return f
}

// fsck.fat(8): 0 no errors, 1 errors were found (and, if it was told so, corrected), 2 usage error.
var fsckFATCodes = exitCodes{ok: []int{0}, text: map[int]string{1: "errors were found", 2: "usage error"}}

func (t Tools) repairFAT(ctx context.Context, doing, path string) error {
	codes := fsckFATCodes
	codes.ok = []int{0, 1}
	// -a: without asking. -w: write at once. -v: say what.
	exit, _, err := t.run(ctx, doing, codes, "fsck.fat", "-a", "-w", "-v", path)
	if err != nil || exit == 0 {
		return err
	}
	return t.verifyFAT(ctx, doing, path) // 1 does not tell whether all was corrected
}

func (t Tools) verifyFAT(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, fsckFATCodes, "fsck.fat", "-n", path)
	return advise(err, "check it first, which repairs it")
}

// makeFAT runs mkfs.fat.
func (t Tools) makeFAT(ctx context.Context, doing string, kind model.FSKind, path string, spec Spec) error {
	label, err := fatLabel(spec.Label)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	argv := []string{
		"mkfs.fat", "-F", strings.TrimPrefix(string(kind), "fat"),
		"-S", strconv.FormatInt(int64(spec.SectorSize), 10),
		"-h", strconv.FormatUint(uint64(hiddenSectors(spec.Start)), 10),
	}
	if kind == model.FAT16 && spec.SectorSize == geometry.Sector4096 {
		// The default is meant for sectors of 512 bytes and would make clusters too large for all but large partitions.
		n, err := t.windowSize(path)
		if err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		argv = append(argv, "-s", strconv.FormatInt(fat16Cluster(n/int64(spec.SectorSize)), 10))
	}
	if label != "" {
		argv = append(argv, "-n", label)
	}
	if spec.UUID != "" {
		argv = append(argv, "-i", strings.ReplaceAll(spec.UUID, "-", ""))
	}
	if _, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...); err != nil {
		return advise(err, "the partition may be too small or too large for this kind: try another one")
	}
	fs, _, err := t.probe(path)
	if err != nil {
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	}
	const fewest = 65525 // clusters, below which Windows and others take a volume for FAT16
	if kind == model.FAT32 && fs.Size/max(1, fs.BlockSize) < fewest {
		return fmt.Errorf("%s: the partition is too small: with sectors of %d bytes it must have at least %s; choose fat16 instead",
			doing, spec.SectorSize, geometry.FormatBytes(fewest*max(fs.BlockSize, geometry.Bytes(spec.SectorSize))))
	}
	return nil
}

// fat16Cluster is the smallest cluster in sectors with which FAT16 can have that many sectors.
func fat16Cluster(sectors int64) int64 {
	const mostClusters, mostSectors = 65524, 128
	cluster := int64(1)
	for cluster < mostSectors && sectors/cluster > mostClusters {
		cluster *= 2
	}
	return cluster
}

// fatLabel is a label as FAT can hold it: in capitals.
func fatLabel(label string) (string, error) {
	const most, forbidden = 11, `*?.,;:/\|+=<>[]"`
	label = strings.ToUpper(strings.TrimRight(label, " "))
	if len(label) > most {
		return "", fmt.Errorf("label %q is too long: FAT holds at most %d letters", label, most)
	}
	for _, r := range label {
		if r < ' ' || r > '~' || strings.ContainsRune(forbidden, r) {
			return "", fmt.Errorf("label %q: FAT cannot hold %q in a label", label, r)
		}
	}
	return label, nil
}

// hiddenSectors is what the boot sectors of FAT and NTFS say of a partition that begins at start. They have 32
// bits for it; 0 stands for what they cannot hold.
func hiddenSectors(start geometry.Sector) uint32 {
	if start < 0 || start >= 1<<32 {
		return 0
	}
	return uint32(start)
}

// labelFAT runs fatlabel, which changes the boot sector and the entry in the root directory, and returns the label as it is
// stored.
func (t Tools) labelFAT(ctx context.Context, doing, path, label string) (string, error) {
	label, err := fatLabel(label)
	if err != nil {
		return label, fmt.Errorf("%s: %w", doing, err)
	}
	if label == "" {
		_, _, err = t.run(ctx, doing, zeroOnly, "fatlabel", "--reset", path)
	} else {
		_, _, err = t.run(ctx, doing, zeroOnly, "fatlabel", path, label)
	}
	return label, err
}

// serialFAT writes a random serial number into the boot sector and, on FAT32, its backup.
func (t Tools) serialFAT(doing, path string) (err error) {
	f, err := t.open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head, sector, ok, err := boot(f, 0)
	if err == nil && !ok {
		err = errNoBoot
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	at, places := int64(39), []int64{0}
	if binary.LittleEndian.Uint16(head[22:]) == 0 { // FAT32
		at = 67
		backup, err := fatBackup(f, head, sector)
		if err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		if backup > 0 {
			places = append(places, backup)
		}
	}
	serial := uuid.New()
	for _, off := range places {
		if _, err := f.WriteAt(serial[:4], off+at); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	return nil
}
