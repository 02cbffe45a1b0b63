package partfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/tool"
)

// Mounts that everybody sees, unlike windows. Root makes and removes them itself, other users by fusermount3.

// ErrNoUser is returned for a process whose user has no name. fusermount3 needs one.
var ErrNoUser = errors.New("your user id has no name on this machine, and without one fusermount3 mounts nothing: " +
	"add the user to /etc/passwd, or run it as a user who is there, or as root")

// MayConnect returns why this process cannot mount a connection, or nil. It mounts nothing.
func MayConnect() error {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s cannot be used (%w): load the module with \"modprobe fuse\", or let this container or user have the device", device, err)
	}
	if err := unix.Close(fd); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		return nil
	}
	if _, err := findHelper(); err != nil {
		return fmt.Errorf("an ordinary user mounts with fusermount3, and %w: apt install fuse3", err)
	}
	if !named(os.Getuid()) {
		return fmt.Errorf("user %d: %w", os.Getuid(), ErrNoUser)
	}
	return nil
}

// named reports whether a user has a name, in the file of users or wherever else this system keeps them.
func named(uid int) bool {
	id := strconv.Itoa(uid)
	if _, err := user.LookupId(id); err == nil {
		return true
	}
	asked, err := tool.Run(context.Background(), tool.Cmd{Argv: []string{"getent", "passwd", id}})
	return err == nil && asked.Exit == 0
}

// Connect mounts a FUSE connection over an open directory, whose path is dir, and returns the connection. source stands in
// the lists of mounts. All that look at the directory wait until somebody answers on the connection. For root the mount is
// there for all users, as far as the modes of files allow; for others it is theirs alone.
func Connect(at *os.File, dir, source string, readOnly bool) (*os.File, error) {
	if os.Geteuid() != 0 {
		helper, err := findHelper()
		if err != nil {
			return nil, err
		}
		options := "subtype=shunt,nosuid,nodev,noexec,fsname=" + strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(source)
		if readOnly {
			options += ",ro"
		}
		fd, err := fusermount(helper, dir, options)
		if err != nil {
			return nil, tried.Errorf("mount at %s: %w", dir, err)
		}
		return os.NewFile(uintptr(fd), device), nil
	}
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, tried.Errorf("open %s: %w", device, err)
	}
	connection := os.NewFile(uintptr(fd), device)
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	if readOnly {
		flags |= unix.MS_RDONLY
	}
	options := fmt.Sprintf("fd=%d,rootmode=%o,user_id=0,group_id=0,default_permissions,allow_other", fd, unix.S_IFDIR)
	err = unix.Mount(source, fmt.Sprintf("/proc/self/fd/%d", at.Fd()), "fuse.shunt", flags, options)
	if err != nil {
		return nil, errors.Join(tried.Errorf("mount at %s: %w", dir, err), connection.Close())
	}
	return connection, nil
}

// Disconnect unmounts what Connect has mounted at dir, if this user may. It fails if that is in use. With lazy it vanishes
// from there in any case, and ends when nobody uses it any more.
func Disconnect(dir string, lazy bool) error {
	if os.Geteuid() == 0 {
		flags := unix.UMOUNT_NOFOLLOW
		if lazy {
			flags |= unix.MNT_DETACH
		}
		return unix.Unmount(dir, flags)
	}
	helper, err := findHelper()
	if err != nil {
		return err
	}
	argv := []string{helper, "-u"}
	if lazy {
		argv = append(argv, "-z")
	}
	cmd := exec.Command(argv[0], append(argv[1:], "--", dir)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	said, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s (%w)", strings.TrimSpace(string(said)), err)
}

// ConnectAlone mounts a FUSE connection at a path in a mount namespace of this process, and returns the connection.
func ConnectAlone(path, source string, flags uintptr) (*os.File, error) {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, tried.Errorf("open %s: %w", device, err)
	}
	connection := os.NewFile(uintptr(fd), device)
	options := fmt.Sprintf("fd=%d,rootmode=%o,user_id=%d,group_id=%d", fd, unix.S_IFDIR, os.Geteuid(), os.Getegid())
	if err := unix.Mount(source, path, "fuse.shunt", flags, options); err != nil {
		return nil, errors.Join(tried.Errorf("mount: %w", err), connection.Close())
	}
	return connection, nil
}
