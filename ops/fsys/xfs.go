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
)

var xfsFeature = feature{
	pkg: "xfsprogs", create: can("mkfs.xfs"), grow: whileMounted("xfs", "xfs_growfs", "xfs_repair"),
	shrink: cannot("XFS cannot be shrunk"), check: can("xfs_repair"), label: can("xfs_repair"), uuid: can("xfs_db", "xfs_repair"),
	online: can("xfs_growfs"),
	// mkfs.xfs refuses less since its version 5.19.
	minSize: 300 * geometry.MiB,
}

// xfs_repair -n: 0 no errors, 1 errors found, 2 the log must be replayed first.
var xfsRepairCodes = exitCodes{ok: []int{0}, text: map[int]string{
	1: "errors were found", 2: "the log has to be replayed first",
}}

func (t Tools) verifyXFS(ctx context.Context, doing, path string) error {
	// -f: what is checked is a regular file, whose sector size may differ from the file system's.
	_, _, err := t.run(ctx, doing, xfsRepairCodes, "xfs_repair", "-n", "-f", path)
	return advise(err, "if it was not unmounted cleanly, mount and unmount it once; otherwise repair it with xfs_repair")
}

// makeXFS runs mkfs.xfs. -K: there is nothing to discard in a window.
func (t Tools) makeXFS(ctx context.Context, doing, path string, spec Spec) error {
	argv := []string{"mkfs.xfs", "-q", "-f", "-K", "-s", "size=" + strconv.FormatInt(int64(spec.SectorSize), 10)}
	if spec.Label != "" {
		argv = append(argv, "-L", spec.Label)
	}
	if spec.UUID != "" {
		argv = append(argv, "-m", "uuid="+spec.UUID)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return err
}

// resizeXFS grows it to the end of the window, which XFS does only while it is mounted, and checks it before and after.
func (t Tools) resizeXFS(ctx context.Context, doing, path string, size geometry.Bytes) error {
	before, n, err := t.probe(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", doing, err)
	case size/before.BlockSize*before.BlockSize < before.Size:
		return fmt.Errorf("%s: XFS cannot be shrunk", doing)
	case int64(size) != n:
		return fmt.Errorf("%s: it can only be made as large as its partition, which has %d bytes", doing, n)
	}
	if err := t.verifyXFS(ctx, doing, path); err != nil {
		return err
	}
	// nouuid: a copy of it may be mounted elsewhere.
	err = t.whileMounted(ctx, doing, path, "xfs", "nouuid", func(dir string) error {
		_, _, err := t.run(ctx, doing, zeroOnly, "xfs_growfs", "-d", dir)
		return err
	})
	if err != nil {
		return err
	}
	after, _, err := t.expect(model.XFS, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	case after.Size < before.Size:
		return fmt.Errorf("%s: xfs_growfs left it %d bytes long, which is less than before", doing, after.Size)
	}
	return t.verifyXFS(ctx, doing, path)
}

// uuidXFS has xfs_db write the UUID, which refuses if the log is not empty.
func (t Tools) uuidXFS(ctx context.Context, doing, path, fresh string) error {
	if err := t.verifyXFS(ctx, doing, path); err != nil {
		return err
	}
	_, _, err := t.run(ctx, doing, zeroOnly, "xfs_db", "-x", "-f", "-p", "xfs_admin", "-c", "uuid "+fresh, path)
	return err
}

// The fields of an XFS superblock that writing a label takes; integers are big-endian, the checksum is not.
const (
	xfsBlockSizeAt  = 4
	xfsAGBlocksAt   = 84
	xfsAGCountAt    = 88
	xfsVersionAt    = 100
	xfsSectorSizeAt = 102
	xfsLabelAt      = 108
	xfsLabelSize    = 12
	xfsSumAt        = 224
	xfsVersion5     = 5 // has checksums
)

// labelXFS writes the label into all superblocks. xfs_db would do, if its command line could express a label with a
// blank.
func (t Tools) labelXFS(ctx context.Context, doing, path, label string) (err error) {
	if len(label) > xfsLabelSize {
		return fmt.Errorf("%s: label %q is too long: XFS holds at most %d bytes", doing, label, xfsLabelSize)
	}
	if err := t.verifyXFS(ctx, doing, path); err != nil {
		return err
	}
	f, err := t.open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head := make([]byte, 512)
	if err := readFull(f, head, 0); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	u32 := func(off int) int64 { return int64(binary.BigEndian.Uint32(head[off:])) }
	sector := binary.BigEndian.Uint16(head[xfsSectorSizeAt:])
	if sector < 512 || bits.OnesCount16(sector) != 1 {
		return fmt.Errorf("%s: a sector size of %d bytes is not possible", doing, sector)
	}
	b := make([]byte, sector)
	for ag := range u32(xfsAGCountAt) {
		off := ag * u32(xfsAGBlocksAt) * u32(xfsBlockSizeAt)
		if err := readFull(f, b, off); err != nil {
			return fmt.Errorf("%s: read superblock %d: %w", doing, ag, err)
		}
		if string(b[:4]) != "XFSB" {
			return fmt.Errorf("%s: superblock %d is not where it should be", doing, ag)
		}
		clear(b[xfsLabelAt:][:xfsLabelSize])
		copy(b[xfsLabelAt:], label)
		if binary.BigEndian.Uint16(b[xfsVersionAt:])&15 == xfsVersion5 {
			clear(b[xfsSumAt:][:4])
			binary.LittleEndian.PutUint32(b[xfsSumAt:], crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
		}
		if _, err := f.WriteAt(b, off); err != nil {
			return fmt.Errorf("%s: write superblock %d: %w", doing, ag, err)
		}
	}
	return nil
}
