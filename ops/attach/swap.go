package attach

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/target"
)

// SwapOn lets the system use the swap space in a partition of a block device, or with part 0 on all of it. all lists the
// partitions in the table of the target. After an error nothing uses it.
func SwapOn(t target.Target, all []target.Part, p Source) error {
	if err := allowed("using swap space"); err != nil {
		return err
	}
	if p.FS.Kind != model.Swap {
		return fmt.Errorf("%s holds no swap space", p.Name)
	}
	if p.Use.Busy() {
		return fmt.Errorf("%s is %s", p.Name, p.Use)
	}
	if _, ok := t.(target.KernelDisk); !ok {
		return fmt.Errorf("%s is part of an image file, and the system swaps to devices: attach the image first", p.Name)
	}
	return WithNode(t, all, p, model.ReadWrite, func(node string) error {
		if err := swap(unix.SYS_SWAPON, node); err != nil {
			return tried.Errorf("use %s as swap: %w", p.Name, err)
		}
		return nil
	})
}

// SwapOff ends the use of a partition, or with part 0 of the whole device, as swap. The system moves what it holds into
// memory, which takes as long as that takes. After an error it is still used.
func SwapOff(t target.Target, p Source) error {
	if err := allowed("ending the use of swap space"); err != nil {
		return err
	}
	d, ok := t.(target.KernelDisk)
	if p.Use.Kind != model.SwapSpace || !ok {
		return fmt.Errorf("%s %w", p.Name, ErrNoSwap)
	}
	node, done, err := d.NodeFor(p.Part.Number)
	if err != nil {
		return err
	}
	err = swap(unix.SYS_SWAPOFF, node)
	switch {
	case errors.Is(err, unix.ENOMEM):
		err = fmt.Errorf("%s is still used as swap: there is not enough memory for what it holds. End some programs first", p.Name)
	case err != nil:
		err = tried.Errorf("end the use of %s as swap: %w", p.Name, err)
	}
	return errors.Join(err, done())
}

// ErrNoSwap is returned if the system does not swap to a partition.
var ErrNoSwap = errors.New("is not used as swap")

// swap calls swapon(2) without flags, or swapoff(2).
func swap(call uintptr, node string) error {
	path, err := unix.BytePtrFromString(node)
	if err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(call, uintptr(unsafe.Pointer(path)), 0, 0); errno != 0 {
		return errno
	}
	return nil
}
