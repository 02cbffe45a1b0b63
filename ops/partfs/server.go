// Package partfs shows parts of a disk, which is an overlay or a target, as files, so that programs that know a file system can work on a partition that
// exists only in the plan. Such a file is a window: exactly the bytes of one partition. The windows appear in one
// directory, served with FUSE.
//
// # What a window is
//
// A window is a regular file of fixed length that only its owner can read and write. Writes go to the overlay. If a tool
// truncates it, as resize2fs does after shrinking, that succeeds without any effect. Nothing can make it longer. Punching
// holes and zeroing ranges take no space. fsync syncs the overlay.
//
// # Caching
//
// The kernel caches what it reads: loop devices and mmap need that, and it makes tools faster. Three rules avoid stale
// bytes:
//
//   - Every Set makes a new file (inode) under the name, with its own cache. Processes that still have the old one open get
//     ESTALE from it, except for reads that its cache can answer.
//   - Names are never cached, so the next open finds the new file. Attributes are cached, because those of a file never change.
//   - The cached bytes of a file are dropped whenever it is opened.
//
// So a program that opens a window after a change sees the change. A program that keeps a window open may miss later writes
// through the overlay or through another window over the same bytes. This does not happen, since tools run one after the
// other.
//
// # Mounting
//
// The process that serves should have a mount namespace of its own, so that no mount stays behind however it ends.
// DetectIsolation finds out what is possible. The process is started with Isolation.NamespaceAttr and first calls
// Isolation.IsolateMounts. Without namespaces the setuid helper fusermount3 mounts, and a guard process unmounts if the
// process dies. A MountDir is a safe directory to serve in, with a sandbox for the tools that work on the windows.
//
// # Rules for the process that serves
//
// It must not open its own windows through the kernel (File is for that), nor have its working directory in the mount. If
// it were killed while it waits for its own answer, the answer would never come, and the process could not end until the
// machine is restarted. Loop devices over a window must be set up with autoclear, so that they vanish with the mounts.
package partfs

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// maxRequest is the largest number of bytes in a single read or write request of the kernel.
const maxRequest = 1 << 20

// A Server serves the windows of one disk. Its methods may be called from several goroutines at once.
type Server struct {
	files  *files
	server *fuse.Server
	mount  *mountPoint
	device int           // a second descriptor of the FUSE connection, beside the one that go-fuse reads from
	served chan struct{} // closed when the last request has been answered
	close  func() error
}

// Serve mounts windows of ov over the existing directory dir and serves them until Close. The disk must stay usable
// until Close has returned.
func Serve(ov Disk, dir string, how Isolation) (*Server, error) {
	return serve(ov, dir, how, nil)
}

// serve does the work of Serve. With SetuidHelper the directories in others are removed if this process dies.
func serve(ov Disk, dir string, how Isolation, others []string) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, tried.Errorf("serve windows: %w", err)
	}
	connection, mount, err := mountOver(dir, how, others)
	if err != nil {
		return nil, tried.Errorf("mount windows at %s: %w", dir, err)
	}
	device, err := unix.FcntlInt(uintptr(connection), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, errors.Join(tried.Errorf("serve windows: %w", err), unix.Close(connection), mount.detach(), mount.end())
	}
	s := &Server{files: newFiles(ov), mount: mount, device: device, served: make(chan struct{})}
	s.close = sync.OnceValue(s.shut)
	s.server, err = fuse.NewServer(s.files, fmt.Sprintf("/dev/fd/%d", connection), &fuse.MountOptions{
		MaxWrite:      maxRequest,
		DisableXAttrs: true,
		DisableSplice: true, // the bytes are in memory already
		// The first would cache the directory's entries. The second would drop cached bytes when only times change.
		DisabledCapabilities: fuse.CAP_READDIRPLUS | fuse.CAP_AUTO_INVAL_DATA,
		Logger:               log.New(io.Discard, "", 0), // the tools get the same errors
		PanicHandler:         func(v any) fuse.Status { panic(v) },
	})
	if err != nil {
		return nil, errors.Join(tried.Errorf("serve windows: %w", err), unix.Close(device), mount.detach(), mount.end())
	}
	go func() {
		defer close(s.served)
		s.server.Serve()
		// A caller that serves until the process ends may drop s. Collecting s would close its pipe to the guard.
		runtime.KeepAlive(s)
	}()
	return s, nil
}

// Path returns the path at which the window of the given name appears. The window need not exist.
func (s *Server) Path(name string) string { return filepath.Join(s.mount.dir, name) }

// Set makes name, a plain file name, a window over the n bytes at off of the virtual disk, and returns its path. It
// replaces a window of that name: programs that still have it open get ESTALE from then on, except for bytes that the
// kernel has cached. A range that does not lie within the disk can be neither read nor written.
//
// Set does not tell the kernel to drop its cache of the old window. The kernel would wait for reads that are under way, and
// a server that is killed while it waits for its own answer never ends, nor does any sync(2). The cached bytes do no harm,
// because the new window is another file.
func (s *Server) Set(name string, off, n int64) (path string) {
	s.files.set(name, off, n)
	return s.Path(name)
}

// Remove removes a window, if there is one. Programs that still have it open get ESTALE as with Set.
func (s *Server) Remove(name string) { s.files.remove(name) }

// Close ends the mount, even if windows are still open. They fail with ENOTCONN then. When Close returns, no request is
// being served. The overlay keeps all writes. Further calls return the same error.
func (s *Server) Close() error { return s.close() }

// shut ends the mount even if others use it. Their open files, or a copy of the mount in another mount namespace, would
// keep the connection alive and the server waiting for requests forever. So shut makes the connection non-blocking and
// interrupts the threads that wait on it, which then notice. Closing the last descriptor ends the connection for everybody.
// Only then the mount is detached: detaching waits for reads that are under way, and a process that waits for its own
// answers cannot be killed.
func (s *Server) shut() error {
	if err := unix.SetNonblock(s.device, true); err != nil {
		return errors.Join(tried.Errorf("close windows: %w", err), s.mount.detach(), s.mount.end())
	}
	interrupted := interruptThreads()
	for ended := false; !ended; {
		select {
		case <-s.served:
			ended = true
		case <-time.After(10 * time.Millisecond): // a thread may have been born meanwhile
			interrupted = errors.Join(interrupted, interruptThreads())
		}
	}
	if err := errors.Join(unix.Close(s.device), s.mount.detach(), interrupted, s.mount.end()); err != nil {
		return tried.Errorf("close windows: %w", err)
	}
	return nil
}

// interruptThreads makes every thread of this process restart the system call in which it waits. The signal is the one that
// the Go runtime sends to its threads at any time, so it has no other effect.
func interruptThreads() error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, thread := range threads {
		if id, err := strconv.Atoi(thread.Name()); err == nil {
			_ = unix.Tgkill(os.Getpid(), id, unix.SIGURG) // it may have ended
		}
	}
	return nil
}
