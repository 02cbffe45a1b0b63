package session

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/attach"
	"shunt/ops/journal"
	"shunt/ops/target"
	"shunt/ops/target/loop"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// Attached is an image that was attached as a loop device.
type Attached struct {
	Node string     // "/dev/loop0"
	Disk model.Disk // what is on it
}

// Attach attaches an image as a loop device with its partitions, and leaves it so. Errors are those of registry.Open, and
// txn.ErrUnfinished.
func Attach(path string, opts Options, access model.Access) (a Attached, err error) {
	if l, err := attach.Find(path); err == nil {
		if l.Node == path {
			return a, fmt.Errorf("%s is a loop device already, on %s", path, l.File)
		}
		return a, fmt.Errorf("%s is attached already, as %s", path, l.Node)
	}
	t, disk, err := hold(path, opts, target.Options{})
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	if _, known := t.(target.KernelDisk); known {
		return a, fmt.Errorf("%s is a block device, which needs no attaching", path)
	}
	a.Disk = disk
	a.Node, err = attach.Image(t, worker.PartsOf(disk), access)
	return a, err
}

// hold locks and scans a target that nothing will be written to.
func hold(path string, opts Options, more target.Options) (target.Target, model.Disk, error) {
	o := targetOptions(opts, target.Hold)
	o.Shown = more.Shown
	t, err := registry.Open(path, o)
	if err != nil {
		return nil, model.Disk{}, err
	}
	disk, err := worker.Scan(t)
	if err == nil {
		err = checkDisk(path, t, disk)
	}
	if err == nil {
		err = atRest(path, t, opts)
	}
	if err != nil {
		return nil, disk, errors.Join(err, t.Close())
	}
	return t, disk, nil
}

// atRest is an error if a transaction of the target is unfinished, or what says so is not to be trusted.
func atRest(path string, t target.Target, opts Options) error {
	dir, err := openDir(t.Place(), opts)
	if err != nil {
		return err
	}
	status, err := txn.Inspect(dir)
	switch {
	case errors.As(err, new(*journal.UnsafeError)):
	case err == nil && !status.Complete:
		err = fmt.Errorf("%s: %w", path, txn.ErrUnfinished)
	default:
		err = nil // those who edit it are told of damage
	}
	return errors.Join(err, dir.Close())
}

// Detach takes a loop device off its image; path is either's. It returns what was detached.
func Detach(path string, opts Options) (target.Loop, error) {
	l, err := attach.Find(path)
	if err != nil {
		return l, err
	}
	o := targetOptions(opts, target.Hold)
	t, err := registry.Open(l.Node, o)
	if err != nil {
		return l, err
	}
	return l, attach.Detach(t)
}

// Mount mounts partition number of a target, or with 0 the file system that covers it, and returns the directory. An
// image that is attached is mounted by its loop device; one that is not, by a loop device that goes with the mount.
func Mount(path string, number int, opts Options, w attach.Wish) (dir string, err error) {
	if l, err := attach.Find(path); err == nil {
		path = l.Node
	}
	t, disk, err := hold(path, opts, target.Options{Shown: true})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	at, err := placeOf(t, disk, number)
	if err != nil {
		return "", err
	}
	w.AllowDisks = opts.AllowDisks
	return attach.Mount(t, worker.PartsOf(disk), at, w)
}

// placeOf is where the partition with a number lies, or with 0 the file system that covers the disk.
func placeOf(t target.Target, disk model.Disk, number int) (attach.Place, error) {
	if number == 0 {
		if disk.Table.Kind != model.TableNone {
			return attach.Place{}, fmt.Errorf("%s has partitions: say which one", t.Path())
		}
		at := attach.Place{Name: t.Path(), Part: target.Part{Len: t.Size()}, FS: disk.Whole}
		at.Use = target.Uses(t, []target.Part{at.Part})[0]
		return at, nil
	}
	p, ok := disk.ByNumber(number)
	switch {
	case !ok:
		return attach.Place{}, fmt.Errorf("%s has no partition %d", t.Path(), number)
	case p.Role == model.Extended:
		return attach.Place{}, fmt.Errorf("%s is the extended partition: the files are in the logical partitions inside it", p.Ref())
	case p.Span.End > disk.Sectors:
		return attach.Place{}, fmt.Errorf("%s reaches behind the end of the disk", p.Ref())
	}
	at := attach.Place{Name: p.Ref(), FS: p.FS, Use: p.Use}
	for _, part := range worker.PartsOf(disk) {
		if part.Number == number {
			at.Part = part
		}
	}
	return at, nil
}

