package tool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// A Sandbox limits what tools can reach of the machine. They see the system's programs and their libraries, read-only; a
// /dev with null, zero, full, random and urandom; the directories that they work in, such as the one with windows; and a
// /tmp of their own. There are no block devices, no network, no /sys, no /run and hardly any /proc. A tool has only the
// capabilities that its Needs name and can gain none, and Landlock lets it write to its directories only. Limits that the
// kernel or the rights of this process do not allow are left out: see Confinement.
//
// The limits apply to a thread. It enters the namespaces, gives up its rights and starts the tool, which inherits the
// limits. The thread ends with the tool. Other threads of this process are not affected.
type Sandbox struct {
	namespaces []namespace
	rules      int    // descriptor of the Landlock rules, -1 without them
	temp       string // the directory for temporary files, as tools see it
	inside     bool   // the sandbox has a root directory of its own
	root       int    // descriptor of that directory if chroot must enter it, or -1
	loopsShown bool   // its /dev has, or had, loop devices
	views      string // what the output of tools leaves out: see SandboxConfig.Views
}

type namespace struct{ fd, kind int }

// SandboxConfig says how to make a sandbox.
type SandboxConfig struct {
	// Root is an empty directory for the sandbox's root, on a file system that only this process can reach. If it is "", the
	// sandbox has no namespaces.
	Root string
	// Writable lists the directories that tools may write to, and without a Root also files. They have the same paths inside.
	Writable []string
	// Readable lists files and directories that tools may read but not change. They are for sandboxes without a Root.
	Readable []string
	// TempDir is a directory for temporary files, if there is no Root.
	TempDir string
	// Views is a directory that exists for the tools alone, or "". Their output names what lies in it without the directory,
	// so that people read of p1 and not of a path that they cannot find.
	Views string
	// Fuse shows /dev/fuse, for programs with Cmd.Connect.
	Fuse bool
}

// nodes lists the nodes in /dev that tools get.
func (p SandboxConfig) nodes() []string {
	if p.Fuse {
		return append(slices.Clone(devices), filepath.Base(fuseDevice))
	}
	return devices
}

// MountPoint is a directory in sandboxes with namespaces. Tools with the need Mount can mount over it.
const MountPoint = mountParent + "/mounted"

// mountParent has the Landlock rule for MountPoint: Landlock looks up rights in the directories above a mount, not in the
// directory that the mount covers.
const mountParent = "/inside"

// Needs are rights that a tool keeps in a sandbox.
type Needs uint8

// The rights.
const (
	// Admin keeps CAP_SYS_ADMIN, which the kernel demands to resize a mounted file system, and CAP_DAC_READ_SEARCH, because
	// the file system's root directory can belong to any user.
	Admin Needs = 1 << iota
	// Mount keeps CAP_SYS_ADMIN and leaves out Landlock, which forbids mounting and unmounting.
	Mount
	// Search keeps CAP_DAC_READ_SEARCH, for files of other users that a sandbox without namespaces lists as readable.
	Search
	// Override keeps CAP_DAC_OVERRIDE, to open files of other users for writing that a sandbox lists as writable.
	Override
	// Loop adds nodes of unused loop devices to /dev. When the tool has ended, the nodes that are still unused are removed.
	Loop
)

// NewSandbox makes a sandbox, which must be closed. The directories in p must not be moved while it is used.
func NewSandbox(p SandboxConfig) (*Sandbox, error) {
	s := &Sandbox{rules: -1, root: -1, temp: p.TempDir}
	if p.Views != "" {
		s.views = p.Views + "/"
	}
	var err error
	ownThread(func() {
		if p.Root != "" {
			s.inside, s.temp = true, "/tmp"
			err = s.build(p)
		}
		if err == nil {
			s.rules, err = s.landlockRules(p)
		}
	})
	if err != nil {
		return nil, errors.Join(tried.Errorf("confine tools: %w", err), s.Close())
	}
	return s, nil
}

// Close closes the sandbox. It vanishes together with its mounts when the last tool in it ends.
func (s *Sandbox) Close() error {
	var errs []error
	for _, n := range s.namespaces {
		errs = append(errs, unix.Close(n.fd))
	}
	for _, fd := range []int{s.rules, s.root} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	s.namespaces, s.rules, s.root = nil, -1, -1
	return errors.Join(errs...)
}

// enter puts this thread, and the programs it starts, into the sandbox. The thread cannot leave it again.
func (s *Sandbox) enter(needs Needs) error {
	if s.inside {
		var loops []deviceNode
		if needs&Loop != 0 {
			var err error
			if loops, err = freeLoops(); err != nil {
				return err
			}
		}
		if err := s.join(); err != nil {
			return err
		}
		if err := s.showLoops(loops); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return tried.Errorf("set no_new_privs: %w", err)
	}
	if s.rules >= 0 && needs&Mount == 0 {
		if err := restrict(s.rules); err != nil {
			return err
		}
	}
	return dropCapabilities(needs)
}

// CloseOnExec keeps programs from inheriting open files: a tool could read them, would keep them open, or would complain
// about them. Go marks the files that it opens, but not those that this process has inherited itself.
func CloseOnExec() error {
	const first = 3
	if unix.CloseRange(first, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	files, err := os.ReadDir("/proc/self/fd") // kernels before 5.11
	if err != nil {
		return tried.Errorf("list open files: %w", err)
	}
	for _, f := range files {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// join puts this thread into the namespaces and under the root directory.
func (s *Sandbox) join() error {
	err := unix.Unshare(unix.CLONE_FS)
	for _, n := range s.namespaces {
		if err == nil {
			err = unix.Setns(n.fd, n.kind)
		}
	}
	if err == nil && s.root >= 0 {
		err = changeRoot(s.root)
	}
	if err != nil {
		return tried.Errorf("enter the sandbox: %w", err)
	}
	return nil
}

// environment returns the variables that differ in the sandbox.
func (s *Sandbox) environment() []string {
	if s.temp == "" {
		return nil
	}
	return []string{"TMPDIR=" + s.temp, "HOME=" + s.temp}
}

// ownThread calls f on a thread of its own, which ends after f.
func ownThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked, so that the thread ends with the goroutine
		if unix.Gettid() != os.Getpid() {
			f()
			return
		}
		// The first thread of a process cannot end. While it waits here, the runtime takes another one.
		ownThread(f)
		runtime.UnlockOSThread()
	}()
	<-done
}

type sandboxKey struct{}

// WithSandbox returns a context for Run. Run calls sandbox for every tool and runs the tool in the result, or without a
// sandbox if that is nil.
func WithSandbox(ctx context.Context, sandbox func() *Sandbox) context.Context {
	return context.WithValue(ctx, sandboxKey{}, sandbox)
}

func sandboxOf(ctx context.Context) *Sandbox {
	if sandbox, ok := ctx.Value(sandboxKey{}).(func() *Sandbox); ok {
		return sandbox()
	}
	return nil
}

// Confinement describes in plain words how sandboxes with or without namespaces limit tools on this machine.
func Confinement(namespaces bool) string {
	version := landlockVersion()
	switch {
	case namespaces && version > 0:
		return "in a root directory of their own, with no devices, no network and no capabilities, and by Landlock"
	case namespaces:
		return "in a root directory of their own, with no devices, no network and no capabilities; this kernel has no Landlock"
	case version > 0:
		return "by Landlock: they can open nothing but their window and the installed programs; this system allows no namespaces"
	}
	return "by the rights of this user only: this system allows no namespaces, and its kernel has no Landlock"
}
