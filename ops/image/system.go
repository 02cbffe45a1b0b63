package image

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// A system makes the calls that give a Result its name. Tests put failures into it.
type system interface {
	openUnnamed(dir *os.File) (*os.File, error)
	openNamed(dir *os.File, name string) (*os.File, error)
	mkdir(dir *os.File, name string) error
	sync(f *os.File) error
	// link gives an unnamed file a name that nothing has.
	link(f, dir *os.File, name string) error
	// move renames a file to a name that nothing has, replace to one that may be taken.
	move(dir *os.File, from, to string) error
	replace(dir *os.File, from, to string) error
	remove(dir *os.File, name string) error
}

// host makes the calls.
type host struct{}

// hiddenName returns a new name for something unfinished. It does not depend on the name of the result, which may be as long
// as a name can be.
func hiddenName() string { return ".shunt-" + rand.Text()[:12] + ".new" }

const newMode = 0o666 // less the umask, as other programs make files

func (host) openUnnamed(dir *os.File) (*os.File, error) {
	return openIn(dir, ".", unix.O_TMPFILE)
}

func (host) openNamed(dir *os.File, name string) (*os.File, error) {
	return openIn(dir, name, unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW)
}

func openIn(dir *os.File, name string, how int) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, how|unix.O_RDWR|unix.O_CLOEXEC, newMode)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), filepath.Join(dir.Name(), name)), nil
}

func (host) mkdir(dir *os.File, name string) error { return unix.Mkdirat(int(dir.Fd()), name, 0o700) }

// sync ignores that some file systems cannot sync a directory.
func (host) sync(f *os.File) error {
	if err := f.Sync(); !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}

func (host) link(f, dir *os.File, name string) error {
	return unix.Linkat(unix.AT_FDCWD, procPath(f), int(dir.Fd()), name, unix.AT_SYMLINK_FOLLOW)
}

func (h host) move(dir *os.File, from, to string) error {
	at := int(dir.Fd())
	err := unix.Renameat2(at, from, at, to, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	// NFS and some others cannot do that, but a link never replaces anything.
	if err := unix.Linkat(at, from, at, to, 0); err != nil {
		return err
	}
	return h.remove(dir, from)
}

func (host) replace(dir *os.File, from, to string) error {
	return unix.Renameat(int(dir.Fd()), from, int(dir.Fd()), to)
}

func (host) remove(dir *os.File, name string) error {
	err := unix.Unlinkat(int(dir.Fd()), name, 0)
	if errors.Is(err, unix.EISDIR) {
		err = removeDir(dir, name)
	}
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// removeDir removes a directory and the files in it: a program may make more of them than the one that it was told to.
func removeDir(dir *os.File, name string) error {
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	inner := os.NewFile(uintptr(fd), name)
	names, err := inner.Readdirnames(-1)
	for _, name := range names {
		err = errors.Join(err, unix.Unlinkat(fd, name, 0))
	}
	return errors.Join(err, inner.Close(), unix.Unlinkat(int(dir.Fd()), name, unix.AT_REMOVEDIR))
}

// procPath returns a path that leads to an open file.
func procPath(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }
