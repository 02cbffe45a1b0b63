package registry

import (
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
)

// TestHandOver has one process open an image and hand it to a child, and kills the first: the child keeps the locks
// and goes on writing; when it ends they are gone.
func TestHandOver(t *testing.T) {
	// The child must become ours when its parent dies, to be waited for.
	require(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
	path := image(t, t.TempDir(), 1<<20)
	parent := start(t, "hand-over", path)
	if parent.pid == parent.cmd.Process.Pid {
		t.Fatal("the child did not take over")
	}
	inUse(t, path, "another shunt")
	require(t, parent.cmd.Process.Kill())
	state, err := parent.cmd.Process.Wait()
	require(t, err)
	if state.Success() {
		t.Fatal("the parent ended before it was killed")
	}
	inUse(t, path, "another shunt (pid "+strconv.Itoa(parent.pid)+")")
	out, err := try(t, "qemu-io", "-f", "raw", "-c", "write 0 512", path)
	if err == nil {
		t.Errorf("qemu-io was let in: %s", out)
	}
	require(t, parent.stdin.Close())
	child, err := os.FindProcess(parent.pid)
	require(t, err)
	state, err = child.Wait()
	require(t, err)
	if !state.Success() {
		t.Errorf("child: %s", state)
	}
	r := open(t, path, target.Options{})
	got := make([]byte, 7)
	_, err = r.ReadAt(got, 512)
	require(t, err)
	if string(got) != "adopted" {
		t.Errorf("the child wrote %q", got)
	}
}

// duplicate stands for what a child process gets of Files.
func duplicate(t *testing.T, r target.Target) []*os.File {
	t.Helper()
	fd, err := unix.Dup(int(r.Files()[0].Fd())) // inherited, as ExtraFiles are
	require(t, err)
	return []*os.File{os.NewFile(uintptr(fd), "image")}
}

func TestAdoptInOneProcess(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	first, err := Open(path, target.Options{})
	require(t, err)
	second, err := Adopt(path, target.Options{}, duplicate(t, first))
	require(t, err)
	flags, err := unix.FcntlInt(second.Files()[0].Fd(), unix.F_GETFD, 0)
	require(t, err)
	if flags&unix.FD_CLOEXEC == 0 {
		t.Error("the next program would inherit the image")
	}
	require(t, first.Close())
	inUse(t, path, "this program")
	require(t, second.AllowWrites())
	require(t, second.Close())
	open(t, path, target.Options{})
}

func TestAdoptRefuses(t *testing.T) {
	dir := t.TempDir()
	path := image(t, dir, 1<<20)
	r := open(t, path, target.Options{})
	if _, err := Adopt(path, target.Options{}, nil); err == nil {
		t.Error("adopted nothing")
	}
	if _, err := Adopt(path, target.Options{SectorSize: 1}, duplicate(t, r)); err == nil {
		t.Error("adopted with a sector size of 1")
	}
	if _, err := Adopt(dir+"/none", target.Options{}, duplicate(t, r)); err == nil {
		t.Error("adopted under a name that leads nowhere")
	}
	other := image(t, t.TempDir(), 1<<20)
	_, err := Adopt(other, target.Options{}, duplicate(t, r))
	requireIs(t, err, target.ErrReplaced)
	// An image that somebody else has locked, opened without locks.
	stranger, err := os.Open(path)
	require(t, err)
	if _, err := Adopt(path, target.Options{}, []*os.File{stranger}); err == nil {
		t.Error("adopted without the locks")
	}
	if err := stranger.Close(); err == nil {
		t.Error("the file was left open")
	}
}
