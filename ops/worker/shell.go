package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/partfs"
	"shunt/ops/tool"
)

// A Shell asks a worker to be the first process of the namespaces in which people look at an image with a shell. It has the
// standard streams of its parent. The parent sends ShellOrders, one after the other, and the worker answers each with a
// ShellReply. When the parent goes away, or the shell has ended, the worker ends. With it everything in its PID namespace
// ends, and then the mounts are gone.
type Shell struct {
	Name string   // of the image, for the directory
	Keep []string // paths that the mounts must not hide
	Dirs []string // directories to make in it, where no file system is the root
}

// A ShellOrder asks for one thing. Exactly one field is set.
type ShellOrder struct {
	// Prepare asks for the directory. The reply has its path.
	Prepare bool `json:"prepare,omitempty"`
	// Mount asks for a mount. Without a node the reply carries the FUSE connection.
	Mount *ShellMount `json:"mount,omitempty"`
	// Seen asks whether the files of the last mount can be seen. If not, it is unmounted.
	Seen bool `json:"seen,omitempty"`
	// Run asks to run a program to its end. Nothing can be mounted then.
	Run []string `json:"run,omitempty"`
	// Env has the variables that it gets in addition to those of the worker.
	Env []string `json:"env,omitempty"`
}

// A ShellMount is a file system to mount.
type ShellMount struct {
	Dir    string       `json:"dir"` // from the directory of the image on: "/", "/boot"
	Source string       `json:"source"`
	Access model.Access `json:"access"`
	// Node is the device to mount, "" for a connection. Kinds are the names under which the kernel may know the kind of file
	// system, and Options its options for each.
	Node    string   `json:"node,omitempty"`
	Kinds   []string `json:"kinds,omitempty"`
	Options []string `json:"options,omitempty"`
}

// A ShellReply answers an order.
type ShellReply struct {
	Err string `json:"err,omitempty"`
	// NoPlace says that there is no directory to mount at, and Unknown that the kernel does not know the kind of file system.
	NoPlace bool   `json:"no_place,omitempty"`
	Unknown bool   `json:"unknown,omitempty"`
	Dir     string `json:"dir,omitempty"`
	Exit    int    `json:"exit,omitempty"`
}

// host is the state of such a worker.
type host struct {
	job    *Shell
	base   string   // the directory in memory
	dir    string   // that of the image in it
	mounts []string // in order
}

// shell carries out orders until the parent goes away.
func (w *process) shell(conn net.Conn, in io.Reader) error {
	socket, ok := conn.(*net.UnixConn)
	if !ok || os.Getpid() != 1 {
		return errors.New("this process was not started for a shell")
	}
	if err := w.job.Isolation.IsolateMounts(); err != nil {
		return err
	}
	// A program gets these signals as it would in a terminal, and this process ignores them.
	signal.Reset()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGTSTP)
	h := &host{job: w.job.Shell}
	orders := json.NewDecoder(in)
	for {
		var o ShellOrder
		if orders.Decode(&o) != nil {
			return nil
		}
		if len(o.Run) > 0 {
			go func() { // from here on only the end of the parent comes
				_ = orders.Decode(&o)
				os.Exit(1) //nolint:forbidigo // its parent is gone: this ends everything in the namespace
			}()
		}
		reply, connection, err := h.carryOut(o)
		if err != nil {
			reply.Err = err.Error()
		}
		if err := answerShell(socket, reply, connection); err != nil {
			return err
		}
		if len(o.Run) > 0 {
			return nil
		}
	}
}

// answerShell sends a reply, with the connection if there is one, which it closes.
func answerShell(socket *net.UnixConn, reply ShellReply, connection *os.File) error {
	text, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	var rights []byte
	if connection != nil {
		rights = unix.UnixRights(int(connection.Fd()))
	}
	_, _, err = socket.WriteMsgUnix(append(text, '\n'), rights, nil)
	if connection != nil {
		err = errors.Join(err, connection.Close())
	}
	return err
}

func (h *host) carryOut(o ShellOrder) (reply ShellReply, connection *os.File, err error) {
	switch {
	case o.Prepare:
		err = h.prepare()
		reply.Dir = h.dir
	case o.Mount != nil:
		connection, err = h.mount(*o.Mount)
		reply.NoPlace, reply.Unknown = errors.Is(err, errNoPlace), errors.Is(err, unix.ENODEV)
	case o.Seen && len(h.mounts) > 0:
		if _, err = os.ReadDir(h.mounts[len(h.mounts)-1]); err != nil { // a program that has ended does not answer
			err = errors.Join(err, h.forget())
		}
	case len(o.Run) > 0:
		reply.Exit, err = h.run(o.Run, o.Env)
	}
	return reply, connection, err
}

