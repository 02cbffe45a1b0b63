package session

import (
	"errors"
	"fmt"
	"os"

	"shunt/model"
	"shunt/ops/attach"
	"shunt/ops/partfs"
	"shunt/ops/target"
	"shunt/ops/target/loop"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// This file mounts partitions of the target that a session edits, and lists where they are mounted.

// Mount mounts a partition of the session's target, or with id 0 the file system that covers it, and returns the directory.
// An image can only be mounted read-only, because the session goes on editing it. No run can start while a partition of it
// is mounted. The session must be rescanned afterwards.
func (s *Session) Mount(id model.PartID, access model.Access) (dir string, err error) {
	defer s.alone()()
	if s.unfinished != nil || s.damage != nil {
		return "", fmt.Errorf("%s: %w", s.path, txn.ErrUnfinished)
	}
	if access == model.ReadWrite && !s.facts.Device {
		return "", errors.New("a partition that is mounted for writing would change while the image is edited here: " +
			"attach the image and edit the device")
	}
	at, err := s.locate(id)
	if err != nil {
		return "", err
	}
	w := attach.MountOptions{Access: access, AllowDisks: s.opts.AllowDisks}
	if os.Geteuid() == 0 {
		dir, err := s.mount(at, w, Viewer.mountByKernel)
		var no *attach.NotByKernel
		if !errors.As(err, &no) {
			return dir, err
		}
		dir, other := s.mount(at, w, Viewer.serve)
		return dir, better(other, no, access)
	}
	return s.mount(at, w, Viewer.serve)
}

// Unmount unmounts a partition and returns the directory. The session must be rescanned afterwards.
func (s *Session) Unmount(id model.PartID) (dir string, err error) {
	defer s.alone()()
	at, err := s.locate(id)
	if err != nil {
		return "", err
	}
	list := s.mounts()[id]
	switch {
	case len(list) == 0:
		return "", fmt.Errorf("%s %w", at.Name, attach.ErrNotMounted)
	case len(list) > 1:
		return "", fmt.Errorf("%s is mounted at %s and at %s: name the directory", at.Name, list[0], list[1])
	}
	return list[0], s.unmount(at, list[0])
}

// unmount unmounts a partition from one directory.
func (s *Session) unmount(at attach.Source, dir string) error {
	for _, shown := range attach.ServedAs(s.target.Path(), at.Part.Number) {
		if shown.Dir == dir {
			return attach.Release(at.Name, shown)
		}
	}
	return s.lending(func() error {
		_, err := attach.Unmount(s.target, at, dir)
		return err
	})
}

// lending calls do. If the target is a device, its partitions can be mounted meanwhile.
func (s *Session) lending(do func() error) error {
	if d, known := s.target.(target.KernelDisk); known {
		return d.Lend(do)
	}
	return do()
}

// mounts returns the directories where partitions of the target are mounted, by their ids. Id 0 stands for the file system
// that covers the target.
func (s *Session) mounts() map[model.PartID][]string {
	list := map[model.PartID][]string{}
	add := func(id model.PartID, part target.Part) {
		at := target.Mounts(s.target, part)
		for _, shown := range attach.ServedAs(s.target.Path(), part.Number) {
			at = append(at, shown.Dir)
		}
		if len(at) > 0 {
			list[id] = at
		}
	}
	if s.disk.Table.Kind == model.TableNone {
		add(0, target.Part{Len: s.target.Size()})
		return list
	}
	for _, part := range worker.PartsOf(s.disk) {
		if p, ok := s.disk.ByNumber(part.Number); ok {
			add(p.ID, part)
		}
	}
	return list
}

// noMount lists the partitions whose contents cannot be mounted, with the reasons.
func (s *Session) noMount() map[model.PartID]model.Reason {
	list := map[model.PartID]model.Reason{}
	add := func(id model.PartID, fs model.Filesystem) {
		if no := attach.NotMountable(fs); !no.OK() {
			list[id] = no
		}
	}
	add(0, s.disk.Whole)
	for _, p := range s.disk.Partitions() {
		add(p.ID, p.FS)
	}
	return list
}

// image returns the image file if the target is a loop device that shows all of one, or "".
func (s *Session) image() string {
	l, err := loop.At(s.target.Path())
	if err != nil || !l.Whole() {
		return ""
	}
	if _, err := os.Stat(l.File); err != nil {
		return ""
	}
	return l.File
}

// mountable returns the reason why this process cannot mount parts of the target, or "".
func (s *Session) mountable() model.Reason {
	if os.Geteuid() == 0 {
		return ""
	}
	if err := partfs.MayConnect(); err != nil {
		return model.Reason(err.Error())
	}
	return ""
}

// attachable returns the reason why this process cannot attach the target, or "".
func (s *Session) attachable() model.Reason {
	if _, err := target.AsPlain(s.target); err != nil {
		return model.Reason(err.Error())
	}
	if os.Geteuid() != 0 {
		return "this needs root: start shunt with sudo"
	}
	return ""
}
