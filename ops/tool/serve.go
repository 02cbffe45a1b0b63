package tool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// A Service is a program that runs in the background until it is stopped or this process ends.
type Service struct {
	process *os.Process
	text    transcript
	ended   chan struct{}
	how     error // why it ended; valid once ended is closed
}

// Serve starts a program that serves this process. It runs in the sandbox of ctx, as Run does, and is killed when this process
// ends, whatever ends it. files are handed to it as its descriptors from 3 on. memory limits its address space in bytes.
// c.Input, c.OnOutput, c.OnDraft and c.Files are not used.
func Serve(ctx context.Context, c Cmd, memory uint64, files ...*os.File) (*Service, error) {
	name := c.Argv[0]
	path, err := Find(name)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(ctx.Err(), CloseOnExec()); err != nil {
		return nil, tried.Errorf("run %s: %w", name, err)
	}
	s, sandbox, begun := &Service{ended: make(chan struct{})}, sandboxOf(ctx), make(chan error, 1)
	// Pdeathsig kills the program when the thread that started it ends. So the thread waits for it.
	go ownThread(func() {
		var env []string
		if sandbox != nil {
			if err := sandbox.enter(c.Needs); err != nil {
				begun <- tried.Errorf("run %s: %w", name, err)
				return
			}
			env = sandbox.environment()
		}
		s.run(&exec.Cmd{
			Path: path, Args: c.Argv, Env: slices.Concat(environment(), env, c.Env), ExtraFiles: files,
			SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
		}, memory, begun)
	})
	if err := <-begun; err != nil {
		return nil, err
	}
	return s, nil
}

// run starts the program, says so, and waits for its end.
func (s *Service) run(cmd *exec.Cmd, memory uint64, begun chan<- error) {
	name := cmd.Args[0]
	out, in, err := os.Pipe()
	if err != nil {
		begun <- tried.Errorf("run %s: %w", name, err)
		return
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	_ = in.Close()
	if err != nil {
		begun <- tried.Errorf("start %s: %w", name, err)
		return
	}
	s.process = cmd.Process
	limitMemory(cmd.Process.Pid, memory)
	begun <- nil
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.text.readFrom(out)
	}()
	awaitEnd(context.Background(), cmd.Process.Pid)
	_ = cmd.Wait() // ProcessState says more than the error
	_ = out.SetReadDeadline(time.Now().Add(grace))
	<-read
	s.how = fmt.Errorf("%s ended (%s)", name, cmd.ProcessState)
	close(s.ended)
}

// limitMemory limits the address space of a process. A limit that is lower already stays.
func limitMemory(pid int, most uint64) {
	var now unix.Rlimit
	if unix.Prlimit(pid, unix.RLIMIT_AS, nil, &now) != nil || now.Max < most {
		return
	}
	_ = unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: most, Max: most}, nil) // the kernel limits it otherwise, by what there is
}

// PID returns the number of the process.
func (s *Service) PID() int { return s.process.Pid }

// Ended is closed when the program has ended.
func (s *Service) Ended() <-chan struct{} { return s.ended }

// How returns what the program wrote, and how it ended. It must not be called before Ended is closed.
func (s *Service) How() (output string, how error) { return s.text.String(), s.how }

// Stop asks the program to end, and kills it after the patience. It returns when the program has ended.
func (s *Service) Stop(patience time.Duration) {
	_ = s.process.Signal(syscall.SIGTERM) // it may have ended
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-s.ended:
	case <-timer.C:
		s.Kill()
	}
}

// Kill ends the program at once.
func (s *Service) Kill() {
	_ = s.process.Kill() // it may have ended
	<-s.ended
}
