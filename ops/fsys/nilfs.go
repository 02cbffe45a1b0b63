package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops"
)

// nilfsDriver sets label and UUID itself, because nilfs-tune only works on devices.
func nilfsDriver() Driver {
	resize := whileMounted("nilfs2", "nilfs-resize", "findmnt")
	return Driver{
		Kind: model.NILFS2, Package: "nilfs-tools", create: can("mkfs.nilfs2"), grow: resize, shrink: resize,
		check: cannot("there is no tool that checks NILFS2"), label: alone(), uuid: alone(), online: can("nilfs-resize"),
		facts:  ops.Capability{MinSize: 128*geometry.MiB + 4*geometry.KiB, Labels: ops.LabelRule{Most: nilfsLabelSize}},
		make:   mkfs([]string{"mkfs.nilfs2", "-q", "-f"}, "-L", "{label}"),
		resize: job.resizeNILFS,
		setLabel: func(j job, _ context.Context, label string) error {
			return j.changeNILFS(func(b []byte) {
				clear(b[nilfsLabelAt:][:nilfsLabelSize])
				copy(b[nilfsLabelAt:], label)
			})
		},
		setUUID: func(j job, _ context.Context, fresh string) error {
			id, err := uuid.Parse(fresh)
			if err != nil {
				return err
			}
			return j.changeNILFS(func(b []byte) { copy(b[nilfsUUIDAt:], id[:]) })
		},
		admin:       [][]string{{"nilfs-resize"}},
		growMounted: command("nilfs-resize", "--yes", "{}"),
		byHand:      []string{"nilfs-resize", "{}"},
		Mounts:      mountedAs("nilfs2", "norecovery"),
	}
}

// resizeNILFS resizes the file system while it is mounted, because no tool can do it otherwise. To shrink it,
// nilfs-resize moves data from behind the new end, and fails if a snapshot prevents that.
func (j job) resizeNILFS(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	want := size / j.fs.BlockSize * j.fs.BlockSize
	return want, j.whileMounted(ctx, "", func(dir string) error {
		_, device, err := j.run(ctx, zeroOnly, "findmnt", "--noheadings", "--output", "SOURCE", dir)
		if err != nil {
			return err
		}
		_, output, err := j.run(ctx, zeroOnly, "nilfs-resize", "--yes", strings.TrimSpace(device), strconv.FormatInt(int64(want), 10))
		return tooSmall(err, want < j.fs.Size && says(output, "does not have enough free space", "give up"), 0)
	})
}

// The fields of a NILFS2 superblock that shunt needs to write a label or a UUID, little-endian. The checksum is a CRC-32
// without inversions that starts with the seed. It covers the first bytes, with its own field as zeros.
const (
	nilfsBytesAt   = 8  // how many bytes the checksum covers (2)
	nilfsSeedAt    = 12 // its start value (4)
	nilfsSumAt     = 16 // (4)
	nilfsUUIDAt    = 152
	nilfsLabelAt   = 168
	nilfsLabelSize = 80
)

// changeNILFS changes both superblocks. A missing second superblock is not an error.
func (j job) changeNILFS(change func(b []byte)) error {
	return j.edit(func(f File) error {
		changed := 0
		for _, off := range []int64{scan.NILFSAt, scan.NILFSBackup(j.n)} {
			b := make([]byte, scan.NILFSSize)
			if err := readFull(f, b, off); err != nil {
				return tried.Errorf("read the superblock: %w", err)
			}
			if !scan.NILFSValid(b) {
				continue
			}
			change(b)
			clear(b[nilfsSumAt:][:4])
			covered := binary.LittleEndian.Uint16(b[nilfsBytesAt:])
			sum := ^crc32.Update(^binary.LittleEndian.Uint32(b[nilfsSeedAt:]), crc32.IEEETable, b[:covered])
			binary.LittleEndian.PutUint32(b[nilfsSumAt:], sum)
			if _, err := f.WriteAt(b, off); err != nil {
				return tried.Errorf("write the superblock: %w", err)
			}
			changed++
		}
		if changed == 0 {
			return errors.New("it has no superblock with a correct checksum")
		}
		return nil
	})
}
