package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops"
)

func btrfsDriver() Driver {
	resize := whileMounted("btrfs", "btrfs").called("btrfs filesystem resize")
	return Driver{
		Kind: model.Btrfs, Package: "btrfs-progs", create: can("mkfs.btrfs"), grow: resize, shrink: resize,
		check: can("btrfs").called("btrfs check"), label: can("btrfs").called("btrfs filesystem label"),
		uuid: can("btrfstune", "btrfs"), online: can("btrfs").called("btrfs filesystem resize"),
		facts: ops.Capability{
			// The kernel resizes none to less. mkfs.btrfs makes smaller ones, but they hold little data.
			MinSize: 256 * geometry.MiB, Resizable: 256 * geometry.MiB, Labels: ops.LabelRule{Most: 255}, EndsAtSize: true,
		},
		// -K: there is nothing to discard in a window.
		make:   mkfs([]string{"mkfs.btrfs", "-q", "-f", "-K"}, "-L", "{label}", "-U", "{uuid}"),
		resize: job.resizeBtrfs,
		verify: checking(zeroOnly, "see btrfs-check(8) before any attempt to repair it", "btrfs", "check", "--readonly", "{}"),
		mend:   job.mendBtrfs, scrub: job.scrubBtrfs, examine: job.examineBtrfs,
		replays:  whileMounted("btrfs", "btrfs"),
		replay:   func(j job, ctx context.Context) error { return j.whileMounted(ctx, "", nothing) },
		setLabel: command("btrfs", "filesystem", "label", "{}", "{=}"),
		// btrfstune rewrites all metadata with the new UUID.
		setUUID: command("btrfstune", "-f", "-U", "{=}", "{}"),
		admin:   [][]string{{"btrfs", "filesystem", "resize"}, {"btrfs", "scrub"}},
		growMounted: func(j job, ctx context.Context, _ string) error {
			id, err := j.btrfsDevice() // there may be more devices than this one
			if err != nil {
				return err
			}
			return j.resizeMounted(ctx, id, "max", j.dir)
		},
		byHand: []string{"btrfs", "filesystem", "resize", "max", "{dir}"},
		Ask:    ask("btrfs-progs", "btrfs", "inspect-internal", "dump-super", "{}"),
		Mounts: mountedAs("btrfs", "rescue=nologreplay"), harm: noBtrfsTwin, subvolumes: true,
	}
}

// resizeBtrfs resizes the file system while it is mounted, because no tool can do it otherwise. It addresses the device
// by its number.
func (j job) resizeBtrfs(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	id, err := j.btrfsDevice()
	if err != nil {
		return 0, err
	}
	want := size / j.fs.BlockSize * j.fs.BlockSize
	if want == j.fs.Size {
		return want, nil // below 256 MiB the kernel refuses even that
	}
	to := fmt.Sprint(want)
	if int64(size) == j.n && want > j.fs.Size {
		to = "max"
	}
	return min(want, size-geometry.MiB), j.whileMounted(ctx, "", func(dir string) error {
		resize := func(to string) error { return j.resizeMounted(ctx, id, to, dir) }
		err := resize(to)
		if small := (*TooSmallError)(nil); errors.As(err, &small) {
			if small.Least = descend(j.fs.Size, want, resize); small.Least <= want {
				return nil
			}
		}
		return err
	})
}

func (j job) resizeMounted(ctx context.Context, id uint64, to, dir string) error {
	_, output, err := j.run(ctx, zeroOnly, "btrfs", "filesystem", "resize", fmt.Sprintf("%d:%s", id, to), dir)
	return tooSmall(err, says(output, "No space left on device"), 0)
}

// descend shrinks a btrfs of this size towards the wanted one as far as the kernel goes, and returns the size that it
// then has. The kernel moves the chunks that lie behind the new end; it needs a place for each of them, in chunks that are
// not full or in space that no chunk has. No size on disk tells how far that goes. After a failure the file system is as
// good as before. Balancing it first mostly makes the smallest size larger, as new chunks are a tenth of the device.
func descend(size, want geometry.Bytes, resize func(to string) error) geometry.Bytes {
	fine := max((size-want)/128, 4*geometry.MiB) / geometry.MiB * geometry.MiB
	for step := (size - want) / 2 / geometry.MiB * geometry.MiB; step >= fine && size > want; {
		next := max(want, size-step)
		if resize(fmt.Sprint(next)) != nil {
			step = step / 2 / geometry.MiB * geometry.MiB
			continue
		}
		size = next
	}
	return size
}

