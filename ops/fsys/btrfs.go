package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"shunt/geometry"
	"shunt/model"
)

var btrfsFeature = feature{
	pkg: "btrfs-progs", create: can("mkfs.btrfs"), grow: whileMounted("btrfs", "btrfs"), shrink: whileMounted("btrfs", "btrfs"),
	check: can("btrfs"), label: can("btrfs"), uuid: can("btrfstune", "btrfs"), online: can("btrfs"),
	// The kernel does not shrink it below; mkfs.btrfs takes less, but then there is little room for data.
	minSize: 256 * geometry.MiB,
}

// btrfs check: 0 no errors, else errors.
func (t Tools) verifyBtrfs(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, zeroOnly, "btrfs", "check", "--readonly", path)
	return advise(err, "see btrfs-check(8) before any attempt to repair it")
}

// makeBtrfs runs mkfs.btrfs. -K: there is nothing to discard in a window.
func (t Tools) makeBtrfs(ctx context.Context, doing, path string, spec Spec) error {
	argv := []string{"mkfs.btrfs", "-q", "-f", "-K"}
	if spec.Label != "" {
		argv = append(argv, "-L", spec.Label)
	}
	if spec.UUID != "" {
		argv = append(argv, "-U", spec.UUID)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return err
}

// resizeBtrfs resizes it while it is mounted, which is the only way. The device is named by its number, and checked
// before and after.
func (t Tools) resizeBtrfs(ctx context.Context, doing, path string, size geometry.Bytes) error {
	before, n, err := t.probe(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	id, err := t.btrfsDevice(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if err := t.verifyBtrfs(ctx, doing, path); err != nil {
		return err
	}
	want := size / before.BlockSize * before.BlockSize
	to := strconv.FormatUint(id, 10) + ":"
	if int64(size) == n && want > before.Size {
		to += "max"
	} else {
		to += strconv.FormatInt(int64(want), 10)
	}
	err = t.whileMounted(ctx, doing, path, "btrfs", "", func(dir string) error {
		_, _, err := t.run(ctx, doing, zeroOnly, "btrfs", "filesystem", "resize", to, dir)
		return advise(err, "if there is not enough room in the new size, leave the partition larger")
	})
	if err != nil {
		return err
	}
	after, _, err := t.expect(model.Btrfs, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	case after.Size > size || after.Size < min(want, size-geometry.MiB):
		return fmt.Errorf("%s: btrfs made it %d bytes long instead of %d", doing, after.Size, size)
	}
	return t.verifyBtrfs(ctx, doing, path)
}

// uuidBtrfs has btrfstune rewrite all metadata with the new UUID.
func (t Tools) uuidBtrfs(ctx context.Context, doing, path, fresh string) error {
	_, _, err := t.run(ctx, doing, zeroOnly, "btrfstune", "-f", "-U", fresh, path)
	return err
}

const (
	btrfsSuperAt  = 64 << 10
	btrfsDeviceAt = 201 // number of this device
)

// btrfsDevice is the number of the device in the window.
func (t Tools) btrfsDevice(path string) (uint64, error) { return t.btrfsField(path, btrfsDeviceAt) }

func (t Tools) btrfsField(path string, at int64) (x uint64, err error) {
	f, err := t.open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var b [8]byte
	if err := readFull(f, b[:], btrfsSuperAt+at); err != nil {
		return 0, fmt.Errorf("read the superblock: %w", err)
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}
