package fsys

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/extfs"
	"shunt/model/tried"
	"shunt/ops"
)

// extDrivers returns the drivers for ext2, ext3 and ext4. They share their tools.
func extDrivers() []Driver {
	ext := Driver{
		Package: "e2fsprogs", create: can("mke2fs"), grow: can("resize2fs", "e2fsck"), shrink: can("resize2fs", "e2fsck"),
		check: can("e2fsck"), label: can("tune2fs"), uuid: can("tune2fs", "e2fsck"), online: can("resize2fs"),
		replays: can("e2fsck"),
		facts: ops.Capability{
			MinSize: geometry.MiB, Labels: ops.LabelRule{Most: 16}, NewBlock: extBlock, EndsAtSize: true, Narrow: narrowExt,
		},
		make: job.makeExt, resize: job.resizeExt,
		verify: job.verifyExt, examine: job.examineExt,
		replay: job.replayExt, mend: job.mendExt, walk: job.walkExt,
		// -f: check even if it looks clean. -y: nobody is there to answer questions. -C 0: show a progress bar. A repair
		// is a success.
		repair: checking(fsckCodes.or(1).or(2), "run e2fsck by hand and answer its questions, after making a copy",
			"e2fsck", "-f", "-y", "-C", "0", "{}"),
		setLabel: command("tune2fs", "-L", "{=}", "{}"), setUUID: command("tune2fs", "-U", "{=}", "{}"),
		growMounted: command("resize2fs", "{}"),
		byHand:      []string{"resize2fs", "{}"},
		free:        func(r *io.SectionReader, _ model.Filesystem, list *freeList) error { return extFree(r, list) },
		certain:     true,
		spare:       extSpare,
		Ask:         ask("e2fsprogs", "dumpe2fs", "-h", "{}"),
		contents:    openExt, text: textDebugfs,
		ways: []Way{
			{Name: "go-diskfs", suits: libraryReadsExt, Read: readExtLibrary},
			lister{"debugfs", "e2fsprogs", []string{"DEBUGFS_PAGER=__none__"}, listDebugfs}.way(),
		},
		Doubt: extDoubt,
		// With fakeroot the owner of an image reads files of all users, as with debugfs.
		Serves: Serving{
			Package: "fuse2fs",
			Argv:    []string{"fuse2fs", "{}", "{at}", "-f", "-o", "ro,norecovery,fakeroot"},
			Write:   []string{"fuse2fs", "{}", "{at}", "-f", "-o", "fakeroot"},
			Spare:   true,
		},
	}
	// ext2 and ext3 have 32-bit block numbers, and in practice blocks of at most 4 KiB.
	const mostOld = 16*geometry.TiB - 4*geometry.KiB
	ext2, ext3, ext4 := ext, ext, ext
	ext2.Kind, ext2.facts.MaxSize = model.Ext2, mostOld
	ext2.online, ext2.growMounted = cannot("ext2 cannot be grown while it is mounted: unmount it first"), nil
	ext2.byHand = nil
	ext2.Mounts = []Mount{{FS: "ext4"}, {FS: "ext2"}}
	ext3.Kind, ext3.facts.MaxSize = model.Ext3, mostOld
	ext3.Mounts = []Mount{{FS: "ext4", Quiet: "noload"}, {FS: "ext3", Quiet: "noload"}}
	ext4.Kind = model.Ext4
	ext4.Mounts = mountedAs("ext4", "noload")
	drivers := []Driver{ext2, ext3, ext4}
	for i := range drivers {
		drivers[i].create = ext.create.called("mkfs." + string(drivers[i].Kind))
	}
	return drivers
}

// narrowExt takes away what resize2fs does not do with some features.
func narrowExt(can ops.Capability, fs model.Filesystem) ops.Capability {
	switch {
	case fs.Features.Has(model.Clusters):
		const why = "it allocates space in clusters (the feature bigalloc), and resize2fs does not resize that safely"
		can.Grow, can.Shrink = cmp.Or(can.Grow, why), cmp.Or(can.Shrink, why)
	case fs.Features.Has(model.StableInodes):
		can.Shrink = cmp.Or(can.Shrink, "it has the feature stable_inodes, with which resize2fs does not shrink it")
	}
	return can
}

