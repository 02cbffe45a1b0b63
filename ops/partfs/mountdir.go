package partfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/overlay"
	"shunt/ops/tool"
)

// MountDir is where a process mounts its windows and what else it needs: a directory that nobody else can put anything in place of.
// In a mount namespace of its own it is a file system in memory that is mounted over a directory of the system; without one a
// new directory of the user's.
type MountDir struct {
	dir     string
	how     Isolation
	sandbox *tool.Sandbox
}

// The directories in a room.
const (
	roomWindows = "windows"
	roomCell    = "sandbox" // the root directory of the tools
	roomTemp    = "tmp"     // where they have none
)

// coverable are directories that every system has, that only root can rename, and that a worker does not need. The first
// is there where FUSE is.
var coverable = []string{"/sys/fs/fuse/connections", "/sys/fs/cgroup", "/sys/kernel", "/mnt", "/media", "/srv"}

// NewMountDir makes a room. A process with a mount namespace of its own must have called IsolateMounts. Nothing is mounted over
// directories that lead to one of keep. After an error nothing is left of it.
func NewMountDir(how Isolation, keep ...string) (*MountDir, error) {
	r := &MountDir{how: how}
	var err error
	if how == SetuidHelper {
		r.dir, err = os.MkdirTemp(userDirectory(), "shunt-")
	} else {
		r.dir, err = cover(keep)
	}
	if err != nil {
		return nil, tried.Errorf("make a place to mount at: %w", err)
	}
	for _, name := range []string{roomWindows, roomCell, roomTemp} {
		if err := os.Mkdir(filepath.Join(r.dir, name), 0o700); err != nil {
			return nil, errors.Join(tried.Errorf("make a place to mount at: %w", err), r.Close())
		}
	}
	return r, nil
}

// userDirectory is the directory for what programs of this user need as long as they run, or that for temporary files.
func userDirectory() string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return os.TempDir()
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return os.TempDir()
	}
	return dir
}

// cover mounts a file system in memory over one of the directories of the system.
func cover(keep []string) (string, error) {
	var tried []error
	rooted := tool.RootMounted()
	for _, dir := range coverable {
		if needed(dir, keep) {
			continue
		}
		err := guarded(dir)
		if err == nil && !rooted && sameDevice(dir, "/") {
			err = errors.New("what is mounted there could spread to others")
		}
		if err == nil {
			err = unix.Mount("shunt", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0700,size=16m")
		}
		if err == nil {
			return dir, nil
		}
		tried = append(tried, fmt.Errorf("%s: %w", dir, err))
	}
	return "", errors.Join(tried...)
}

func sameDevice(a, b string) bool {
	var first, second unix.Stat_t
	return errors.Join(unix.Stat(a, &first), unix.Stat(b, &second)) == nil && first.Dev == second.Dev
}

// needed reports whether a directory leads to one of the paths.
func needed(dir string, keep []string) bool {
	dir = strings.TrimSuffix(dir, "/")
	return slices.ContainsFunc(keep, func(path string) bool { return strings.HasPrefix(path+"/", dir+"/") })
}

// guarded makes sure that nobody but root can put something else in the place of a directory: on the way to it there are
// only directories of root that others cannot write to, and no links. In a user namespace root is a stranger.
func guarded(dir string) error {
	strangers := uint32(0)
	if ownUserNamespace() {
		strangers = overflowID
	}
	for at := dir; ; at = filepath.Dir(at) {
		var st unix.Stat_t
		if err := unix.Lstat(at, &st); err != nil {
			return err
		}
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			return errors.New("it is reached by something that is no directory")
		}
		if st.Uid != 0 && st.Uid != strangers || st.Mode&0o022 != 0 {
			return fmt.Errorf("others can change %s", at)
		}
		if at == "/" {
			return nil
		}
	}
}

// overflowID is who files of those belong to that have no number in a user namespace, unless the system was told another one.
const overflowID = 65534

// Serve is the function Serve for windows in the room. There is none of the whole disk: a tool is to see nothing but the one
// partition that it works on.
func (r *MountDir) Serve(ov *overlay.Overlay) (*Server, error) {
	var goes []string
	for _, name := range []string{roomWindows, roomCell, roomTemp, ""} {
		goes = append(goes, filepath.Join(r.dir, name))
	}
	s, err := serve(ov, r.windows(), r.how.Mount(), goes)
	if err != nil {
		return nil, err
	}
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	s.files.drop(Disk)
	s.files.apart = true
	return s, nil
}

func (r *MountDir) windows() string { return filepath.Join(r.dir, roomWindows) }

// Confine makes the sandbox for the tools that work on the windows, which must be mounted already. It lasts until Close. Where
// the system does not let a sandbox have namespaces of its own there is one without; lacks says why then.
func (r *MountDir) Confine() (sandbox *tool.Sandbox, lacks, err error) {
	open := []string{r.windows()}
	if r.how != SetuidHelper {
		r.sandbox, lacks = tool.NewSandbox(tool.SandboxConfig{Root: filepath.Join(r.dir, roomCell), Writable: open})
	}
	if r.sandbox == nil {
		r.sandbox, err = tool.NewSandbox(tool.SandboxConfig{Writable: open, TempDir: filepath.Join(r.dir, roomTemp)})
	}
	return r.sandbox, lacks, err
}

// Close takes the room away. The windows must have been closed.
func (r *MountDir) Close() error {
	var sandbox error
	if r.sandbox != nil {
		sandbox = r.sandbox.Close()
	}
	if r.how != SetuidHelper {
		// EINVAL: somebody has unmounted it already.
		if err := unix.Unmount(r.dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) {
			return errors.Join(sandbox, tried.Errorf("unmount %s: %w", r.dir, err))
		}
		return sandbox
	}
	temp := os.RemoveAll(filepath.Join(r.dir, roomTemp)) // of this user, in a directory that only this user can enter
	for _, path := range []string{r.windows(), filepath.Join(r.dir, roomCell), r.dir} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(sandbox, temp, err)
		}
	}
	return errors.Join(sandbox, temp)
}
