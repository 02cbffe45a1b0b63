// Package loop finds and sets up loop devices. To do more with one, open it as a target.
package loop

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// At describes the loop device at path. The error wraps target.ErrNoLoop if it is not a loop device.
func At(path string) (target.Loop, error) {
	info, err := os.Stat(path)
	if err != nil {
		return target.Loop{}, tried.Errorf("open %s: %w", path, tried.Cause(err))
	}
	if d, err := kernel.Host().Disk(kernel.RdevOf(info)); err == nil && kernel.IsBlock(info) && d.Loop().File != "" {
		return d.Loop(), nil
	}
	return target.Loop{}, fmt.Errorf("%s %w", path, target.ErrNoLoop)
}

// On lists the loop devices on the file at path.
func On(path string) ([]target.Loop, error) {
	id, err := kernel.FileAt(path)
	if err != nil {
		return nil, tried.Errorf("open %s: %w", path, err)
	}
	return kernel.Host().Loops(id), nil
}

// SetUp sets up a free loop device on the file of a target, as l says and with the target's sector size. It fills in Node
// and File. It fails if the kernel cannot read the target's format. The caller must close the open device. A passing device
// is removed then, unless it is in use by then. The kernel may still have partitions of an earlier user of the device;
// KernelDisk.Follow removes those.
func SetUp(t target.Target, l target.Loop) (set target.Loop, device *os.File, err error) {
	plain, err := target.AsPlain(t)
	if err != nil {
		return l, nil, tried.Errorf("make a loop device of %s: %w", t.Path(), err)
	}
	f, err := plain.Reopen(!l.ReadOnly)
	if err != nil {
		return l, nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return l, nil, tried.Errorf("ask for a free loop device: %w", err)
	}
	defer func() { err = errors.Join(err, control.Close()) }()
	l.File = t.Path()
	config := &unix.LoopConfig{Fd: uint32(f.Fd()), Size: uint32(t.SectorSize())}
	config.Info.Offset, config.Info.Sizelimit = uint64(l.Offset), uint64(l.Limit)
	mode := os.O_RDWR
	if l.ReadOnly {
		config.Info.Flags, mode = unix.LO_FLAGS_READ_ONLY, os.O_RDONLY
	}
	if l.Passing {
		config.Info.Flags |= unix.LO_FLAGS_AUTOCLEAR
	}
	copy(config.Info.File_name[:len(config.Info.File_name)-1], l.File)
	const attempts = 20 // somebody else may take the free one first
	for range attempts {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return l, nil, tried.Errorf("ask for a free loop device: %w", err)
		}
		l.Node = fmt.Sprintf("/dev/loop%d", n)
		device, err = openFree(l.Node, mode)
		if err != nil {
			return l, nil, tried.Errorf("open the free loop device: %w", err)
		}
		err = kernel.Retry(func() error { return unix.IoctlLoopConfigure(int(device.Fd()), config) })
		if err == nil {
			return l, device, nil
		}
		if err := errors.Join(err, device.Close()); !errors.Is(err, unix.EBUSY) {
			return l, nil, tried.Errorf("set up %s on %s: %w", l.Node, l.File, err)
		}
	}
	return l, nil, tried.Errorf("set up a loop device: other programs took every free one first")
}

// openFree opens a loop device that is not set up. If its last user left it read-only and mode asks for writing, openFree
// makes it writable.
func openFree(node string, mode int) (*os.File, error) {
	f, err := os.OpenFile(node, mode, 0)
	if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EROFS) && !errors.Is(err, unix.EPERM) || mode == os.O_RDONLY {
		return f, err
	}
	f, err = os.OpenFile(node, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(unix.IoctlSetPointerInt(int(f.Fd()), unix.BLKROSET, 0), f.Close()); err != nil {
		return nil, err
	}
	return os.OpenFile(node, mode, 0)
}
