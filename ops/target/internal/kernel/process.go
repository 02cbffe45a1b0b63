package kernel

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/safetext"
	"shunt/ops/target"
)

// processes yields the numbers of all processes with their directories in /proc.
func (k Kernel) processes() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for _, name := range names(k.proc) {
			if pid, err := strconv.Atoi(name); err == nil && !yield(pid, filepath.Join(k.proc, name)) {
				return
			}
		}
	}
}

// Locker names the process that most likely holds a lock on the file.
func (k Kernel) Locker(path string, id FileID) *target.InUse {
	openers := k.openers(id)
	for _, likely := range []func(opener) bool{
		func(o opener) bool { return o.locks },
		func(o opener) bool { return o.writes },
		func(opener) bool { return true },
	} {
		if i := slices.IndexFunc(openers, likely); i >= 0 {
			return k.inUse(path, openers[i])
		}
	}
	if pid := k.Flocker(id); pid != 0 {
		return k.inUse(path, opener{pid: pid})
	}
	return &target.InUse{
		Path: path, Holder: "another program, which cannot be seen from here",
		Advice: fmt.Sprintf("find it as root with `%s` and stop it", safetext.Command("lsof", safetext.Operand(path))),
	}
}

// User names a user of the file that takes no lock on it, or returns nil. It may be one that only reads if it is a loop
// device; e says which loop devices count. ending is added to the advice about them, as in " first".
func (k Kernel) User(path string, id FileID, e Extent, ending string) *target.InUse {
	if use := k.loopUser(path, id, e, ending); use != nil {
		return use
	}
	if swap := k.SwapOn(id); swap != "" {
		advice := fmt.Sprintf("run `%s` first", safetext.Command("swapoff", swap))
		return &target.InUse{Path: path, Holder: "the system as swap", Advice: advice}
	}
	for _, o := range k.openers(id) {
		if o.writes && o.pid != os.Getpid() {
			return k.inUse(path, o)
		}
	}
	return nil
}

// Claimant names the process that most likely has a device open exclusively.
func (k Kernel) Claimant(path string, d Disk, id FileID) *target.InUse {
	for _, o := range k.openers(id) {
		if o.pid != os.Getpid() {
			return k.inUse(path, o)
		}
	}
	return &target.InUse{
		Path: path, Holder: "a program or a part of the system that has it open exclusively",
		Advice: fmt.Sprintf("find it as root with `lsof %s*` and stop it", d.Node()),
	}
}

func (k Kernel) inUse(path string, o opener) *target.InUse {
	pid := o.pid
	use := &target.InUse{Path: path, PID: pid, Advice: "stop it first"}
	name := k.program(pid)
	served, serves := k.servedBy(pid)
	switch {
	case serves:
		use.Holder = fmt.Sprintf("shunt (pid %d), which has %s mounted at %s", pid, served.Part(), safetext.Printable(served.Dir))
		image := safetext.Operand(mountedImage(path, served))
		use.Advice = fmt.Sprintf("unmount it: `%s`", safetext.Command("shunt", "unmount", image, served.Arg()))
	case pid == os.Getpid():
		use.Holder, use.Advice = fmt.Sprintf("this program itself (pid %d)", pid), "close it there first"
	case name == "shunt" || k.sameProgram(pid):
		use.Shunt = true
		use.Holder, use.Advice = fmt.Sprintf("another shunt (pid %d)", pid), "quit that one or wait until it is done"
	case strings.HasPrefix(name, "qemu-system") || name == "kvm":
		use.Holder, use.Advice = fmt.Sprintf("%s, %s (pid %d)", k.guest(pid), name, pid), "shut it down first"
		if o.writes {
			use.Advice += whileRunning
		}
	case name == "qemu-nbd":
		use.Holder = fmt.Sprintf("%s (pid %d)", name, pid)
		use.Advice = "unmount what it shows, then end it (`qemu-nbd -d` with the device, if it has one)"
	default:
		use.Holder = fmt.Sprintf("%s (pid %d)", name, pid)
	}
	return use
}

// whileRunning says what can be done to the disk of a virtual machine that runs.
const whileRunning = "; until then only the machine itself can enlarge the disk (`virsh blockresize`, or " +
	"`block_resize` in QEMU's monitor), and the rest of a plan can follow when it is off"

// guest names the virtual machine that a process of QEMU runs, as its option -name does: "web", or "guest=web,debug-threads=on".
func (k Kernel) guest(pid int) string {
	args := strings.Split(read(k.proc, strconv.Itoa(pid), "cmdline"), "\x00")
	i := slices.IndexFunc(args, func(arg string) bool { return arg == "-name" || arg == "--name" })
	if i < 0 || i+1 == len(args) {
		return "a virtual machine"
	}
	for _, option := range strings.Split(args[i+1], ",") {
		name, isGuest := strings.CutPrefix(option, "guest=")
		if isGuest || !strings.Contains(option, "=") {
			return "the virtual machine " + safetext.Word(name)
		}
	}
	return "a virtual machine"
}

// OpenHere reports whether this process has the file open with a descriptor other than id.FD.
func (k Kernel) OpenHere(id FileID) bool {
	return slices.ContainsFunc(k.openers(id), func(o opener) bool { return o.pid == os.Getpid() })
}

// served returns the shunt for which a process has its files open, if it is the program through which shunt reads and writes
// some formats, and otherwise the process itself.
func (k Kernel) served(pid int) int {
	if k.program(pid) != "qemu-storage-daemon" {
		return pid
	}
	// "PID (name) state parent …"; the name may hold any characters.
	stat := read(k.proc, strconv.Itoa(pid), "stat")
	field := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(field) < 2 {
		return pid
	}
	parent, err := strconv.Atoi(field[1])
	if err == nil && (parent == os.Getpid() || k.program(parent) == "shunt" || k.sameProgram(parent)) {
		return parent
	}
	return pid
}

// An opener is a process that has the file open.
type opener struct {
	pid int
	fdinfo
}

// openers lists the processes that have the file open. It leaves out the descriptor id.FD and processes that are ending,
// which need not be stopped. Only root sees the files of other users' processes.
func (k Kernel) openers(id FileID) []opener {
	var found []opener
	for pid, proc := range k.processes() {
		for _, info := range k.opened(pid, proc, id) {
			if !endsSoon(read(proc, "stat")) {
				found = append(found, opener{k.served(pid), info})
			}
		}
	}
	return found
}

// opened describes the descriptors by which a process has the file open, except id.FD.
func (k Kernel) opened(pid int, proc string, id FileID) (found []fdinfo) {
	list := names(proc, "fd")
	if len(list) == 0 {
		return nil
	}
	dir := -1
	_ = Retry(func() (err error) { // without it the paths are longer
		dir, err = unix.Open(filepath.Join(proc, "fdinfo"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if dir >= 0 {
		defer func() { _ = unix.Close(dir) }()
	}
	for _, fd := range list {
		if pid == os.Getpid() && fd == strconv.Itoa(id.FD) {
			continue
		}
		// The number is compared first, because stat of a file on a dead network mount would hang.
		text, _ := readAt(dir, fd) // a kernel that shows nothing leaves the rest to stat
		info := parseFdinfo(text)
		if info.inode != 0 && id.Shown != 0 && info.inode != id.Shown {
			continue
		}
		st, err := Stat(filepath.Join(proc, "fd", fd))
		if errors.Is(err, unix.EACCES) {
			return found // and so it is with all of this process
		}
		if err == nil && st.Dev == id.Dev && st.Ino == id.Inode {
			found = append(found, info)
		}
	}
	return found
}

// An fdinfo holds what /proc/PID/fdinfo/N says about an open file.
type fdinfo struct {
	inode  uint64 // 0 if it is not shown, as by kernels before 5.14
	writes bool   // opened for writing
	locks  bool   // holds a lock by this descriptor
}

func parseFdinfo(text string) (info fdinfo) {
	for line := range strings.Lines(text) {
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

// Flocker returns the process that took a flock(2) lock on the file, or 0 if none is listed. Everybody can read this list.
// It does not show the owners of QEMU's locks.
func (k Kernel) Flocker(id FileID) int {
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(id.Dev), unix.Minor(id.Dev), id.Inode)
	for line := range strings.Lines(read(k.proc, "locks")) {
		// "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF"; a lock that is waited for has "->" after its number
		field := strings.Fields(line)
		if len(field) < 6 || field[1] != "FLOCK" || field[5] != file {
			continue
		}
		// A lock of our own was taken just now: an older one would have been found among the openers.
		if pid, err := strconv.Atoi(field[4]); err == nil && pid > 0 && pid != os.Getpid() && k.program(pid) != "" {
			return pid
		}
	}
	return 0
}

// program returns the name of a process, or "" if there is no such process.
func (k Kernel) program(pid int) string {
	dir := filepath.Join(k.proc, strconv.Itoa(pid))
	name := strings.TrimSpace(read(dir, "comm"))
	// The kernel keeps 15 bytes of the name; the command line has the rest of "qemu-system-x86_64".
	first, _, _ := strings.Cut(read(dir, "cmdline"), "\x00")
	if whole := filepath.Base(first); name != "" && strings.HasPrefix(whole, name) {
		return whole
	}
	return name
}

// sameProgram reports whether a process runs the same executable file as this one.
func (k Kernel) sameProgram(pid int) bool {
	theirs, err := os.Stat(filepath.Join(k.proc, strconv.Itoa(pid), "exe"))
	ours, ourErr := os.Stat(k.self("exe"))
	return err == nil && ourErr == nil && os.SameFile(theirs, ours)
}

// Dying reports whether any process is ending and may still hold files. A process that was killed while it waits for a disk
// shows no open files any more, but keeps its locks until the disk has answered.
func (k Kernel) Dying() bool {
	for _, proc := range k.processes() {
		if endsSoon(read(proc, "stat")) {
			return true
		}
	}
	return false
}

// endsSoon reports whether a process is ending and has not closed its files yet. stat is the text of /proc/PID/stat: "PID
// (name) state …". The name may hold any characters. The flags are the 9th field and the number of threads is the 20th. A
// zombie with one thread has closed its files. A zombie with more threads is the first thread of a process whose other
// threads still run.
func endsSoon(stat string) bool {
	const exiting = 0x4 // PF_EXITING
	_, rest, ok := strings.Cut(stat[strings.LastIndex(stat, ")")+1:], " ")
	field := strings.Fields(rest)
	if !ok || len(field) < 18 {
		return false
	}
	flags, err := strconv.ParseUint(field[6], 10, 64)
	if err != nil || flags&exiting == 0 {
		return false
	}
	threads, err := strconv.Atoi(field[17])
	return err == nil && (field[0] != "Z" && field[0] != "X" || threads > 1)
}

// Users lists all that use a file: loop devices, the system's swap, and processes that have it open.
func (k Kernel) Users(path string, id FileID) (list []target.InUse) {
	for _, d := range k.loopsOn(id) {
		what, todo := d.LoopUses()
		list = append(list, target.InUse{Path: path, Holder: what, Advice: strings.Join(todo, ", then ")})
	}
	if swap := k.SwapOn(id); swap != "" {
		list = append(list, target.InUse{Path: path, Holder: "the system as swap"})
	}
	seen := map[int]bool{os.Getpid(): true}
	for _, o := range k.openers(id) {
		if !seen[o.pid] {
			list = append(list, *k.inUse(path, o))
		}
		seen[o.pid] = true
	}
	return list
}
