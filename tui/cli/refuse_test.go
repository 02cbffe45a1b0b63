package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/model/testneed"
)

// TestInUse has others use an image, and expects to be told who, with the image left alone.
func TestInUse(t *testing.T) {
	t.Parallel()
	p := people()[0]
	image, plan := stick(t, p)
	sum := digest(t, image)
	locked := func() bool { return strings.Contains(sh(t, ".", "cat /proc/locks"), inode(t, image)) }
	refused := func(t *testing.T, holder string) {
		t.Helper()
		p.run(t, "apply", "--yes", image, plan).want(t, exitRefused, holder)
		if digest(t, image) != sum {
			t.Error("the image changed")
		}
	}
	t.Run("qemu-nbd", func(t *testing.T) {
		testneed.Tool(t, "qemu-nbd")
		socket := filepath.Join(t.TempDir(), "s")
		background(t, exec.Command("qemu-nbd", "-f", "raw", "-k", socket, "-t", image), func() bool { return exists(socket) && locked() })
		refused(t, "qemu-nbd")
	})
	t.Run("qemu-io", func(t *testing.T) {
		testneed.Tool(t, "qemu-io")
		cmd := exec.Command("qemu-io", "-f", "raw", image)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = in.Close() }()
		background(t, cmd, locked)
		refused(t, "qemu-io")
	})
	t.Run("loop device", func(t *testing.T) {
		testneed.Root(t)
		testneed.File(t, "/dev/loop-control")
		dev := strings.TrimSpace(sh(t, ".", "losetup -f --show '"+image+"'"))
		defer sh(t, ".", "losetup -d "+dev)
		refused(t, dev)
	})
	t.Run("another shunt", func(t *testing.T) {
		cmd := p.program(t, "apply", image, plan, "--rehearse")
		// A plan that never ends to be read holds the image open.
		fifo := filepath.Join(t.TempDir(), "plan")
		sh(t, ".", "mkfifo '"+fifo+"'")
		cmd.Args[3] = fifo
		background(t, cmd, locked)
		refused(t, "shunt")
	})
	p.run(t, "apply", "--rehearse", image, plan).want(t, 0)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func inode(t *testing.T, path string) string {
	t.Helper()
	return ":" + strings.TrimSpace(sh(t, ".", "stat -c %i '"+path+"'")) + " "
}

// background runs a program until the test ends, and returns once it is ready.
func background(t *testing.T, cmd *exec.Cmd, ready func() bool) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 1000 {
		if ready() {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("%v does not get ready", cmd.Args)
}

// TestBadInput gives the program what it cannot use.
func TestBadInput(t *testing.T) {
	t.Parallel()
	p := people()[0]
	image, plan := stick(t, p)
	dir := filepath.Dir(image)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sum := digest(t, image)
	for _, c := range []struct {
		name  string
		args  []string
		code  int
		words []string
	}{
		{"text file", []string{"apply", "--yes", write("notes.txt", "this is no disk\n"+strings.Repeat("x", 4096)), plan}, 1, []string{"notes.txt", "disk image"}},
		{"info on a text file", []string{"info", write("notes2.txt", strings.Repeat("text ", 1000))}, 1, []string{"notes2.txt"}},
		{"empty file", []string{"apply", "--yes", write("empty", ""), plan}, 1, []string{"empty"}},
		{"no such image", []string{"info", filepath.Join(dir, "nothing")}, 1, []string{"nothing"}},
		{"directory", []string{"info", dir}, 1, []string{"directory"}},
		{"no such plan", []string{"apply", "--yes", image, filepath.Join(dir, "no-plan")}, 1, []string{"no-plan"}},
		{"mistake on line 3", []string{"apply", "--yes", image, write("p3", "# x\nimage grow 1GiB\nmove 2 rihgt 1MiB\n")}, 1, []string{"line 3", "column 8"}},
		{"size without unit", []string{"apply", "--yes", image, write("p1", "image grow 5\n")}, 1, []string{"line 1", "GiB"}},
		{"impossible", []string{"apply", "--yes", image, write("p2", "resize 1 by +10GiB\n")}, 1, []string{"line 1", "p2 starts right behind it"}},
		{"no such partition", []string{"apply", "--yes", image, write("p4", "delete 9\n")}, 1, []string{"9"}},
		{"usage: flag", []string{"info", "--nonsense", image}, 2, []string{"nonsense"}},
		{"usage: arguments", []string{"apply", image}, 2, nil},
		{"usage: sector size", []string{"info", "--sector-size", "1000", image}, 2, []string{"4096"}},
		{"usage: nobody to ask", []string{"apply", image, plan}, 2, []string{"--yes"}},
		{"usage: no terminal", []string{image}, 2, []string{"terminal"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.run(t, c.args...).want(t, c.code, c.words...)
			if digest(t, image) != sum {
				t.Error("the image changed")
			}
		})
	}
}

func TestUnreadableImage(t *testing.T) {
	t.Parallel()
	for _, p := range people() {
		if p.uid < 0 && os.Geteuid() == 0 {
			continue // root reads everything
		}
		image, plan := stick(t, p)
		if err := os.Chmod(image, 0); err != nil {
			t.Fatal(err)
		}
		p.run(t, "apply", "--yes", image, plan).want(t, 1, "stick.raw", "permission")
	}
}

// TestMissingTool hides resize2fs in a mount namespace: the plan must be refused before anything is tried, naming the
// package.
func TestMissingTool(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	p := people()[0]
	image, plan := stick(t, p)
	sum := digest(t, image)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	inner := p.program(t, "apply", "--yes", image, plan)
	inner.Args[0] = self
	hide := "mount --bind /dev/null '" + testneed.Tool(t, "resize2fs") + "' && exec \"$0\" \"$@\""
	cmd := exec.Command("unshare", append([]string{"-m", "sh", "-c", hide}, inner.Args...)...)
	cmd.Env = inner.Env
	finish(t, cmd).want(t, 1, "resize2fs", "e2fsprogs")
	if digest(t, image) != sum {
		t.Error("the image changed")
	}
}

// TestNoRoomForJournal puts image and journal on a file system that is nearly full.
func TestNoRoomForJournal(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	image, plan := stick(t, p)
	dir := t.TempDir()
	sh(t, dir, "truncate -s 20M fs; mkfs.ext4 -q -F fs; mkdir m; mount -o loop fs m")
	defer sh(t, dir, "umount m")
	small := filepath.Join(dir, "m")
	sh(t, small, "dd if=/dev/zero of=fill bs=64k 2>/dev/null || true; truncate -s -200k fill")
	sum := digest(t, image)
	p.run(t, "apply", "--yes", "--journal", small, image, plan).want(t, 1, "no space left", "unchanged")
	if digest(t, image) != sum {
		t.Error("the image changed")
	}
	if left := strings.Fields(sh(t, small, "ls")); fmt.Sprint(left) != "[fill lost+found]" {
		t.Errorf("left behind: %v", left)
	}
}
