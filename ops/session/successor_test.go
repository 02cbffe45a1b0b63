package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"shunt/geometry"
	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// besiege tries to open a target for editing, and to read it, again and again until stop is closed. It counts the times that
// others had it, and fails if it ever gets it.
func besiege(t *testing.T, path string, stop chan struct{}) (wait func() int) {
	t.Helper()
	var done sync.WaitGroup
	refused := 0
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, mode := range []target.Mode{target.Edit, target.Read} {
				got, err := registry.Open(path, target.Options{Mode: mode})
				if err == nil {
					id, _ := got.Identity()
					t.Errorf("the image could be opened (mode %d, inode %d) while a session had it: %v", mode, id.Inode, got.Close())
					return
				}
				if !errors.As(err, new(*target.InUse)) {
					t.Errorf("mode %d: %v", mode, err)
					return
				}
				refused++
			}
		}
	})
	return func() int { done.Wait(); return refused }
}

// TestSuccessorIsLocked has a new image take the name of the one that a session has open, and give it back by an undo. At no
// moment can anybody else open the name, and the session goes on with the file that has it.
func TestSuccessorIsLocked(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "qemu-img")
	testneed.Tool(t, "qemu-storage-daemon")
	path := filepath.Join(t.TempDir(), "disk")
	sh(t, filepath.Dir(path), fmt.Sprintf("truncate -s 16M '%[1]s.raw'; printf 'label: gpt\\nstart=2048,size=8192\\n' | sfdisk -q '%[1]s.raw'; qemu-img convert -O vdi '%[1]s.raw' '%[1]s'", path))
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // again, at the end
	stop := make(chan struct{})
	refused := besiege(t, path, stop)
	first := inode(t, path)
	do := func(what string, run *Run, err error, want report.Outcome) {
		t.Helper()
		t.Log(what)
		if err != nil {
			t.Fatal(what, err)
		}
		if want == report.Done {
			if _, ok := run.Report(); !ok {
				t.Fatal(what, run.Result())
			}
			run.Commit()
		}
		if r := run.Result(); r.Outcome != want {
			t.Fatal(what, r)
		}
		if err := s.Rescan(); err != nil {
			t.Fatal(what, err)
		}
	}
	size := func(want geometry.Bytes) {
		t.Helper()
		if got := s.Disk().Size(); got != want {
			t.Errorf("the session shows %d bytes, want %d", got, want)
		}
	}
	run, err := s.Start(planned(t, s, "image grow 8MiB"), journal.KeepUndo)
	do("grow", run, err, report.Done)
	size(24 << 20)
	if os.SameFile(inode(t, path), first) {
		t.Error("the file is the old one")
	}
	second := inode(t, path)
	run, err = s.Start(planned(t, s, "move 1 right 1MiB"), journal.KeepUndo) // in place
	do("move", run, err, report.Done)
	if !os.SameFile(inode(t, path), second) {
		t.Error("a move made a new file")
	}
	run, err = s.Start(planned(t, s, "image size 20MiB"), journal.KeepUndo)
	do("shrink", run, err, report.Done)
	size(20 << 20)
	run, err = s.Undo()
	do("undo", run, err, report.RolledBack)
	size(24 << 20)
	if !os.SameFile(inode(t, path), second) {
		t.Error("the undo did not give the old file its name back")
	}
	run, err = s.Start(planned(t, s, "image grow 8MiB"), journal.KeepUndo)
	if err != nil {
		t.Fatal(err)
	}
	run.Report()
	run.Cancel()
	run.Result()
	if err := s.Rescan(); err != nil {
		t.Fatal(err)
	}
	size(24 << 20)
	run, err = s.Undo()
	do("undo the move", run, err, report.RolledBack)
	if _, err = s.Undo(); err == nil {
		t.Error("the growing can be undone, although an edit in place has changed the file that it made")
	}
	size(24 << 20)
	close(stop)
	if refused() == 0 {
		t.Error("nobody tried to open it")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	got, err := registry.Open(path, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 2 {
		t.Errorf("left: %v %v", left, err)
	}
}

func inode(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}
