package partfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/overlay"
	"shunt/ops/tool"
)

// bystanderVar makes the test binary a process that serves windows and runs a tool until its standard input ends.
const bystanderVar = "SHUNT_TEST_BYSTANDER"

// TestMachineUnmounts has the machine unmount something that was mounted when a worker started: the device must be free at
// once, though the worker and its tool go on. It is tried where mounts spread, as where systemd runs, and where they do
// not, as in containers.
func TestMachineUnmounts(t *testing.T) {
	for name, spread := range map[string]uintptr{"shared": unix.MS_SHARED, "private": unix.MS_PRIVATE} {
		t.Run(name, func(t *testing.T) { machineUnmounts(t, spread) })
	}
}

func machineUnmounts(t *testing.T, spread uintptr) {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, device)
	testneed.File(t, "/dev/loop-control")
	testneed.Mountable(t, "ext4")
	if os.Getenv(insideVar) == "" {
		// A machine of its own.
		againNamed(t, t.Name(), "machine", &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS})
		return
	}
	if err := unix.Mount("", "/", "", spread|unix.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	image, dir := filepath.Join(t.TempDir(), "image"), t.TempDir()
	loop := strings.TrimSpace(testneed.Shell(t, ".", fmt.Sprintf("truncate -s 4M '%s'; mke2fs -q -F '%[1]s'; losetup -f --show '%[1]s'", image)))
	if err := unix.Mount(loop, dir, "ext4", 0, ""); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), bystanderVar+"=1")
	cmd.SysProcAttr = RootNamespace.NamespaceAttr()
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Errorf("%q, %v", line, err)
	}
	if err := unix.Unmount(dir, 0); err != nil {
		t.Error(err)
	}
	testneed.Shell(t, ".", "losetup -d "+loop)
	if left := testneed.Shell(t, ".", "losetup -j '"+image+"'"); left != "" {
		t.Errorf("unmounted and detached, but still in use: %s", left)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// bystand serves windows, and ends without an error when its standard input does.
func bystand() error {
	if err := errors.Join(RootNamespace.IsolateMounts(), RootNamespace.UnmountUnneeded()); err != nil {
		return err
	}
	mountDir, err := NewMountDir(RootNamespace)
	if err != nil {
		return err
	}
	server, err := mountDir.Serve(overlay.New(strings.NewReader(""), 1<<20, nil))
	if err != nil {
		return err
	}
	sandbox, lacks, err := mountDir.Confine()
	if err := errors.Join(err, lacks); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(tool.WithSandbox(context.Background(), func() *tool.Sandbox { return sandbox }))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = tool.Run(ctx, tool.Cmd{
			Argv: []string{"sh", "-c", "echo ready; exec sleep 1000"}, OnOutput: func(line string) { fmt.Println(line) },
		})
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	cancel()
	<-ended
	if err != nil {
		return err
	}
	if err := server.Close(); err != nil {
		return err
	}
	return mountDir.Close()
}
