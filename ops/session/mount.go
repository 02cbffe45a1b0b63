package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/attach"
	"shunt/ops/journal"
	"shunt/ops/partfs"
	"shunt/ops/target"
	"shunt/ops/target/loop"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// Attached describes an image that was attached as a loop device.
type Attached struct {
	Node string     // "/dev/loop0"
	Disk model.Disk // its partitions and file systems
}

// Attach attaches an image as a loop device with its partitions. Errors are those of registry.Open, and txn.ErrUnfinished.
func Attach(path string, opts Options, access model.Access) (a Attached, err error) {
	if l, err := attach.Find(path); err == nil {
		if l.Node == path {
			return a, fmt.Errorf("%s is a loop device already, on %s", path, l.File)
		}
		return a, fmt.Errorf("%s is attached already, as %s", path, l.Node)
	}
	v, err := hold(path, opts, target.Hold, false)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	if _, known := v.target.(target.KernelDisk); known {
		return a, fmt.Errorf("%s is a block device, which needs no attaching", path)
	}
	a.Disk = v.disk
	a.Node, err = attach.Image(v.target, worker.PartsOf(v.disk), access)
	return a, err
}

// hold locks and scans a target, in one of the modes that lock. With shown it accepts a target that is in use.
func hold(path string, opts Options, mode target.Mode, shown bool) (*Viewer, error) {
	o := targetOptions(opts, mode)
	o.Shown = shown
	t, err := registry.Open(path, o)
	if err != nil {
		return nil, err
	}
	v := &Viewer{path: path, opts: opts, target: t}
	if err = v.scan(); err == nil {
		err = withDir(t.Place(), opts, func(dir *journal.Dir) error {
			err := checkFinished(dir)
			if errors.Is(err, txn.ErrUnfinished) {
				return fmt.Errorf("%s: %w", path, err)
			}
			if errors.As(err, new(*journal.UnsafeError)) {
				return err
			}
			return nil // a damaged journal only keeps the target from being edited
		})
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return v, nil
}

// Detach detaches a loop device from its image. path is the path of either. It returns the device that was detached.
func Detach(path string, opts Options) (target.Loop, error) {
	l, err := attach.Find(path)
	if err != nil {
		return l, err
	}
	t, err := registry.Open(l.Node, targetOptions(opts, target.Hold))
	if err != nil {
		return l, err
	}
	return l, attach.Detach(t)
}

// Mount mounts partition number of a target, or with 0 the file system that covers it, and returns the directory. For root
// the kernel does it if it can: if an image is attached, by its loop device, else by one that disappears with the mount.
// Otherwise a worker shows the files with FUSE.
func Mount(path string, number int, opts Options, w attach.MountOptions) (dir string, err error) {
	w.AllowDisks = opts.AllowDisks
	if os.Geteuid() == 0 {
		node := path
		if l, err := attach.Find(path); err == nil {
			node = l.Node
		}
		var no *attach.NotByKernel
		dir, err := mountHeld(node, number, opts, w, target.Hold, Viewer.mountByKernel)
		if !errors.As(err, &no) {
			return dir, err
		}
		dir, other := mountHeld(path, number, opts, w, servingMode(w.Access), Viewer.serve)
		return dir, better(other, no)
	}
	return mountHeld(path, number, opts, w, servingMode(w.Access), Viewer.serve)
}

// servingMode returns how a target is opened whose files are shown. Others may read it too, unless it is written to.
func servingMode(access model.Access) target.Mode {
	if access == model.ReadWrite {
		return target.Edit
	}
	return target.Read
}

// better returns the error to show if neither a program nor the kernel mounts something.
func better(program error, kernel error) error {
	if no := (*attach.NotServed)(nil); errors.As(program, &no) && no.Package == "" {
		return kernel
	}
	return program
}

func mountHeld(path string, number int, opts Options, w attach.MountOptions, mode target.Mode,
	mount func(Viewer, attach.Source, attach.MountOptions) (string, error),
) (dir string, err error) {
	v, err := hold(path, opts, mode, mode == target.Hold)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	at, err := v.locateNumber(number)
	if err != nil {
		return "", err
	}
	return v.mount(at, w, mount)
}

func (v Viewer) mount(at attach.Source, w attach.MountOptions, mount func(Viewer, attach.Source, attach.MountOptions) (string, error)) (string, error) {
	if at.Part.Start+at.Part.Len > v.target.Size() {
		return "", fmt.Errorf("%s reaches behind the end of the disk", at.Name)
	}
	return mount(v, at, w)
}

func (v Viewer) mountByKernel(at attach.Source, w attach.MountOptions) (string, error) {
	if err := v.unshown(at); err != nil {
		return "", err
	}
	return attach.Mount(v.target, worker.PartsOf(v.disk), at, w)
}

// Unmounted names a partition and the directory from which it was unmounted.
type Unmounted struct{ Name, Dir string }

// Unmount unmounts partition number of a target, or with 0 the file system that covers it, from dir. If dir is "", it looks
// for the directory. If number is negative, it unmounts the partition that is mounted at dir.
func Unmount(path string, number int, dir string, opts Options) (u Unmounted, err error) {
	if s, ok, err := servedBy(path, number, dir); err != nil || ok {
		u = Unmounted{Name: s.Part(), Dir: s.Dir}
		if s.Number == 0 {
			u.Name = s.Image
		}
		if err == nil {
			err = attach.Release(u.Name, s)
		}
		return u, err
	}
	if l, err := attach.Find(path); err == nil {
		path = l.Node
	}
	t, err := registry.Open(path, targetOptions(opts, target.Inspect))
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	disk, err := worker.Scan(t)
	if err != nil {
		return u, tried.Errorf("read %s: %w", path, err)
	}
	if number < 0 {
		if number, err = mountedAt(t, disk, dir); err != nil {
			return u, err
		}
	}
	at, err := Viewer{target: t, disk: disk}.locateNumber(number)
	if err != nil {
		return u, err
	}
	u.Name = at.Name
	u.Dir, err = attach.Unmount(t, at, dir)
	return u, err
}

// servedBy returns what is to be unmounted if a process shows it.
func servedBy(path string, number int, dir string) (s target.Served, ok bool, err error) {
	real, err := filepath.Abs(path)
	if err != nil {
		return s, false, err
	}
	for _, other := range servedOn(real) {
		if number >= 0 && other.Number != number || number < 0 && other.Dir != dir {
			continue
		}
		if ok {
			return s, false, fmt.Errorf("%s is mounted at %s and at %s: name the directory", s.Part(), s.Dir, other.Dir)
		}
		s, ok = other, true
	}
	return s, ok, nil
}

// mountedAt returns the number of the partition that is mounted at a directory, 0 for the whole target.
func mountedAt(t target.Target, disk model.Disk, dir string) (number int, err error) {
	list := append([]target.Part{{Len: t.Size()}}, worker.PartsOf(disk)...)
	for _, p := range list {
		if slices.Contains(target.Mounts(t, p), dir) {
			return p.Number, nil
		}
	}
	return 0, fmt.Errorf("nothing of %s is mounted at %s", t.Path(), dir)
}

// Mount mounts a partition of the session's target, or with id 0 the file system that covers it, and returns the directory.
// An image can only be mounted read-only, because the session goes on editing it. No run can start while a partition of it
// is mounted. The session must be rescanned afterwards.
func (s *Session) Mount(id model.PartID, access model.Access) (dir string, err error) {
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
		return dir, better(other, no)
	}
	return s.mount(at, w, Viewer.serve)
}

// Unmount unmounts a partition and returns the directory. The session must be rescanned afterwards.
func (s *Session) Unmount(id model.PartID) (dir string, err error) {
	at, err := s.locate(id)
	if err != nil {
		return "", err
	}
	if shown, ok, err := servedBy(s.target.Path(), at.Part.Number, ""); err != nil || ok {
		if err == nil {
			err = attach.Release(at.Name, shown)
		}
		return shown.Dir, err
	}
	unmount := func() error {
		dir, err = attach.Unmount(s.target, at, "")
		return err
	}
	if d, known := s.target.(target.KernelDisk); known {
		err = d.Lend(unmount)
	} else {
		err = unmount()
	}
	return dir, err
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