// Unmounted is what was unmounted.
type Unmounted struct{ Name, Dir string }

// Unmount unmounts partition number of a target, or with 0 the file system that covers it, from dir, or from where it is
// mounted if dir is "". With a number below 0 the directory says which partition is meant.
func Unmount(path string, number int, dir string, opts Options) (u Unmounted, err error) {
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
	at, err := placeOf(t, disk, number)
	if err != nil {
		return u, err
	}
	u.Name = at.Name
	u.Dir, err = attach.Unmount(t, at, dir)
	return u, err
}

// mountedAt finds what of a target is mounted at a directory.
func mountedAt(t target.Target, disk model.Disk, dir string) (number int, err error) {
	list := append([]target.Part{{Len: t.Size()}}, worker.PartsOf(disk)...)
	for _, p := range list {
		if slices.Contains(target.Mounts(t, p), dir) {
			return p.Number, nil
		}
	}
	return 0, fmt.Errorf("nothing of %s is mounted at %s", t.Path(), dir)
}

// Mount mounts a partition of the session's target, or with id 0 the file system that covers it, and returns the
// directory. An image is mounted read-only, as the session goes on editing it: as long as something of it is mounted
// no run can be started. After it the session must be rescanned.
func (s *Session) Mount(id model.PartID, access model.Access) (dir string, err error) {
	if s.unfinished != nil || s.damage != nil {
		return "", fmt.Errorf("%s: %w", s.path, txn.ErrUnfinished)
	}
	if access == model.ReadWrite && !s.device() {
		return "", errors.New("what is mounted for writing changes while it is edited here: attach the image first, then the kernel tells what is in use")
	}
	at, err := s.placeOf(id)
	if err != nil {
		return "", err
	}
	return attach.Mount(s.target, worker.PartsOf(s.disk), at, attach.Wish{Access: access, AllowDisks: s.opts.AllowDisks})
}

// Unmount unmounts a partition, and returns the directory. After it the session must be rescanned.
func (s *Session) Unmount(id model.PartID) (dir string, err error) {
	at, err := s.placeOf(id)
	if err != nil {
		return "", err
	}
	lend := func(do func() error) error { return do() }
	if d, known := s.target.(target.KernelDisk); known {
		lend = d.Lend
	}
	err = lend(func() error {
		dir, err = attach.Unmount(s.target, at, "")
		return err
	})
	return dir, err
}

func (s *Session) placeOf(id model.PartID) (attach.Place, error) {
	if id == 0 {
		return placeOf(s.target, s.disk, 0)
	}
	p, ok := s.disk.Partition(id)
	if !ok {
		return attach.Place{}, errors.New("this partition is only pending: nothing of it is on the target yet")
	}
	return placeOf(s.target, s.disk, p.Number)
}

// mounts are the directories where partitions of the target were mounted when it was scanned, by their ids; 0 is the file
// system that covers the target.
func (s *Session) mounts() map[model.PartID][]string {
	list := map[model.PartID][]string{}
	if s.disk.Table.Kind == model.TableNone {
		if at := target.Mounts(s.target, target.Part{Len: s.target.Size()}); len(at) > 0 {
			list[0] = at
		}
		return list
	}
	for _, part := range worker.PartsOf(s.disk) {
		p, ok := s.disk.ByNumber(part.Number)
		if !ok || !p.Use.Busy() {
			continue // what is mounted is in use
		}
		if at := target.Mounts(s.target, part); len(at) > 0 {
			list[p.ID] = at
		}
	}
	return list
}

// image is the image file of a loop device that shows all of one, "" if the target is none.
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

// mountable is why nothing of the target can be mounted or attached by this process.
func (s *Session) mountable() model.Reason {
	if _, err := target.AsPlain(s.target); err != nil {
		return model.Reason(err.Error())
	}
	if os.Geteuid() != 0 {
		return "it takes root: start shunt with sudo; i shows the files in a partition without"
	}
	return ""
}

// device reports whether the target is a block device, whose partitions the kernel knows.
func (s *Session) device() bool {
	_, known := s.target.(target.KernelDisk)
	return known
}
