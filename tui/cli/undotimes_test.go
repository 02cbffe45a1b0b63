package cli

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"shunt/model/testneed"
)

// TestUndoAndTimes does to an image what changes its times and not its content, and the reverse.
func TestUndoAndTimes(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	sh(t, dir, "truncate -s 16M a.raw; printf 'label: gpt\nstart=2048,size=8192\n' | sfdisk -q a.raw; "+
		"head -c 4M /dev/urandom | dd of=a.raw bs=1M seek=1 conv=notrunc 2>/dev/null; printf 'move 1 right 6MiB\n' >plan")
	was := digest(t, at("a.raw"))
	for _, c := range []struct {
		name, script, says string // "" if the undo is to be done
	}{
		{"nothing", "true", ""},
		{"another mode", "chmod 600 a.raw", ""},
		{"renamed and back", "mv a.raw b; mv b a.raw", ""},
		{"one more name for a while", "ln a.raw b; rm b", ""},
		{"its time put back", "touch -r a.raw keep; touch a.raw; touch -r keep a.raw", ""},
		{"a copy in its place", "cp -p a.raw b; mv b a.raw", ""},
		{"a copy over it", "cp -p a.raw b; cp -p b a.raw; rm b", ""},
		{"its time put further back", "touch -d '2001-02-03 04:05:06' a.raw", ""},
		{"its time put further back over a change", "printf '\\001' | dd of=a.raw bs=1 seek=9000001 conv=notrunc 2>/dev/null; touch -d '2001-02-03 04:05:06' a.raw", "have other content"},
		{"touched", "touch -d '2101-02-03 04:05:06' a.raw", "its time of modification is 2101-02-03 04:05:06, and was "},
		{"one bit of moved data", "touch -r a.raw keep; printf '\\001' | dd of=a.raw bs=1 seek=9000001 conv=notrunc 2>/dev/null; touch -r keep a.raw", "have other content"},
		{"data where there was none", "touch -r a.raw keep; printf x | dd of=a.raw bs=1 seek=2000000 conv=notrunc 2>/dev/null; touch -r keep a.raw", "were empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sh(t, dir, "cp a.raw before; rm -rf a.raw.shunt")
			defer sh(t, dir, "rm -rf a.raw a.raw.shunt; mv before a.raw; rm -f keep")
			p.run(t, "apply", "--yes", at("a.raw"), at("plan")).want(t, 0)
			sh(t, dir, c.script)
			if c.says != "" {
				p.run(t, "undo", "--yes", at("a.raw")).want(t, 1, "was changed since", c.says, "unchanged")
				return
			}
			p.run(t, "undo", "--yes", at("a.raw")).want(t, 0, "exactly as it was")
			if digest(t, at("a.raw")) != was {
				t.Error("it is not what it was")
			}
		})
	}
}

// alwaysNow is a file system whose files were written to just now whenever anybody asks, as some exports of disks are.
type alwaysNow struct{ fs.LoopbackNode }

// WrapChild makes all files below such files.
func (n *alwaysNow) WrapChild(_ context.Context, _ fs.InodeEmbedder) fs.InodeEmbedder {
	return &alwaysNow{fs.LoopbackNode{RootData: n.RootData}}
}

func (n *alwaysNow) Getattr(ctx context.Context, f fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	errno := n.LoopbackNode.Getattr(ctx, f, out)
	now := time.Now()
	out.SetTimes(&now, &now, &now)
	return errno
}

// TestUndoAlwaysNow undoes on such a file system, and notices what was changed there.
func TestUndoAlwaysNow(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	if os.Geteuid() != 0 {
		testneed.Tool(t, "fusermount3")
	}
	p := people()[0]
	below, dir := t.TempDir(), t.TempDir()
	var st syscall.Stat_t
	if err := syscall.Stat(below, &st); err != nil {
		t.Fatal(err)
	}
	root := &fs.LoopbackRoot{Path: below, Dev: st.Dev}
	root.RootNode = &alwaysNow{fs.LoopbackNode{RootData: root}}
	server, err := fs.Mount(dir, root.RootNode, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: os.Geteuid() == 0, EnableLocks: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	}()
	at := func(name string) string { return filepath.Join(dir, name) }
	sh(t, below, "truncate -s 8M a.raw; printf 'label: gpt\nstart=2048,size=2048\n' | sfdisk -q a.raw; "+
		"head -c 1M /dev/urandom | dd of=a.raw bs=1M seek=1 conv=notrunc 2>/dev/null; printf 'move 1 right 3MiB\n' >plan")
	p.run(t, "apply", "--yes", at("a.raw"), at("plan")).want(t, 0)
	sh(t, dir, "printf '\\001\\002' | dd of=a.raw bs=1 seek=5000001 conv=notrunc 2>/dev/null")
	p.run(t, "undo", "--yes", at("a.raw")).want(t, 1, "was changed since", "other content")
	sh(t, below, "rm -rf a.raw.shunt a.raw; truncate -s 8M a.raw; printf 'label: gpt\nstart=2048,size=2048\n' | sfdisk -q a.raw")
	was := digest(t, at("a.raw"))
	p.run(t, "apply", "--yes", at("a.raw"), at("plan")).want(t, 0)
	p.run(t, "undo", "--yes", at("a.raw")).want(t, 0, "exactly as it was")
	if digest(t, at("a.raw")) != was {
		t.Error("it is not what it was")
	}
}

// TestUndoWholeSeconds writes to an image in the second of its commit, on file systems whose times count seconds alone.
func TestUndoWholeSeconds(t *testing.T) {
	testneed.Root(t)
	for name, mkfs := range map[string]string{"ext4": "mkfs.ext4 -q -F -I 128", "FAT": "mkfs.vfat"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testneed.Mountable(t, map[string]string{"ext4": "ext4", "FAT": "vfat"}[name])
			p, dir := people()[0], t.TempDir()
			sh(t, dir, "mkdir m; truncate -s 64M host; "+mkfs+" host >/dev/null 2>&1; mount -o loop host m; truncate -s 8M m/a.raw; "+
				"printf 'label: gpt\nstart=2048,size=2048\n' | sfdisk -q m/a.raw; printf 'move 1 right 3MiB\n' >plan; "+
				"head -c 1M /dev/urandom | dd of=m/a.raw bs=1M seek=1 conv=notrunc 2>/dev/null; cp m/a.raw before")
			t.Cleanup(func() { sh(t, dir, "umount m") })
			image := filepath.Join(dir, "m", "a.raw")
			p.run(t, "apply", "--yes", image, filepath.Join(dir, "plan")).want(t, 0)
			sh(t, dir, "cp m/a.raw after; printf x | dd of=m/a.raw bs=1 seek=1500000 conv=notrunc 2>/dev/null")
			p.run(t, "undo", "--yes", image).want(t, 1, "was changed since", "unchanged")
			// Without that write it can be undone, though the times have changed.
			sh(t, dir, "dd if=after of=m/a.raw bs=1M conv=notrunc 2>/dev/null; touch -d '1 hour ago' m/a.raw")
			p.run(t, "undo", "--yes", image).want(t, 0, "exactly as it was")
			sh(t, dir, "cmp m/a.raw before")
		})
	}
}
