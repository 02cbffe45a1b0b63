package registry

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
)

func TestTwoShunts(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	check := unchanged(t, path)
	other := start(t, "hold", path)
	use := inUse(t, path, "another shunt (pid "+strconv.Itoa(other.pid)+")")
	if use.PID != other.pid || use.Advice == "" || !use.Shunt {
		t.Errorf("got %+v", use)
	}
	seen := open(t, path, target.Options{Mode: target.Inspect})
	if busy := seen.Busy(); busy == nil || busy.PID != other.pid {
		t.Errorf("inspected as busy by %v", busy)
	}
	require(t, other.stdin.Close())
	require(t, other.cmd.Wait())
	// The one that inspects a busy image holds no lock that would keep an editor off.
	r := open(t, path, target.Options{})
	require(t, r.Close())
	check()
}

func TestInspectors(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	a := open(t, path, target.Options{Mode: target.Inspect})
	b := open(t, path, target.Options{Mode: target.Inspect})
	if a.Busy() != nil || b.Busy() != nil {
		t.Errorf("two inspectors are in each other's way: %v, %v", a.Busy(), b.Busy())
	}
	inUse(t, path, "this program")
	require(t, a.Close())
	require(t, b.Close())
	open(t, path, target.Options{})
}

func TestKilledHolderLeavesNoLock(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	other := start(t, "hold", path)
	inUse(t, path, "another shunt")
	require(t, other.cmd.Process.Kill())
	_ = other.cmd.Wait()
	open(t, path, target.Options{})
}

func TestWriterWithoutLock(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	// The helper is the test program itself and so passes for another shunt; what counts is that it is found.
	other := start(t, "open-rw", path)
	for _, opts := range []target.Options{{}, {NoLock: true}} {
		_, err := Open(path, opts)
		if err == nil || !strings.Contains(err.Error(), "pid "+strconv.Itoa(other.pid)) {
			t.Errorf("got %v, want pid %d named", err, other.pid)
		}
	}
	if busy := open(t, path, target.Options{Mode: target.Inspect}).Busy(); busy == nil || busy.PID != other.pid {
		t.Errorf("inspected as busy by %v", busy)
	}
}

func TestWriterOfAnotherProgram(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	cat := testneed.Tool(t, "cat")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer f.Close()
	reader, writer, err := os.Pipe()
	require(t, err)
	// A program that waits for its input with the image as its standard output.
	process, err := os.StartProcess(cat, []string{cat}, &os.ProcAttr{Files: []*os.File{reader, f, f}})
	require(t, err)
	use := inUse(t, path, "cat (pid ")
	seen := open(t, path, target.Options{Mode: target.Inspect})
	if err := seen.Unused(); err == nil || !strings.HasSuffix(err.Error(), "): stop it first") {
		t.Errorf("somebody who has it open for writing: %v", err)
	}
	require(t, seen.Close())
	if use.PID != process.Pid {
		t.Errorf("got pid %d, want %d", use.PID, process.Pid)
	}
	require(t, writer.Close())
	_, err = process.Wait()
	require(t, err)
	require(t, f.Close())
	open(t, path, target.Options{})
}

// TestForeignWriteLock meets a program that locks the whole file for writing, as virtual machines other than QEMU do.
func TestForeignWriteLock(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	require(t, unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock))
	inUse(t, path, "this program itself")
	require(t, f.Close())
	open(t, path, target.Options{})
}

func TestQEMUIsKeptOff(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	check := unchanged(t, path)
	r := open(t, path, target.Options{})
	for _, c := range [][]string{
		{"qemu-io", "-f", "raw", "-c", "write 0 512", path},
		{"qemu-nbd", "-f", "raw", "--fork", "-k", filepath.Join(t.TempDir(), "sock"), path},
		{"qemu-img", "resize", "-f", "raw", path, "2M"},
	} {
		out, err := try(t, c[0], c[1:]...)
		if err == nil || !strings.Contains(out, "lock") {
			t.Errorf("%v while editing: %v, %s", c, err, out)
		}
	}
	// QEMU's readers of raw images do not mind a writer.
	run(t, "qemu-img", "info", "-f", "raw", path)
	require(t, r.Close())
	check()

	i := open(t, path, target.Options{Mode: target.Inspect})
	if out, err := try(t, "qemu-io", "-f", "raw", "-c", "write 0 512", path); err == nil || !strings.Contains(out, "lock") {
		t.Errorf("writing while inspecting: %v, %s", err, out)
	}
	run(t, "qemu-io", "-r", "-f", "raw", "-c", "read 0 512", path)
	require(t, i.Close())
	check()
	run(t, "qemu-io", "-f", "raw", "-c", "write 0 512", path)
}

func TestQEMUHolds(t *testing.T) {
	for _, mode := range [][]string{nil, {"-r"}} {
		path := image(t, t.TempDir(), 1<<20)
		check := unchanged(t, path)
		dir := t.TempDir()
		pidFile := filepath.Join(dir, "pid")
		run(t, "qemu-nbd", append(mode, "--fork", "-t", "-f", "raw", "-k", filepath.Join(dir, "sock"), "--pid-file", pidFile, path)...)
		text, err := os.ReadFile(pidFile)
		require(t, err)
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		require(t, err)
		stop := func() { _ = syscall.Kill(pid, syscall.SIGKILL) }
		t.Cleanup(stop)

		use := inUse(t, path, "qemu-nbd (pid "+strconv.Itoa(pid)+")")
		if use.PID != pid {
			t.Errorf("got pid %d, want %d", use.PID, pid)
		}
		busy := open(t, path, target.Options{Mode: target.Inspect}).Busy()
		if writes := mode == nil; writes != (busy != nil) {
			t.Errorf("qemu-nbd %v: inspected as busy by %v", mode, busy)
		}
		check()
	}
}

// TestTakingLocksTwice is what Adopt relies on: the same open file description never stands in its own way.
func TestTakingLocksTwice(t *testing.T) {
	r := open(t, image(t, t.TempDir(), 1<<20), target.Options{})
	require(t, held.TakeLocks(r.Files()[0], target.Edit))
	require(t, held.DropLocks(r.Files()[0]))
	other := open(t, r.Path(), target.Options{})
	requireIs(t, held.TakeLocks(r.Files()[0], target.Edit), held.ErrHeld)
	require(t, other.Close())
}

// TestWriterWhoComesLater gives the same advice as one that was there before.
func TestWriterWhoComesLater(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	r := open(t, path, target.Options{})
	require(t, r.Unused())
	other := start(t, "open-rw", path)
	use, ok := errors.AsType[*target.InUse](r.Unused())
	if !ok || use.PID != other.pid || use.Advice != "quit that one or wait until it is done" {
		t.Errorf("got %v", r.Unused())
	}
	if err := r.AllowWrites(); !errors.As(err, &use) {
		t.Errorf("allowed to write: %v", err)
	}
}
