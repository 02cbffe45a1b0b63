package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
)

// nilfsFeature: label and UUID are written here, since nilfs-tune works on devices only.
var nilfsFeature = feature{
	pkg: "nilfs-tools", create: can("mkfs.nilfs2"),
	grow: whileMounted("nilfs2", "nilfs-resize", "findmnt"), shrink: whileMounted("nilfs2", "nilfs-resize", "findmnt"),
	check: cannot("there is no tool that checks NILFS2"), label: can(), uuid: can(), online: can("nilfs-resize"),
	minSize: 128*geometry.MiB + 4*geometry.KiB,
}

// makeNILFS runs mkfs.nilfs2.
func (t Tools) makeNILFS(ctx context.Context, doing, path string, spec Spec) error {
	argv := []string{"mkfs.nilfs2", "-q", "-f"}
	if spec.Label != "" {
		argv = append(argv, "-L", spec.Label)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return err
}

// resizeNILFS resizes it while it is mounted, which is the only way. When it shrinks, nilfs-resize moves what lies behind
// the new end; it stops where snapshots hold that in place.
func (t Tools) resizeNILFS(ctx context.Context, doing, path string, size geometry.Bytes) error {
	before, _, err := t.probe(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	want := size / before.BlockSize * before.BlockSize
	err = t.whileMounted(ctx, doing, path, "nilfs2", "", func(dir string) error {
		_, device, err := t.run(ctx, doing, zeroOnly, "findmnt", "--noheadings", "--output", "SOURCE", dir)
		if err != nil {
			return err
		}
		_, _, err = t.run(ctx, doing, zeroOnly, "nilfs-resize", "--yes", strings.TrimSpace(device), strconv.FormatInt(int64(want), 10))
		return advise(err, "if there is not enough room in the new size, leave the partition larger")
	})
	if err != nil {
		return err
	}
	after, _, err := t.expect(model.NILFS2, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	case after.Size != want:
		return fmt.Errorf("%s: nilfs-resize made it %d bytes long instead of %d", doing, after.Size, want)
	}
	return nil
}

// The fields of a NILFS2 superblock that writing a label or a UUID takes, little-endian. The checksum is a CRC-32 without
// inversions that begins with the seed, over the first bytes with its own field zero.
const (
	nilfsBytesAt   = 8  // how many bytes the checksum covers (2)
	nilfsSeedAt    = 12 // its start value (4)
	nilfsSumAt     = 16 // (4)
	nilfsUUIDAt    = 152
	nilfsLabelAt   = 168
	nilfsLabelSize = 80
)

func (t Tools) labelNILFS(doing, path, label string) error {
	if len(label) > nilfsLabelSize {
		return fmt.Errorf("%s: label %q is too long: NILFS2 holds at most %d bytes", doing, label, nilfsLabelSize)
	}
	return t.changeNILFS(doing, path, func(b []byte) {
		clear(b[nilfsLabelAt:][:nilfsLabelSize])
		copy(b[nilfsLabelAt:], label)
	})
}

func (t Tools) uuidNILFS(doing, path, fresh string) error {
	id, err := uuid.Parse(fresh)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return t.changeNILFS(doing, path, func(b []byte) { copy(b[nilfsUUIDAt:], id[:]) })
}

// changeNILFS edits both superblocks. The second one is left alone where there is none.
func (t Tools) changeNILFS(doing, path string, edit func(b []byte)) (err error) {
	f, err := t.open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	n, err := f.Size()
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	changed := 0
	for _, off := range []int64{scan.NILFSAt, scan.NILFSBackup(n)} {
		b := make([]byte, scan.NILFSSize)
		if err := readFull(f, b, off); err != nil {
			return fmt.Errorf("%s: read the superblock: %w", doing, err)
		}
		if !scan.NILFSValid(b) {
			continue
		}
		edit(b)
		clear(b[nilfsSumAt:][:4])
		covered := binary.LittleEndian.Uint16(b[nilfsBytesAt:])
		sum := ^crc32.Update(^binary.LittleEndian.Uint32(b[nilfsSeedAt:]), crc32.IEEETable, b[:covered])
		binary.LittleEndian.PutUint32(b[nilfsSumAt:], sum)
		if _, err := f.WriteAt(b, off); err != nil {
			return fmt.Errorf("%s: write the superblock: %w", doing, err)
		}
		changed++
	}
	if changed == 0 {
		return fmt.Errorf("%s: it has no superblock with a right checksum", doing)
	}
	return nil
}
