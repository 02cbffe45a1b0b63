package session

import (
	"errors"
	"fmt"
	"strings"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/attach"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/worker"
)

// This file lets the system swap to a partition of a device, and ends whatever use of a partition can be ended.

// SwapOn lets the system use the swap space in partition number of a device, or of the loop device that shows an image, and
// returns the name of the partition. Number 0 is the swap space that covers a disk without a partition table.
func SwapOn(path string, number int, opts Options) (name string, err error) {
	v, err := hold(nodeOf(path), opts, target.Hold, true)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	at, err := v.locateNumber(number)
	if err != nil {
		return "", err
	}
	return at.Name, v.swapOn(at)
}

// SwapOff undoes SwapOn, and ends the use as swap that other programs began.
func SwapOff(path string, number int, opts Options) (name string, err error) {
	t, err := registry.Open(nodeOf(path), targetOptions(opts, target.Inspect))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	disk, err := worker.Scan(t)
	if err != nil {
		return "", tried.Errorf("read %s: %w", path, err)
	}
	at, err := Viewer{target: t, disk: disk}.locateNumber(number)
	if err != nil {
		return "", err
	}
	return at.Name, attach.SwapOff(t, at)
}

// nodeOf returns the loop device that shows an image, or the path itself.
func nodeOf(path string) string {
	if l, err := attach.Find(path); err == nil {
		return l.Node
	}
	return path
}

func (v Viewer) swapOn(at attach.Source) error {
	if d, ok := v.target.(target.KernelDisk); ok && d.Physical() && !v.opts.AllowDisks {
		return fmt.Errorf("%s %w", v.path, target.ErrPhysical)
	}
	return attach.SwapOn(v.target, worker.PartsOf(v.disk), at)
}

// SwapOn lets the system use the swap space in a partition of the session's device. The session must be rescanned
// afterwards.
func (s *Session) SwapOn(id model.PartID) error {
	defer s.alone()()
	at, err := s.locate(id)
	if err != nil {
		return err
	}
	return s.swapOn(at)
}

// Free ends the use of a partition: it unmounts it everywhere, or ends its use as swap, and returns what was done, in words
// that follow "It was". It forces nothing: while a program uses a file there, it stays mounted, and the error names the
// program. The session must be rescanned afterwards, also after an error.
func (s *Session) Free(id model.PartID) (done string, err error) {
	defer s.alone()()
	at, err := s.locate(id)
	if err != nil {
		return "", err
	}
	if at.Use.Kind == model.SwapSpace {
		return "taken out of use as swap", s.lending(func() error { return attach.SwapOff(s.target, at) })
	}
	var dirs []string
	mounts := s.mounts()[id]
	for i := range mounts {
		dir := mounts[len(mounts)-1-i] // the last one first: it can lie below another
		if err := s.unmount(at, dir); err != nil {
			if len(dirs) > 0 {
				err = fmt.Errorf("%w. It was unmounted from %s", err, strings.Join(dirs, " and from "))
			}
			return "", err
		}
		dirs = append(dirs, dir)
	}
	if len(dirs) == 0 {
		return "", fmt.Errorf("%s %w", at.Name, attach.ErrNotMounted)
	}
	return "unmounted from " + strings.Join(dirs, " and from "), nil
}
