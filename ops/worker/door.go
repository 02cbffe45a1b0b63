package worker

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"shunt/ops/journal"
)

// socketName is where a commit that runs can be reached, in the journal's directory.
const socketName = "socket"

// ErrNobody is returned when no commit answers in a journal's directory.
var ErrNobody = errors.New("no commit is under way")

// door lets others in while a commit or a recovery runs. The directory belongs to the user and nobody else may enter
// it, so whoever gets to the door may follow the commit and stop it.
type door struct {
	dir      *os.File
	listener net.Listener
}

// openDoor begins to listen. A socket that is there is of a worker that died: the caller has the target's lock.
func (w *process) openDoor(dir journal.Dir) (*door, error) {
	if err := dir.Remove(socketName); err != nil {
		return nil, err
	}
	f, path, err := throughDescriptor(dir)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	d := &door{dir: f, listener: listener}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, d.close())
	}
	go w.welcome(listener)
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
func (d *door) close() error { return errors.Join(d.listener.Close(), d.dir.Close()) }

// throughDescriptor is a short path to the socket: what the kernel takes is 108 bytes long at most.
func throughDescriptor(dir journal.Dir) (*os.File, string, error) {
	fd, err := unix.Open(dir.Path(), unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, "", &fs.PathError{Op: "open", Path: dir.Path(), Err: err}
	}
	return os.NewFile(uintptr(fd), dir.Path()), filepath.Join(fmt.Sprintf("/proc/self/fd/%d", fd), socketName), nil
}

// Dial connects to the commit that is under way with the given journal; the error wraps ErrNobody if there is none,
// or none of this user's. What follows on the connection are Events, beginning with a Progress, and Commands.
func Dial(dir journal.Dir) (net.Conn, error) {
	f, path, err := throughDescriptor(dir)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNobody, err)
	}
	defer func() { _ = f.Close() }() // the connection does not need it
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNobody, err)
	}
	// In a directory of somebody else's anybody could sit behind the door and tell stories.
	if int(st.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("%w: %s belongs to another user", ErrNobody, dir.Path())
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNobody, err)
	}
	return conn, nil
}
