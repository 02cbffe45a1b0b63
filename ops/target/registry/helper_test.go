package registry

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"shunt/ops/target"
	"shunt/ops/target/internal/targettest"
)

// helperVariable makes the test binary play another process: "hold", "open-rw", "hand-over", "adopt", "try".
const helperVariable = "SHUNT_TARGET_HELPER"

func TestMain(m *testing.M) {
	if role := os.Getenv(helperVariable); role != "" {
		if err := help(role, os.Args[1]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// help does what a role does, prints "ready PID" and stays until its standard input ends.
func help(role, path string) error {
	switch role {
	case "hold", "try":
		r, err := Open(path, target.Options{})
		if err != nil {
			return err
		}
		defer r.Close()
		if role == "try" {
			return nil
		}
	case "open-rw":
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
	case "hand-over":
		r, err := Open(path, target.Options{})
		if err != nil {
			return err
		}
		child := exec.Command("/proc/self/exe", r.Path())
		child.Env = append(os.Environ(), helperVariable+"=adopt")
		child.Stdin, child.Stdout, child.ExtraFiles = os.Stdin, os.Stdout, r.Files()
		if err := child.Run(); err != nil {
			return err
		}
		return nil
	case "adopt":
		r, err := Adopt(path, target.Options{}, []*os.File{os.NewFile(3, "image")})
		if err != nil {
			return err
		}
		if err := r.AllowWrites(); err != nil {
			return err
		}
		if _, err := r.WriteAt([]byte("adopted"), 512); err != nil {
			return err
		}
	}
	fmt.Println("ready", os.Getpid())
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// process is a running helper.
type process struct {
	cmd   *exec.Cmd
	pid   int // of the one that said "ready"
	stdin io.Closer
}

// start runs a helper and waits until it is ready; it ends with the test at the latest.
func start(t *testing.T, role, path string) *process {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", path)
	cmd.Env = append(os.Environ(), helperVariable+"="+role)
	stdin, err := cmd.StdinPipe()
	require(t, err)
	stdout, err := cmd.StdoutPipe()
	require(t, err)
	require(t, cmd.Start())
	p := &process{cmd: cmd, stdin: stdin}
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	if _, err := fmt.Sscanf(line, "ready %d", &p.pid); err != nil {
		t.Fatalf("helper %s said %q", role, line)
	}
	return p
}

// inUse opens the image to edit it and expects to be told that the holder has it.
func inUse(t *testing.T, path, holder string) target.InUse {
	t.Helper()
	r, err := Open(path, target.Options{})
	if err == nil {
		_ = r.Close()
		t.Fatalf("opened, want it in use by %q", holder)
	}
	use, ok := errors.AsType[*target.InUse](err)
	if !ok || !strings.Contains(use.Holder, holder) || use.Path != path {
		t.Fatalf("got %v, want it in use by %q", err, holder)
	}
	return *use
}

// open opens a target that the test closes.
func open(t testing.TB, path string, opts target.Options) target.Target {
	t.Helper()
	opened, err := Open(path, opts)
	require(t, err)
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

// openLoop opens a loop device that the test closes.
func openLoop(t *testing.T, loop string, opts target.Options) target.KernelDisk {
	t.Helper()
	d, ok := open(t, loop, opts).(target.KernelDisk)
	if !ok {
		t.Fatalf("the kernel does not know the partitions of %s", loop)
	}
	return d
}

var (
	require   = targettest.Require
	requireIs = targettest.RequireIs
	run       = targettest.Run
	try       = targettest.Try
	image     = targettest.Image
	unchanged = targettest.Unchanged
	stat      = targettest.Stat
	mounted   = targettest.Mounted
	loopOf    = targettest.Loop
	fill      = targettest.Fill
	sameBytes = targettest.SameBytes
	random    = targettest.Random
)
