package image

import (
	"os"
	"regexp"
	"syscall"

	"golang.org/x/sys/unix"
)

// What is unfinished is locked (flock) while its process lives. What a killed process left has no lock, and the next Result in
// that directory removes it.

// hidden matches what hiddenName returns.
var hidden = regexp.MustCompile(`^\.shunt-[A-Z2-7]{12}\.new$`)

// lock locks an open file or directory for as long as it is open. It fails with ErrNotExist if that was removed before.
// Some file systems of networks cannot lock: there nothing is locked, and nothing is removed.
func lock(f *os.File, named bool) error {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) // as said above
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && named && st.Nlink == 0 {
		return os.ErrNotExist
	}
	return nil
}

// removeLeftovers removes what killed processes of this user left in dir. What cannot be removed stays.
func removeLeftovers(sys system, dir *os.File) {
	list, err := os.Open(dir.Name())
	if err != nil {
		return
	}
	names, _ := list.Readdirnames(-1) // those before an error
	_ = list.Close()
	for _, name := range names {
		if hidden.MatchString(name) {
			removeLeftover(sys, dir, name)
		}
	}
}

func removeLeftover(sys system, dir *os.File, name string) {
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	f := os.NewFile(uintptr(fd), name)
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() && !info.IsDir() {
		return
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if ok && int(st.Uid) == os.Geteuid() && unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
		_ = sys.remove(dir, name)
	}
}
