package session

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/attach"
	"shunt/ops/journal"
	"shunt/ops/partfs"
	"shunt/ops/target"
)

// TestMountWhileEdited mounts the file system in an image that is open to be edited. Nothing can be applied meanwhile.
func TestMountWhileEdited(t *testing.T) {
	for _, name := range []string{"mkfs.ext4", "fuse2fs", "qemu-img"} {
		testneed.Tool(t, name)
	}
	if err := partfs.MayConnect(); err != nil {
		testneed.Missing(t, err.Error())
	}
	dir := t.TempDir()
	sh(t, dir, "mkdir tree; echo inside >tree/file; truncate -s 4M raw; mkfs.ext4 -q -F -d tree raw; qemu-img convert -O qcow2 raw disk.qcow2")
	s, err := Open(filepath.Join(dir, "disk.qcow2"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	at, err := s.Mount(0, model.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = attach.ClearDead() })
	if text, err := os.ReadFile(filepath.Join(at, "file")); err != nil || string(text) != "inside\n" {
		t.Errorf("%q, %v", text, err)
	}
	if list := s.mounts()[0]; len(list) != 1 || list[0] != at {
		t.Errorf("it is mounted at %v", list)
	}
	var (
		busy    *target.InUse
		options journal.Options
	)
	if _, err := s.Start(ops.NewQueue(s.Disk(), s.Env()), options); !errors.As(err, &busy) || !strings.Contains(err.Error(), at) {
		t.Errorf("applying: %v", err)
	}
	if _, err := s.Mount(0, model.ReadOnly); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("mounting again: %v", err)
	}
	if _, err := s.Mount(0, model.ReadWrite); err == nil || !strings.Contains(err.Error(), "would change while") {
		t.Errorf("mounting for writing: %v", err)
	}
	if out, err := s.Unmount(0); out != at || err != nil {
		t.Errorf("unmounted %q, %v", out, err)
	}
	if _, err := os.Stat(at); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s was left: %v", at, err)
	}
	if err := s.unserved(); err != nil {
		t.Error(err)
	}
}
