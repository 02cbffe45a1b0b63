package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/ops/window"
)

// mount mounts the file system read-only in this process's own mount namespace, by a loop device that cannot be written
// either. Both go when the process ends. The kernel is trusted with what it mounts: a hostile file system of a kind that
// only the kernel reads could harm it, as it could when mounted by hand.
func (d *display) mount(fstype, options string) (string, error) {
	if d.how != window.RootNamespace.String() {
		return "", fmt.Errorf("only root can list the files in %s: the kernel has to mount it", fstype)
	}
	if err := d.twin(); err != nil {
		return "", err
	}
	node, loop, err := d.attach()
	if err != nil {
		return "", fmt.Errorf("set up a read-only loop device: %w", err)
	}
	defer func() { _ = loop.Close() }() // the mount holds it from then on, and without one it goes away
	at := filepath.Join(d.question.Room, RoomMount)
	const flags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	err = unix.Mount(node, at, fstype, flags, options)
	switch {
	case errors.Is(err, unix.ENODEV):
		return "", fmt.Errorf("this kernel cannot mount %s", fstype)
	case err != nil:
		return "", fmt.Errorf("the kernel does not mount it as %s: %w; check it first", fstype, err)
	}
	d.undo = append(d.undo, func() error { return unix.Unmount(at, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) })
	return at, nil
}

// attach sets up a loop device over the file system. It takes itself away when nobody has it open or mounted any more.
func (d *display) attach() (node string, loop *os.File, err error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, control.Close()) }()
	config := &unix.LoopConfig{Fd: uint32(d.target.Files()[0].Fd()), Size: uint32(d.target.SectorSize())}
	config.Info.Offset, config.Info.Sizelimit = uint64(d.question.Off), uint64(d.question.Len)
	config.Info.Flags = unix.LO_FLAGS_READ_ONLY | unix.LO_FLAGS_AUTOCLEAR
	copy(config.Info.File_name[:len(config.Info.File_name)-1], d.target.Path())
	const attempts = 20 // somebody else may take the free one first
	for range attempts {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return "", nil, err
		}
		node = fmt.Sprintf("/dev/loop%d", n)
		loop, err = os.OpenFile(node, os.O_RDONLY, 0)
		if err != nil {
			return "", nil, err
		}
		err = unix.IoctlLoopConfigure(int(loop.Fd()), config)
		if err == nil {
			return node, loop, nil
		}
		if err := errors.Join(err, loop.Close()); !errors.Is(err, unix.EBUSY) {
			return "", nil, err
		}
	}
	return "", nil, errors.New("every free one was taken by somebody else")
}

// twin refuses a btrfs of which the kernel has a copy mounted: it tells them apart by their UUID only, and would take one
// for the other.
func (d *display) twin() error {
	if d.question.Kind != model.Btrfs {
		return nil
	}
	const at, magic = 64<<10 + 0x20, "_BHRfS_M"
	b := make([]byte, 40)
	if n, err := d.target.ReadAt(b, d.question.Off+at); n < len(b) {
		return err
	}
	if string(b[32:]) != magic {
		return errors.New("there is no btrfs superblock")
	}
	uuid := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
	if _, err := os.Stat(filepath.Join("/sys/fs/btrfs", uuid)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a btrfs with the same UUID (%s) is mounted: look at the files there", strings.ToLower(uuid))
	}
	return nil
}
