package worker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"shunt/ops/fsys"
	"shunt/ops/partfs"
	"shunt/ops/target"
	"shunt/ops/target/loop"
)

// mount mounts the file system read-only at no directory, by a loop device that cannot be written either, and returns the path by
// which this process reaches it. Both go when the process ends. The kernel is trusted with what it mounts: a hostile file system of a kind that
// only the kernel reads could harm it, as it could when mounted by hand.
func (d *display) mount(fstype, options string) (string, error) {
	if d.how != partfs.RootNamespace.String() {
		return "", fmt.Errorf("only root can list the files in %s: the kernel has to mount it", fstype)
	}
	if may := fsys.Of(d.question.Kind).MayMount; may != nil {
		if err := may(d.target, d.question.Off); err != nil {
			return "", err
		}
	}
	l, device, err := loop.SetUp(d.target, target.Loop{Offset: d.question.Off, Limit: d.question.Len, ReadOnly: true, Passing: true})
	if err != nil {
		return "", err
	}
	defer func() { _ = device.Close() }() // the mount holds it from then on, and without one it goes away
	room, err := d.room()
	if err != nil {
		return "", err
	}
	sandbox, _, err := room.Confine()
	if err != nil {
		return "", err
	}
	mounted, err := sandbox.Attach(l.Node, fstype, options)
	switch {
	case errors.Is(err, unix.ENODEV):
		return "", fmt.Errorf("this kernel cannot mount %s", fstype)
	case err != nil:
		return "", fmt.Errorf("the kernel does not mount it as %s: %w; check it first", fstype, err)
	}
	d.undo = append(d.undo, mounted.Close)
	return fmt.Sprintf("/proc/self/fd/%d", mounted.Fd()), nil
}
