package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model/scan"
)

// nilfsFeature: label and UUID are written here, since nilfs-tune works on devices only.
var nilfsFeature = feature{
	pkg: "nilfs-tools", create: can("mkfs.nilfs2"), grow: cannot("growing NILFS2" + notYet), shrink: cannot("shrinking NILFS2" + notYet),
	check: cannot("there is no tool that checks NILFS2"), label: can(), uuid: can(), online: cannot("growing NILFS2" + notYet),
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
