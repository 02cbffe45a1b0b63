// Package loop finds and sets up loop devices. What is done with one from then on is done by opening it as a target.
package loop

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// At is the loop device of the node at path. The error is target.ErrNoLoop if it is none.
func At(path string) (target.Loop, error) {
	info, err := os.Stat(path)
	if err != nil {
		return target.Loop{}, fmt.Errorf("open %s: %w", path, kernel.Cause(err))
	}
	if kernel.IsBlock(info) {
		d, err := kernel.Host().Disk(kernel.RdevOf(info))
		if err == nil && d.Is("loop") && d.Text("loop", "backing_file") != "" {
			return kernel.Host().Loop(d.Name), nil
		}
	}
	return target.Loop{}, fmt.Errorf("%s %w", path, target.ErrNoLoop)
}

// On lists the loop devices on the file at path.
func On(path string) ([]target.Loop, error) {
	id, err := kernel.FileAt(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	var list []target.Loop
	for _, name := range kernel.Host().LoopsOn(id) {
		list = append(list, kernel.Host().Loop(name))
	}
	return list, nil
}

// SetUp sets a free loop device up on the file of a target, with the target's sectors, as l says; its Node and File are
// chosen here. It fails if the kernel cannot read the target's format. The open device is the caller's: a passing one goes
// away when that is closed and it is not used otherwise. Partitions that whoever had the device earlier told the kernel may
// still be there, until KernelDisk.Follow.
func SetUp(t target.Target, l target.Loop) (set target.Loop, device *os.File, err error) {
	plain, err := target.AsPlain(t)
	if err != nil {
		return l, nil, fmt.Errorf("make a loop device of %s: %w", t.Path(), err)
	}
	f, err := plain.Reopen(!l.ReadOnly)
	if err != nil {
		return l, nil, err
	}
	l.File = t.Path()
	l, device, err = setUp(f, l, int(t.SectorSize()))
	return l, device, errors.Join(err, f.Close())
}

func setUp(f *os.File, l target.Loop, sector int) (set target.Loop, device *os.File, err error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return l, nil, fmt.Errorf("ask for a free loop device: %w", err)
	}
	defer func() { err = errors.Join(err, control.Close()) }()
	config := &unix.LoopConfig{Fd: uint32(f.Fd()), Size: uint32(sector)}
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
			return l, nil, fmt.Errorf("ask for a free loop device: %w", err)
		}
		l.Node = fmt.Sprintf("/dev/loop%d", n)
		device, err = openFree(l.Node, mode)
		if err != nil {
			return l, nil, fmt.Errorf("open the free loop device: %w", err)
		}
		err = kernel.Retry(func() error { return unix.IoctlLoopConfigure(int(device.Fd()), config) })
		if err == nil {
			return l, device, nil
		}
		if err := errors.Join(err, device.Close()); !errors.Is(err, unix.EBUSY) {
			return l, nil, fmt.Errorf("set up %s on %s: %w", l.Node, l.File, err)
		}
	}
	return l, nil, errors.New("set up a loop device: every free one was taken by somebody else")
}

// openFree opens a loop device that is not set up. One that was left read-only, by whoever used it last, is
// made writable if that is asked for.
func openFree(node string, mode int) (*os.File, error) {
	f, err := os.OpenFile(node, mode, 0)
	if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EROFS) && !errors.Is(err, unix.EPERM) || mode == os.O_RDONLY {
		return f, err
	}
	f, err = os.OpenFile(node, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	off := 0
	if err := errors.Join(unix.IoctlSetPointerInt(int(f.Fd()), unix.BLKROSET, off), f.Close()); err != nil {
		return nil, err
	}
	return os.OpenFile(node, mode, 0)
}
