package partfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/overlay"
	"shunt/ops/tool"
)

// intruderVar makes the test binary try what no tool may do, with the arguments that intrude explains.
const intruderVar = "SHUNT_TEST_INTRUDER"

// TestConfined runs a program in a sandbox that tries to get hold of everything else: only the window and the directory for
// temporary files are to be had. It holds for root, in a user namespace, and with fusermount as far as Landlock goes.
func TestConfined(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		testneed.File(t, device)
		if how == SetuidHelper && !strings.Contains(tool.Confinement(false), "Landlock") {
			testneed.Missing(t, "needs Landlock")
		}
		dir := t.TempDir()
		program := filepath.Join(dir, "intruder")
		copyProgram(t, program)
		t.Setenv("PATH", dir+":"+os.Getenv("PATH")) // where tools are looked for is what a sandbox shows
		base := filepath.Join(t.TempDir(), "image")
		mountDir, server, sandbox := confinedDir(t, how, base)
		server.Set("p2", 4096, 4096)
		server.Remove("p2")
		window := server.Set("p1", 0, 4096)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		// A file that was left open for whatever is started, as some shells do.
		stray, err := unix.Open(base, unix.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Close(stray) }()
		ctx := tool.WithSandbox(context.Background(), func() *tool.Sandbox { return sandbox })
		result, err := tool.Run(ctx, tool.Cmd{
			Argv: []string{program, window, base, listener.Addr().String(), mountDir.dir}, Env: []string{intruderVar + "=1"},
		})
		if err != nil || result.Exit != 0 || !strings.Contains(result.Output, "tried everything\n") {
			t.Fatalf("%v, exit code %d\n%s", err, result.Exit, result.Output)
		}
		for line := range strings.Lines(result.Output) {
			if strings.HasPrefix(line, "WRONG") {
				t.Error(strings.TrimSpace(line))
			}
		}
		got := make([]byte, 5)
		if _, err := server.files.ov.ReadAt(got, 0); err != nil || string(got) != "wrote" {
			t.Errorf("the window holds %q, %v", got, err)
		}
		// The thread that was confined is gone, and this process as free as before.
		if _, err := os.ReadDir("/sys/class"); err != nil {
			t.Error(err)
		}
	})
}

// confinedDir serves windows on an image of 8 KiB.
func confinedDir(t *testing.T, how Isolation, path string) (*MountDir, *Server, *tool.Sandbox) {
	t.Helper()
	if err := os.WriteFile(path, make([]byte, 8192), 0o600); err != nil {
		t.Fatal(err)
	}
	base, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	spill, err := os.Create(path + ".spill")
	if err != nil {
		t.Fatal(err)
	}
	mountDir, err := NewMountDir(how, path)
	if err != nil {
		t.Fatal(err)
	}
	server, err := mountDir.Serve(overlay.New(base, 8192, spill))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range []io.Closer{server, mountDir, base, spill} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	sandbox, lacks, err := mountDir.Confine()
	if err := errors.Join(err, lacks); err != nil {
		t.Fatal(err)
	}
	return mountDir, server, sandbox
}

func copyProgram(t *testing.T, to string) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o700); err != nil {
		t.Fatal(err)
	}
}

// intrude tries what must not work and says WRONG of what does, and the other way round. The arguments are the window, the
// image behind it, an address that is listened at, and the directory of the windows.
func intrude(window, image, address, mountDir string) {
	must := func(what string, err error) {
		if err != nil {
			fmt.Println("WRONG:", what, "does not work:", err)
		}
	}
	mustNot := func(what string, err error) {
		if err == nil {
			fmt.Println("WRONG:", what, "works")
		}
	}
	open := func(path string, flags int) error {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o600)
		if err == nil {
			_ = unix.Close(fd)
		}
		return err
	}
	must("writing to the window", write(window, "wrote"))
	must("a temporary file", write(filepath.Join(os.Getenv("TMPDIR"), "file"), "x"))
	must("reading zeroes", open("/dev/zero", unix.O_RDWR))
	must("reading what is installed", open("/usr", unix.O_RDONLY|unix.O_DIRECTORY))
	for _, path := range []string{image, image + ".spill", filepath.Join(filepath.Dir(window), wholeDisk), filepath.Join(filepath.Dir(window), "p2")} {
		mustNot("reading "+path, open(path, unix.O_RDONLY))
		mustNot("writing to "+path, open(path, unix.O_RDWR))
	}
	for _, path := range []string{"/usr/x", "/etc/x", "/x", "/run/x", "/dev/x", filepath.Join(mountDir, "x"), "/dev/shm/x"} {
		mustNot("making "+path, open(path, unix.O_RDWR|unix.O_CREAT))
	}
	for _, path := range []string{
		"/proc/partitions", "/proc/mdstat", "/proc/diskstats", "/sys/block", "/sys/class/block", "/dev/fuse", "/dev/loop-control",
		"/dev/mem", "/dev/mapper/control", "/proc/1/root", fmt.Sprintf("/proc/%d/root", os.Getppid()), "/run/udev", "/home",
	} {
		mustNot("opening "+path, open(path, unix.O_RDONLY))
	}
	for _, dev := range []uint64{unix.Mkdev(7, 0), unix.Mkdev(8, 0), unix.Mkdev(254, 0), unix.Mkdev(253, 0), unix.Mkdev(259, 0)} {
		node := filepath.Join(os.Getenv("TMPDIR"), fmt.Sprintf("node%d", dev))
		mustNot("making a node", unix.Mknod(node, unix.S_IFBLK|0o600, int(dev)))
		mustNot("opening the node", open(node, unix.O_RDONLY))
	}
	for _, fs := range []string{"tmpfs", "devtmpfs", "proc", "sysfs"} {
		mustNot("mounting "+fs, unix.Mount(fs, os.Getenv("TMPDIR"), fs, 0, ""))
	}
	for fd := 3; fd < 100; fd++ {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil {
			continue
		}
		if kind := st.Mode & unix.S_IFMT; kind == unix.S_IFREG || kind == unix.S_IFBLK || kind == unix.S_IFDIR {
			fmt.Println("WRONG: it was handed the open file", fd)
		}
	}
	_, err := net.Dial("tcp", address)
	mustNot("the network", err)
	mustNot("a raw socket", rawSocket())
	if nnp, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); nnp != 1 || err != nil {
		fmt.Println("WRONG: it can gain rights")
	}
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil || data != [2]unix.CapUserData{} {
		fmt.Printf("WRONG: it has capabilities: %v, %v\n", data, err)
	}
	// A user namespace would make it root to itself: that must not help.
	if unix.Unshare(unix.CLONE_FS) == nil && unix.Unshare(unix.CLONE_NEWNS) == nil {
		fmt.Println("WRONG: it can make a mount namespace")
	}
	fmt.Println("tried everything")
}

func write(path, text string) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	_, err = unix.Write(fd, []byte(text))
	if err2 := unix.Close(fd); err == nil {
		err = err2
	}
	return err
}

func rawSocket() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}