// mendBtrfs makes the two sizes in the superblock agree. Tools before 4.13 left that of the device unaligned. If only the
// superblock is wrong, the kernel corrects it when the file system is mounted.
func (j job) mendBtrfs(ctx context.Context, found string) (did string, err error) {
	agree, err := j.btrfsSizesAgree()
	if err != nil || found != "" || agree {
		return "", err
	}
	_, _, err = j.run(ctx, zeroOnly, "btrfs", "rescue", "fix-device-size", j.path)
	if err == nil {
		agree, err = j.btrfsSizesAgree()
	}
	if err == nil && !agree && j.MountPoint != "" {
		if err = j.whileMounted(ctx, "", nothing); err == nil {
			agree, err = j.btrfsSizesAgree()
		}
	}
	if err != nil || !agree {
		return "", err
	}
	return "the size of its device was corrected", nil
}

// scrubBtrfs has the kernel read everything, compare it with its checksums, and restore what is damaged from a good copy. Where
// there is none, nothing is changed. It does nothing if this process cannot mount.
func (j job) scrubBtrfs(ctx context.Context) (caveat string, err error) {
	if j.MountPoint == "" {
		return "", nil
	}
	uncorrectable := exitCodes{ok: []int{0, 3}}
	err = j.whileMounted(ctx, "", func(dir string) error {
		exit, _, err := j.run(ctx, uncorrectable, "btrfs", "scrub", "start", "-B", dir)
		if err == nil && exit != 0 {
			caveat = "the scrub found blocks without a good copy: files that lie there cannot be read completely, and stay as they are"
		}
		return err
	})
	return caveat, err
}

// examineBtrfs also finds what only one of two copies lacks. btrfs check then reads the other copy and says so in passing;
// it sees no data and no mirror of the superblock, which a scrub reads. There is no scrub if this process cannot mount.
func (j job) examineBtrfs(ctx context.Context) error {
	argv := []string{"btrfs", "check", "--readonly", j.path}
	exit, output, err := j.run(ctx, zeroOnly, argv...)
	if err == nil && says(output, "checksum verify failed", "parent transid verify failed", "bad tree block") {
		err = &ToolError{Argv: argv, Exit: exit, Means: "a copy of its metadata is damaged", Output: output}
	}
	if err != nil || j.MountPoint == "" {
		return advise(err, "`check` repairs what has a good copy")
	}
	return j.whileMounted(ctx, "", func(dir string) error {
		argv := []string{"btrfs", "scrub", "start", "-B", dir}
		exit, output, err := j.run(ctx, zeroOnly, argv...)
		if err == nil && !says(output, "no errors found") {
			err = &ToolError{Argv: argv, Exit: exit, Means: "a copy is damaged", Output: output}
		}
		return advise(err, "`check` repairs what has a good copy")
	})
}

// btrfsSizesAgree reports whether the device is no larger than the whole file system.
func (j job) btrfsSizesAgree() (agree bool, err error) {
	err = j.edit(func(f File) error {
		var total, device [8]byte
		err := errors.Join(readFull(f, total[:], btrfsSuper+112), readFull(f, device[:], btrfsSuper+209))
		agree = binary.LittleEndian.Uint64(device[:]) <= binary.LittleEndian.Uint64(total[:])
		return err
	})
	return agree, err
}

// btrfsSuper is where the superblock lies.
const btrfsSuper = 64 << 10

// btrfsDevice returns the device number that the superblock stores.
func (j job) btrfsDevice() (id uint64, err error) {
	err = j.edit(func(f File) error {
		var b [8]byte
		if err := readFull(f, b[:], btrfsSuper+201); err != nil {
			return tried.Errorf("read the superblock: %w", err)
		}
		id = binary.LittleEndian.Uint64(b[:])
		return nil
	})
	return id, err
}

// noBtrfsTwin returns the reason why a btrfs must not be mounted if the kernel has a copy of it mounted. The kernel
// compares nothing but UUIDs and would confuse the two.
func noBtrfsTwin(fs model.Filesystem) model.Reason {
	if _, err := os.Stat(filepath.Join("/sys/fs/btrfs", fs.UUID)); fs.UUID == "" || errors.Is(err, os.ErrNotExist) {
		return ""
	}
	return model.Because("a btrfs with the same UUID (%s) is mounted: look at the files there", fs.UUID)
}
