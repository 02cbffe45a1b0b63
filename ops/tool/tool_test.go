package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

const asWorker = "SHUNT_TOOL_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		_, err := Run(context.Background(), Cmd{Argv: []string{"sh", "-c", "echo $$; exec sleep 1000"}, OnOutput: func(line string) { fmt.Println(line) }})
		fmt.Println("worker lives on:", err)
	}
	os.Exit(m.Run())
}

// sh is a shell script as a tool.
func sh(script string) Cmd { return Cmd{Argv: []string{"sh", "-c", script}} }

func TestRun(t *testing.T) {
	for _, c := range []struct {
		script string
		exit   int
		out    string
	}{
		{"true", 0, ""},
		{"echo a; echo b >&2; echo c", 0, "a\nb\nc\n"},
		{"printf 'no end'; exit 3", 3, "no end\n"},
		{"exit 255", 255, ""},
		{"wc -c", 0, "0\n"},
		{"readlink /proc/self/fd/0", 0, "/dev/null\n"},
	} {
		cmd := sh(c.script)
		var live []string
		cmd.OnOutput = func(line string) { live = append(live, line) }
		got, err := Run(t.Context(), cmd)
		if err != nil || got.Exit != c.exit || got.Output != c.out {
			t.Errorf("%s: %+v, %v", c.script, got, err)
		}
		if strings.Join(append(live, ""), "\n") != c.out {
			t.Errorf("%s: live output %q", c.script, live)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("LC_MESSAGES", "de_DE.UTF-8")
	t.Setenv("LANGUAGE", "de")
	t.Setenv("MKE2FS_CONFIG", "/elsewhere")
	t.Setenv("SOURCE_DATE_EPOCH", "1")
	t.Setenv("PATH", "relative:/bin:/usr/bin::")
	got, err := Run(t.Context(), Cmd{Argv: []string{"env"}, Env: []string{"MORE=1"}})
	if err != nil {
		t.Fatal(err)
	}
	vars := strings.Fields(got.Output)
	for _, want := range []string{"LANG=C", "LC_ALL=C", "MORE=1", "SOURCE_DATE_EPOCH=1", "PATH=/bin:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin"} {
		if !slices.Contains(vars, want) {
			t.Errorf("no %s in %q", want, vars)
		}
	}
	for _, no := range []string{"LC_MESSAGES", "LANGUAGE", "MKE2FS_CONFIG"} {
		if strings.Contains(got.Output, no) {
			t.Errorf("%s in %q", no, vars)
		}
	}
}

func TestCannotStart(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("neither script nor program"), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, argv := range [][]string{{"no-such-tool"}, {"/no/such/tool"}, {write("plain", 0o644)}, {dir}, {""}} {
		got, err := Run(t.Context(), Cmd{Argv: argv})
		var missing *MissingError
		if !errors.As(err, &missing) || !errors.Is(err, exec.ErrNotFound) || missing.Name != argv[0] || got != (Result{}) {
			t.Errorf("%q: %+v, %v", argv, got, err)
		}
	}
	if _, err := Run(t.Context(), Cmd{Argv: []string{"no-such-tool"}}); !strings.HasPrefix(err.Error(), "no-such-tool is not installed") {
		t.Error(err)
	}
	if _, err := Run(t.Context(), Cmd{Argv: []string{write("broken", 0o755)}}); !errors.Is(err, syscall.ENOEXEC) {
		t.Error(err)
	}
	if _, err := Run(t.Context(), Cmd{}); err == nil {
		t.Error("nothing was run")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, sh("touch "+dir+"/ran")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := os.Stat(dir + "/ran"); err == nil {
		t.Error("ran although cancelled")
	}
}

func TestLook(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mytool"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if got, err := Find("mytool"); err != nil || got != filepath.Join(dir, "mytool") {
		t.Error(got, err)
	}
	t.Chdir(dir)
	t.Setenv("PATH", ".")
	if got, err := Find("mytool"); err == nil {
		t.Errorf("found %s by a relative PATH", got)
	}
}

func TestKilledBySignal(t *testing.T) {
	got, err := Run(t.Context(), sh("echo last words; kill -TERM $$; sleep 1000"))
	if err == nil || err.Error() != "sh was killed by a signal: terminated" || got.Exit != -1 || got.Output != "last words\n" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestCancelKillsAll cancels a tool that has a child of its own.
func TestCancelKillsAll(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("user pressed escape")
	var child *process
	cmd := sh("trap '' TERM; sleep 1000 & echo $!; wait")
	cmd.OnOutput = func(line string) {
		child = open(t, line)
		cancel(why)
	}
	got, err := Run(ctx, cmd)
	if !errors.Is(err, why) || got.Exit != -1 {
		t.Errorf("%+v, %v", got, err)
	}
	child.wantEnd()
}

// TestLeavesNothingBehind runs tools that end while a child of theirs goes on.
func TestLeavesNothingBehind(t *testing.T) {
	var child *process
	cmd := sh("sleep 1000 & echo $!")
	cmd.OnOutput = func(line string) { child = open(t, line) }
	if got, err := Run(t.Context(), cmd); err != nil || got.Exit != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	child.wantEnd()
}

// TestDaemonKeepsThePipe runs a tool that leaves a daemon with the output still open.
func TestDaemonKeepsThePipe(t *testing.T) {
	testneed.Tool(t, "setsid")
	fifo := filepath.Join(t.TempDir(), "ready")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	var child *process
	cmd := sh(fmt.Sprintf("setsid sh -c 'echo $$; echo ready >%s; exec sleep 1000' & read line <%s", fifo, fifo))
	cmd.OnOutput = func(line string) { child = open(t, line) }
	if got, err := Run(t.Context(), cmd); err != nil || got.Exit != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if child == nil {
		t.Fatal("the daemon said nothing")
	}
	if err := unix.Kill(child.pid, unix.SIGKILL); err != nil {
		t.Errorf("the daemon did not live on: %v", err)
	}
	child.wantEnd()
}

// TestDiesWithWorker kills a process in which a tool runs.
func TestDiesWithWorker(t *testing.T) {
	worker := exec.Command("/proc/self/exe")
	worker.Env = append(os.Environ(), asWorker+"=1")
	out, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child := open(t, strings.TrimSpace(line))
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait()
	child.wantEnd()
}

// TestOutlivesThreads lets threads come and go while a tool runs; it must not be taken for dead.
func TestOutlivesThreads(t *testing.T) {
	var churn, runs sync.WaitGroup
	stop := make(chan struct{})
	churn.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			done := make(chan struct{})
			go func() {
				runtime.LockOSThread() // the thread ends with the goroutine
				close(done)
			}()
			<-done
		}
	})
	for range 4 {
		runs.Go(func() {
			for range 5 {
				if got, err := Run(t.Context(), sh("sleep 0.05; exit 7")); err != nil || got.Exit != 7 {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	runs.Wait()
	close(stop)
	churn.Wait()
}

// process is a process that is not a child of ours, held by a descriptor so that its number is not mixed up.
type process struct {
	t       *testing.T
	pid, fd int
}

func open(t *testing.T, line string) *process {
	t.Helper()
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Errorf("%q is no process number", line)
		return &process{t: t, fd: -1}
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Errorf("process %d: %v", pid, err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return &process{t: t, pid: pid, fd: fd}
}

// wantEnd waits for the end of the process.
func (p *process) wantEnd() {
	p.t.Helper()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}, 10_000)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n != 1 || err != nil {
			p.t.Errorf("process %d is still there: %v", p.pid, err)
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
		return
	}
}

// TestToolsInheritNoFiles runs a tool while this process has a file open that it inherited, as from a shell. LVM's tools
// warn about each, and any tool could keep it open.
func TestToolsInheritNoFiles(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	inherited, err := unix.Dup(int(f.Fd())) // without the mark that Go gives to the files it opens
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(inherited) }()
	got, err := Run(t.Context(), sh("ls /proc/$$/fd"))
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(strings.Fields(got.Output), strconv.Itoa(inherited)) {
		t.Errorf("file %d was inherited: %s", inherited, got.Output)
	}
}
