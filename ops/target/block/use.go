package block

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// Detach is KernelDisk.Detach.
func (b *device) Detach() error {
	err := b.detach()
	err = errors.Join(err, b.Close())
	if err != nil {
		return err
	}
	// It goes when the last one who has it open closes it. Those who only look do so for moments.
	left := errors.New("it is still set up")
	err = held.Patiently(held.PartPatience, func() error {
		if b.disk.Text("loop", "backing_file") != "" {
			return left
		}
		return nil
	}, left)
	if err != nil {
		return fmt.Errorf("%s goes away as soon as %s has closed it", b.Given, kernel.Host().Claimant(b.Given, b.disk, b.ID()).Holder)
	}
	return nil
}

func (b *device) detach() error {
	if !b.disk.Is("loop") {
		return fmt.Errorf("%s %w", b.Given, target.ErrNoLoop)
	}
	if err := b.flush(); err != nil {
		return err
	}
	var all []int
	for number := range b.disk.Parts() {
		all = append(all, number)
	}
	if err := b.Withdraw(all); err != nil {
		return err
	}
	if err := kernel.Retry(func() error { return unix.IoctlSetInt(int(b.Read.Fd()), unix.LOOP_CLR_FD, 0) }); err != nil {
		return fmt.Errorf("detach %s: %w", b.Given, err)
	}
	return nil
}

// Unused is Target.Unused.
func (b *device) Unused() error {
	if use := kernel.Host().WholeUser(b.Given, b.disk); use != nil {
		return use
	}
	return nil
}

// Lend is KernelDisk.Lend.
func (b *device) Lend(do func() error) error {
	if b.Mode == target.Inspect {
		return do()
	}
	if b.claim != nil {
		if err := b.claim.Close(); err != nil {
			return err
		}
		b.claim = nil
	}
	err := do()
	if claim := b.takeClaim(); claim != nil && b.Unused() == nil {
		return errors.Join(err, claim)
	}
	return err
}

// Uses is Plain.Uses.
func (b *device) Uses([]target.Part) map[int]model.Use { return kernel.Host().Uses(b.disk) }

// Mounts is Plain.Mounts.
func (b *device) Mounts(p target.Part) []string {
	d, known := b.part(p.Number)
	if !known {
		return nil
	}
	return kernel.Host().Mounts(d)
}

// part is a partition that the kernel knows, or with 0 the device.
func (b *device) part(number int) (d kernel.Disk, known bool) {
	if number == 0 {
		return b.disk, true
	}
	d, known = b.disk.Parts()[number]
	return d, known
}

// Knows is KernelDisk.Knows.
func (b *device) Knows(p target.Part) error {
	d, known := b.disk.Parts()[p.Number]
	if !known {
		return fmt.Errorf("the kernel does not know p%d of %s", p.Number, b.Given)
	}
	start, n, err := d.Span()
	if err != nil {
		return err
	}
	if start != p.Start || n != p.Len {
		return fmt.Errorf("the kernel knows p%d of %s at another place", p.Number, b.Given)
	}
	return nil
}

// NodeFor is KernelDisk.NodeFor.
func (b *device) NodeFor(number int) (path string, done func() error, err error) {
	d, known := b.part(number)
	if !known {
		return "", nil, fmt.Errorf("the kernel does not know p%d of %s", number, b.Given)
	}
	path = kernel.Host().Node(d)
	if kernel.Host().NumberOf(path) == d.Number {
		return path, func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp(nodesWork(), "shunt-node-")
	if err != nil {
		return "", nil, fmt.Errorf("make a node for p%d of %s: %w", number, b.Given, err)
	}
	var major, minor uint32
	if _, err := fmt.Sscanf(d.Number, "%d:%d", &major, &minor); err != nil {
		return "", nil, errors.Join(fmt.Errorf("make a node for p%d of %s: %w", number, b.Given, err), os.Remove(dir))
	}
	path = filepath.Join(dir, filepath.Base(path))
	if err := unix.Mknod(path, unix.S_IFBLK|0o600, int(unix.Mkdev(major, minor))); err != nil {
		return "", nil, errors.Join(fmt.Errorf("make a node for p%d of %s: %w", number, b.Given, err), os.Remove(dir))
	}
	return path, func() error { return os.RemoveAll(dir) }, nil
}

// nodesWork is a directory in which device nodes can be used: many are mounted so that they cannot.
func nodesWork() string {
	for _, dir := range []string{kernel.Host().DevDir(), os.TempDir(), "/run"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) == nil && st.Flags&unix.ST_NODEV == 0 && unix.Access(dir, unix.W_OK) == nil {
			return dir
		}
	}
	return os.TempDir()
}
