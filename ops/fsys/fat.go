package fsys

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

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
