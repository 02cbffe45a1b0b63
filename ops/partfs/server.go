// Package partfs shows parts of an overlay as files, so that programs that know a file system can work on a partition that
// exists only in the plan. Such a file is a window: exactly the bytes of one partition. The windows appear in one
// directory, served with FUSE.
//
// # What a window is
//
// A regular file of fixed length that only its owner can read and write. Writes land in the overlay. A tool that truncates
// it (resize2fs does, after shrinking) is told that this worked, and the length stays; nothing can make it longer. Punching
// holes and zeroing ranges take no space. fsync syncs the overlay.
//
// # Caching
//
// The kernel caches what it reads: loop devices and mmap need that, and it makes tools faster. Stale bytes are avoided like
// this:
//
//   - Every Set makes a new file (inode) under the name, with its own cache. The old one answers ESTALE to processes that still
//     have it open, except for reads that its cache can answer.
//   - Names are never cached, so the next open finds the new file. Attributes are cached, because those of a file never change.
//   - The cached bytes of a file are dropped whenever it is opened.
//
// So a program that opens a window after a change sees the change. A program that keeps a window open may miss what is
// written meanwhile through another window over the same bytes, or through the overlay. Tools run one after the other, so
// none does.
//
// # Mounting
//
// The process that serves should live in a mount namespace of its own, so that no mount stays behind however it ends:
// DetectIsolation finds out what is possible, Isolation.NamespaceAttr is how to start that process, and it first calls
// Isolation.IsolateMounts. Without namespaces the setuid helper fusermount3 mounts, and a guard process unmounts if the
// process dies. A MountDir is a safe directory to serve in, with a sandbox for the tools that work on the windows.
//
// # Rules for the process that serves
//
// It must not open its own windows (File shows their bytes), nor have its working directory in the mount. If it were killed
// while waiting for its own answer, nothing could answer any more, and the process would stay as long as the machine runs.
// Nothing here waits like that. Loop devices over a window must be set up with autoclear, so that they vanish with the
// mounts.
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
	"shunt/ops/overlay"
)

// maxRequest is the most bytes a single read or write of the kernel asks for.
const maxRequest = 1 << 20

// Server serves the windows of one overlay. Its methods may be called from several goroutines at once.
type Server struct {
	files  *files
	server *fuse.Server
	mount  *mountPoint
	device int           // a second descriptor of the FUSE connection, beside the one that go-fuse reads from
	served chan struct{} // closed when the last request has been answered
	close  func() error
}

// Serve mounts windows of ov over the existing directory dir and serves them until Close. The overlay must stay usable
// until Close has returned.
func Serve(ov *overlay.Overlay, dir string, how Isolation) (*Server, error) {
	return serve(ov, dir, how, nil)
}

// serve is Serve. With SetuidHelper the other directories are removed if this process dies.
func serve(ov *overlay.Overlay, dir string, how Isolation, others []string) (*Server, error) {
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
		DisableSplice: true, // what is read is in memory already
		// The directory is small and its entries must not be cached. Changed times do not mean changed bytes.
		DisabledCapabilities: fuse.CAP_READDIRPLUS | fuse.CAP_AUTO_INVAL_DATA,
		Logger:               log.New(io.Discard, "", 0), // the programs get the errors that it logs
		PanicHandler:         func(v any) fuse.Status { panic(v) },
	})
	if err != nil {
		return nil, errors.Join(tried.Errorf("serve windows: %w", err), unix.Close(device), mount.detach(), mount.end())
	}
	go func() {
		defer close(s.served)
		s.server.Serve()
		// A caller that serves until the process ends may drop s. If s were collected, its pipe to the guard of the mount would
		// be closed.
		runtime.KeepAlive(s)
	}()
	return s, nil
}

// Path returns the path of the window of the given name, whether there is one or not.
func (s *Server) Path(name string) string { return filepath.Join(s.mount.dir, name) }

// Set makes name, a plain file name, a window over the n bytes at off of the virtual disk and returns its path. A window of
// that name is replaced: programs that still have it open get ESTALE from then on, except for bytes that they have read
// before. A range that does not lie within the disk can be neither read nor written.
//
// The kernel is not told to drop its cache of the old window: it would wait for reads that are under way, and a server that
// is killed while waiting for its own answer never ends, nor does any sync(2). Nobody finds the cached bytes anyway,
// because a new window has a node of its own.
func (s *Server) Set(name string, off, n int64) (path string) {
	s.files.set(name, off, n)
	return s.Path(name)
}

// Remove removes a window, if there is one; programs that still have it open get ESTALE as with Set.
func (s *Server) Remove(name string) { s.files.remove(name) }

// Close ends the mount, even if windows are still open, which then fail with ENOTCONN. No request is being served when it
// returns. The overlay keeps what was written. Further calls return the same error.
func (s *Server) Close() error { return s.close() }

// shut ends the mount even if others use it: their open files, or another mount namespace with a copy of the mount, would
// keep the connection alive and the server waiting for requests forever. So the readers of the connection are told not to
// wait any more, and the ones that wait are interrupted, begin again and notice. Closing the last descriptor ends the
// connection for everybody. The mount is only taken away then: that waits for reads that are under way, and a process that
// waits for its own answers cannot be killed.
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
