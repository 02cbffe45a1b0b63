package tool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// A program that serves a file system with FUSE opens /dev/fuse and mounts it. In a sandbox it may not mount, and where it
// could, nobody else would see the mount. So this process mounts for it (Cmd.Connect). A filter stops the program's mount(2)
// until this process has put the connection of its own mount in the place of the program's open /dev/fuse, and answered
// that the call has succeeded. No memory of the program is read, and none of the call's arguments counts.

// fuseDevice is the device through which FUSE connections are made.
const fuseDevice = "/dev/fuse"

// architectures maps GOARCH to the number by which a filter knows the architecture (linux/audit.h).
var architectures = map[string]uint32{
	"386": unix.AUDIT_ARCH_I386, "amd64": unix.AUDIT_ARCH_X86_64, "arm": unix.AUDIT_ARCH_ARM, "arm64": unix.AUDIT_ARCH_AARCH64,
	"loong64": unix.AUDIT_ARCH_LOONGARCH64, "ppc64le": unix.AUDIT_ARCH_PPC64LE, "riscv64": unix.AUDIT_ARCH_RISCV64,
	"s390x": unix.AUDIT_ARCH_S390X,
}

// mountFilter returns the program of the filter. It reports mount(2), and does as if the kernel had no newer calls that
// mount. umount2(2) succeeds without an effect, and so does setgroups(2): ntfs-3g ends if it cannot give up groups, which a
// tool in a user namespace may not, and which are of no use in a sandbox. Calls of other architectures fail.
func mountFilter() ([]unix.SockFilter, error) {
	arch, ok := architectures[runtime.GOARCH]
	if !ok {
		return nil, fmt.Errorf("not supported on %s", runtime.GOARCH)
	}
	const (
		number       = 0 // the offset of the call's number in struct seccomp_data
		architecture = 4
		x32          = 0x40000000 // the first number of the second table of calls of amd64
	)
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	jump := func(how uint16, value uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | how | unix.BPF_K, K: value, Jf: skip}
	}
	answer := func(value uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value} }
	fail := func(errno unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(errno) }

	program := []unix.SockFilter{
		load(architecture),
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: arch, Jt: 1},
		answer(fail(unix.ENOSYS)),
		load(number),
	}
	if runtime.GOARCH == "amd64" {
		program = append(program, jump(unix.BPF_JGE, x32, 1), answer(fail(unix.ENOSYS)))
	}
	for _, call := range []struct {
		number uint32
		answer uint32
	}{
		{unix.SYS_MOUNT, unix.SECCOMP_RET_USER_NOTIF},
		{unix.SYS_UMOUNT2, fail(0)},
		{unix.SYS_SETGROUPS, fail(0)},
		{unix.SYS_FSOPEN, fail(unix.ENOSYS)},
		{unix.SYS_FSMOUNT, fail(unix.ENOSYS)},
		{unix.SYS_OPEN_TREE, fail(unix.ENOSYS)},
		{unix.SYS_MOVE_MOUNT, fail(unix.ENOSYS)},
	} {
		program = append(program, jump(unix.BPF_JEQ, call.number, 1), answer(call.answer))
	}
	return append(program, answer(unix.SECCOMP_RET_ALLOW)), nil
}

// A connector answers the mount calls of one program.
type connector struct {
	listener int // where the kernel reports the calls
	connect  func() (*os.File, error)
	stop     *os.File // its end makes answer return
	done     chan error
}

// The structures of linux/seccomp.h.
type (
	seccompNotice struct {
		id    uint64
		pid   uint32
		flags uint32
		data  [64]byte // struct seccomp_data
	}
	seccompAnswer struct {
		id    uint64
		value int64
		errno int32
		flags uint32
	}
	seccompFile struct {
		id                       uint64
		flags, from, as, asFlags uint32
	}
)

// startConnector puts this thread, and the programs it starts, under the filter. The thread cannot leave it again.
func startConnector(connect func() (*os.File, error)) (*connector, error) {
	program, err := mountFilter()
	if err != nil {
		return nil, tried.Errorf("mount for a program: %w", err)
	}
	// Without it only root of this user namespace could set a filter.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, tried.Errorf("set no_new_privs: %w", err)
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	listener, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER,
		uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return nil, tried.Errorf("mount for a program: this system does not let its calls be answered (%w)", errno)
	}
	unix.CloseOnExec(int(listener))
	ended, stop, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, unix.Close(int(listener)))
	}
	c := &connector{listener: int(listener), connect: connect, stop: stop, done: make(chan error, 1)}
	go func() {
		defer func() { _ = ended.Close() }()
		c.done <- c.answerAll(int(ended.Fd()))
	}()
	return c, nil
}

// close ends the connector. The error is why a connection could not be made.
func (c *connector) close() error {
	_ = c.stop.Close()
	return errors.Join(<-c.done, unix.Close(c.listener))
}

// answerAll answers calls until the descriptor ended ends. Only the first gets a connection.
func (c *connector) answerAll(ended int) (failed error) {
	connected := false
	for {
		wait := []unix.PollFd{{Fd: int32(c.listener), Events: unix.POLLIN}, {Fd: int32(ended), Events: unix.POLLIN}}
		if _, err := unix.Poll(wait, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil || wait[1].Revents != 0 || wait[0].Revents&unix.POLLIN == 0 {
			return errors.Join(failed, err)
		}
		var notice seccompNotice
		if err := c.control(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&notice)); err != nil {
			continue // the caller was killed meanwhile
		}
		answer := seccompAnswer{id: notice.id}
		if connected {
			answer.errno = -int32(unix.EBUSY)
		} else if err := c.give(notice); err != nil {
			failed, answer.errno = err, -int32(unix.EIO) // after EPERM the library tries fusermount
		}
		connected = true
		_ = c.control(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&answer)) // nobody waits if the caller is gone
	}
}

// give makes the connection and puts it in the place of the caller's open /dev/fuse.
func (c *connector) give(notice seccompNotice) error {
	place, err := openFuse(int(notice.pid))
	if err != nil {
		return err
	}
	connection, err := c.connect()
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }() // the program has it; it must be the last, so that the mount ends with it
	add := seccompFile{id: notice.id, flags: unix.SECCOMP_ADDFD_FLAG_SETFD, from: uint32(connection.Fd()), as: uint32(place)}
	if err := c.control(unix.SECCOMP_IOCTL_NOTIF_ADDFD, unsafe.Pointer(&add)); err != nil {
		return tried.Errorf("give a program its connection: %w", err)
	}
	return nil
}

func (c *connector) control(request uintptr, value unsafe.Pointer) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(c.listener), request, uintptr(value))
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}

// openFuse returns the number of the descriptor by which a process has /dev/fuse open.
func openFuse(pid int) (int, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0, tried.Errorf("find a program's connection: %w", err)
	}
	for _, f := range files {
		n, err := strconv.Atoi(f.Name())
		if to, gone := os.Readlink(filepath.Join(dir, f.Name())); err == nil && gone == nil && to == fuseDevice {
			return n, nil
		}
	}
	return 0, fmt.Errorf("the program mounts something without having %s open", fuseDevice)
}
