// Package kernel asks the system who uses files and block devices: which processes have a file open or locked, which loop
// devices show it, where devices are mounted, and what /sys says about them. It only reads.
//
// What cannot be found out counts as not there, such as processes of other users when this process is not root's.
package kernel

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
)

// Kernel has the directories in which the system describes itself.
type Kernel struct{ proc, sys, dev string }

// Host is the system this process runs on.
func Host() Kernel { return Kernel{proc: "/proc", sys: "/sys", dev: "/dev"} }

func (k Kernel) self(path ...string) string {
	return filepath.Join(append([]string{k.proc, strconv.Itoa(os.Getpid())}, path...)...)
}

// names lists a directory of /proc or /sys; one that is gone or closed to us is empty.
func names(path ...string) []string {
	entries, _ := os.ReadDir(filepath.Join(path...)) // what was read before an error still counts
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Name()
	}
	return list
}

// read is the content of a file of /proc or /sys; one that is gone or closed to us is empty.
func read(path ...string) string {
	text, _ := os.ReadFile(filepath.Join(path...)) // the callers take no text for an answer
	return string(text)
}

// FileID identifies a file for searches in /proc and /sys.
type FileID struct {
	Dev, Inode uint64
	FD         int // the descriptor by which this process holds it, -1 if none
	// Shown is the inode number that /proc shows for open files, 0 if it shows none. On stacked file systems it is not Inode.
	Shown uint64
}

// Identify names the file of an open descriptor of this process.
func (k Kernel) Identify(dev, inode uint64, f *os.File) FileID {
	fd := int(f.Fd())
	return FileID{Dev: dev, Inode: inode, FD: fd, Shown: parseFdinfo(k.self("fdinfo", strconv.Itoa(fd))).inode}
}

// FileAt names the file at a path, which this process does not hold open.
func FileAt(path string) (FileID, error) {
	st, err := Stat(path)
	return FileID{Dev: st.Dev, Inode: st.Ino, FD: -1}, err
}

// is reports whether the path leads to the file.
func (id FileID) is(path string) bool {
	st, err := Stat(path)
	return err == nil && st.Dev == id.Dev && st.Ino == id.Inode
}

// Stat is stat(2).
func Stat(path string) (st unix.Stat_t, err error) {
	err = Retry(func() error { return unix.Stat(path, &st) })
	return st, err
}

// StatFile is fstat(2).
func StatFile(f *os.File) (st unix.Stat_t, err error) {
	err = Retry(func() error { return unix.Fstat(int(f.Fd()), &st) })
	return st, err
}

// StatHost asks about the file system that a file lies on.
func StatHost(f *os.File) (st unix.Statfs_t, err error) {
	err = Retry(func() error { return unix.Fstatfs(int(f.Fd()), &st) })
	return st, err
}

// ImageFile is what the system says about a file.
func ImageFile(st unix.Stat_t) *target.ImageFile {
	return &target.ImageFile{Dev: st.Dev, Inode: st.Ino, UID: st.Uid, GID: st.Gid}
}

// IsBlock reports whether a file is the node of a block device.
func IsBlock(info fs.FileInfo) bool {
	return info.Mode()&(fs.ModeDevice|fs.ModeCharDevice) == fs.ModeDevice
}

// Retry repeats a system call for as long as a signal interrupts it.
func Retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Unsupported reports whether an error says that a call or one of its modes does not exist here.
func Unsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTTY)
}
