package tool

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Sandbox limits what a tool can reach of the machine to the system's programs and their libraries, read-only; a /dev with
// null, zero, full, random and urandom; the directories that are meant for it, such as the one with windows; and a /tmp of
// its own. It has no block devices, no network, no /sys, no /run and hardly any /proc. A tool in it holds only the
// capabilities that its Needs name and can gain none, and Landlock lets it write to its directories only. Limits that the
// kernel or the rights of this process do not allow are left out; see Confinement.
//
// The limits apply to a thread: it enters the namespaces, gives up its rights, starts the tool, which inherits all that,
// and ends with it. No other thread of this process is touched, and no program stands between this one and the tool.
type Sandbox struct {
	namespaces []namespace
	rules      int    // descriptor of the Landlock rules, -1 without them
	temp       string // the directory for temporary files, as tools see it
	inside     bool   // the sandbox has a root directory of its own
	root       int    // descriptor of that if it is not the root of the mount namespace, or -1
	loopsShown bool   // its /dev has, or had, loop devices
}

type namespace struct{ fd, kind int }

// SandboxConfig says how to make a sandbox.
type SandboxConfig struct {
	// Root is an empty directory for the sandbox's root, on a file system that only this process can reach. Without it the
	// sandbox has no namespaces, for processes that may not make any.
	Root string
	// Writable are the directories that tools may write to. They have the same paths inside.
	Writable []string
	// TempDir is a directory for temporary files, if there is no Root.
	TempDir string
}

// MountPoint is a directory in sandboxes with namespaces. Tools with the need Mount can mount over it.
const MountPoint = mountParent + "/mounted"

// mountParent has a Landlock rule, because for a mount Landlock asks about the directories above the one that is covered.
const mountParent = "/inside"

// Needs are rights that a tool keeps in a sandbox.
type Needs uint8

// The rights.
const (
	// Admin is CAP_SYS_ADMIN, which the kernel demands to resize a mounted file system, and CAP_DAC_READ_SEARCH, because
	// anybody can own the root directory of that.
	Admin Needs = 1 << iota
	// Mount is Admin without Landlock, which forbids to mount or unmount anything.
	Mount
	// Loop adds nodes of unused loop devices to /dev. When the tool has ended, those that are not in use are removed.
	Loop
)

// NewSandbox makes a sandbox, which must be closed. The directories of p must not be moved while it is used.
func NewSandbox(p SandboxConfig) (*Sandbox, error) {
	s := &Sandbox{rules: -1, root: -1, temp: p.TempDir}
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

// Close gives the sandbox up. It vanishes with the last tool in it, with everything that is mounted in it.
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

// enter puts this thread, and what it starts, into the sandbox for good.
func (s *Sandbox) enter(needs Needs) error {
	if err := closeOnExec(); err != nil {
		return err
	}
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
		return tried.Errorf("give up gaining rights: %w", err)
	}
	if s.rules >= 0 && needs&Mount == 0 {
		if err := restrict(s.rules); err != nil {
			return err
		}
	}
	return dropCapabilities(needs)
}

// closeOnExec keeps tools from inheriting open files by accident. This process inherited some itself, which stay open in
// the programs that it starts unless they are marked.
func closeOnExec() error {
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

// join puts this thread into the namespaces.
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

// ownThread calls f on a thread that ends with it.
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

// WithSandbox returns a context for Run. Every tool runs in the sandbox that the function returns at that time, nil for
// none.
func WithSandbox(ctx context.Context, sandbox func() *Sandbox) context.Context {
	return context.WithValue(ctx, sandboxKey{}, sandbox)
}

func sandboxOf(ctx context.Context) *Sandbox {
	if sandbox, ok := ctx.Value(sandboxKey{}).(func() *Sandbox); ok {
		return sandbox()
	}
	return nil
}

// Confinement says in plain words how tools are limited here, in sandboxes with or without namespaces.
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
	return "by the rights of this user alone: this system allows no namespaces, and its kernel has no Landlock"
}
