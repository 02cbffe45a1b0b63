package fsys

import (
	"context"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/extfs"
)

// maxExt3 is the most that ext2 and ext3 hold: they count blocks, of at most 4 KiB in practice, with 32 bits.
const maxExt3 = 16*geometry.TiB - 4*geometry.KiB

func extFeature(most geometry.Bytes) feature {
	return feature{
		pkg: "e2fsprogs", create: can("mke2fs"), grow: can("resize2fs", "e2fsck"), shrink: can("resize2fs", "e2fsck"),
		check: can("e2fsck"), label: can("tune2fs"), uuid: can("tune2fs", "e2fsck"), online: can("resize2fs"),
		minSize: geometry.MiB, maxSize: most,
	}
}

func ext2Feature() feature {
	f := extFeature(maxExt3)
	f.online = cannot("ext2 cannot be grown while it is mounted: unmount it first")
	return f
}

// e2fsck(8): codes are sums; a repair counts as success.
var e2fsckCodes = exitCodes{ok: []int{0, 1, 2}, bits: true, text: fsckCodes.text}

func (t Tools) repairExt(ctx context.Context, doing, path string) error {
	// -f: also if it looks clean. -y: there is nobody to ask. -C 0: with a progress bar.
	_, _, err := t.run(ctx, doing, e2fsckCodes, "e2fsck", "-f", "-y", "-C", "0", path)
	return advise(err, "run e2fsck by hand and answer its questions, after making a copy")
}

func (t Tools) verifyExt(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, fsckCodes, "e2fsck", "-f", "-n", "-C", "0", path)
	return advise(err, "check it first, which repairs it")
}

// resizeExt runs resize2fs. It takes sizes in KiB, a unit of which every block size is a multiple, so the size is
// rounded down to whole blocks here.
func (t Tools) resizeExt(ctx context.Context, doing, path string, size geometry.Bytes) error {
	sb, err := t.extSuper(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	want := int64(size) / sb.BlockSize * sb.BlockSize
	switch {
	case sb.ClusterBlocks > 1:
		return fmt.Errorf("%s: it allocates space in clusters (bigalloc), which resize2fs does not resize unless forced", doing)
	case want/sb.BlockSize >= 1<<32 && sb.Incompat&extfs.Incompat64Bit == 0:
		return fmt.Errorf("%s: it numbers its blocks of %d bytes with 32 bits, so it can have at most %s: "+
			"convert it with `resize2fs -b` first", doing, sb.BlockSize, geometry.FormatBytes(geometry.Bytes((1<<32-1)*sb.BlockSize)))
	case want < sb.Size() && sb.Compat&extfs.CompatStableInodes != 0:
		return fmt.Errorf("%s: it was made with the feature stable_inodes, so that it cannot be shrunk", doing)
	}
	if _, _, err := t.run(ctx, doing, zeroOnly, "resize2fs", "-p", path, fmt.Sprintf("%dK", want/1024)); err != nil {
		return advise(err, "if there is not enough room in the new size, leave the partition larger")
	}
	after, err := t.extSuper(path)
	if err != nil {
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	}
	// resize2fs leaves a last group away that would be filled by its own metadata.
	least := want - int64(sb.BlocksPerGroup)*sb.BlockSize
	if want >= sb.Size() {
		least = max(least, sb.Size())
	}
	if got := after.Size(); got > want || got < least {
		return fmt.Errorf("%s: resize2fs made it %d bytes long instead of %d", doing, got, want)
	}
	return nil
}

// extSuper reads the superblock in the window at path.
func (t Tools) extSuper(path string) (extfs.Superblock, error) {
	f, err := t.open(path)
	if err != nil {
		return extfs.Superblock{}, fmt.Errorf("read the superblock: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	b := make([]byte, extfs.SuperblockSize)
	if err := readFull(f, b, extfs.SuperblockOffset); err != nil {
		return extfs.Superblock{}, fmt.Errorf("read the superblock: %w", err)
	}
	return extfs.Parse(b)
}

// makeExt runs mke2fs. Neither the free blocks nor the inode tables are touched (nodiscard, lazy_itable_init), so that
// little has to be written; the kernel completes the tables at the first mount.
func (t Tools) makeExt(ctx context.Context, doing string, kind model.FSKind, path string, spec Spec) error {
	argv := []string{"mke2fs", "-t", string(kind), "-F", "-E", "nodiscard,lazy_itable_init=1,root_owner=0:0"}
	if spec.SectorSize == geometry.Sector4096 {
		argv = append(argv, "-b", "4096") // smaller blocks could not be mounted
	}
	if spec.Label != "" {
		argv = append(argv, "-L", spec.Label)
	}
	if spec.UUID != "" {
		argv = append(argv, "-U", spec.UUID)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return err
}
