// Package partfs shows parts of an overlay as files, so that the programs that know a file system can work
// on a partition that exists only in the plan. The files appear in one directory, served with FUSE:
//
//	DIR/disk   the whole virtual disk
//	DIR/p1     a window: exactly the bytes of one partition
//
// # What a window is
//
// A regular file of a fixed length, readable and writable by its owner only. Writes land in the overlay. A
// tool that truncates it (resize2fs does, after shrinking) is told that this worked, and the length stays; nothing can
// make it longer. Punching holes and zeroing ranges cost no room. fsync syncs the overlay.
//
// # Caching
//
// The kernel caches what it reads, which loop devices and mmap need and tools profit from. Stale bytes are kept
// out like this:
//
//   - Every Set makes another file (inode) under the name, with its own cache. The old one answers ESTALE to whoever
//     still has it open. The same happens to disk when the overlay has changed its size, but for reads that
//     the cache of the old file can answer.
//   - Names are never cached, so the next open finds the new file. Attributes are, as those of a file never change.
//   - The cached bytes of a file are dropped whenever it is opened.
//
// So whoever opens a window after a change sees the change. What is not promised is that a program that keeps a window
// open sees what others write meanwhile by another way (another window over the same bytes, or the overlay itself).
// Tools are run one after the other, so nobody does.
//
// # Mounting
//
// A MountDir is a directory to serve in that nobody else can put anything in place of, with a sandbox (see ops/tool) for the tools
// that work on the windows.
//
// The process that serves should live in a mount namespace of its own, so that no mount stays behind however it
// ends: DetectIsolation finds out what is possible, Isolation.NamespaceAttr is how to start that process, and
// IsolateMounts is the first thing it calls. Without namespaces, the setuid helper fusermount3 mounts,
// and a guard process stands by to unmount if the process dies.
//
// # Rules for the process that serves
//
// It must not open its own windows (View shows their bytes), nor have its working directory in the mount: if it is killed
// while it waits for an answer of its own, nobody is left to give it, and the process stays behind for as long
// as the machine runs. Nothing here waits like that. Loop devices over a window must be set up with autoclear,
// so that they go when the mounts do.
//
// The package imports ops/overlay and ops/tool.
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

// Disk is the name of the window over the whole disk, which is always there.
const Disk = "disk"

// maxRequest is the most bytes a single read or write of the kernel asks for.
const maxRequest = 1 << 20

// Server serves the windows of one overlay. Its methods may be called from several goroutines at once.
type Server struct {
	files  *files
	server *fuse.Server
	mount  *mountpoint
	device int           // our own descriptor of the FUSE connection, beside the one go-fuse reads from
	served chan struct{} // closed when the last request has been answered

	close    sync.Once
	closeErr error
}

// Serve mounts the windows of ov over the existing directory dir and serves them until Close. At first there is
// only disk. The overlay must stay usable until Close has returned.
func Serve(ov *overlay.Overlay, dir string, how Mount) (*Server, error) {
	return serve(ov, dir, how, nil)
}

// serve is Serve; the directories that go are removed by the helper's guard if this process dies.
func serve(ov *overlay.Overlay, dir string, how Mount, goes []string) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("serve windows: %w", err)
	}
	connection, mount, err := mountOver(dir, how, goes)
	if err != nil {
		return nil, tried.Errorf("mount windows at %s: %w", dir, err)
	}
	device, err := unix.FcntlInt(uintptr(connection), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serve windows: %w", err), unix.Close(connection), mount.detach(), mount.end())
	}
	s := &Server{files: newFiles(ov), mount: mount, device: device, served: make(chan struct{})}
	s.server, err = fuse.NewServer(s.files, fmt.Sprintf("/dev/fd/%d", connection), &fuse.MountOptions{
		MaxWrite:      maxRequest,
		DisableXAttrs: true,
		DisableSplice: true, // what is read is in memory already
		// The directory is small and its entries must not be cached. Changed times do not mean changed bytes.
		DisabledCapabilities: fuse.CAP_READDIRPLUS | fuse.CAP_AUTO_INVAL_DATA,
		Logger:               log.New(io.Discard, "", 0), // it logs what the kernel tells whoever is concerned
		PanicHandler:         func(v any) fuse.Status { panic(v) },
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serve windows: %w", err), unix.Close(device), mount.detach(), mount.end())
	}
	go func() {
		defer close(s.served)
		s.server.Serve()
		// A caller that means to serve until the process ends may let go of s. Were it collected, its pipe to
		// the guard of the mount would be closed.
		runtime.KeepAlive(s)
	}()
	return s, nil
}

// Path is where the window of the given name is, or would be.
func (s *Server) Path(name string) string { return filepath.Join(s.mount.dir, name) }

// Set makes name a window over the n bytes at off of the virtual disk and returns its path. A window of that name is
// replaced, and programs that still have it open get ESTALE from then on, save for bytes that they have read before. The
// name must be a plain file name other than disk, and the range should lie within the disk; what does not can be neither
// read nor written.
//
// The kernel is not told to drop what it has cached of the old window: it would wait for reads that are under way, and a
// server that is killed while it waits for its own answer never ends, and with it whatever calls sync(2). Nobody finds the
// cached bytes anyway, since a new window has a node of its own.
func (s *Server) Set(name string, off, n int64) (path string) {
	s.files.set(name, off, n)
	return s.Path(name)
}

// Remove takes the window away; programs that still have it open get ESTALE from then on, as with Set. Without such a
// window, nothing happens.
func (s *Server) Remove(name string) { s.files.remove(name) }

// Close takes the mount away, even where windows are still open (which then fail with ENOTCONN), and waits until no
// request is being served. The overlay keeps what was written. Further calls return the same.
func (s *Server) Close() error {
	s.close.Do(func() { s.closeErr = s.shut() })
	return s.closeErr
}

// shut ends the mount without relying on nobody using it: open files, or another mount namespace with a copy of
// the mount, would keep the connection alive and the server waiting for requests forever. So the readers of the
// connection are told not to wait any more, and those that wait already are interrupted; they then begin
// anew and notice. Closing the last descriptor of the connection ends it for everybody. Only then the mount is taken away:
// that waits for reads that are under way, and whoever waits for its own answers cannot be killed.
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

// interruptThreads sends a signal to every thread of this process that makes it begin a system call anew in which it
// waits. It is the one that the Go runtime uses on itself at any time, so nobody takes notice.
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

// owner is who all the files belong to: whoever serves them.
func owner() fuse.Owner {
	return fuse.Owner{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid())}
}
