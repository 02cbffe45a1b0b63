package attach

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/fsys"
	"shunt/ops/target"
	"shunt/ops/target/loop"
)

// MountOptions says how a file system is to be mounted.
type MountOptions struct {
	// Dir is an existing directory to mount it at, with a path that only root can change. "" means a new one in MountDir.
	Dir    string
	Access model.Access
	// AllowDisks allows partitions of physical disks to be mounted for writing.
	AllowDisks bool
}

// A Source is a partition, or a whole target, and the file system in it.
type Source struct {
	Name string // its name for people: "p1", "the disk"
	Part target.Part
	FS   model.Filesystem
	Use  model.Use
}

// Mount mounts the file system in a part of a target and returns the directory. all lists the partitions in the target's
// table. If the kernel does not know the partition of a block device, Mount gives it that list. The mount has the options
// noexec, nosuid and nodev. After an error nothing is mounted.
func Mount(t target.Target, all []target.Part, p Source, w MountOptions) (dir string, err error) {
	if err := allowed("mounting"); err != nil {
		return "", err
	}
	d := fsys.Of(p.FS.Kind)
	if no := NotMountable(p.FS); !no.OK() {
		return "", fmt.Errorf("%s cannot be mounted: %s", p.Name, no)
	}
	if at := target.Mounts(t, p.Part); len(at) > 0 {
		return "", fmt.Errorf("%s is mounted at %s already", p.Name, at[0])
	}
	if p.Use.Busy() {
		return "", fmt.Errorf("%s is %s: %s", p.Name, p.Use, p.Use.Way())
	}
	if d, ok := t.(target.KernelDisk); ok && w.Access == model.ReadWrite && d.Physical() && !w.AllowDisks {
		return "", fmt.Errorf("%s %w", t.Path(), target.ErrPhysical)
	}
	if no := d.MayMount(p.FS); !no.OK() {
		return "", fmt.Errorf("%s cannot be mounted: %s", p.Name, no)
	}
	at, err := directory(t.Path(), p, w.Dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, at.Close()) }()
	if err := mountAt(t, all, p, at, w.Access); err != nil {
		if at.made {
			err = errors.Join(err, os.Remove(at.path))
		}
		return "", err
	}
	return at.path, nil
}

// NotMountable returns why contents are nothing that can be mounted, or "". Others may still be refused, because of who
// uses them or because mounting would do harm.
func NotMountable(fs model.Filesystem) model.Reason {
	if d := fsys.Of(fs.Kind); len(d.Mounts) == 0 {
		return d.NoFiles
	}
	return fs.Elsewhere.NoTools()
}

func mountAt(t target.Target, all []target.Part, p Source, at spot, access model.Access) error {
	return WithNode(t, all, p, access, func(node string) error { return mount(node, p, at, access) })
}

// WithNode calls do with the device on which a part of a target can be mounted. Of an image that is a loop device that
// shows nothing else and disappears with the mount, or when do returns. For a read-only mount the loop device is
// read-only too, so that not even the kernel can write. all lists the partitions in the table of the target. The error is
// a *NotByKernel if the kernel cannot read the target.
func WithNode(t target.Target, all []target.Part, p Source, access model.Access, do func(node string) error) error {
	d, ok := t.(target.KernelDisk)
	if !ok {
		l, device, err := loop.SetUp(t, target.Loop{
			Offset: p.Part.Start, Limit: p.Part.Len, ReadOnly: access == model.ReadOnly, Passing: true,
		})
		if err != nil {
			return &NotByKernel{err}
		}
		return errors.Join(do(l.Node), device.Close())
	}
	if p.Part.Number < 0 {
		return &NotByKernel{fmt.Errorf("%s cannot be mounted by the kernel: it is no partition of the device; `shunt ls` and `shunt cp` read its files", p.Name)}
	}
	if p.Part.Number != 0 {
		if err := d.Knows(p.Part); err != nil {
			if err := d.Follow(all); err != nil {
				return err
			}
		}
	}
	node, done, err := d.NodeFor(p.Part.Number)
	if err != nil {
		return err
	}
	return errors.Join(d.Lend(func() error { return do(node) }), done())
}

// A NotByKernel says why the kernel cannot mount a file system here. A program may still serve its files: see MayServe.
type NotByKernel struct{ Err error }

func (e *NotByKernel) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *NotByKernel) Unwrap() error { return e.Err }

// mount has the kernel mount the file system on a node, under the first of its names that the kernel knows.
func mount(node string, p Source, at spot, access model.Access) error {
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	if access == model.ReadOnly {
		flags |= unix.MS_RDONLY
	}
	var err error
	for _, m := range fsys.Of(p.FS.Kind).Mounts {
		options := ""
		if access == model.ReadOnly {
			options = m.Quiet
		}
		err = unix.Mount(node, byDescriptor(at.File), m.FS, flags, options)
		if !errors.Is(err, unix.ENODEV) {
			break
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENODEV):
		return &NotByKernel{fmt.Errorf("%s cannot be mounted: this kernel does not know %s; `shunt ls` may list its files",
			p.Name, p.FS.Kind)}
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EROFS):
		return fmt.Errorf("%s cannot be mounted for writing: its device is read-only (%w)", p.Name, err)
	case errors.Is(err, unix.EPERM):
		return &NotByKernel{fmt.Errorf("the system does not let even root mount %s (%w): is this a container?", p.Name, err)}
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%s cannot be mounted: something else uses it or %s (%w)", p.Name, at.path, err)
	}
	return fmt.Errorf("the kernel does not mount %s as %s: %w; check it first (`check` in a plan, x in the editor)",
		p.Name, p.FS.Kind, err)
}

// Unmount unmounts a file system and returns the directory. dir selects one of several mounts. It may be "" if there is
// only one. Unmount removes the directory if it is in MountDir.
func Unmount(t target.Target, p Source, dir string) (string, error) {
	at := target.Mounts(t, p.Part)
	switch {
	case len(at) == 0:
		return "", fmt.Errorf("%s %w", p.Name, ErrNotMounted)
	case dir == "" && len(at) > 1:
		return "", fmt.Errorf("%s is mounted at %s and at %s: name the directory", p.Name, at[0], at[1])
	case dir == "":
		dir = at[0]
	}
	if !slices.Contains(at, dir) {
		return "", fmt.Errorf("%s is not mounted at %s", p.Name, dir)
	}
	if err := allowed("unmounting what the kernel has mounted"); err != nil {
		return "", err
	}
	top, err := topmost(dir)
	if err != nil {
		return "", err
	}
	if top.stack > 1 {
		return "", fmt.Errorf("there are several mounts at %s, one over the other: unmount the upper ones first", dir)
	}
	err = unix.Unmount(dir, unix.UMOUNT_NOFOLLOW)
	switch {
	case errors.Is(err, unix.EBUSY):
		return "", fmt.Errorf("%s stays mounted at %s: %s", p.Name, dir, cmp.Or(users(dir, top.id), lookForUsers(dir)))
	case err != nil:
		return "", tried.Errorf("unmount %s: %w", dir, err)
	}
	removeSpot(dir)
	return dir, nil
}

// ErrNotMounted is returned if nothing is mounted.
var ErrNotMounted = errors.New("is not mounted")

// byDescriptor returns a path that leads to an open file even if the file is renamed.
func byDescriptor(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }
