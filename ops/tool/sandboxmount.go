package tool

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Attach mounts a block device read-only and without a directory: the mount can be reached only through the descriptor, and
// closing that unmounts it. The sandbox must have namespaces. During the call its /dev holds no other block device, so that
// the kernel cannot open one that the file system names. The error wraps unix.ENODEV if the kernel does not know the file
// system.
func (s *Sandbox) Attach(node, fstype, options string) (mounted *os.File, err error) {
	if !s.inside {
		return nil, tried.Errorf("mount a file system: this process has no right to mount")
	}
	ownThread(func() { mounted, err = s.attach(node, fstype, options) })
	return mounted, err
}

func (s *Sandbox) attach(node, fstype, options string) (mounted *os.File, err error) {
	var st unix.Stat_t
	if err := unix.Stat(node, &st); err != nil {
		return nil, tried.Errorf("look at %s: %w", node, err)
	}
	if err := s.join(); err != nil {
		return nil, err
	}
	inside := filepath.Join("/dev", filepath.Base(node))
	if err := unix.Mknod(inside, unix.S_IFBLK|0o600, int(st.Rdev)); err != nil {
		return nil, tried.Errorf("make %s in the sandbox: %w", inside, err)
	}
	defer func() { err = errors.Join(err, os.Remove(inside)) }()
	fd, err := unix.Fsopen(fstype, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }() // the mount does not need it
	err = errors.Join(unix.FsconfigSetString(fd, "source", inside), unix.FsconfigSetFlag(fd, "ro"))
	for option := range strings.SplitSeq(options, ",") {
		if key, value, ok := strings.Cut(option, "="); ok {
			err = errors.Join(err, unix.FsconfigSetString(fd, key, value))
		} else if option != "" {
			err = errors.Join(err, unix.FsconfigSetFlag(fd, option))
		}
	}
	if err == nil {
		err = unix.FsconfigCreate(fd)
	}
	if err != nil {
		return nil, err
	}
	const attributes = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC
	at, err := unix.Fsmount(fd, unix.FSMOUNT_CLOEXEC, attributes)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(at), "mounted "+fstype), nil
}
