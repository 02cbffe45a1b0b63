package registry

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// TestHold keeps others off and can write nothing; parts of an image that are shown already are admitted on request.
func TestHold(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	require(t, os.Chmod(path, 0o444))
	held, err := Open(path, target.Options{Mode: target.Hold})
	require(t, err)
	requireIs(t, held.AllowWrites(), target.ErrNotAllowed)
	inUse(t, path, "this program itself")
	require(t, held.Close())
	require(t, os.Chmod(path, 0o644))

	part := loopOf(t, path, "--offset", "1MiB", "--sizelimit", "4MiB")
	requireSays(t, path, target.Options{Mode: target.Hold}, part)
	requireSays(t, path, target.Options{Mode: target.Edit, Shown: true}, part)
	held, err = Open(path, target.Options{Mode: target.Hold, Shown: true})
	require(t, err)
	uses := target.Uses(held, []target.Part{{Number: 1, Start: 0, Len: 1 << 20}, {Number: 2, Start: 1 << 20, Len: 4 << 20}, {Number: 3, Start: 5 << 20, Len: 1 << 20}})
	if len(uses) != 1 || uses[2].String() != "used by loop device "+part {
		t.Errorf("uses: %v", uses)
	}
	if use, ok := errors.AsType[*target.InUse](held.Unused()); !ok || !strings.Contains(use.Holder, part) {
		t.Errorf("unused: %v", held.Unused())
	}
	require(t, held.Close())
	whole := loopOf(t, path)
	requireSays(t, path, target.Options{Mode: target.Hold, Shown: true}, whole)
}

// requireSays makes sure that a target is refused with these words.
func requireSays(t *testing.T, name string, opts target.Options, want string) {
	t.Helper()
	b, err := Open(name, opts)
	if err == nil {
		_ = b.Close()
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestRealLoopDevices(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	dir := t.TempDir()
	path := image(t, dir, 16<<20)
	run(t, "mkfs.ext4", "-q", path)
	attach := func(t *testing.T) (loop string) {
		t.Helper()
		loop = strings.TrimSpace(run(t, "losetup", "--find", "--show", path))
		t.Cleanup(func() { run(t, "losetup", "-d", loop) })
		return loop
	}
	at := filepath.Join(dir, "mnt")
	require(t, os.Mkdir(at, 0o755))

	t.Run("idle", func(t *testing.T) {
		check := unchanged(t, path)
		loop := attach(t)
		use := inUse(t, path, "loop device "+loop)
		if strings.Contains(use.Holder, "mounted") || !strings.Contains(use.Advice, "losetup -d "+loop) {
			t.Errorf("got %+v", use)
		}
		if busy := open(t, path, target.Options{Mode: target.Inspect}).Busy(); busy == nil || busy.Holder != use.Holder {
			t.Errorf("inspected as busy by %v", busy)
		}
		check()
	})
	t.Run("renamed and linked", func(t *testing.T) {
		attach(t)
		require(t, os.Link(path, path+".link"))
		require(t, os.Rename(path, path+".renamed"))
		require(t, os.Rename(path+".renamed", path+".other"))
		inUse(t, path+".link", "loop device")
		require(t, os.Remove(path+".other")) // the device shows a removed name; the file lives on in its other name
		inUse(t, path+".link", "loop device")
		require(t, os.Rename(path+".link", path))
	})
	t.Run("mounted", func(t *testing.T) {
		run(t, "mount", "-o", "loop", path, at)
		t.Cleanup(func() { run(t, "umount", at) })
		use := inUse(t, path, "mounted at "+at)
		if use.Advice != "run `umount "+at+"`, and open it again" {
			t.Errorf("got %+v", use)
		}
	})
	t.Run("free again", func(t *testing.T) { open(t, path, target.Options{}) })
}
