// Package kernel asks the system who uses files and block devices: which processes have a file open or locked, which loop
// devices show it, where devices are mounted, and what /sys tells of them. It only reads.
//
// What cannot be found out, as processes of other users for those who are not root, counts as not there.
package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/safetext"
	"shunt/ops/target"
)

// Kernel is where the system tells about itself.
type Kernel struct{ proc, sys, dev string }

// Host is the system this process runs on.
func Host() Kernel { return Kernel{proc: "/proc", sys: "/sys", dev: "/dev"} }

// DevDir is the directory of the device nodes.
func (k Kernel) DevDir() string { return k.dev }

// FileID names a file in the ways it must be looked for.
type FileID struct {
	Dev, Inode uint64
	FD         int    // the descriptor by which this process holds it, -1 if none
	Shown      uint64 // the inode number /proc shows for open files, 0 if it shows none; stacked file systems show another one than stat
}

// Identify names the file of an open descriptor of this process.
func (k Kernel) Identify(dev, inode uint64, f *os.File) FileID {
	fd := int(f.Fd())
	return FileID{Dev: dev, Inode: inode, FD: fd, Shown: parseFdinfo(k.self("fdinfo", strconv.Itoa(fd))).inode}
}

// FileAt names the file at a path, which this process does not hold open.
func FileAt(path string) (FileID, error) {
	var st unix.Stat_t
	if err := Retry(func() error { return unix.Stat(path, &st) }); err != nil {
		return FileID{}, err
	}
	return FileID{Dev: st.Dev, Inode: st.Ino, FD: -1}, nil
}

func (k Kernel) self(path ...string) string {
	return filepath.Join(append([]string{k.proc, strconv.Itoa(os.Getpid())}, path...)...)
}

// is reports whether the path leads to the file.
func (id FileID) is(path string) bool {
	var st unix.Stat_t
	return Retry(func() error { return unix.Stat(path, &st) }) == nil && st.Dev == id.Dev && st.Ino == id.Inode
}

// Locker names who holds a lock on the file, as well as it can be found out.
func (k Kernel) Locker(path string, id FileID) *target.InUse {
	openers := k.openers(id)
	for _, likely := range []func(opener) bool{
		func(o opener) bool { return o.locks },
		func(o opener) bool { return o.writes },
		func(opener) bool { return true },
	} {
		if i := slices.IndexFunc(openers, likely); i >= 0 {
			return k.inUse(path, openers[i].pid)
		}
	}
	if pid := k.Flocker(id); pid != 0 {
		return k.inUse(path, pid)
	}
	return &target.InUse{
		Path: path, Holder: "another program, which cannot be seen from here",
		Advice: fmt.Sprintf("find it as root with `%s` and stop it", safetext.Command("lsof", safetext.Operand(path))),
	}
}

// User names who uses the file without a lock on it, nil if nobody is seen to. The extent is that of loop devices, and the
// ending follows what to do about them: " first", or what can be done then.
func (k Kernel) User(path string, id FileID, e Extent, ending string) *target.InUse {
	if use := k.loopUser(path, id, e, ending); use != nil {
		return use
	}
	if swap := k.SwapOn(id); swap != "" {
		return &target.InUse{Path: path, Holder: "the system as swap", Advice: fmt.Sprintf("run `%s` first", safetext.Command("swapoff", swap))}
	}
	for _, o := range k.openers(id) {
		if o.writes && o.pid != os.Getpid() {
			return k.inUse(path, o.pid)
		}
	}
	return nil
}

func (k Kernel) inUse(path string, pid int) *target.InUse {
	use := &target.InUse{Path: path, PID: pid, Advice: "stop it first"}
	name := k.program(pid)
	switch {
	case pid == os.Getpid():
		use.Holder, use.Advice = fmt.Sprintf("this program itself (pid %d)", pid), "close it there first"
	case name == "shunt" || k.sameProgram(pid):
		use.Holder, use.Advice, use.Shunt = fmt.Sprintf("another shunt (pid %d)", pid), "quit that one or wait until it is done", true
	case strings.HasPrefix(name, "qemu-system") || name == "kvm":
		use.Holder, use.Advice = fmt.Sprintf("a virtual machine, %s (pid %d)", name, pid), "shut it down first"
	default:
		use.Holder = fmt.Sprintf("%s (pid %d)", name, pid)
	}
	return use
}

// SwapOn is the name by which a file is in use as swap, "" if it is not.
func (k Kernel) SwapOn(id FileID) string {
	for _, swap := range k.swaps() {
		if id.is(swap) {
			return swap
		}
	}
	return ""
}

