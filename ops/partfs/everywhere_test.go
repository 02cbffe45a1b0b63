package partfs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/overlay"
)

// Tests of mounted windows run in processes of their own, in the way windows are used: started with NamespaceAttr, as root
// and as an ordinary user. The variable tells such a process how it was started.
const insideVar = "SHUNT_WINDOW_TEST_INSIDE"

// nobody is an ordinary user that exists everywhere.
const nobody = 65534

// everywhere runs the body of the calling test in all the ways windows can be had on this machine.
func everywhere(t *testing.T, body func(t *testing.T, how Isolation)) {
	t.Helper()
	if text, ok := os.LookupEnv(insideVar); ok {
		how, err := parseIsolation(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := how.IsolateMounts(); err != nil {
			t.Fatal(err)
		}
		body(t, how)
		return
	}
	t.Run("as is", func(t *testing.T) {
		how, err := DetectIsolation()
		if err != nil {
			testneed.File(t, device)
			t.Fatal(err)
		}
		again(t, how.String(), how.NamespaceAttr())
	})
	if os.Geteuid() == 0 {
		t.Run("ordinary user", func(t *testing.T) {
			testneed.File(t, device)
			again(t, findOut, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
		})
		return
	}
	t.Run("fusermount", func(t *testing.T) {
		testneed.Tool(t, "fusermount3")
		testneed.File(t, device)
		again(t, SetuidHelper.String(), &syscall.SysProcAttr{})
	})
}

// String is a word for parseIsolation.
func (i Isolation) String() string { return fmt.Sprintf("isolation-%d", uint8(i)) }

func parseIsolation(text string) (i Isolation, err error) {
	_, err = fmt.Sscanf(text, "isolation-%d", &i)
	return i, err
}

// findOut stands for a process that is to find out itself how it can have windows.
const findOut = ""

// again runs the calling test once more, in a process started in the given way.
func again(t *testing.T, how string, attr *syscall.SysProcAttr) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	againNamed(t, name, how, attr)
}

// againNamed runs the test of the given name in a process started in the given way.
func againNamed(t *testing.T, name string, how string, attr *syscall.SysProcAttr) {
	t.Helper()
	pattern := "^" + strings.ReplaceAll(name, "/", "$/^") + "$"
	cmd := exec.Command("/proc/self/exe", "-test.run="+pattern, "-test.v", "-test.timeout=60s")
	cmd.SysProcAttr = attr
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TMPDIR=") && !strings.HasPrefix(v, "GOCOVERDIR=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "GORACE=atexit_sleep_ms=0")
	if how != findOut {
		cmd.Env = append(cmd.Env, insideVar+"="+how)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err != nil || testing.Verbose() {
		t.Logf("%s: %v\n%s", how, err, out.String())
	}
	if err != nil {
		t.FailNow()
	}
	if !strings.Contains(out.String(), "--- PASS: "+name) {
		testneed.Missing(t, "skipped:\n"+out.String())
	}
}

// wholeDisk is a window over all of a testDisk.
const wholeDisk = "disk"

// testDisk is an overlay with windows on it.
type testDisk struct {
	*Server
	t    *testing.T
	ov   *overlay.Overlay
	base []byte
	path string // of the base
	dir  string
}

// openDisk serves a disk of size bytes, all of them 0x55, until the test ends.
func openDisk(t *testing.T, how Isolation, size int64) *testDisk {
	t.Helper()
	return openFilled(t, how, size, bytes.Repeat([]byte{0x55}, int(size)))
}

// openFilled serves a disk that begins with the given bytes.
func openFilled(t *testing.T, how Isolation, size int64, begin []byte) *testDisk {
	t.Helper()
	tmp := t.TempDir()
	r := &testDisk{t: t, path: filepath.Join(tmp, "base"), dir: filepath.Join(tmp, "mnt"), base: begin}
	if err := os.WriteFile(r.path, r.base, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	base, err := os.Open(r.path)
	if err != nil {
		t.Fatal(err)
	}
	spill, err := os.Create(filepath.Join(tmp, "spill"))
	if err != nil {
		t.Fatal(err)
	}
	r.ov = overlay.New(base, size, spill)
	r.Server, err = Serve(r.ov, r.dir, how)
	if err != nil {
		t.Fatal(err)
	}
	refusePolls(t, r.Set(wholeDisk, 0, r.ov.Size()))
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(r.dir); err != nil || len(left) != 0 {
			t.Errorf("after closing the directory holds %v, %v", left, err)
		}
		if err := r.ov.Err(); err != nil {
			t.Error(err)
		}
		after, err := os.ReadFile(r.path)
		if err != nil || !bytes.Equal(after, r.base) {
			t.Errorf("the base has changed: %v", err)
		}
		if err := base.Close(); err != nil {
			t.Error(err)
		}
		if err := spill.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// refusePolls lets the kernel ask once whether the files can be polled. They cannot, and it never asks again. Only so may
// these tests open windows in the process that serves them: the runtime tries to poll every file that is opened, from
// within its scheduler, and there might be no thread left to answer.
func refusePolls(t *testing.T, path string) {
	t.Helper()
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
}

// open opens a window without the help of the runtime.
func (r *testDisk) open(path string, flags int) int {
	r.t.Helper()
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		r.t.Fatalf("open %s: %v", path, err)
	}
	r.t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// pread reads n bytes at off.
func (r *testDisk) pread(fd int, off, n int64) []byte {
	r.t.Helper()
	p := make([]byte, n)
	if k, err := unix.Pread(fd, p, off); int64(k) != n || err != nil {
		r.t.Fatalf("read %d bytes at %d: %d, %v", n, off, k, err)
	}
	return p
}

// want compares bytes of the overlay.
func (r *testDisk) want(off int64, want []byte) {
	r.t.Helper()
	got := make([]byte, len(want))
	if _, err := r.ov.ReadAt(got, off); err != nil {
		r.t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		r.t.Errorf("bytes at %d: %.40q, want %.40q", off, fmt.Sprintf("%x", got), fmt.Sprintf("%x", want))
	}
}
