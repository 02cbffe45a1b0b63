package session

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// The file that takes the name of an image must be locked before it has the name, and this process must hold the locks when the
// worker has ended. Locks belong to an open file description. So the session makes the file, or for an undo opens the old image,
// and hands it to the worker; later it goes on with that file as its target.

// rooms returns the directories of the journal and of the file that waits to take the target's name.
func (s *Session) rooms() (worker.Rooms, error) {
	r := worker.Rooms{Dir: s.dir, Unlocked: s.opts.NoLock}
	if _, ok := s.target.(target.Replacing); !ok || s.opts.Journal == "" {
		return r, nil
	}
	if s.beside == nil {
		o := s.opts
		o.Journal = ""
		dir, err := openNamed(s.target.Place(), o)
		if err != nil {
			return r, err
		}
		s.beside = dir
	}
	r.Beside = s.beside
	return r, nil
}

// renews reports whether a job gives the target's name to another file.
func (s *Session) renews(job worker.Job, q ops.Queue) bool {
	if _, ok := s.target.(target.Replacing); !ok {
		return false
	}
	switch job.Task {
	case report.Apply:
		return ops.Renews(q)
	case report.Undo:
		return txn.Exchanges(s.dir)
	case report.Finish, report.RollBack, report.Look:
	}
	return false
}

// successor opens the file that is to take the target's name, and completes the job. It returns the files that go with it.
func (s *Session) successor(job *worker.Job, q ops.Queue) (files []*os.File, err error) {
	if err := s.forgetNext(); err != nil {
		return nil, err
	}
	rooms, err := s.rooms()
	if err != nil {
		return nil, err
	}
	job.Waits = s.renews(*job, q)
	if job.Waits {
		if err := s.openNext(job.Task, rooms); err != nil {
			return nil, err
		}
	}
	if rooms.Beside != nil {
		handle, dir, err := rooms.Beside.Handle()
		if err != nil {
			return nil, err
		}
		job.Beside, files = &handle, dir
	}
	if job.Waits {
		files = append(files, s.next)
	}
	return files, nil
}

// openNext opens the file that is to take the target's name.
func (s *Session) openNext(task report.Task, rooms worker.Rooms) error {
	if task != report.Undo {
		return s.fresh(rooms)
	}
	dir, name, err := s.place(rooms, txn.AppliedSide)
	if err == nil {
		s.next, err = dir.OpenImage(name, unix.O_RDONLY)
	}
	if errors.Is(err, os.ErrNotExist) {
		err = tried.Errorf("%w: the old image is gone from %s", journal.ErrKeptDamaged, dir.Path())
	}
	return err
}

// place returns where the waiting file of a side lies.
func (s *Session) place(rooms worker.Rooms, side func(journal.Store) (journal.Store, error)) (*journal.Dir, string, error) {
	store, err := side(s.dir)
	if err != nil {
		return s.dir, "", err
	}
	_, name := journal.NameOn(store, journal.ImageName)
	dir, name := rooms.At(name)
	return dir, name, nil
}

// fresh makes the new file, with the owner, the mode and the attributes of the image.
func (s *Session) fresh(rooms worker.Rooms) error {
	dir, name, err := s.place(rooms, txn.FreeSide)
	if err != nil {
		return err
	}
	f, err := dir.Fresh(name)
	if err != nil {
		return tried.Errorf("make a new file beside %s: %w", s.path, err)
	}
	if err := dress(f, s.target.Files()[0]); err != nil {
		return errors.Join(tried.Errorf("give a new file the owner and the mode of %s: %w", s.path, err), f.Close(), dir.Remove(name))
	}
	s.next = f
	return nil
}

// forgetNext closes the file that was to take the name.
func (s *Session) forgetNext() error {
	if s.next == nil {
		return nil
	}
	err := s.next.Close()
	s.next = nil
	return err
}

// Forget removes what is kept to undo transactions, but that of the n newest. The target is not changed.
func (s *Session) Forget(n int) error {
	defer s.alone()()
	if err := cmp.Or(s.damage, s.noUndo); err != nil {
		return err
	}
	rooms, err := s.rooms()
	if err != nil {
		return err
	}
	return errors.Join(txn.Forget(rooms, n), worker.SweepRooms(rooms))
}

