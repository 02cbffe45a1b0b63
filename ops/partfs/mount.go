package partfs

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Mount is how the directory with the windows is mounted.
type Mount uint8

// The ways to mount.
const (
	// Direct uses mount(2). It needs CAP_SYS_ADMIN, which also an ordinary user has in a user namespace of their own. It is
	// meant for a process in a private mount namespace.
	Direct Mount = iota
	// Fusermount asks the setuid helper fusermount3. The mount is visible to all processes, but usable only by the same
	// user. A small guard process unmounts it if this process ends without having done so.
	Fusermount
)

// mountpoint is a mount that was made.
type mountpoint struct {
	dir    string
	helper *helper // nil unless Fusermount
}

// mountOver mounts a FUSE connection over the directory and returns the connection's descriptor. The directories that go are
// removed by the helper's guard if this process dies.
func mountOver(dir string, how Mount, goes []string) (int, *mountpoint, error) {
	if how == Fusermount {
		fd, helper, err := fusermount(dir, goes)
		return fd, &mountpoint{dir: dir, helper: helper}, err
	}
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, nil, tried.Errorf("open %s: %w", device, err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=%o,user_id=%d,group_id=%d,max_read=%d", fd, unix.S_IFDIR, owner().Uid, owner().Gid, maxRequest)
	if err := unix.Mount("shunt", dir, "fuse.shunt", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		return -1, nil, errors.Join(tried.Errorf("mount: %w", err), unix.Close(fd))
	}
	return fd, &mountpoint{dir: dir}, nil
}

// detach takes the mount out of the directory tree at once; it ends when nobody uses it any more.
func (m *mountpoint) detach() error {
	if m.helper != nil {
		return m.helper.detach(m.dir)
	}
	// EINVAL: it is not mounted any more; somebody else has unmounted it.
	if err := unix.Unmount(m.dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) {
		return tried.Errorf("unmount %s: %w", m.dir, err)
	}
	return nil
}

// end dismisses what stood by to unmount.
func (m *mountpoint) end() error {
	if m.helper != nil {
		return m.helper.end()
	}
	return nil
}
