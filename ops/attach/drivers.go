package attach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model"
)

// driver is a way to mount a kind of file system.
type driver struct {
	fs      string // the kernel's name of it
	quiet   string // options that keep it from writing when it is mounted read-only
	program string // does it instead of the kernel
}

// drivers are the ways to mount a kind, the best first; none if it cannot be mounted.
func drivers(kind model.FSKind) []driver {
	switch kind {
	case model.Ext2:
		return []driver{{fs: "ext4"}, {fs: "ext2"}}
	case model.Ext3:
		return []driver{{fs: "ext4", quiet: "noload"}, {fs: "ext3", quiet: "noload"}}
	case model.Ext4:
		return []driver{{fs: "ext4", quiet: "noload"}}
	case model.FAT12, model.FAT16, model.FAT32:
		return []driver{{fs: "vfat"}}
	case model.ExFAT:
		return []driver{{fs: "exfat"}}
	case model.NTFS:
		return []driver{{fs: "ntfs3"}, {program: "ntfs-3g"}}
	case model.XFS:
		return []driver{{fs: "xfs", quiet: "norecovery,nouuid"}}
	case model.Btrfs:
		return []driver{{fs: "btrfs", quiet: "rescue=nologreplay"}}
	case model.F2FS:
		return []driver{{fs: "f2fs", quiet: "norecovery"}}
	case model.NILFS2:
		return []driver{{fs: "nilfs2", quiet: "norecovery"}}
	case model.UDF, model.JFS, model.ReiserFS, model.ISO9660, model.SquashFS, model.HFSPlus, model.Bcachefs:
		return []driver{{fs: string(kind)}}
	}
	return nil
}

// unmountable is why nothing of this kind can be mounted, "" if it can.
func unmountable(kind model.FSKind) string {
	switch kind {
	case model.Unformatted:
		return "it holds no file system that shunt knows"
	case model.Swap, model.SwSuspend:
		return "it holds swap space and no files"
	case model.LUKS, model.BitLocker:
		return "it is encrypted; open it with `cryptsetup open` and mount what is inside"
	case model.LVM2:
		return "it is a part of an LVM volume group; mount its logical volumes"
	case model.RAID, model.ZFS:
		return "it is a part of a larger volume; mount that"
	}
	if len(drivers(kind)) == 0 {
		return fmt.Sprintf("there is no driver for %s", kind)
	}
	return ""
}

// mostTime is how long a program may take to mount something.
const mostTime = 30 * time.Second

// start has the program mount it. It goes on in the background as long as that is mounted. unix.ENODEV means that the
// program is not there.
func (d driver) start(node, dir string, access Access) error {
	path, err := exec.LookPath(d.program)
	if err != nil {
		return fmt.Errorf("%w, and neither is there %s (package ntfs-3g)", unix.ENODEV, d.program)
	}
	ctx, cancel := context.WithTimeout(context.Background(), mostTime)
	defer cancel()
	options := "rw,nosuid,nodev,noexec"
	if access == ReadOnly {
		options = "ro,norecover,nosuid,nodev,noexec"
	}
	cmd := exec.CommandContext(ctx, path, "-o", options, node, dir)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s says: %s (%w)", d.program, strings.Join(strings.Fields(string(out)), " "), err)
	}
	return nil
}

// Twin refuses the btrfs at an offset if the kernel has a copy of it mounted: it tells them apart by their UUID only, and
// would take one for the other.
func Twin(r io.ReaderAt, off int64) error {
	const at, magic = 64<<10 + 0x20, "_BHRfS_M"
	b := make([]byte, 40)
	if n, err := r.ReadAt(b, off+at); n < len(b) {
		return err
	}
	if string(b[32:]) != magic {
		return errors.New("there is no btrfs superblock")
	}
	uuid := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
	if _, err := os.Stat(filepath.Join("/sys/fs/btrfs", uuid)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a btrfs with the same UUID (%s) is mounted: look at the files there", uuid)
	}
	return nil
}
