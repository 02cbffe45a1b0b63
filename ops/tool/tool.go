// Package tool runs the programs that know a file system: e2fsck, resize2fs, mkfs.fat and others. No shell is involved.
//
// A tool cannot outlive this process, because it works on windows that are gone by then. It is killed when the context
// ends, and when the thread that started it ends, which is when the process dies. What it leaves running in its process
// group is killed when it ends itself.
//
// A file system may be made by somebody who wants its tools to do harm. So tools run in a Sandbox (see WithSandbox), from
// which they see nothing of the machine but that file system and the installed programs.
package tool

import (
	"context"
	"errors"
	"fmt"
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
	// Env holds variables ("NAME=value") in addition to those every tool gets (see environment).
	Env []string
	// Needs are the rights that it keeps in a sandbox (see WithSandbox). Outside of one it has those of this process.
	Needs Needs
	// OnOutput is called for every line of the output that is not blank, as it appears; see lines for what counts as a line.
	// It is called from one goroutine and never after Run has returned. It may be nil.
	OnOutput func(line string)
	// OnDraft is called in the same way with what the last line of a terminal would show: also with lines that have not
	// ended, and with those that the tool overwrites, such as progress bars.
	OnDraft func(line string)
}

// Result is the end of a tool that was started.
type Result struct {
	Exit int // the exit status, or -1 if it did not exit by itself
	// Output is what it wrote to standard output and standard error, as complete lines without the progress reports that it
	// overwrote itself. Only the beginning and the end of a long output are kept.
	Output string
}

// grace is how long to wait for the end of the output after the tool has ended. It only helps a daemon that left the
// process group and kept the pipe.
const grace = time.Second

// Run runs a tool to its end. Any exit status is a success, because only the caller knows what it means. An error means
// that the tool could not be started (Result is zero), that a signal ended it, or that the context did (it wraps the
// context's error). The last two come with the output so far.
func Run(ctx context.Context, c Cmd) (Result, error) {
	if len(c.Argv) == 0 {
		return Result{}, tried.Errorf("run tool: no program given")
	}
	name := c.Argv[0]
	path, err := Find(name)
	if err != nil {
		return Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return Result{}, tried.Errorf("run %s: %w", name, err)
	}
	sandbox := sandboxOf(ctx)
	var result Result
	// The death signal comes when the thread that forked ends, and the runtime may end any thread that no goroutine is locked to.
	ownThread(func() {
		var env []string
		if sandbox != nil {
			if err = sandbox.enter(c.Needs); err != nil {
				err = tried.Errorf("run %s: %w", name, err)
				return
			}
			env = sandbox.environment()
		}
		result, err = run(ctx, c, path, env)
		if sandbox != nil && c.Needs&Loop != 0 {
			err = errors.Join(err, sandbox.hideLoops())
		}
	})
	return result, err
}

// run runs the program at path from a thread that does not end before it.
func run(ctx context.Context, c Cmd, path string, env []string) (Result, error) {
	name := c.Argv[0]
	out, in, err := os.Pipe()
	if err != nil {
		return Result{}, tried.Errorf("run %s: %w", name, err)
	}
	defer func() { _ = out.Close() }()
	cmd := &exec.Cmd{
		Path:        path,
		Args:        c.Argv,
		Env:         slices.Concat(environment(), env, c.Env),
		Stdout:      in,
		Stderr:      in,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}
	err = cmd.Start()
	_ = in.Close()
	if err != nil {
		return Result{}, tried.Errorf("start %s: %w", name, err)
	}
	text := &transcript{onOutput: c.OnOutput, onDraft: c.OnDraft}
	read := make(chan struct{})
	go func() {
		defer close(read)
		text.readFrom(out)
	}()
	awaitEnd(ctx, cmd.Process.Pid)
	_ = cmd.Wait() // the state tells more than the error
	_ = out.SetReadDeadline(time.Now().Add(grace))
	<-read

	result := Result{Exit: cmd.ProcessState.ExitCode(), Output: text.String()}
	switch status := cmd.ProcessState.Sys().(syscall.WaitStatus); {
	case !status.Signaled():
		return result, nil
	case ctx.Err() != nil:
		return result, fmt.Errorf("%s was stopped: %w", name, context.Cause(ctx))
	default:
		return result, fmt.Errorf("%s was killed by a signal: %s", name, status.Signal())
	}
}

// awaitEnd waits until the leader of a process group has ended. It kills the group when the context ends, and at the latest
// when the leader has. It leaves the leader a zombie: until the caller waits for it, no other process can get its number,
// so the signals cannot hit a stranger.
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

// environment returns the variables that a tool gets: enough to run, and nothing that changes what it does or says.
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
