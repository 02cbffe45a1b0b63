package block

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// Detach waits a moment for others that have the device open, since it is removed when the last one closes it.
func (b *device) Detach() error {
	if err := errors.Join(b.detach(), b.Close()); err != nil {
		return err
	}
	left := errors.New("it is still set up")
	err := held.Patiently(held.PartPatience, func() error {
		if b.disk.Text("loop", "backing_file") != "" {
			return left
		}
		return nil
	}, left)
	if err != nil {
		holder := kernel.Host().Claimant(b.Given, b.disk, b.ID()).Holder
		return fmt.Errorf("%s is removed as soon as %s has closed it", b.Given, holder)
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
	if err := b.Withdraw(slices.Collect(maps.Keys(b.disk.Parts()))); err != nil {
		return err
	}
	if err := kernel.Retry(func() error { return unix.IoctlSetInt(int(b.Read.Fd()), unix.LOOP_CLR_FD, 0) }); err != nil {
		return tried.Errorf("detach %s: %w", b.Given, err)
	}
	return nil
}

func (b *device) Unused() error { return held.Refusal(b.disk.WholeUser(b.Given)) }

func (b *device) Lend(do func() error) error {
	if b.Mode == target.Inspect {
		return do()
	}
	if err := held.CloseAll(b.claim); err != nil {
		return err
	}
	b.claim = nil
	err := do()
	if claim := b.takeClaim(); claim != nil && b.Unused() == nil {
		return errors.Join(err, claim)
	}
	return err
}

func (b *device) Uses([]target.Part) map[int]model.Use { return b.disk.Uses() }

func (b *device) Mounts(p target.Part) []string {
	d, err := b.part(p.Number)
	if err != nil {
		return nil
	}
	return d.Mounts()
}

// part returns a partition that the kernel knows, or with 0 the device.
func (b *device) part(number int) (kernel.Disk, error) {
	if number == 0 {
		return b.disk, nil
	}
	d, known := b.disk.Parts()[number]
	if !known {
		return d, fmt.Errorf("the kernel does not know p%d of %s", number, b.Given)
	}
	return d, nil
}

func (b *device) Knows(p target.Part) error {
	d, err := b.part(p.Number)
	if err != nil {
		return err
	}
	start, n, err := d.Span()
	if err == nil && (start != p.Start || n != p.Len) {
		err = fmt.Errorf("the kernel knows p%d of %s at another place", p.Number, b.Given)
	}
	return err
}

func (b *device) Node(number int) string {
	d, err := b.part(number)
	if err != nil {
		return ""
	}
	return d.Node()
}

func (b *device) NodeFor(number int) (path string, done func() error, err error) {
	d, err := b.part(number)
	if err != nil {
		return "", nil, err
	}
	if d.HasNode() {
		return d.Node(), func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp(nodeDir(), "shunt-node-")
	if err != nil {
		return "", nil, tried.Errorf("make a node for p%d of %s: %w", number, b.Given, err)
	}
	path = filepath.Join(dir, filepath.Base(d.Node()))
	var major, minor uint32
	if _, err = fmt.Sscanf(d.Number, "%d:%d", &major, &minor); err == nil {
		err = unix.Mknod(path, unix.S_IFBLK|0o600, int(unix.Mkdev(major, minor)))
	}
	if err != nil {
		return "", nil, errors.Join(tried.Errorf("make a node for p%d of %s: %w", number, b.Given, err), os.Remove(dir))
	}
	return path, func() error { return os.RemoveAll(dir) }, nil
}

// nodeDir returns a directory in which device nodes can be used, that is, one that is not mounted with nodev.
func nodeDir() string {
	for _, dir := range []string{"/dev", os.TempDir(), "/run"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) == nil && st.Flags&unix.ST_NODEV == 0 && unix.Access(dir, unix.W_OK) == nil {
			return dir
		}
	}
	return os.TempDir()
}
