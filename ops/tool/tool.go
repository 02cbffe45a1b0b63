// Package tool runs the programs that know a file system (e2fsck, resize2fs, mkfs.fat, ...) and nothing
// else: a program, its arguments, what it said and how it ended. No shell is involved.
//
// A tool cannot outlive what started it, which matters because it works on windows that are gone by then: it is
// killed when the context ends, when the thread that started it ends (which is when the process dies), and
// what it leaves running in its process group is killed when it ends itself.
//
// What a tool works on may be made by somebody who wants it to do harm, so it is run in a Sandbox (see WithSandbox), from
// which it sees nothing of the machine but that and the installed programs.
//
// The package imports nothing of shunt.
package tool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Cmd is one run of a tool.
type Cmd struct {
	// Argv is the program, by name (see Find) or absolute path, and its arguments.
	Argv []string
	// Stdin is what the tool can read, such as the answer to a question; "" connects it to /dev/null.
	Stdin string
	// Env holds variables ("NAME=value") in addition to those every tool gets (see environment).
	Env []string
	// Needs are the rights that it keeps in a sandbox (see WithSandbox). Outside of one it has those of this process.
	Needs Needs
	// OnOutput is called for every line of the output that is not blank, as it appears; see lines for what counts as a line.
	// It is called from one goroutine and never after Run has returned. It may be nil.
	OnOutput func(line string)
	// OnDraft is called in the same way with what stands in the last line of a terminal: also with lines that have not ended,
	// and those that the tool overwrites, as progress bars are.
	OnDraft func(line string)
}

// Result is what is known of a tool that was started.
type Result struct {
	// Exit is its exit status, or -1 if it did not exit by itself.
	Exit int
	// Output is what it wrote to standard output and standard error, as complete lines without the progress reports that it
	// had overwritten itself. Of a long output the middle is left out.
	Output string
	// Took is how long it ran.
	Took time.Duration
}

// KilledError is returned when a signal ended the tool.
type KilledError struct {
	Name   string
	Signal syscall.Signal
}

func (e *KilledError) Error() string { return e.Name + " was killed by a signal: " + e.Signal.String() }

// grace is how long to wait for the end of the output after the tool has ended. Only a daemon that left the process group
// and kept the pipe can make use of it.
const grace = time.Second

// Run runs a tool to its end. Any exit status is a success to Run: what it means is the caller's
// knowledge. An error means that the tool could not be started (Result is zero), that a signal ended it
// (*KilledError), or that the context did (it wraps the context's error); the last two come with the
// output up to then.
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
	if sandbox == nil {
		// The death signal is tied to the thread that forks, and the runtime ends threads as it likes unless
		// a goroutine is locked to them.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return run(ctx, c, path, nil)
	}
	var result Result
	ownThread(func() {
		if err = sandbox.enter(c.Needs); err != nil {
			err = tried.Errorf("run %s: %w", name, err)
			return
		}
		result, err = run(ctx, c, path, sandbox.environment())
		if c.Needs&Loop != 0 {
			err = errors.Join(err, sandbox.loops.hide(sandbox.rules))
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
		WaitDelay:   grace,
	}
	if c.Stdin != "" {
		cmd.Stdin = strings.NewReader(c.Stdin)
	}
	began := time.Now()
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
	took := time.Since(began)
	_ = out.SetReadDeadline(time.Now().Add(grace))
	<-read

	result := Result{Exit: cmd.ProcessState.ExitCode(), Output: text.String(), Took: took}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return result, nil
	}
	if ctx.Err() != nil {
		return result, fmt.Errorf("%s was stopped: %w", name, context.Cause(ctx))
	}
	return result, &KilledError{Name: name, Signal: status.Signal()}
}

// awaitEnd waits until the leader of a process group has ended, and kills the group when the context ends or, at the
// latest, when the leader has. The leader is left to be waited for: as long as it is, its number cannot be given to
// a stranger, so no signal can hit one.
func awaitEnd(ctx context.Context, leader int) {
	var mu sync.Mutex
	ended := false
	kill := func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			_ = unix.Kill(-leader, unix.SIGKILL)
		}
	}
	stop := context.AfterFunc(ctx, kill)
	for errors.Is(unix.Waitid(unix.P_PID, leader, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
	kill()
	stop()
	mu.Lock()
	ended = true
	mu.Unlock()
}

// environment is what a tool sees of ours: enough to run, nothing that changes what it does or says.
func environment() []string {
	// No tool is to go by a list of what has been seen of the machine's devices.
	env := []string{"PATH=" + strings.Join(directories(), ":"), "LANG=C", "LC_ALL=C", "TERM=dumb", "BLKID_FILE=/dev/null"}
	for _, name := range []string{"HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
