package partfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/tool"
)

// A MountDir is a private directory to mount windows and a sandbox in. Nobody else can replace it. In a mount namespace it
// is a file system in memory, mounted over a directory of the system. Otherwise it is a new directory of the user.
type MountDir struct {
	dir     string
	how     Isolation
	server  *Server       // nil until Serve
	sandbox *tool.Sandbox // nil until Confine
}

// The directories in it.
const (
	windowsName = "windows"
	rootName    = "root" // the root directory of the sandbox
	tempName    = "tmp"  // for tools without one
)

func (m *MountDir) path(name string) string { return filepath.Join(m.dir, name) }

// coverable lists directories that only root can rename and that a worker does not need. The first exists wherever FUSE
// does, the others nearly everywhere.
var coverable = []string{"/sys/fs/fuse/connections", "/sys/fs/cgroup", "/sys/kernel", "/mnt", "/media", "/srv"}

// NewMountDir makes a MountDir. A process with a mount namespace must call IsolateMounts first. NewMountDir does not mount
// over a directory that leads to a path in keep. After an error nothing is left behind.
func NewMountDir(how Isolation, keep ...string) (*MountDir, error) {
	m := &MountDir{how: how}
	var err error
	if how == SetuidHelper {
		m.dir, err = os.MkdirTemp(userDirectory(), "shunt-")
	} else {
		m.dir, err = cover(coverable, keep)
	}
	if err != nil {
		return nil, tried.Errorf("make a place to mount at: %w", err)
	}
	for _, name := range []string{windowsName, rootName, tempName} {
		if err := os.Mkdir(m.path(name), 0o700); err != nil {
			return nil, errors.Join(tried.Errorf("make a place to mount at: %w", err), m.Close())
		}
	}
	return m, nil
}

// userDirectory returns the directory for runtime files of this user, or the one for temporary files.
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

// CoverForPeople mounts a file system in memory over a directory that people find, and that was empty if there is such a
// one. The process must have called IsolateMounts.
func CoverForPeople(keep ...string) (string, error) {
	empty := func(dir string) bool {
		entries, err := os.ReadDir(dir)
		return err == nil && len(entries) == 0
	}
	list := slices.DeleteFunc([]string{"/mnt", "/media", "/srv"}, func(dir string) bool { return !empty(dir) })
	return cover(append(list, coverable...), keep)
}

// cover mounts a file system in memory over one of some directories of the system.
func cover(dirs, keep []string) (string, error) {
	var tried []error
	rooted := tool.RootMounted()
	for _, dir := range dirs {
		if needed(dir, keep) {
			continue
		}
		err := guarded(dir)
		if err == nil && !rooted && sameDevice(dir, "/") {
			err = errors.New("a mount there could spread to other processes")
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

// guarded returns an error unless only root can replace a directory: it and all directories above it must belong to root,
// nobody else may write to them, and none may be a link. In a user namespace the files of root seem to belong to
// overflowID.
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
			return fmt.Errorf("%s is not a directory", at)
		}
		if st.Uid != 0 && st.Uid != strangers || st.Mode&0o022 != 0 {
			return fmt.Errorf("others can change %s", at)
		}
		if at == "/" {
			return nil
		}
	}
}

// overflowID owns the files of unmapped users in a user namespace, unless the system has another id for that.
const overflowID = 65534

// Serve serves windows of ov until Close.
func (m *MountDir) Serve(ov Disk) (server *Server, err error) {
	m.server, err = serve(ov, m.path(windowsName), m.how, []string{m.path(windowsName), m.path(rootName), m.path(tempName), m.dir})
	return m.server, err
}

// Confine makes the sandbox for the tools that work on the windows, which must be served already. The sandbox lasts until
// Close. If the system allows it no namespaces, it has none and lacks says why.
func (m *MountDir) Confine() (sandbox *tool.Sandbox, lacks, err error) {
	return m.confine(tool.SandboxConfig{})
}

// ConfineServing does the same as Confine for a program that serves files with FUSE (tool.Cmd.Connect). at is an empty
// directory that it can be told to mount at.
func (m *MountDir) ConfineServing() (sandbox *tool.Sandbox, at string, err error) {
	// Such programs look up the kernel's file systems and their own mounts.
	sandbox, lacks, err := m.confine(tool.SandboxConfig{Fuse: true, Readable: []string{m.path(rootName), "/proc"}})
	if m.how != SetuidHelper && lacks == nil {
		return sandbox, tool.MountPoint, err
	}
	return sandbox, m.path(rootName), err
}

func (m *MountDir) confine(c tool.SandboxConfig) (sandbox *tool.Sandbox, lacks, err error) {
	c.Writable, c.Views = []string{m.path(windowsName)}, m.path(windowsName)
	if m.how != SetuidHelper {
		rooted := c
		rooted.Root = m.path(rootName)
		m.sandbox, lacks = tool.NewSandbox(rooted)
	}
	if m.sandbox == nil {
		c.TempDir = m.path(tempName)
		m.sandbox, err = tool.NewSandbox(c)
	}
	return m.sandbox, lacks, err
}

// Close ends the windows and the sandbox, and removes the directory.
func (m *MountDir) Close() error {
	var errs []error
	if m.server != nil {
		errs = append(errs, m.server.Close())
	}
	if m.sandbox != nil {
		errs = append(errs, m.sandbox.Close())
	}
	if m.how != SetuidHelper {
		return errors.Join(append(errs, unmount(m.dir))...)
	}
	errs = append(errs, os.RemoveAll(m.path(tempName))) // safe, because only this user can enter m.dir
	for _, path := range []string{m.path(windowsName), m.path(rootName), m.dir} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
