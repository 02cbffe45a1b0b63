package tool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Cell is what a tool gets to see of the machine: the system's programs and their libraries, read-only; a /dev with null, zero,
// full, random and urandom; directories that are meant for it, as those with windows; and a /tmp of its own. There are no
// block devices in it, no /sys and no /run, of /proc the least, and no network. A tool in it holds no
// capability that Needs does not name, can gain none, and Landlock lets it write to its directories only.
//
// What the kernel or the rights of this process do not allow is left out; Confinement tells what is.
//
// The limits are those of a thread: it enters the namespaces, gives up its rights, starts the tool, which inherits all that,
// and ends with it. No other thread of this process is touched, and no program stands between this one and the tool.
type Cell struct {
	namespaces []namespace
	rules      int    // descriptor of the Landlock rules, -1 without them
	temp       string // the directory for temporary files, as tools see it
	inside     bool   // the cell has a root directory of its own
	root       int    // descriptor of that where it is not the root of the mount namespace, or -1
	loops      loopNodes
}

type namespace struct{ fd, kind int }

// Plan is how a cell is to be made.
type Plan struct {
	// Room is an empty directory for the cell's root, on a file system that nobody but this process can reach. "" makes a cell
	// without namespaces of its own, for processes that may make none.
	Room string
	// Open are the directories that tools may write to. They have the same paths inside.
	Open []string
	// Temp is a directory for temporary files, if there is no Room.
	Temp string
}

// MountPoint is a directory in cells with namespaces of their own over which tools with the need Mount can mount.
const MountPoint = mountRoom + "/mounted"

// mountRoom is what Landlock has its rule on: of a mount it asks for the directories above that it covers.
const mountRoom = "/inside"

// Needs are rights that a tool keeps in a cell.
type Needs uint8

// The rights.
const (
	// Admin is CAP_SYS_ADMIN, which the kernel asks for to resize what is mounted, and CAP_DAC_READ_SEARCH, as the root directory of
	// that can be anybody's.
	Admin Needs = 1 << iota
	// Mount is Admin without Landlock, which forbids to mount or unmount anything.
	Mount
	// Loop brings nodes of loop devices that nobody uses into /dev. Those that are not in use when the tool has ended go again.
	Loop
)

// NewCell makes a cell. The directories of the plan must not be moved as long as it is used. It is to be closed.
func NewCell(p Plan) (*Cell, error) {
	c := &Cell{rules: -1, root: -1, temp: p.Temp}
	var err error
	ownThread(func() {
		if p.Room != "" {
			c.inside, c.temp = true, "/tmp"
			err = c.build(p)
		}
		if err == nil {
			c.rules, err = c.landlockRules(p)
		}
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("confine tools: %w", err), c.Close())
	}
	return c, nil
}

// Close lets go of the cell: it vanishes with the last tool in it, and what is mounted in it too.
func (c *Cell) Close() error {
	var errs []error
	for _, n := range c.namespaces {
		errs = append(errs, unix.Close(n.fd))
	}
	for _, fd := range []int{c.rules, c.root} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	c.namespaces, c.rules, c.root = nil, -1, -1
	return errors.Join(errs...)
}

// enter puts this thread, and what it starts, into the cell for good.
func (c *Cell) enter(needs Needs) error {
	if err := keepFiles(); err != nil {
		return err
	}
	if c.inside {
		var loops []loopNode
		if needs&Loop != 0 {
			var err error
			if loops, err = freeLoops(); err != nil {
				return err
			}
		}
		if err := c.join(); err != nil {
			return err
		}
		if err := c.loops.show(loops); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up gaining rights: %w", err)
	}
	if c.rules >= 0 && needs&Mount == 0 {
		if err := restrict(c.rules); err != nil {
			return err
		}
	}
	return dropCapabilities(needs)
}

// keepFiles has no file that this process has open handed on by accident: those it was itself started with are open in what it
// starts unless it says otherwise.
func keepFiles() error {
	const first = 3
	err := unix.CloseRange(first, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	files, err := os.ReadDir("/proc/self/fd") // kernels before 5.11
	if err != nil {
		return fmt.Errorf("list open files: %w", err)
	}
	for _, f := range files {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// join puts this thread into the namespaces.
func (c *Cell) join() error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("enter the cell: %w", err)
	}
	for _, n := range c.namespaces {
		if err := unix.Setns(n.fd, n.kind); err != nil {
			return fmt.Errorf("enter the cell: %w", err)
		}
	}
	if c.root >= 0 {
		if err := changeRoot(c.root); err != nil {
			return fmt.Errorf("enter the cell: %w", err)
		}
	}
	return nil
}

// environment are the variables that differ in the cell.
func (c *Cell) environment() []string {
	if c.temp == "" {
		return nil
	}
	return []string{"TMPDIR=" + c.temp, "HOME=" + c.temp}
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
		// The first thread of a process cannot end. As long as it waits here, another one is taken.
		ownThread(f)
		runtime.UnlockOSThread()
	}()
	<-done
}

type cellKey struct{}

// Within is a context in which Run runs every tool in the cell that the function returns at that time; nil is none.
func Within(ctx context.Context, cell func() *Cell) context.Context {
	return context.WithValue(ctx, cellKey{}, cell)
}

func cellOf(ctx context.Context) *Cell {
	if cell, ok := ctx.Value(cellKey{}).(func() *Cell); ok {
		return cell()
	}
	return nil
}

// Confinement says in plain words which limits tools are put under here, in cells with namespaces of their own or without.
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
