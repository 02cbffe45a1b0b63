package partfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/tool"
)

// A mountPoint is a directory with a FUSE connection mounted over it.
type mountPoint struct {
	dir    string
	helper string // the path of fusermount3, "" if this process mounted by itself

	// The guard unmounts if this process dies: then the pipe ends before the guard has read a line. The auto_unmount of
	// fusermount3 would not work: it runs as root and checks whether the mount is dead, but only the mount's owner may enter
	// the mount.
	guard *exec.Cmd
	pipe  io.WriteCloser
}

// guardScript takes as arguments the path of fusermount3, the mount, and the directories to remove after it.
const guardScript = `read -r word && exit; "$0" -u -z -q -- "$1"; shift; cd / && [ $# -gt 0 ] && rmdir -- "$@"`

// mountOver mounts a FUSE connection over the directory and returns the connection's descriptor. With SetuidHelper a guard
// removes the other directories if this process dies.
func mountOver(dir string, how Isolation, others []string) (int, *mountPoint, error) {
	m := &mountPoint{dir: dir}
	if how == SetuidHelper {
		if err := m.startGuard(others); err != nil {
			return -1, nil, err
		}
		options := fmt.Sprintf("fsname=shunt,subtype=shunt,nosuid,nodev,noexec,max_read=%d", maxRequest)
		fd, err := fusermount(m.helper, m.dir, options)
		if err != nil {
			return -1, nil, errors.Join(err, m.end())
		}
		return fd, m, nil
	}
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, nil, tried.Errorf("open %s: %w", device, err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=%o,user_id=%d,group_id=%d,max_read=%d", fd, unix.S_IFDIR, os.Geteuid(), os.Getegid(), maxRequest)
	if err := unix.Mount("shunt", dir, "fuse.shunt", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		return -1, nil, errors.Join(tried.Errorf("mount: %w", err), unix.Close(fd))
	}
	return fd, m, nil
}

// findHelper returns the path of fusermount3, or of its predecessor, which takes the same arguments.
func findHelper() (string, error) {
	path, err := tool.Find("fusermount3")
	if err != nil {
		if old, missing := tool.Find("fusermount"); missing == nil {
			return old, nil
		}
	}
	return path, err
}

// startGuard starts the guard in a session of its own, so that signals to this process's session do not end it.
func (m *mountPoint) startGuard(others []string) error {
	shell, err := tool.Find("sh")
	if err != nil {
		return err
	}
	if m.helper, err = findHelper(); err != nil {
		return err
	}
	m.guard = &exec.Cmd{
		Path:        shell,
		Args:        append([]string{"sh", "-c", guardScript, m.helper, m.dir}, others...),
		Dir:         "/",
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if m.pipe, err = m.guard.StdinPipe(); err == nil {
		err = m.guard.Start()
	}
	if err != nil {
		return tried.Errorf("start guard of the mount: %w", err)
	}
	return nil
}

// fusermount mounts with fusermount3 and returns the FUSE connection. fusermount3 sends it through the socket whose number
// it finds in _FUSE_COMMFD.
func fusermount(helper, dir, options string) (int, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, tried.Errorf("make socket: %w", err)
	}
	defer func() { _ = unix.Close(ends[0]) }()
	remote := os.NewFile(uintptr(ends[1]), "fusermount")
	var stderr bytes.Buffer
	cmd := &exec.Cmd{
		Path:       helper,
		Args:       []string{helper, "-o", options, "--", dir},
		Env:        append(os.Environ(), "_FUSE_COMMFD=3", "LC_ALL=C"),
		ExtraFiles: []*os.File{remote},
		Stderr:     &stderr,
	}
	err = cmd.Run()
	_ = remote.Close()
	if err != nil {
		return -1, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return receive(ends[0])
}

// receive receives a file descriptor from a socket.
func receive(socket int) (int, error) {
	oob := make([]byte, unix.CmsgSpace(4))
	var n int
	err := error(unix.EINTR)
	for errors.Is(err, unix.EINTR) {
		_, n, _, _, err = unix.Recvmsg(socket, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	}
	if err != nil {
		return -1, tried.Errorf("receive connection from fusermount: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err == nil && len(messages) == 1 {
		if fds, err := unix.ParseUnixRights(&messages[0]); err == nil && len(fds) == 1 {
			return fds[0], nil
		}
	}
	return -1, errors.New("fusermount did not send a connection")
}

// detach removes the mount from the directory tree at once. The kernel ends it when it is no longer in use.
func (m *mountPoint) detach() error {
	if m.helper == "" {
		return unmount(m.dir)
	}
	result, err := tool.Run(context.Background(), tool.Cmd{Argv: []string{m.helper, "-u", "-z", "--", m.dir}})
	if err != nil {
		return err
	}
	if result.Exit != 0 {
		return tried.Errorf("unmount %s: fusermount: %s", m.dir, strings.TrimSpace(result.Output))
	}
	return nil
}

// unmount detaches the mount at a directory, if there is one.
func unmount(dir string) error {
	err := unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err == nil || errors.Is(err, unix.EINVAL) { // EINVAL: somebody else has unmounted it
		return nil
	}
	return tried.Errorf("unmount %s: %w", dir, err)
}

// end makes the guard end without unmounting, if there is one.
func (m *mountPoint) end() error {
	if m.guard == nil {
		return nil
	}
	_, err := io.WriteString(m.pipe, "done\n")
	if err := errors.Join(err, m.pipe.Close(), m.guard.Wait()); err != nil {
		return tried.Errorf("dismiss guard of the mount: %w", err)
	}
	return nil
}
