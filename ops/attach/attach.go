// Package attach makes an image a loop device whose partitions the kernel knows, and mounts file systems of targets at
// directories. It also reverses both. It writes to no target.
//
// Its functions need root. They take a target that is open with target.Hold, so that its locks keep others away.
//
// No record is kept of what must be removed later. The kernel removes the loop device of a single partition together with
// the mount that it was made for. The loop device of a whole image stays until it is detached. Directories for mounts are
// made in MountDir only, and are only removed if they are empty.
package attach

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"shunt/model"
	"shunt/ops/target"
	"shunt/ops/target/loop"
	"shunt/ops/target/registry"
)

// ErrNotRoot is returned if the process does not run as root.
var ErrNotRoot = errors.New("needs root: run it with sudo. Without root `shunt ls TARGET P` lists the files in a partition")

// allowed fails with ErrNotRoot unless the process runs as root. what begins the error.
func allowed(what string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s %w", what, ErrNotRoot)
	}
	return nil
}

// Image sets up a loop device on an image file and makes its partitions known to the kernel. After an error the loop device
// is gone again.
func Image(t target.Target, parts []target.Part, access model.Access) (node string, err error) {
	if err := allowed("attaching an image"); err != nil {
		return "", err
	}
	l, device, err := loop.SetUp(t, target.Loop{ReadOnly: access == model.ReadOnly})
	if err != nil {
		return "", err
	}
	b, err := hold(l.Node)
	if err := errors.Join(err, device.Close()); err != nil {
		return "", err
	}
	if err := b.Follow(parts); err != nil {
		return "", errors.Join(err, b.Detach())
	}
	return l.Node, b.Close()
}

// hold opens a loop device whose image is already locked by this process.
func hold(node string) (target.KernelDisk, error) {
	t, err := registry.Open(node, target.Options{Mode: target.Hold, NoLock: true})
	if err != nil {
		return nil, err
	}
	d, ok := t.(target.KernelDisk)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s %w", node, target.ErrNoLoop), t.Close())
	}
	return d, nil
}

// Find returns the loop device that shows the whole image at path. If path is a loop device itself, Find returns that.
func Find(path string) (target.Loop, error) {
	l, err := loop.At(path)
	if err == nil || !errors.Is(err, target.ErrNoLoop) {
		return l, err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return l, fmt.Errorf("%s %w", path, target.ErrNoLoop)
	}
	all, err := loop.On(path)
	if err != nil {
		return l, err
	}
	whole := slices.DeleteFunc(slices.Clone(all), func(l target.Loop) bool { return !l.Whole() })
	switch {
	case len(whole) == 1:
		return whole[0], nil
	case len(whole) > 1:
		var nodes []string
		for _, l := range whole {
			nodes = append(nodes, l.Node)
		}
		return l, fmt.Errorf("%s is attached as %s: give one of them instead", path, strings.Join(nodes, " and as "))
	case len(all) > 0:
		return l, fmt.Errorf("%s is not attached as a whole, but a part of it is mounted by %s: unmount that", path, all[0].Node)
	}
	return l, fmt.Errorf("%s %w", path, ErrNotAttached)
}

// ErrNotAttached is returned for an image that no loop device shows.
var ErrNotAttached = errors.New("is not attached")

// Detach detaches a loop device from its image and closes t. If a partition is in use, Detach only closes t, and the error
// names the partition.
func Detach(t target.Target) error {
	if err := allowed("detaching a loop device"); err != nil {
		return errors.Join(err, t.Close())
	}
	d, ok := t.(target.KernelDisk)
	if !ok {
		return errors.Join(fmt.Errorf("%s %w", t.Path(), target.ErrNoLoop), t.Close())
	}
	var busy []string
	for number, use := range d.Uses(nil) {
		busy = append(busy, fmt.Sprintf("p%d is %s", number, use))
	}
	if len(busy) > 0 {
		slices.Sort(busy)
		err := fmt.Errorf("%s stays attached: %s; unmount or stop that first", t.Path(), strings.Join(busy, ", "))
		return errors.Join(err, t.Close())
	}
	return d.Detach()
}
