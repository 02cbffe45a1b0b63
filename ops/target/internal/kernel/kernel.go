// Package kernel asks the system who uses files and block devices: which processes have a file open or locked, which loop
// devices show it, where devices are mounted, and what /sys says about them. It only reads.
//
// It takes everything that it may not see as absent, such as files of other users' processes if it does not run as root.
package kernel

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
)

// A Kernel holds the directories in which the system describes itself.
type Kernel struct{ proc, sys, dev string }

// Host returns the system on which this process runs.
func Host() Kernel { return Kernel{proc: "/proc", sys: "/sys", dev: "/dev"} }

func (k Kernel) self(path ...string) string {
	return filepath.Join(append([]string{k.proc, strconv.Itoa(os.Getpid())}, path...)...)
}

// names lists a directory of /proc or /sys. It returns nothing for one that is gone or may not be read.
func names(path ...string) []string {
	entries, _ := os.ReadDir(filepath.Join(path...)) // what was read before an error still counts
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Name()
	}
	return list
}

// read returns the content of a file of /proc or /sys. It returns "" for one that is gone or may not be read.
func read(path ...string) string {
	text, _ := readAt(unix.AT_FDCWD, filepath.Join(path...)) // it is "" after an error
	return text
}

// readAt reads a file by its path from an open directory. A search through /proc reads thousands of short files, and what
// os.ReadFile does besides, such as asking for events of the file, takes most of its time.
func readAt(dir int, path string) (text string, err error) {
	fd := -1
	err = Retry(func() error { fd, err = unix.Openat(dir, path, unix.O_RDONLY|unix.O_CLOEXEC, 0); return err })
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	for buf := make([]byte, 0, 1024); ; {
		n, err := unix.Read(fd, buf[len(buf):cap(buf)])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return "", err
		case n == 0:
			return string(buf), nil
		default:
			buf = slices.Grow(buf[:len(buf)+n], 1)
		}
	}
}

// A FileID identifies a file for searches in /proc and /sys.
type FileID struct {
	Dev, Inode uint64
	FD         int // the descriptor by which this process has it open, -1 if none
	// Shown is the inode number that /proc shows for the open file, 0 if it shows none. On stacked file systems it differs
	// from Inode.
	Shown uint64
}

// Identify returns the FileID of a file that this process has open.
func (k Kernel) Identify(dev, inode uint64, f *os.File) FileID {
	fd := int(f.Fd())
	return FileID{Dev: dev, Inode: inode, FD: fd, Shown: parseFdinfo(read(k.self("fdinfo", strconv.Itoa(fd)))).inode}
}

// FileAt returns the FileID of the file at a path, which this process does not have open.
func FileAt(path string) (FileID, error) {
	st, err := Stat(path)
	return FileID{Dev: st.Dev, Inode: st.Ino, FD: -1}, err
}

// is reports whether the path leads to the file.
func (id FileID) is(path string) bool {
	st, err := Stat(path)
	return err == nil && st.Dev == id.Dev && st.Ino == id.Inode
}

// Stat calls stat(2).
func Stat(path string) (st unix.Stat_t, err error) {
	err = Retry(func() error { return unix.Stat(path, &st) })
	return st, err
}

// StatFile calls fstat(2).
func StatFile(f *os.File) (st unix.Stat_t, err error) {
	err = Retry(func() error { return unix.Fstat(int(f.Fd()), &st) })
	return st, err
}

// StatHost returns the status of the file system on which a file lies.
func StatHost(f *os.File) (st unix.Statfs_t, err error) {
	err = Retry(func() error { return unix.Fstatfs(int(f.Fd()), &st) })
	return st, err
}

// ImageFile returns the identity and the owner of a file with this status.
func ImageFile(st unix.Stat_t) *target.ImageFile {
	return &target.ImageFile{Dev: st.Dev, Inode: st.Ino, UID: st.Uid, GID: st.Gid}
}

// IsBlock reports whether a file is the node of a block device.
func IsBlock(info fs.FileInfo) bool {
	return info.Mode()&(fs.ModeDevice|fs.ModeCharDevice) == fs.ModeDevice
}

// Retry repeats a system call until no signal interrupts it.
func Retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Unsupported reports whether an error means that the kernel or the file system does not support a call.
func Unsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTTY)
}
