package partfs

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/tool"
)

// Isolation says how the process that serves windows is separated from other processes, and so how it mounts.
type Isolation uint8

// The kinds of isolation, best first.
const (
	// RootNamespace gives the process a mount namespace.
	RootNamespace Isolation = iota
	// UserNamespace also gives it a user namespace, in which an ordinary user may mount.
	UserNamespace
	// SetuidHelper makes no namespace and mounts with fusermount3. All processes see the mount, but only the same user can
	// use it.
	SetuidHelper
)

// NamespaceAttr returns the attributes to start the process that serves. It gets a session of its own. In a user namespace
// it is root inside and has the caller's rights outside. Files of other users and groups seem to belong to nobody there.
func (i Isolation) NamespaceAttr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if i != SetuidHelper {
		// With Unshareflags the runtime would cut the new namespace off completely. Then a file system that the machine unmounts
		// would stay in use there.
		attr.Cloneflags = unix.CLONE_NEWNS
	}
	if i == UserNamespace {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}

// IsolateMounts keeps the mounts of this process from spreading to other namespaces. Mounts of others still spread to it. A
// process started with NamespaceAttr must call it first. After an error the process must not mount, since a mount could
// outlive it. For SetuidHelper it does nothing.
func (i Isolation) IsolateMounts() error {
	if i == SetuidHelper {
		return nil
	}
	mine, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return tried.Errorf("find mount namespace: %w", err)
	}
	switch parents, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", os.Getppid())); {
	case err == nil && mine == parents:
		return errors.New("this process shares the mount namespace of its parent: it was not started as a worker")
	case os.Getpid() == 1 && os.Getppid() == 0: // the first process of a PID namespace sees no parent
	case err != nil && !ownUserNamespace():
		// The parent's namespace is invisible from a user namespace only. Elsewhere the parent belongs to the same user.
		return tried.Errorf("find mount namespace of the parent: %w", err)
	}
	if err := tool.StopMountsSpreading(); err != nil {
		return err
	}
	spreading, err := mountinfo.GetMounts(func(m *mountinfo.Info) (skip, stop bool) { return !tool.Spreads(m), false })
	if err != nil {
		return tried.Errorf("list mounts: %w", err)
	}
	if len(spreading) > 0 {
		return fmt.Errorf("mounts spread from this mount namespace to others: %s", spreading[0].Mountpoint)
	}
	return nil
}

// ownUserNamespace reports whether this process is in a user namespace with a single user, as NamespaceAttr makes it.
func ownUserNamespace() bool {
	users, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(users))
	return err == nil && len(fields) == 3 && fields[2] == "1"
}

// essential lists the directories whose mounts this process and its tools need.
var essential = []string{"/proc", "/sys", "/dev", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"}

// UnmountUnneeded unmounts everything in this process's mount namespace except what leads to a path in keep or to installed
// programs. The namespace starts with a copy of every mount of the machine. Where mounts are not shared, as in containers,
// a copy stays when the machine unmounts the original, and keeps the file system in use while this process runs. Mounts
// that cannot be unmounted stay. In a user namespace these are all copies. For SetuidHelper it does nothing.
//
// The process must have called IsolateMounts, and its working directory must be one of keep or the root.
func (i Isolation) UnmountUnneeded(keep ...string) error {
	if i == SetuidHelper {
		return nil
	}
	mounts, err := mountinfo.GetMounts(nil)
	if err != nil {
		return tried.Errorf("list mounts: %w", err)
	}
	keep = append(slices.Clone(keep), os.TempDir())
	// Later mounts lie below or on top of earlier ones.
	for _, m := range slices.Backward(mounts) {
		if at := m.Mountpoint; !needed(at, keep) && !within(at, essential) {
			_ = unix.Unmount(at, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) // it may stay
		}
	}
	return nil
}

// within reports whether a path is one of the directories or lies in one.
func within(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// needed reports whether a directory leads to one of the paths.
func needed(dir string, keep []string) bool {
	dir = strings.TrimSuffix(dir, "/")
	return slices.ContainsFunc(keep, func(path string) bool { return strings.HasPrefix(path+"/", dir+"/") })
}
