package worker

import (
	"bufio"
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

// socketName is where a commit that runs can be reached, in the journal's directory.
const socketName = journal.SocketName

// ErrNobody is returned when no commit answers in a journal's directory.
var ErrNobody = errors.New("no commit is under way")

// door lets others in while a commit or a recovery runs. The socket is for its owner alone, so whoever gets to the door may
// follow the commit and stop it.
type door struct {
	dir      *journal.Dir
	listener *net.UnixListener
}

// openDoor begins to listen. A socket that is there is of a worker that died: the caller has the target's lock.
func (w *process) openDoor(dir *journal.Dir) (*door, error) {
	if err := dir.Remove(socketName); err != nil {
		return nil, err
	}
	d := &door{dir: dir}
	err := dir.WithPath(func(path string) error {
		// The mode is set before the socket has a name, which somebody could make lead elsewhere by then.
		config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
			return errors.Join(c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }), err)
		}}
		l, err := config.Listen(context.Background(), "unix", filepath.Join(path, socketName))
		if err != nil {
			return err
		}
		d.listener = l.(*net.UnixListener)
		d.listener.SetUnlinkOnClose(false) // the path is good here only
		return nil
	})
	if err != nil {
		return nil, err
	}
	go w.welcome(d.listener)
	return d, nil
}

// welcome attaches whoever comes, until the door is closed. All they can order is to stop.
func (w *process) welcome(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		p := newPeer(conn)
		w.link.attach(p)
		go p.read(bufio.NewReader(conn), func(c Command) {
			switch c {
			case Cancel:
				w.orderStop()
			case Seen:
				w.link.confirmed()
			case Commit: // was decided long ago
			}
		})
	}
}

// close takes the socket away. Who comes from now on finds nobody and opens the target itself.
func (d *door) close() error { return errors.Join(d.dir.Remove(socketName), d.listener.Close()) }

// Dial connects to the commit that is under way with the given journal; the error wraps ErrNobody if there is none,
// or none of this user's or root's. What follows on the connection are Events, beginning with a Progress, and Commands.
func Dial(dir *journal.Dir) (net.Conn, error) {
	conn, err := dial(dir)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNobody, err)
	}
	return conn, nil
}

func dial(dir *journal.Dir) (net.Conn, error) {
	// The socket itself is held, so that no other can take its place before it is connected to. The path is short, too:
	// what the kernel takes is 108 bytes long at most.
	f, err := dir.OpenSocket(socketName)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the connection does not need it
	var conn net.Conn
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

// trusted makes sure that whoever listens is this user or root: in a directory of somebody else's, which root may look into,
// anybody could sit behind the door and tell stories.
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
