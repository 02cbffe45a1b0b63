package partfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/overlay"
	"shunt/ops/tool"
)

const workerVar = "SHUNT_WINDOW_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(intruderVar) != "" {
		intrude(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
		os.Exit(0)
	}
	if os.Getenv(bystanderVar) != "" {
		if err := bystand(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if text, ok := os.LookupEnv(workerVar); ok {
		fmt.Println(worker(text, os.Args[1]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// worker serves a window and runs a tool on it that does not end.
func worker(text, dir string) error {
	how, err := parseIsolation(text)
	if err != nil {
		return err
	}
	if err := how.IsolateMounts(); err != nil {
		return err
	}
	if len(os.Args) > 2 {
		return stuck(dir, how, os.Args[2])
	}
	s, err := Serve(overlay.New(bytes.NewReader(nil), 1<<20, nil), dir, how)
	if err != nil {
		return err
	}
	p1 := s.Set("p1", 0, 4096)
	ctx, err := inCell(dir, how)
	if err != nil {
		return err
	}
	_, err = tool.Run(ctx, tool.Cmd{
		Argv:     []string{"sh", "-c", "exec <" + p1 + " && echo $$ && exec sleep 1000"},
		OnOutput: func(line string) { fmt.Println(line) },
	})
	return err
}

// inCell has tools run in a sandbox with the windows in dir.
func inCell(dir string, how Isolation) (context.Context, error) {
	plan := tool.SandboxConfig{Writable: []string{dir}}
	if how != SetuidHelper {
		mountDir, err := NewMountDir(how, dir)
		if err != nil {
			return nil, err
		}
		plan.Root = filepath.Join(mountDir.dir, rootName)
	}
	sandbox, err := tool.NewSandbox(plan)
	if err != nil {
		return nil, err
	}
	return tool.WithSandbox(context.Background(), func() *tool.Sandbox { return sandbox }), nil
}

// endless is a disk that never answers, and tells when it is asked.
type endless struct{ asked chan struct{} }

func (e endless) ReadAt([]byte, int64) (int, error) {
	select {
	case e.asked <- struct{}{}:
	default:
	}
	select {}
}

// stuck serves a window that a tool is waiting for, and then replaces or removes it or closes the server.
func stuck(dir string, how Isolation, then string) error {
	disk := endless{make(chan struct{}, 1)}
	s, err := Serve(overlay.New(disk, 1<<20, nil), dir, how)
	if err != nil {
		return err
	}
	p1 := s.Set("p1", 0, 4096)
	ctx, err := inCell(dir, how)
	if err != nil {
		return err
	}
	pid := make(chan string, 1)
	go func() {
		_, _ = tool.Run(ctx, tool.Cmd{
			Argv: []string{"sh", "-c", "echo $$ && exec cat " + p1}, OnOutput: func(line string) { pid <- line },
		})
	}()
	told := <-pid
	<-disk.asked
	go func() {
		<-time.After(200 * time.Millisecond) // what follows may wait for the tool's read
		fmt.Println(told)
	}()
	switch then {
	case "replace":
		s.Set("p1", 4096, 4096)
	case "remove":
		s.Remove("p1")
	case "close":
		err = s.Close()
	}
	<-time.After(time.Minute)
	return err
}

// TestKilledWhileStuck kills a worker whose window is being read and replaced, removed or closed at that moment: nothing
// may wait for an answer that cannot come any more. (A process that does so cannot be killed, and neither can what calls
// sync from then on.)
func TestKilledWhileStuck(t *testing.T) {
	testneed.File(t, device)
	testneed.Root(t)
	for _, then := range []string{"replace", "remove", "close"} {
		t.Run(then, func(t *testing.T) { killWorker(t, RootNamespace, false, then) })
	}
}

// TestKilledLeavesNothing kills a worker in the middle of everything: its mount and its tool must be gone.
func TestKilledLeavesNothing(t *testing.T) {
	for _, c := range []struct {
		name     string
		how      Isolation
		ordinary bool
	}{
		{"root", RootNamespace, false},
		{"ordinary user", UserNamespace, true},
		{"fusermount", SetuidHelper, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			testneed.File(t, device)
			if c.how == RootNamespace {
				testneed.Root(t)
			}
			if c.how == SetuidHelper {
				testneed.Tool(t, "fusermount3")
			}
			for range 5 {
				killWorker(t, c.how, c.ordinary)
			}
		})
	}
}

func killWorker(t *testing.T, how Isolation, ordinary bool, args ...string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "shunt-kill")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	}()
	env := append(os.Environ(), workerVar+"="+how.String())
	cmd := exec.Command("/proc/self/exe", append([]string{dir}, args...)...)
	cmd.SysProcAttr = how.NamespaceAttr()
	if ordinary && os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		switch how {
		case RootNamespace:
		case UserNamespace:
			// As root, take the way of an ordinary user: the namespace has only that user in it.
			cmd.SysProcAttr.UidMappings[0].HostID = nobody
			cmd.SysProcAttr.GidMappings[0].HostID = nobody
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 0, Gid: 0, NoSetGroups: true}
		case SetuidHelper:
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		}
	}
	cmd.Env = env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 1000)
	n, err := out.Read(said)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(said[:n])))
	if err != nil {
		t.Fatalf("the worker said %q", said[:n])
	}
	sleeper, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(sleeper) }()
	if mounted(t, dir) != (how == SetuidHelper) {
		t.Errorf("mount seen from outside: %v", mounted(t, dir))
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		t.Fatal("the worker cannot be killed")
	}
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(sleeper), Events: unix.POLLIN}}, 10_000); n != 1 {
		t.Errorf("the tool is still there: %v", err)
	}
	awaitNoMount(t, dir)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the directory holds %v, %v", entries, err)
	}
}

// mounted reports whether something is mounted over the directory. A mount of another user, or a dead one, shows itself by
// an error. (The list of mounts is no witness: it may miss some while others change.)
func mounted(t *testing.T, dir string) bool {
	t.Helper()
	var inner, outer unix.Stat_t
	if err := unix.Stat(filepath.Dir(dir), &outer); err != nil {
		t.Fatal(err)
	}
	return unix.Stat(dir, &inner) != nil || inner.Dev != outer.Dev
}

// awaitNoMount waits until the directory is not mounted over; the kernel tells when the mounts change.
func awaitNoMount(t *testing.T, dir string) {
	t.Helper()
	watch, err := unix.Open("/proc/self/mounts", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(watch) }()
	for mounted(t, dir) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(watch), Events: unix.POLLPRI}}, 10_000)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n == 0 || err != nil {
			t.Fatalf("%s is still mounted, %v", dir, err)
		}
	}
}
