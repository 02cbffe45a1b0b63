package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"
	"strconv"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func xfsDriver() Driver {
	return Driver{
		Kind: model.XFS, Package: "xfsprogs", create: can("mkfs.xfs"), grow: whileMounted("xfs", "xfs_growfs", "xfs_repair"),
		shrink: cannot("XFS cannot be shrunk"), online: can("xfs_growfs"),
		check: can("xfs_repair"), label: alone("xfs_repair"), uuid: can("xfs_db", "xfs_repair"),
		facts: ops.Capability{
			MinSize: 300 * geometry.MiB, // mkfs.xfs refuses less since its version 5.19
			Labels:  ops.LabelRule{Most: xfsLabelSize}, EndsAtSize: true,
		},
		// -K: there is nothing to discard in a window.
		make:    mkfs([]string{"mkfs.xfs", "-q", "-f", "-K", "-s", "size={sector}"}, "-L", "{label}", "-m", "uuid={uuid}"),
		resize:  job.resizeXFS,
		replays: whileMounted("xfs", "xfs_repair"),
		replay:  func(j job, ctx context.Context) error { return j.whileMounted(ctx, "nouuid", nothing) },
		// -f: the window is a regular file, and its sector size may differ from the file system's.
		verify: checking(xfsRepairCodes, "check it first, which repairs it", "xfs_repair", "-n", "-f", "{}"),
		repair: job.repairXFS, walk: job.walkXFS, free: xfsFree,
		setLabel: job.labelXFS,
		// xfs_db refuses if the log is not empty.
		setUUID: func(j job, ctx context.Context, fresh string) error {
			if err := j.driver.verify(j, ctx); err != nil {
				return err
			}
			return command("xfs_db", "-x", "-f", "-p", "xfs_admin", "-c", "{=}", "{}")(j, ctx, "uuid "+fresh)
		},
		admin:       [][]string{{"xfs_growfs"}},
		growMounted: command("xfs_growfs", "-d", "{dir}"),
		byHand:      []string{"xfs_growfs", "{dir}"},
		Ask:         ask("xfsprogs", "xfs_db", "-r", "-c", "info", "-c", "sb 0", "-c", "p", "{}"),
		Mounts:      mountedAs("xfs", "norecovery,nouuid"),
	}
}

// Exit codes of xfs_repair -n: 0 no errors, 1 errors found, 2 the log must be replayed first.
var xfsRepairCodes = exitCodes{ok: []int{0}, text: map[int]string{
	1: "errors were found", 2: "the log has to be replayed first",
}}

// repairXFS runs xfs_repair. Its exit code 0 means that it came to its end.
func (j job) repairXFS(ctx context.Context) error {
	codes := exitCodes{ok: []int{0}, text: map[int]string{1: "it gave up", 2: "the log has to be replayed first"}}
	if _, _, err := j.run(ctx, codes, "xfs_repair", "-f", j.path); err != nil {
		return advise(err, "take a copy of the partition, and see xfs_repair(8)")
	}
	return j.driver.verify(j, ctx)
}

// resizeXFS grows the file system while it is mounted, because no tool can do it otherwise. If there are not enough
// blocks for another group, it stays as it is: kernels before 5.12 refuse such a size.
func (j job) resizeXFS(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	want := j.fs.Filling(size)
	if want <= j.fs.Size {
		return j.fs.Size, nil
	}
	// nouuid: a copy of the file system may be mounted elsewhere.
	return want, j.whileMounted(ctx, "nouuid", func(dir string) error {
		_, _, err := j.run(ctx, zeroOnly, "xfs_growfs", "-D", strconv.FormatInt(int64(want/j.fs.BlockSize), 10), dir)
		return err
	})
}

// The fields of an XFS superblock that shunt needs to write a label. Integers are big-endian, except the checksum.
const (
	xfsBlockSizeAt  = 4
	xfsAGBlocksAt   = 84
	xfsAGCountAt    = 88
	xfsVersionAt    = 100
	xfsSectorSizeAt = 102
	xfsLabelAt      = 108
	xfsLabelSize    = 12
	xfsSumAt        = 224
	xfsVersion5     = 5 // the version with checksums
)

// labelXFS writes the label into all superblocks. It does not use xfs_db, whose command line cannot contain a label with
// a blank.
func (j job) labelXFS(ctx context.Context, label string) error {
	if err := j.driver.verify(j, ctx); err != nil {
		return err
	}
	return j.edit(func(f File) error {
		head := make([]byte, 512)
		if err := readFull(f, head, 0); err != nil {
			return err
		}
		u32 := func(off int) int64 { return int64(binary.BigEndian.Uint32(head[off:])) }
		sector := binary.BigEndian.Uint16(head[xfsSectorSizeAt:])
		if sector < 512 || bits.OnesCount16(sector) != 1 {
			return fmt.Errorf("a sector size of %d bytes is not possible", sector)
		}
		for ag := range u32(xfsAGCountAt) {
			off := ag * u32(xfsAGBlocksAt) * u32(xfsBlockSizeAt)
			if err := labelXFSAt(f, off, make([]byte, sector), label); err != nil {
				return fmt.Errorf("superblock %d: %w", ag, err)
			}
		}
		return nil
	})
}

// labelXFSAt writes the label into the superblock at off. b is a buffer of one sector.
func labelXFSAt(f File, off int64, b []byte, label string) error {
	if err := readFull(f, b, off); err != nil {
		return err
	}
	if string(b[:4]) != "XFSB" {
		return errors.New("it is not at its place")
	}
	clear(b[xfsLabelAt:][:xfsLabelSize])
	copy(b[xfsLabelAt:], label)
	if binary.BigEndian.Uint16(b[xfsVersionAt:])&15 == xfsVersion5 {
		clear(b[xfsSumAt:][:4])
		binary.LittleEndian.PutUint32(b[xfsSumAt:], crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	}
	_, err := f.WriteAt(b, off)
	return err
}
