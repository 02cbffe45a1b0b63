package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// system lists the directories in which distributions keep programs, libraries and their configuration.
var system = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/libexec", "/etc", "/opt", "/nix/store", "/gnu/store",
}

// programs returns the directories outside the system directories in which tools and their libraries are looked for.
func programs() []string {
	var list []string
	for _, dir := range append(directories(), filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))...) {
		inside := func(top string) bool { return strings.HasPrefix(dir+"/", top+"/") }
		never := append([]string{"/dev", "/proc", "/sys", "/run"}, system...)
		if filepath.IsAbs(dir) && dir != "/" && !slices.ContainsFunc(never, inside) {
			list = append(list, filepath.Clean(dir))
		}
	}
	return list
}

// build makes the namespaces and the root directory, and puts this thread into the sandbox.
func (s *Sandbox) build(p SandboxConfig) error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return tried.Errorf("make a mount namespace: %w", err)
	}
	kinds := []struct {
		name string
		flag int
	}{{"net", unix.CLONE_NEWNET}, {"ipc", unix.CLONE_NEWIPC}, {"mnt", unix.CLONE_NEWNS}} // mnt last: entering it hides /proc
	for _, k := range kinds {
		if k.flag != unix.CLONE_NEWNS && unix.Unshare(k.flag) != nil {
			continue // a limit forbids it, or the kernel lacks this kind
		}
		fd, err := unix.Open("/proc/thread-self/ns/"+k.name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return tried.Errorf("find the %s namespace: %w", k.name, err)
		}
		s.namespaces = append(s.namespaces, namespace{fd, k.flag})
	}
	if err := StopMountsSpreading(); err != nil {
		return err
	}
	if err := furnish(p); err != nil {
		return err
	}
	if err := s.settle(p.Root); err != nil {
		return tried.Errorf("change the root directory: %w", err)
	}
	return nil
}

// settle makes a directory the root. If pivot_root is not possible, as in an initial RAM disk or where the present root is
// not a mount, it uses chroot. Then CAP_SYS_CHROOT, which no tool has, is enough to reach the mounts of the machine.
func (s *Sandbox) settle(dir string) error {
	root, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Fchdir(root); err != nil {
		return errors.Join(err, unix.Close(root))
	}
	// This mounts the old root over the new one. It is unmounted below.
	switch err := unix.PivotRoot(".", "."); {
	case errors.Is(err, unix.EINVAL):
		s.root = root
		return changeRoot(root)
	case err != nil:
		return errors.Join(err, unix.Close(root))
	}
	return errors.Join(unix.Unmount(".", unix.MNT_DETACH), unix.Chdir("/"), unix.Close(root))
}

// changeRoot makes an open directory the root of this thread.
func changeRoot(root int) error {
	if err := unix.Fchdir(root); err != nil {
		return err
	}
	return unix.Chroot(".")
}

// furnish fills the root directory at p.Root.
func furnish(p SandboxConfig) error {
	const quiet = unix.MS_NOSUID | unix.MS_NODEV
	r := &root{at: p.Root}
	r.memory("/", quiet, "mode=0755,size=4m")
	for _, dir := range system {
		r.system(dir)
	}
	for _, dir := range []string{"/run", "/sys", MountPoint} {
		r.dir(dir)
	}
	r.memory("/tmp", quiet|unix.MS_NOEXEC, "mode=0700,size=256m")
	for _, dir := range programs() {
		r.system(dir)
	}
	r.memory("/dev", unix.MS_NOSUID|unix.MS_NOEXEC, "mode=0755,size=1m")
	for _, name := range p.nodes() {
		r.file("/dev/"+name, "")
		r.bind("/dev/"+name, unix.MS_BIND)
	}
	for name, to := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		r.link("/dev/"+name, to)
	}
	r.proc()
	for _, dir := range p.Writable {
		r.dir(dir)
		r.bind(dir, unix.MS_BIND)
	}
	r.readOnly("/", 0)
	return r.err
}

// devices lists the nodes in /dev that every tool gets.
var devices = []string{"null", "zero", "full", "random", "urandom"}

// A root builds a root directory. After the first error it does nothing more.
type root struct {
	at  string
	err error
}

// try calls do with the place of path below the new root, unless there was an error before.
func (r *root) try(doing, path string, do func(at string) error) {
	if r.err != nil {
		return
	}
	if err := do(filepath.Join(r.at, path)); err != nil {
		r.err = fmt.Errorf("%s %s: %w", doing, path, err)
	}
}

func (r *root) dir(path string) {
	r.try("make", path, func(at string) error { return os.MkdirAll(at, 0o755) })
}

func (r *root) file(path, text string) {
	r.dir(filepath.Dir(path))
	r.try("make", path, func(at string) error { return os.WriteFile(at, []byte(text), 0o644) })
}

func (r *root) link(path, to string) {
	r.try("make", path, func(at string) error { return os.Symlink(to, at) })
}

// memory mounts a tmpfs at path.
func (r *root) memory(path string, flags uintptr, options string) {
	r.dir(path)
	r.try("mount tmpfs at", path, func(at string) error { return unix.Mount("tmpfs", at, "tmpfs", flags, options) })
}

// bind makes path show the same as outside the sandbox.
func (r *root) bind(path string, flags uintptr) {
	r.try("show", path, func(at string) error { return unix.Mount(path, at, "", flags, "") })
}

// readOnly makes the mount at path read-only. Before kernel 5.12 the mounts below it stay writable.
func (r *root) readOnly(path string, below uint) {
	r.try("protect", path, func(at string) error {
		attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}
		err := unix.MountSetattr(unix.AT_FDCWD, at, below, &attr)
		if errors.Is(err, unix.ENOSYS) {
			const flags = unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV
			err = unix.Mount("", at, "", flags, "")
		}
		return err
	})
}

// system shows a directory of the system read-only, if it exists.
func (r *root) system(path string) {
	info, err := os.Lstat(path)
	if err != nil {
		return
	}
	if info.Mode()&fs.ModeSymlink != 0 && filepath.Dir(path) == "/" {
		to, err := os.Readlink(path)
		if err == nil {
			r.link(path, to)
		}
		return
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return
	}
	r.dir(path)
	r.bind(path, unix.MS_BIND|unix.MS_REC)
	r.readOnly(path, unix.AT_RECURSIVE)
}

// proc makes a /proc with the little that tools need: the kernel's drivers and file systems, and the tool's own processes.
// If this process may not mount a procfs for the latter, empty files say that nothing is mounted.
func (r *root) proc() {
	const pids = "/proc/.pids"
	r.memory("/proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0755,size=1m")
	for _, name := range []string{"devices", "filesystems"} {
		text, _ := os.ReadFile("/proc/" + name) // it is empty if that fails
		r.file("/proc/"+name, string(text))
	}
	r.file("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
	r.link("/proc/mounts", "self/mounts")
	r.dir(pids)
	if r.err != nil {
		return
	}
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if unix.Mount("proc", filepath.Join(r.at, pids), "proc", flags, "subset=pid,hidepid=ptraceable") == nil {
		r.link("/proc/self", ".pids/self")
		r.link("/proc/thread-self", ".pids/thread-self")
		return
	}
	for _, name := range []string{"mounts", "mountinfo"} {
		r.file("/proc/self/"+name, "")
	}
}
