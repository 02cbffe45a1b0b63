package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/ops/journal"
)

// socketName names the socket in the journal's directory through which other processes follow a commit.
const socketName = journal.SocketName

// ErrNobody is returned when no worker answers in a journal's directory.
var ErrNobody = errors.New("no commit is under way")

// listen lets other processes follow this one through a socket that only its owner and root can use. It replaces a socket
// that is already there: this process has the target's lock, so the worker of that socket must have died.
func (w *process) listen() error {
	if err := w.dir.Remove(socketName); err != nil {
		return err
	}
	err := w.dir.WithPath(func(path string) error {
		// The mode is set before the socket has a name. Later somebody could replace the socket by a link.
		config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
			return errors.Join(c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }), err)
		}}
		l, err := config.Listen(context.Background(), "unix", filepath.Join(path, socketName))
		if err != nil {
			return err
		}
		w.socket = l.(*net.UnixListener)
		w.socket.SetUnlinkOnClose(false) // the path is only valid here
		return nil
	})
	if err != nil {
		return err
	}
	w.doorman = make(chan struct{})
	go func() {
		defer close(w.doorman)
		for {
			conn, err := w.socket.Accept()
			if err != nil {
				return // it was closed
			}
			w.link.serve(conn, conn, w.order, func() {})
		}
	}()
	return nil
}

// closeSocket removes the socket, so that later processes open the target themselves. When it returns, every process that
// has connected is a peer of the link, or sees its connection end without a snapshot.
func (w *process) closeSocket() error {
	err := errors.Join(w.dir.Remove(socketName), w.socket.Close())
	<-w.doorman
	return err
}

// Dial connects to the worker that commits in the given journal's directory. The error wraps ErrNobody if there is none, or
// if it belongs neither to this user nor to root. The connection carries Events, the first of them a Progress, and Commands.
func Dial(dir *journal.Dir) (conn net.Conn, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w (%w)", ErrNobody, err)
		}
	}()
	// The socket is opened first, so that another one cannot take its place before the connection. Its path in /proc is also
	// short enough: the kernel takes at most 108 bytes.
	f, err := dir.OpenSocket(socketName)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the connection does not need it
	err = dir.WithPath(func(string) error {
		conn, err = net.Dial("unix", "/proc/self/fd/"+strconv.Itoa(int(f.Fd())))
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := trusted(conn.(*net.UnixConn)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// trusted returns an error unless this user or root listens on the socket. Another user could listen in a directory that
// root opens, and send root false results.
func trusted(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	err = errors.Join(raw.Control(func(fd uintptr) {
		peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}), err)
	if err != nil {
		return err
	}
	if peer.Uid != 0 && peer.Uid != uint32(os.Geteuid()) {
		return fmt.Errorf("user %d listens there", peer.Uid)
	}
	return nil
}
