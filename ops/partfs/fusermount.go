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

// helper mounts and unmounts through fusermount3, and has a guard that unmounts if this process cannot.
type helper struct {
	path string // of fusermount3

	// The guard waits for a line from the pipe. When there is none, as this process has died, it unmounts. The
	// helper's own auto_unmount does not do it: it looks whether the mount is dead, which root cannot see
	// in a mount that only its owner may enter.
	guard *exec.Cmd
	pipe  io.WriteCloser
}

// guardScript is run with the path of fusermount3, the directory, and the directories to remove after that.
const guardScript = `read -r word && exit; "$0" -u -z -q -- "$1"; shift; cd / && [ $# -gt 0 ] && rmdir -- "$@"`

// lookHelper is the path of fusermount3, or of its predecessor, which understands the same.
func lookHelper() (string, error) {
	path, err := tool.Find("fusermount3")
	if err == nil {
		return path, nil
	}
	if path, err := tool.Find("fusermount"); err == nil {
		return path, nil
	}
	return "", err
}

// fusermount mounts over the directory and returns the connection. If this process dies, the guard removes the directories
// that go then.
func fusermount(dir string, goes []string) (int, *helper, error) {
	path, err := lookHelper()
	if err != nil {
		return -1, nil, err
	}
	h := &helper{path: path}
	if err := h.startGuard(dir, goes); err != nil {
		return -1, nil, err
	}
	fd, err := h.mount(dir)
	if err != nil {
		return -1, nil, errors.Join(err, h.end())
	}
	return fd, h, nil
}

// startGuard starts the guard. It gets a session of its own, as it must outlive what ends this process.
func (h *helper) startGuard(dir string, goes []string) error {
	shell, err := tool.Find("sh")
	if err != nil {
		return err
	}
	h.guard = &exec.Cmd{
		Path:        shell,
		Args:        append([]string{"sh", "-c", guardScript, h.path, dir}, goes...),
		Dir:         "/",
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if h.pipe, err = h.guard.StdinPipe(); err != nil {
		return tried.Errorf("make pipe: %w", err)
	}
	if err := h.guard.Start(); err != nil {
		return tried.Errorf("start guard of the mount: %w", err)
	}
	return nil
}

// mount lets fusermount3 mount. It hands the connection over through a socket, whose number it finds in a variable.
func (h *helper) mount(dir string) (int, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, tried.Errorf("make socket: %w", err)
	}
	defer func() { _ = unix.Close(ends[0]) }()
	remote := os.NewFile(uintptr(ends[1]), "fusermount")
	var said bytes.Buffer
	cmd := &exec.Cmd{
		Path:       h.path,
		Args:       []string{h.path, "-o", fmt.Sprintf("fsname=shunt,subtype=shunt,nosuid,nodev,noexec,max_read=%d", maxRequest), "--", dir},
		Env:        append(os.Environ(), "_FUSE_COMMFD=3", "LC_ALL=C"),
		ExtraFiles: []*os.File{remote},
		Stderr:     &said,
	}
	err = cmd.Run()
	_ = remote.Close()
	if err != nil {
		return -1, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return receive(ends[0])
}

// receive takes a file descriptor from a socket.
func receive(socket int) (int, error) {
	oob := make([]byte, unix.CmsgSpace(4))
	var n int
	err := error(unix.EINTR)
	for errors.Is(err, unix.EINTR) {
		_, n, _, _, err = unix.Recvmsg(socket, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	}
	if err != nil {
		return -1, fmt.Errorf("receive connection from fusermount: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(messages) != 1 {
		return -1, errors.New("fusermount did not hand over a connection")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, errors.New("fusermount did not hand over a connection")
	}
	return fds[0], nil
}

// detach unmounts, also what is in use.
func (h *helper) detach(dir string) error {
	result, err := tool.Run(context.Background(), tool.Cmd{Argv: []string{h.path, "-u", "-z", "--", dir}})
	if err != nil {
		return err
	}
	if result.Exit != 0 {
		return tried.Errorf("unmount %s: fusermount: %s", dir, strings.TrimSpace(result.Output))
	}
	return nil
}

// end dismisses the guard.
func (h *helper) end() error {
	_, said := io.WriteString(h.pipe, "done\n")
	if err := errors.Join(said, h.pipe.Close(), h.guard.Wait()); err != nil {
		return fmt.Errorf("dismiss guard of the mount: %w", err)
	}
	return nil
}
