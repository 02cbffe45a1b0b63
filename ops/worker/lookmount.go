package worker

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/ops/attach"
	"shunt/ops/target"
	"shunt/ops/target/loop"
	"shunt/ops/window"
)

// mount mounts the file system read-only in this process's own mount namespace, by a loop device that cannot be written
// either. Both go when the process ends. The kernel is trusted with what it mounts: a hostile file system of a kind that
// only the kernel reads could harm it, as it could when mounted by hand.
func (d *display) mount(fstype, options string) (string, error) {
	if d.how != window.RootNamespace.String() {
		return "", fmt.Errorf("only root can list the files in %s: the kernel has to mount it", fstype)
	}
	if d.question.Kind == model.Btrfs {
		if err := attach.Twin(d.target, d.question.Off); err != nil {
			return "", err
		}
	}
	l, device, err := loop.SetUp(d.target, target.Loop{Offset: d.question.Off, Limit: d.question.Len, ReadOnly: true, Passing: true})
	if err != nil {
		return "", err
	}
	defer func() { _ = device.Close() }() // the mount holds it from then on, and without one it goes away
	at := filepath.Join(d.question.Room, RoomMount)
	const flags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	err = unix.Mount(l.Node, at, fstype, flags, options)
	switch {
	case errors.Is(err, unix.ENODEV):
		return "", fmt.Errorf("this kernel cannot mount %s", fstype)
	case err != nil:
		return "", fmt.Errorf("the kernel does not mount it as %s: %w; check it first", fstype, err)
	}
	d.undo = append(d.undo, func() error { return unix.Unmount(at, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) })
	return at, nil
}