// extDoubt returns the reason why a listing may be incomplete or wrong, or "".
func extDoubt(src Files) model.Reason {
	sb, err := readExt(src.Base, src.Off)
	switch dirty := sb.Dirty(); {
	case err != nil || dirty == "":
		return ""
	case sb.Incompat&extfs.IncompatRecover != 0:
		return "the journal needs recovery: the latest changes are not in this listing"
	default:
		return model.Because("the file system %s: this listing may be wrong", dirty)
	}
}

// extBlock returns the block size that mke2fs chooses.
func extBlock(length geometry.Bytes, z geometry.SectorSize) geometry.Bytes {
	if length < 512*geometry.MiB && z == geometry.Sector512 {
		return geometry.KiB
	}
	return 4 * geometry.KiB
}

// resizeExt runs resize2fs, which takes a size in KiB. The size is rounded down to whole blocks, and a block is a whole
// number of KiB. Shrinking is forced, since resize2fs refuses sizes that are possible, and takes several runs where one
// cannot go that far (see extfs.Superblock.OneRun). All else that -f permits was ruled out before.
func (j job) resizeExt(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	sb, err := j.superblock()
	if err != nil {
		return 0, err
	}
	if j.fs.Max > 0 && size > j.fs.Max {
		return 0, fmt.Errorf("it numbers its blocks of %d bytes with 32 bits, so it can have at most %s: "+
			"convert it with `resize2fs -b` first", sb.BlockSize, geometry.FormatBytes(j.fs.Max))
	}
	want := int64(size) / sb.BlockSize * sb.BlockSize
	// resize2fs drops a last group that its own metadata would fill.
	least = geometry.Bytes(want - int64(sb.BlocksPerGroup)*sb.BlockSize)
	if want < sb.Size() {
		return least, j.shrinkExt(ctx, sb, want)
	}
	return max(least, j.fs.Size), j.runResize(ctx, sb, want, "-p")
}

// shrinkExt runs resize2fs until the file system is want bytes long, or a little shorter. Each run ends with fewer groups
// than the one before, whose metadata then leave room.
func (j job) shrinkExt(ctx context.Context, sb extfs.Superblock, want int64) error {
	if dirty := sb.Dirty(); dirty != "" {
		return fmt.Errorf("it %s", dirty)
	}
	needed := geometry.Bytes(sb.MinSize())
	for before := int64(0); sb.Size() > want && sb.Size() != before; {
		before = sb.Size()
		next := max(want, sb.OneRun())
		if next >= before {
			next = want
		}
		err := j.runResize(ctx, sb, next, "-f", "-p")
		if small := (*TooSmallError)(nil); errors.As(err, &small) && int64(needed) > want {
			small.Least = needed // resize2fs names no size
		}
		if err != nil {
			return err
		}
		if sb, err = j.superblock(); err != nil {
			return err
		}
	}
	return nil
}

// runResize runs resize2fs once, for a size in bytes.
func (j job) runResize(ctx context.Context, sb extfs.Superblock, size int64, flags ...string) error {
	argv := append(append([]string{"resize2fs"}, flags...), j.path, fmt.Sprintf("%dK", size/1024))
	if _, output, err := j.run(ctx, zeroOnly, argv...); err != nil {
		return tooSmall(err, says(output, "No space left on device", "Not enough space", "Could not allocate"), 0)
	}
	if sb.Compat&extfs.CompatOrphanFile == 0 {
		return nil
	}
	// Before version 1.47.2 resize2fs moves blocks of the orphan file and leaves their checksums wrong, so that the file
	// system cannot be mounted. The orphan file is empty, and e2fsck makes it anew.
	_, err := j.mendExt(ctx, "")
	return err
}