// succeed goes on with the file that has the target's name now, if a worker gave it to another one.
func (s *Session) succeed() error {
	if s.next == nil {
		return nil
	}
	is, err := s.next.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(s.target.Path())
	if err != nil || !os.SameFile(is, now) {
		return s.forgetNext()
	}
	t, err := registry.Adopt(s.target.Path(), targetOptions(s.opts, target.Edit), []*os.File{s.next})
	s.next = nil // Adopt has taken it, or closed it
	if err != nil {
		return tried.Errorf("open the new image: %w", err)
	}
	old := s.target
	s.target = t
	dir, err := openDir(t.Place(), s.opts)
	if err != nil {
		return errors.Join(err, old.Close())
	}
	err = errors.Join(old.Close(), s.dir.Close())
	s.dir = dir
	if s.beside != nil {
		err = errors.Join(err, s.beside.Close())
		s.beside = nil
	}
	return err
}

// noNewFile says why no new file can take the target's name, or returns "".
func (s *Session) noNewFile() model.Reason {
	if _, ok := s.target.(target.Replacing); !ok {
		return ""
	}
	place := s.target.Place()
	var st, above unix.Stat_t
	dir := filepath.Dir(place.Beside)
	if unix.Stat(place.Beside, &st) != nil || unix.Stat(dir, &above) != nil {
		return ""
	}
	ours := os.Geteuid() == 0
	switch {
	case st.Nlink > 1:
		return "for that a new file takes its name, and it has other names (hard links), which would go on leading to the old one: remove those"
	case registry.MountedAlone(place.Beside):
		return "for that a new file takes its name, and the file itself is mounted, which would go on showing the old one: unmount it"
	case unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS) != nil:
		return "for that a new file takes its name, and this user cannot write to its directory"
	case !ours && above.Mode&unix.S_ISVTX != 0 && int(above.Uid) != os.Geteuid() && int(st.Uid) != os.Geteuid():
		return "for that a new file takes its name, and in this directory only its owner may rename it"
	case !ours && int(st.Uid) != os.Geteuid():
		return "for that a new file takes its name, which would belong to this user and not to the owner of the image: run shunt as its owner or as root"
	case !ours && !inGroup(int(st.Gid)):
		return "for that a new file takes its name, and this user may not give it the group of the image: give the image another group (`chgrp`), or run shunt as root"
	}
	return ""
}

func inGroup(gid int) bool {
	groups, err := os.Getgroups()
	return err == nil && (gid == os.Getegid() || slices.Contains(groups, gid))
}

// dress gives a new file the owner, the mode and the attributes of an image. Attributes that this user may not set or the file
// system does not have are left out.
func dress(f, image *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(image.Fd()), &st); err != nil {
		return err
	}
	if err := f.Chown(int(st.Uid), int(st.Gid)); err != nil {
		return err
	}
	noCopyOnWrite(f, image)
	if err := unix.Fchmod(int(f.Fd()), st.Mode&0o7777); err != nil {
		return err
	}
	return copyAttributes(f, image)
}

// noCopyOnWrite keeps what `chattr +C` says of an image. It must be set while the file is empty.
func noCopyOnWrite(f, image *os.File) {
	const flag = 0x00800000 // FS_NOCOW_FL
	now, err := unix.IoctlGetInt(int(image.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil || now&flag == 0 {
		return
	}
	if own, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS); err == nil {
		_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, own|flag) // the image is as good without
	}
}

func copyAttributes(f, image *os.File) error {
	names := make([]byte, 64<<10)
	n, err := unix.Flistxattr(int(image.Fd()), names)
	if errors.Is(err, unix.EOPNOTSUPP) || n <= 0 {
		return nil
	}
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names[:n]), "\x00"), "\x00") {
		value := make([]byte, 64<<10)
		n, err := unix.Fgetxattr(int(image.Fd()), name, value)
		if err == nil {
			err = unix.Fsetxattr(int(f.Fd()), name, value[:n], 0)
		}
		privileged := errors.Is(err, unix.EPERM) && !strings.HasPrefix(name, "user.")
		if err != nil && !privileged && !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.ENODATA) {
			return tried.Errorf("set the attribute %s: %w", name, err)
		}
	}
	return nil
}
