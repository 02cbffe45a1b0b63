package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/nbd"
	"shunt/ops/tool"
)

const (
	daemon     = "qemu-storage-daemon"
	daemonPack = "qemu-system-common"

	memory         = 2 << 30 // of a daemon's address space; it takes some 20 MiB
	openPatience   = 30 * time.Second
	closePatience  = 20 * time.Second // for the last writes of a daemon; an image that it does not close needs a repair
	answerPatience = 2 * time.Minute  // for what a daemon reads; the slowest storage takes seconds
	endPatience    = time.Second      // for a daemon to end after it has closed the connection
)

// A source is what a daemon serves.
type source struct {
	given    string   // the image's path as the user gave it, for messages
	format   string   // QEMU's name
	image    *os.File // the image itself
	path     string   // the name that the daemon opens; "" for image
	parts    []string // the files that it may read besides the image
	backless bool     // the format could have a backing file, and this image has none
	write    bool
	fresh    bool // nothing need be durable before the daemon ends: it does not sync, and the caller does
}

// A server is a running daemon and the connection to it.
type server struct {
	*nbd.Client
	given   string
	program *tool.Service
	write   bool
}

// serve starts a daemon.
func serve(from source) (s *server, err error) {
	ours, theirs, err := sockets()
	if err != nil {
		return nil, tried.Errorf("make a socket for %s: %w", daemon, tried.Cause(err))
	}
	defer func() { _ = theirs.Close() }() // the daemon has its own
	const first = 3                       // the number of the first file that a program is handed
	socket, image := strconv.Itoa(first), fmt.Sprintf("/proc/self/fd/%d", first+1)
	if from.path != "" {
		image = from.path
	}
	cmd := tool.Cmd{
		Argv: []string{
			daemon, "--blockdev", from.node(image), "--nbd-server", "addr.type=fd,max-connections=1,addr.str=" + socket,
			"--export", "type=nbd,id=disk,node-name=disk,name=,writable=" + onOff(from.write),
		},
		Env:   []string{"MALLOC_ARENA_MAX=2"}, // each of its threads would get much address space
		Needs: tool.Search,
	}
	confine := tool.SandboxConfig{Readable: append([]string{from.image.Name()}, from.parts...)}
	through := fmt.Sprintf("/proc/self/fd/%d", from.image.Fd())
	confine.Readable[0] = through
	if from.write {
		confine.Writable, cmd.Needs = []string{through}, tool.Override
	}
	box, err := tool.NewSandbox(confine)
	if err != nil {
		_ = ours.Close() // err says more
		return nil, err
	}
	ctx := tool.WithSandbox(context.Background(), func() *tool.Sandbox { return box })
	s = &server{given: from.given, write: from.write}
	s.program, err = tool.Serve(ctx, cmd, memory, theirs, from.image)
	_ = theirs.Close() // so that the connection ends with the daemon
	if err = errors.Join(err, box.Close()); err != nil {
		_ = ours.Close() // err says more
		return nil, missing(from, err)
	}
	tooLong := time.AfterFunc(openPatience, func() { _ = ours.Close() })
	s.Client, err = nbd.New(ours)
	if !tooLong.Stop() && err == nil {
		err = net.ErrClosed
	}
	if err != nil {
		_ = ours.Close() // err says more
		err = s.failed(err)
		s.program.Kill()
		return nil, err
	}
	return s, nil
}

// missing says which package a missing daemon is in.
func missing(from source, err error) error {
	if absent, ok := errors.AsType[*tool.MissingError](err); ok {
		return &target.NeedsProgram{Path: from.given, Format: from.format, Program: absent.Name, Package: daemonPack, Err: err}
	}
	return err
}

// node describes the image to the daemon, as JSON. A path in it is only ever a path.
func (s source) node(path string) string {
	n := map[string]any{
		"driver": s.format, "node-name": "disk", "read-only": !s.write, "auto-read-only": false,
		"file": map[string]any{
			"driver": "file", "filename": path, "locking": "off", "read-only": !s.write, "auto-read-only": false,
		},
	}
	if s.backless {
		n["backing"] = nil
	}
	if s.fresh {
		never := map[string]any{"no-flush": true}
		n["cache"] = never
		n["file"].(map[string]any)["cache"] = never
	}
	text, err := json.Marshal(n)
	if err != nil {
		panic("qemu: " + err.Error()) // it holds texts and truth values alone
	}
	return string(text)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// failed adds to the error of a request what the daemon says about its end, if it has ended.
func (s *server) failed(err error) error {
	if errno := unix.Errno(0); errors.As(err, &errno) && !errors.Is(err, unix.EPIPE) && !errors.Is(err, unix.ECONNRESET) {
		return err // an answer of a daemon that runs
	}
	timer := time.NewTimer(endPatience)
	defer timer.Stop()
	select {
	case <-timer.C:
		return fmt.Errorf("%s does not answer: %w", daemon, err)
	case <-s.program.Ended():
	}
	said, how := s.program.How()
	if said = lastWords(said); said != "" {
		return fmt.Errorf("%s (%w)", said, how)
	}
	return fmt.Errorf("%w: %w", how, err)
}

// lastWords returns the last line of an output, for people. QEMU's programs begin it with their name and repeat the argument.
func lastWords(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	last := strings.TrimPrefix(lines[len(lines)-1], daemon+": ")
	if argument, words, ok := strings.Cut(last, "}: "); ok && strings.HasPrefix(argument, "--blockdev ") {
		last = words
	}
	return safetext.Printable(last)
}

// alive reports whether the daemon still runs.
func (s *server) alive() bool {
	select {
	case <-s.program.Ended():
		return false
	default:
		return true
	}
}

// close ends the daemon. One that writes may finish what it has begun.
func (s *server) close() error {
	err := s.Client.Close()
	if s.write {
		s.program.Stop(closePatience)
	} else {
		s.program.Kill()
	}
	return err
}

// sockets returns a connection and the listening socket at its other end, on which it waits to be accepted. Nobody else can
// connect: the socket has a name in a private directory, and only until then.
func sockets() (ours net.Conn, theirs *os.File, err error) {
	dir, err := privateDir()
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	at, err := os.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = at.Close() }()                           // it was only a handle
	name := fmt.Sprintf("/proc/self/fd/%d/nbd", at.Fd())        // short enough for any directory
	defer func() { _ = os.Remove(filepath.Join(dir, "nbd")) }() // before the directory
	const kind = unix.SOCK_STREAM | unix.SOCK_CLOEXEC
	listener, err := unix.Socket(unix.AF_UNIX, kind, 0)
	if err != nil {
		return nil, nil, err
	}
	theirs = os.NewFile(uintptr(listener), "socket")
	client, err := unix.Socket(unix.AF_UNIX, kind, 0)
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	end := os.NewFile(uintptr(client), "socket")
	defer func() { _ = end.Close() }() // net has its own
	address := &unix.SockaddrUnix{Name: name}
	if err = unix.Bind(listener, address); err == nil {
		err = unix.Listen(listener, 1)
	}
	if err == nil {
		err = unix.Connect(client, address)
	}
	if err == nil {
		ours, err = net.FileConn(end)
	}
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}

// privateDir makes a directory that only this user can enter. The usual place may be missing or full.
func privateDir() (dir string, err error) {
	for _, parent := range []string{"", "/dev/shm", "/run", "."} {
		var failed error
		if dir, failed = os.MkdirTemp(parent, "shunt-"); failed == nil {
			return dir, nil
		}
		err = errors.Join(err, failed)
	}
	return "", err
}