// superblock reads the superblock of the ext file system in the window.
func (j job) superblock() (sb extfs.Superblock, err error) {
	err = j.edit(func(f File) (err error) {
		sb, err = readExt(f, 0)
		return err
	})
	return sb, err
}

// readExt reads the superblock of the ext file system at off.
func readExt(r io.ReaderAt, off int64) (extfs.Superblock, error) {
	b := make([]byte, extfs.SuperblockSize)
	if err := readFull(r, b, off+extfs.SuperblockOffset); err != nil {
		return extfs.Superblock{}, tried.Errorf("read the superblock: %w", err)
	}
	return extfs.Parse(b)
}

// makeExt runs mke2fs without writing the free blocks and the inode tables (nodiscard, lazy_itable_init). The kernel
// completes the tables after the first mount.
func (j job) makeExt(ctx context.Context, spec Spec) error {
	argv := []string{"mke2fs", "-t", string(j.driver.Kind), "-F", "-E", "nodiscard,lazy_itable_init=1,root_owner=0:0"}
	if spec.SectorSize == geometry.Sector4096 {
		argv = append(argv, "-b", "4096") // smaller blocks could not be mounted
	}
	return mkfs(argv, "-L", "{label}", "-U", "{uuid}")(j, ctx, spec)
}

// replayExt has e2fsck replay the journal and do nothing else.
func (j job) replayExt(ctx context.Context) error {
	_, _, err := j.run(ctx, fsckCodes.or(1), "e2fsck", "-p", "-E", "journal_only", j.path)
	return err
}

// verifyExt runs e2fsck.
func (j job) verifyExt(ctx context.Context) error {
	_, err := j.runCheckExt(ctx)
	return err
}

// examineExt also finds what e2fsck would correct and takes for so harmless that its exit code says nothing. After a crash
// the counts in the superblock may be old: a mount counts anew.
func (j job) examineExt(ctx context.Context) error {
	output, err := j.runCheckExt(ctx)
	if err != nil {
		return err
	}
	last := ""
	for line := range strings.Lines(output) {
		counts := strings.HasPrefix(last, "Free blocks count wrong (") || strings.HasPrefix(last, "Free inodes count wrong (")
		if strings.HasSuffix(strings.TrimSpace(line), "? no") && !(counts && j.replayed) {
			err = &ToolError{Argv: []string{"e2fsck"}, Means: "it would correct something", Output: last + line}
			return advise(err, "the line `check P` of a plan corrects it")
		}
		last = line
	}
	return nil
}

// runCheckExt runs e2fsck without writing. If the tool cannot do a repair, it can begin again without an end.
func (j job) runCheckExt(ctx context.Context) (output string, err error) {
	const most = 5 // a file system that was repaired in between needs two
	argv := []string{"e2fsck", "-f", "-n", "-C", "0", j.path}
	ending, stop := context.WithCancel(ctx)
	defer stop()
	began := 0
	exit, output, err := j.Run(ending, argv, func(line string) {
		if strings.HasPrefix(line, "Restarting e2fsck") {
			if began++; began > most {
				stop()
			}
		}
	})
	switch {
	case began > most && ctx.Err() == nil:
		err = &ToolError{Argv: argv, Exit: exit, Means: "it restarted again and again", Output: output}
	case err != nil:
		err = tried.Errorf("run %s: %w", argv[0], err)
	case !fsckCodes.good(exit):
		err = &ToolError{Argv: argv, Exit: exit, Means: fsckCodes.meaning(exit), Output: output}
	}
	return output, advise(err, "check it first, which repairs it")
}

// mendExt has e2fsck correct what it takes for safe. It always writes down that the file system was checked, without
// which resize2fs does nothing.
func (j job) mendExt(ctx context.Context, _ string) (did string, err error) {
	exit, _, err := j.run(ctx, fsckCodes.or(1).or(2), "e2fsck", "-f", "-p", "-C", "0", j.path)
	if err == nil && exit != 0 {
		did = "e2fsck -p corrected counts and marks, and every file is as it was"
	}
	return did, err
}
