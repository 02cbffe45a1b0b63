// Package tool runs the programs that know a file system: e2fsck, resize2fs, mkfs.fat and others. No shell is involved.
//
// A tool must not outlive this process, because its windows vanish with the process. It is killed when the context ends or
// this process dies. When it ends by itself, everything else in its process group is killed.
//
// A file system may be made to turn its own tools against the machine. So tools run in a Sandbox (see WithSandbox), in
// which they see nothing but that file system and the installed programs.
package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Cmd is one run of a tool.
type Cmd struct {
	// Argv is the program, by name (see Find) or absolute path, and its arguments.
	Argv []string
	// Env holds variables ("NAME=value") in addition to those that every tool gets (see environment).
	Env []string
	// Dir is the working directory; "" means that of this process.
	Dir string
	// Input is what the tool reads from its standard input, which is empty otherwise.
	Input string
	// Files are handed to the tool as its descriptors from 3 on.
	Files []*os.File
	// Needs are the rights that the tool keeps in a sandbox (see WithSandbox). Without a sandbox it has those of this process.
	Needs Needs
	// Stdout gets what the tool writes to its standard output, byte by byte. Only its standard error then counts as output.
	// If a write fails, the tool is ended by a signal when it writes more. Stdout may be nil.
	Stdout io.Writer
	// OnOutput is called for every line of the output that is not blank, as it appears. See lines for what counts as a line.
	// It is called from one goroutine and never after Run has returned. It may be nil.
	OnOutput func(line string)
	// OnDraft is called in the same way, but also for lines that have not ended and for those that the tool overwrites, such
	// as progress bars.
	OnDraft func(line string)
	// Connect is for a program that serves files with FUSE. When the program mounts, Connect mounts instead and returns the
	// connection, which Run closes. Whatever else the program mounts or unmounts has no effect. A sandbox must show /dev/fuse.
	Connect func() (connection *os.File, err error)
}

// Result says how a tool ended.
type Result struct {
	Exit int // the exit status, or -1 if the tool did not exit by itself
	// Output holds what the tool wrote to standard output and standard error, as complete lines without the progress reports
	// that the tool overwrote. Only the beginning and the end of a long output are kept.
	Output string
}

// grace is how long to wait for the end of the output after the tool has ended. Without this limit a daemon that left the
// process group and kept the pipe could hold up Run forever.
const grace = time.Second

// Run runs a tool to its end. It returns no error for any exit status, because only the caller knows what that means. It
// returns an error and the zero Result if the tool could not be started. If a signal or the context ended the tool, the
// Result holds the output so far. In the last case the error wraps that of the context.
func Run(ctx context.Context, c Cmd) (Result, error) {
	if len(c.Argv) == 0 {
		return Result{}, tried.Errorf("run tool: no program given")
	}
	name := c.Argv[0]
	path, err := Find(name)
	if err != nil {
		return Result{}, err
	}
	if err := errors.Join(ctx.Err(), CloseOnExec()); err != nil {
		return Result{}, tried.Errorf("run %s: %w", name, err)
	}
	sandbox := sandboxOf(ctx)
	var result Result
	// Pdeathsig kills the tool when the thread that started it ends, and the runtime may end threads that are not locked.
	ownThread(func() {
		var env []string
		views := ""
		if sandbox != nil {
			views = sandbox.views
			if err = sandbox.enter(c.Needs); err != nil {
				err = tried.Errorf("run %s: %w", name, err)
				return
			}
			env = sandbox.environment()
		}
		var mounts *connector
		if c.Connect != nil {
			if mounts, err = startConnector(c.Connect); err != nil {
				return
			}
		}
		result, err = run(ctx, c, path, env, views)
		if mounts != nil {
			err = errors.Join(mounts.close(), err)
		}
		if sandbox != nil && c.Needs&Loop != 0 {
			err = errors.Join(err, sandbox.hideLoops())
		}
	})
	return result, err
}

// run runs the program at path. Its output leaves views out. The calling goroutine must be locked to its thread.
func run(ctx context.Context, c Cmd, path string, env []string, views string) (Result, error) {
	name := c.Argv[0]
	out, in, err := os.Pipe()
	if err != nil {
		return Result{}, tried.Errorf("run %s: %w", name, err)
	}
	defer func() { _ = out.Close() }()
	cmd := &exec.Cmd{
		Path:        path,
		Args:        c.Argv,
		Dir:         c.Dir,
		Env:         slices.Concat(environment(), env, c.Env),
		Stdout:      in,
		Stderr:      in,
		ExtraFiles:  c.Files,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}
	if c.Input != "" {
		cmd.Stdin = strings.NewReader(c.Input)
	}
	content := make(chan struct{})
	close(content)
	if c.Stdout != nil {
		if content, err = pass(cmd, c.Stdout); err != nil {
			return Result{}, errors.Join(tried.Errorf("run %s: %w", name, err), in.Close())
		}
	}
	err = cmd.Start()
	_ = in.Close()
	if c.Stdout != nil {
		_ = cmd.Stdout.(*os.File).Close() // the tool has it
	}
	if err != nil {
		return Result{}, tried.Errorf("start %s: %w", name, err)
	}
	text := &transcript{views: views, onOutput: c.OnOutput, onDraft: c.OnDraft}
	read := make(chan struct{})
	go func() {
		defer close(read)
		text.readFrom(out)
	}()
	awaitEnd(ctx, cmd.Process.Pid)
	_ = cmd.Wait() // ProcessState says more than the error
	_ = out.SetReadDeadline(time.Now().Add(grace))
	<-read
	<-content

	result := Result{Exit: cmd.ProcessState.ExitCode(), Output: text.String()}
	switch status := cmd.ProcessState.Sys().(syscall.WaitStatus); {
	case !status.Signaled():
		return result, nil
	case ctx.Err() != nil:
		return result, fmt.Errorf("%s was stopped: %w", name, context.Cause(ctx))
	default:
		if status.Signal() == syscall.SIGXFSZ {
			return result, fmt.Errorf("%s was ended, because a limit on the size of files is in force here: raise it (`ulimit -f unlimited`)", name)
		}
		return result, fmt.Errorf("%s was killed by a signal: %s", name, status.Signal())
	}
}

// pass makes a pipe the tool's standard output, and copies what comes out of it to w. The channel is closed at its end.
func pass(cmd *exec.Cmd, w io.Writer) (chan struct{}, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = in
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(w, out) // w knows what was wrong with it
		_ = out.Close()        // now the tool cannot write more
	}()
	return done, nil
}

// awaitEnd waits until the leader of a process group has ended. It kills the group when the context or the leader ends. It
// leaves the leader a zombie: until the caller waits for it, no other process can get its number, so the signals cannot
// hit another program.
func awaitEnd(ctx context.Context, leader int) {
	kill := func() { _ = unix.Kill(-leader, unix.SIGKILL) }
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		kill()
		close(killed)
	})
	for errors.Is(unix.Waitid(unix.P_PID, leader, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
	kill()
	if !stop() {
		<-killed
	}
}

// environment returns the variables that every tool gets: enough to run, and none that changes what it does or prints.
func environment() []string {
	// BLKID_FILE keeps tools from using a list of the machine's devices.
	env := []string{"PATH=" + strings.Join(directories(), ":"), "LANG=C", "LC_ALL=C", "TERM=dumb", "BLKID_FILE=/dev/null"}
	for _, name := range []string{"HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