// prepare makes the directory of the image.
func (h *host) prepare() (err error) {
	if h.base, err = partfs.CoverForPeople(h.job.Keep...); err != nil {
		return err
	}
	h.dir = filepath.Join(h.base, h.job.Name)
	for _, dir := range append([]string{""}, h.job.Dirs...) {
		if err := os.MkdirAll(filepath.Join(h.dir, dir), 0o755); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(h.base, startFile), []byte(startText), 0o644)
}

// startFile is what bash reads at its start.
const (
	startFile = ".shuntrc"
	startText = "[ -r ~/.bashrc ] && . ~/.bashrc\nPS1=$SHUNT_PS1\n"
)

// place opens the directory to mount at. The image may have a link there: it cannot lead out of the image.
func (h *host) place(dir string) (*os.File, error) {
	root, err := unix.Open(h.dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(root) }() // it was only a starting point
	fd, err := unix.Openat2(root, "./"+dir, &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return nil, fmt.Errorf("%w %s to mount it at: %w", errNoPlace, dir, err)
	}
	return os.NewFile(uintptr(fd), dir), nil
}

var errNoPlace = errors.New("the image has no directory")

// mount mounts a file system. For a program that serves the files it returns the connection.
func (h *host) mount(m ShellMount) (connection *os.File, err error) {
	at, err := h.place(m.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = at.Close() }() // the mount does not need it
	path := fmt.Sprintf("/proc/self/fd/%d", at.Fd())
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	if m.Access == model.ReadOnly {
		flags |= unix.MS_RDONLY
	}
	real, err := os.Readlink(path)
	if err != nil {
		return nil, err
	}
	if m.Node == "" {
		connection, err = partfs.ConnectAlone(path, m.Source, flags)
	}
	for i, kind := range m.Kinds {
		if err = unix.Mount(m.Node, path, kind, flags, m.Options[i]); !errors.Is(err, unix.ENODEV) {
			break
		}
	}
	if err == nil {
		h.mounts = append(h.mounts, real)
	}
	return connection, err
}

// forget unmounts what was mounted last.
func (h *host) forget() error {
	last := len(h.mounts) - 1
	err := unix.Unmount(h.mounts[last], unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH)
	h.mounts = h.mounts[:last]
	return err
}

// run runs a program to its end. Then it ends all other processes here and unmounts everything.
func (h *host) run(argv, env []string) (exit int, err error) {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return 0, err
	}
	const fixed = unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("", h.base, "", fixed, ""); err != nil {
		return 0, tried.Errorf("protect %s: %w", h.base, err) // what is written there would be lost
	}
	_ = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "") // not everywhere allowed
	if err := tool.CloseOnExec(); err != nil {
		return 0, err
	}
	own := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, EnvWorker+"=") })
	for i, arg := range argv {
		argv[i] = strings.ReplaceAll(arg, "{start}", filepath.Join(h.base, startFile))
	}
	// The standard streams are handed on as they are.
	streams := []*os.File{os.NewFile(0, "input"), os.NewFile(1, "output"), os.NewFile(2, "errors")}
	attr := &os.ProcAttr{Dir: h.dir, Env: append(own, env...), Files: streams}
	if _, err := unix.IoctlGetInt(0, unix.TIOCGPGRP); err == nil {
		// The terminal listens to a group of this process's parent, which has no number in this namespace, and a shell gives it
		// back to the group that it has found.
		attr.Sys = &syscall.SysProcAttr{Foreground: true}
	}
	program, err := os.StartProcess(path, argv, attr)
	if err != nil {
		return 0, err
	}
	exit = reap(program.Pid)
	_ = unix.Kill(-1, unix.SIGKILL) // all that the program has left here
	reap(-1)
	for _, dir := range slices.Backward(h.mounts) {
		failed := unix.Unmount(dir, unix.UMOUNT_NOFOLLOW)
		if failed != nil && !errors.Is(failed, unix.EINVAL) && !errors.Is(failed, unix.ENOENT) { // the user has unmounted it
			err = errors.Join(err, tried.Errorf("unmount %s: %w", dir, failed))
		}
	}
	return exit, err
}

// reap waits for children until the one with that number has ended, and returns its exit code. With -1 it waits for all.
func reap(until int) (exit int) {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return exit
		case pid == until && status.Signaled():
			return 128 + int(status.Signal())
		case pid == until:
			return status.ExitStatus()
		}
	}
}