// OpenHere reports whether this process has the file open by another descriptor.
func (k Kernel) OpenHere(id FileID) bool {
	return slices.ContainsFunc(k.openers(id), func(o opener) bool { return o.pid == os.Getpid() })
}

// opener is a process that has the file open.
type opener struct {
	pid    int
	writes bool // opened for writing
	locks  bool // holds a lock by this descriptor
}

// openers lists the processes that have the file open, less the descriptor of our own and those that are at their end, which
// nobody can stop any more. Processes of other users are seen by root only.
func (k Kernel) openers(id FileID) []opener {
	var found []opener
	for _, proc := range names(k.proc) {
		pid, err := strconv.Atoi(proc)
		if err != nil {
			continue
		}
		for _, fd := range names(filepath.Join(k.proc, proc, "fd")) {
			if pid == os.Getpid() && fd == strconv.Itoa(id.FD) {
				continue
			}
			// The number is compared before the file is asked for: stat on somebody's dead network file would hang.
			info := parseFdinfo(filepath.Join(k.proc, proc, "fdinfo", fd))
			if info.inode != 0 && id.Shown != 0 && info.inode != id.Shown {
				continue
			}
			if id.is(filepath.Join(k.proc, proc, "fd", fd)) && !k.atItsEnd(proc) {
				found = append(found, opener{pid: pid, writes: info.writes, locks: info.locks})
			}
		}
	}
	return found
}

// fdinfo is what /proc/PID/fdinfo/N tells about an open file.
type fdinfo struct {
	inode         uint64 // 0: not told, by kernels before 5.14
	writes, locks bool
}

func parseFdinfo(path string) fdinfo {
	var info fdinfo
	text, err := os.ReadFile(path)
	if err != nil {
		return info // gone meanwhile, or not ours to see
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "ino":
			info.inode, _ = strconv.ParseUint(value, 10, 64)
		case "flags":
			flags, _ := strconv.ParseUint(value, 8, 64)
			// A descriptor opened with O_PATH can neither read nor write whatever its access mode says.
			info.writes = flags&unix.O_ACCMODE != unix.O_RDONLY && flags&unix.O_PATH == 0
		case "lock":
			info.locks = true
		}
	}
	return info
}

// Flocker is the process that took a flock(2) lock on the file, 0 if none is told. Everybody can see this list; QEMU's
// locks stand in it without their owner.
func (k Kernel) Flocker(id FileID) int {
	text, err := os.ReadFile(filepath.Join(k.proc, "locks"))
	if err != nil {
		return 0
	}
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(id.Dev), unix.Minor(id.Dev), id.Inode)
	for line := range strings.Lines(string(text)) {
		// "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF"; a waiting one has "->" after its number
		field := strings.Fields(line)
		if len(field) < 6 || field[1] != "FLOCK" || field[5] != file {
			continue
		}
		// Our own is the one that was just taken: another of ours would have been found among the openers.
		if pid, err := strconv.Atoi(field[4]); err == nil && pid > 0 && pid != os.Getpid() && k.program(pid) != "" {
			return pid
		}
	}
	return 0
}

// program is the name of a process, "" if there is none.
func (k Kernel) program(pid int) string {
	dir := filepath.Join(k.proc, strconv.Itoa(pid))
	comm, err := os.ReadFile(filepath.Join(dir, "comm"))
	if err != nil {
		return ""
	}
	name := strings.TrimSpace(string(comm))
	// The kernel keeps 15 bytes of the name; the command line tells the rest of "qemu-system-x86_64".
	if line, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil {
		first, _, _ := bytes.Cut(line, []byte{0})
		if whole := filepath.Base(string(first)); strings.HasPrefix(whole, name) {
			return whole
		}
	}
	return name
}

// sameProgram reports whether a process runs the same executable file as this one.
func (k Kernel) sameProgram(pid int) bool {
	theirs, err := os.Stat(filepath.Join(k.proc, strconv.Itoa(pid), "exe"))
	if err != nil {
		return false
	}
	ours, err := os.Stat(k.self("exe"))
	return err == nil && os.SameFile(theirs, ours)
}

// names lists a directory of /proc or /sys; one that is gone or closed to us is empty.
func names(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil && len(entries) == 0 {
		return nil
	}
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Name()
	}
	return list
}

// Cause strips the operation and path that the os package puts in front of an error; the messages here name both.
func Cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// Retry repeats a system call for as long as a signal interrupts it.
func Retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Unsupported reports whether an error says that a call or one of its modes does not exist here.
func Unsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTTY)
}
