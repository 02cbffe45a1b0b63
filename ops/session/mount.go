package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/attach"
	"shunt/ops/journal"
	"shunt/ops/target"
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
	return mountFound(path, opts, w, func(v Viewer) (attach.Source, error) { return v.locateNumber(number) })
}

// MountLost does the same, read-only, for what begins at a sector and is no partition.
func MountLost(path string, at geometry.Sector, opts Options, w attach.MountOptions) (dir string, err error) {
	if w.Access == model.ReadWrite {
		return "", errors.New("what is no partition is mounted read-only: put it back into the table first (`shunt rescue`), or leave out --rw")
	}
	opts.AnyContent = true // a disk without its table may look like anything
	return mountFound(path, opts, w, func(v Viewer) (attach.Source, error) { return v.lostAt(at) })
}

// A finder finds what is to be mounted.
type finder func(Viewer) (attach.Source, error)

func mountFound(path string, opts Options, w attach.MountOptions, find finder) (dir string, err error) {
	w.AllowDisks = opts.AllowDisks
	if os.Geteuid() == 0 {
		node := nodeOf(path)
		var no *attach.NotByKernel
		dir, err := mountHeld(node, find, opts, w, target.Hold, Viewer.mountByKernel)
		if !errors.As(err, &no) {
			return dir, err
		}
		dir, other := mountHeld(node, find, opts, w, servingMode(w.Access), Viewer.serve)
		return dir, better(other, no, w.Access)
	}
	return mountHeld(path, find, opts, w, servingMode(w.Access), Viewer.serve)
}

// servingMode returns how a target is opened whose files are shown. Others may read it too, unless it is written to.
func servingMode(access model.Access) target.Mode {
	if access == model.ReadWrite {
		return target.Edit
	}
	return target.Read
}

// better returns the error to show if neither a program nor the kernel mounts something.
func better(program error, kernel error, access model.Access) error {
	if no := (*attach.NotServed)(nil); errors.As(program, &no) && no.Package == "" && access == model.ReadOnly {
		return kernel
	}
	return program
}

func mountHeld(path string, find finder, opts Options, w attach.MountOptions, mode target.Mode,
	mount func(Viewer, attach.Source, attach.MountOptions) (string, error),
) (dir string, err error) {
	v, err := hold(path, opts, mode, mode == target.Hold)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	at, err := find(*v)
	if err != nil {
		return "", err
	}
	return v.mount(at, w, mount)
}

// mount mounts with one of mountByKernel and serve.
func (v Viewer) mount(at attach.Source, w attach.MountOptions,
	mount func(Viewer, attach.Source, attach.MountOptions) (string, error),
) (string, error) {
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
// for the directory. A negative number is the identity of what is no partition (model.LostID); with a directory it unmounts what is
// mounted there.
func Unmount(path string, number int, dir string, opts Options) (u Unmounted, err error) {
	node := nodeOf(path)
	s, ok, err := servedBy(path, number, dir)
	if err == nil && !ok && node != path {
		s, ok, err = servedBy(node, number, dir)
	}
	if err != nil || ok {
		u = Unmounted{Name: s.Part(), Dir: s.Dir}
		if s.Number == 0 {
			u.Name = s.Image
		}
		if err == nil {
			err = attach.Release(u.Name, s)
		}
		return u, err
	}
	t, err := registry.Open(node, targetOptions(opts, target.Inspect))
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	disk, err := worker.Scan(t)
	if err != nil {
		return u, tried.Errorf("read %s: %w", path, err)
	}
	v := Viewer{target: t, disk: disk}
	var at attach.Source
	switch {
	case number >= 0:
		at, err = v.locateNumber(number)
	case dir == "":
		at, err = v.lostAt(model.PartID(number).LostAt())
	default:
		at, err = v.mountedAt(dir)
	}
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
		if byDir := number < 0 && dir != ""; byDir && other.Dir != dir || !byDir && other.Number != number {
			continue
		}
		if ok {
			return s, false, fmt.Errorf("%s is mounted at %s and at %s: name the directory", s.Part(), s.Dir, other.Dir)
		}
		s, ok = other, true
	}
	return s, ok, nil
}

// mountedAt returns the part of the target that is mounted at a directory.
func (v Viewer) mountedAt(dir string) (attach.Source, error) {
	for _, p := range append([]target.Part{{Len: v.target.Size()}}, worker.PartsOf(v.disk)...) {
		if slices.Contains(target.Mounts(v.target, p), dir) {
			return v.locateNumber(p.Number)
		}
	}
	if slices.Contains(target.Mounts(v.target, target.AnyPart), dir) {
		return attach.Source{Name: "what is mounted there", Part: target.AnyPart}, nil
	}
	return attach.Source{}, fmt.Errorf("nothing of %s is mounted at %s", v.target.Path(), dir)
}
