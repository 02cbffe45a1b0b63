package cli

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// attached attaches an image by the command line until the test ends.
func attached(t *testing.T, p person, image string, flags ...string) (device string) {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	out := p.run(t, append([]string{"attach", image}, flags...)...)
	out.want(t, 0)
	device = strings.TrimSpace(out.out)
	t.Cleanup(func() {
		if strings.Contains(sh(t, ".", "losetup -l -n -O NAME"), device+"\n") {
			detached(t, p, device)
		}
	})
	return device
}

// detached takes a loop device off its image. A worker of another test that was started while something was mounted here
// has it in its mount namespace until it ends.
func detached(t *testing.T, p person, path string) {
	t.Helper()
	var last outcome
	for range 100 {
		if last = p.run(t, "detach", path); last.code == 0 {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	last.want(t, 0)
}

// TestAttachAndDetach does what kpartx -a and -d did, on all kinds of tables.
func TestAttachAndDetach(t *testing.T) {
	testneed.Root(t)
	p := people()[0]
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, d := range disks() {
		switch d.name {
		case "gpt by sgdisk", "logical by sfdisk", "gpt of 4096-byte sectors":
		default:
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			tr := d.trial(t, rng)
			image, files := tr.image, tr.files
			sum := digest(t, image)
			size := []string{"--sector-size", strconv.FormatInt(d.sector, 10)}
			device := attached(t, p, image, size...)
			for _, n := range []int{d.a, d.b} {
				node := device + "p" + strconv.Itoa(n)
				if got := nodeSize(t, node); got != 64*mib {
					t.Errorf("%s has %d bytes", node, got)
				}
				oracle.ExtClean(t, node, 0)
				oracle.SameFiles(t, oracle.ExtFiles(t, node, 0), files[n])
			}
			p.run(t, append(size, "attach", image)...).want(t, exitRefused, "attached already, as "+device)
			p.run(t, "attach", device).want(t, exitRefused, "is a loop device already")
			p.run(t, append(size, "apply", "--yes", image, write(t, "delete "+strconv.Itoa(d.a)+"\n"))...).want(t, exitRefused, device)
			detached(t, p, image)
			if left := sh(t, ".", "ls "+device+"p* 2>/dev/null || true; losetup -a | grep '^"+device+":' || true"); left != "" {
				t.Errorf("left behind: %s", left)
			}
			p.run(t, "detach", image).want(t, exitRefused, "is not attached")
			if digest(t, image) != sum {
				t.Error("the image changed")
			}
		})
	}
}

// TestDetachInUse keeps a device with a partition that is mounted, or held open, and says so.
func TestDetachInUse(t *testing.T) {
	p := people()[0]
	image, _ := stick(t, p)
	device := attached(t, p, image)
	dir := t.TempDir()
	p.run(t, "mount", image, "1", dir, "--rw").want(t, 0, dir)
	sh(t, dir, "echo new > new")
	p.run(t, "detach", image).want(t, exitRefused, "stays attached", "p1 is mounted at "+dir)
	p.run(t, "detach", device).want(t, exitRefused, "p1 is mounted at "+dir)
	p.run(t, "mount", device, "1").want(t, exitRefused, "p1 is mounted at "+dir+" already")
	oracle.SameFiles(t, mountedFiles(t, device+"p2"), demoFiles(t, 2))
	p.run(t, "unmount", image, dir).want(t, 0, "Unmounted p1 from "+dir)
	p.run(t, "unmount", image, "1").want(t, exitRefused, "p1 is not mounted")

	f, err := os.Open(device + "p1")
	if err != nil {
		t.Fatal(err)
	}
	p.run(t, "detach", image).want(t, exitRefused, "p1")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if nodeSize(t, device+"p2") == 0 {
		t.Error("a refused detach took a partition away")
	}
	detached(t, p, image)
	if files := oracle.ExtFiles(t, image, 63*512); files["new"] == "" {
		t.Error("what was written is not in the image")
	}
}

// TestMountImage looks into an image that is not attached. Nothing at all is written, though the journal of the
// file system waits to be replayed.
func TestMountImage(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	p := people()[0]
	image, _ := stick(t, p)
	dirty(t, image, 63*512)
	sum := digest(t, image)
	out := p.run(t, "mount", image, "p1")
	out.want(t, 0, "read-only")
	at := strings.TrimSpace(out.out)
	unmount := func() {
		_ = exec.Command("umount", at).Run()
		_ = os.Remove(at)
	}
	t.Cleanup(unmount)
	if filepath.Dir(at) != "/run/shunt" {
		t.Errorf("mounted at %s", at)
	}
	oracle.SameFiles(t, oracle.Sums(t, at), demoFiles(t, 1))
	if err := os.WriteFile(filepath.Join(at, "new"), nil, 0o644); err == nil {
		t.Error("it can be written to")
	}
	mounts := sh(t, ".", "grep ' "+at+" ' /proc/mounts")
	for _, word := range []string{"ro,", "nosuid", "nodev", "noexec"} {
		if !strings.Contains(mounts, word) {
			t.Errorf("not %s: %s", word, mounts)
		}
	}
	// Another partition of the same image, at a directory of one's own.
	dir := t.TempDir()
	p.run(t, "mount", image, "2", dir).want(t, 0)
	oracle.SameFiles(t, oracle.Sums(t, dir), demoFiles(t, 2))
	p.run(t, "mount", image, "2").want(t, exitRefused, "p2 is mounted at "+dir+" already")
	p.run(t, "apply", "--yes", image, write(t, "check 1\n")).want(t, exitRefused, "mounted at")
	p.run(t, "attach", image).want(t, exitRefused, "in use by loop device", "mounted at")
	p.run(t, "detach", image).want(t, exitRefused, "unmount that")

	inside := exec.Command("sleep", "60")
	inside.Dir = dir
	if err := inside.Start(); err != nil {
		t.Fatal(err)
	}
	p.run(t, "unmount", image, "2").want(t, exitRefused, "p2 stays mounted at "+dir, fmt.Sprintf("sleep (pid %d)", inside.Process.Pid))
	_ = inside.Process.Kill()
	_ = inside.Wait()
	p.run(t, "unmount", image, "2").want(t, 0)
	p.run(t, "unmount", image, at).want(t, 0)
	if exists(at) {
		t.Errorf("%s was left", at)
	}
	if left := sh(t, ".", "losetup -j '"+image+"'"); left != "" {
		t.Errorf("left behind: %s", left)
	}
	if digest(t, image) != sum {
		t.Error("the image changed")
	}
}

// dirty leaves the ext4 at an offset as a crash does: with a journal that has to be replayed.
func dirty(t *testing.T, image string, off int64) {
	t.Helper()
	sh(t, ".", fmt.Sprintf("debugfs -w -R 'feature needs_recovery' '%s?offset=%d' 2>&1", image, off))
}

// TestMountRefused tells why something cannot be mounted, and leaves nothing behind.
func TestMountRefused(t *testing.T) {
	p := people()[0]
	dir := p.dir(t)
	image := filepath.Join(dir, "disk.raw")
	sh(t, dir, `truncate -s 64M disk.raw; printf 'label: dos\nsize=8M,type=82\nsize=8M\ntype=5\nsize=8M\n' | sfdisk -q disk.raw
		dd if=/dev/zero of=swap bs=1M count=8 status=none; mkswap -q swap; dd if=swap of=disk.raw bs=1M seek=1 conv=notrunc status=none`)
	qcow := filepath.Join(dir, "disk.qcow2")
	sh(t, dir, "qemu-img create -q -f qcow2 disk.qcow2 1M")
	type refusal struct {
		args []string
		code int
		says string
	}
	refusals := []refusal{
		{[]string{"mount", image, "9"}, exitRefused, "no partition 9"},
		{[]string{"mount", image, "x"}, exitUsage, "is not a partition number"},
		{[]string{"mount", image}, exitUsage, "mount TARGET P [DIR]"},
		{[]string{"mount", image, "3"}, exitRefused, "the extended partition"},
		{[]string{"mount", image, "0"}, exitRefused, "say which one"},
		{[]string{"attach", dir}, exitRefused, "directory"},
		{[]string{"attach", qcow}, exitRefused, "shunt image convert"},
		{[]string{"attach", filepath.Join(dir, "none")}, exitRefused, "no such file"},
		{[]string{"detach", image}, exitRefused, "is not attached"},
		{[]string{"unmount", image, dir}, exitRefused, "nothing of"},
	}
	contents := []refusal{
		{[]string{"mount", image, "1"}, exitRefused, "swap space"},
		{[]string{"mount", image, "2"}, exitRefused, "no file system"},
		{[]string{"unmount", image, "1"}, exitRefused, "p1 is not mounted"},
	}
	for _, r := range refusals {
		p.run(t, r.args...).want(t, r.code, r.says)
	}
	for _, other := range people() {
		if other.uid < 0 && os.Geteuid() == 0 {
			for _, r := range contents {
				p.run(t, r.args...).want(t, r.code, r.says)
			}
			continue
		}
		// Whoever may not do it is told what to do.
		sh(t, dir, "chmod a+rw disk.raw; chmod a+rx .")
		sh(t, filepath.Dir(dir), "chmod a+rx .")
		other.run(t, "attach", image).want(t, exitRefused, "needs root", "sudo", "shunt ls")
		for _, r := range contents {
			other.run(t, r.args...).want(t, r.code, r.says)
		}
	}
	if left := sh(t, ".", "losetup -j '"+image+"' 2>/dev/null || true"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// TestMountKinds mounts each kind of file system that this kernel knows, read-only from a read-only file and for writing.
func TestMountKinds(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	p := people()[0]
	for _, kind := range []string{"ext2", "ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			testneed.Mountable(t, map[string]string{"ext2": "ext4"}[kind]+strings.TrimPrefix(kind, "ext2"))
			dir := t.TempDir()
			image := filepath.Join(dir, "disk.raw")
			force := map[string]string{"xfs": "-f", "btrfs": "-f"}[kind]
			sh(t, dir, fmt.Sprintf(`truncate -s 400M fs; mkfs.%s -q %s fs; truncate -s 410M disk.raw
				printf 'label: gpt\nstart=2048,size=400M\n' | sfdisk -q disk.raw; dd if=fs of=disk.raw bs=1M seek=1 conv=notrunc,sparse status=none`, kind, force))
			at := filepath.Join(dir, "at")
			if err := os.Mkdir(at, 0o755); err != nil {
				t.Fatal(err)
			}
			p.run(t, "mount", "--rw", image, "1", at).want(t, 0, "reading and writing")
			sh(t, at, "echo hello > new")
			p.run(t, "unmount", image, "1").want(t, 0)
			eventually(t, "the loop device to go", func() bool { return sh(t, ".", "losetup -j '"+image+"'") == "" })
			sum := digest(t, image)
			if err := os.Chmod(image, 0o444); err != nil {
				t.Fatal(err)
			}
			p.run(t, "mount", image, "1", at).want(t, 0, "read-only")
			if got := sh(t, at, "cat new"); got != "hello\n" {
				t.Errorf("new holds %q", got)
			}
			p.run(t, "unmount", image, "1").want(t, 0)
			if digest(t, image) != sum {
				t.Error("the image changed")
			}
		})
	}
}

// TestMountOfWholeDisk mounts a file system without a table, from an image and from a device.
func TestMountOfWholeDisk(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	p := people()[0]
	dir := t.TempDir()
	image := filepath.Join(dir, "disk.raw")
	sh(t, dir, "truncate -s 32M disk.raw; mkfs.ext4 -q -F disk.raw")
	for _, device := range []string{"", "too"} {
		if device != "" {
			attached(t, p, image)
		}
		out := p.run(t, "mount", image, "0")
		out.want(t, 0)
		at := strings.TrimSpace(out.out)
		if !exists(filepath.Join(at, "lost+found")) {
			t.Errorf("nothing is at %s", at)
		}
		p.run(t, "unmount", image, "0").want(t, 0, at)
	}
}

// TestMountWithoutNodes mounts a partition where /dev has no node for it, as in a container.
func TestMountWithoutNodes(t *testing.T) {
	p := people()[0]
	image, _ := stick(t, p)
	device := attached(t, p, image)
	// It is not made again: the kernel would never remove one that is not its own, and the next partition of that name would
	// have a node with a wrong number.
	if err := os.Remove(device + "p1"); err != nil {
		t.Fatal(err)
	}
	out := p.run(t, "mount", device, "1")
	out.want(t, 0)
	at := strings.TrimSpace(out.out)
	oracle.SameFiles(t, oracle.Sums(t, at), demoFiles(t, 1))
	p.run(t, "detach", device).want(t, exitRefused, "p1 is mounted")
	p.run(t, "unmount", device, "1").want(t, 0, at)
	if left, _ := filepath.Glob("/dev/shunt-node-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestMountByKeys goes from an image to a loop device with a mounted partition and back, by keys on a terminal of 80x24.
func TestMountByKeys(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	image, _ := stick(t, people()[0])
	sum := digest(t, image)
	term := newTmux(t, 80, 24, image)
	t.Cleanup(func() {
		_ = exec.Command("sh", "-c", "for d in $(losetup -n -O NAME -j '"+image+"'); do umount $d $d"+"p1; done").Run()
		people()[0].run(t, "detach", image)
	})
	term.wait("docs", "photos", "Nothing yet")
	term.keys("M")
	term.wait("p1 is not mounted.", "Nothing is written")
	term.keys("Enter")
	term.wait("mounted read-only at /run/shunt/stick.raw-p1", "p1 ●")
	oracle.SameFiles(t, oracle.Sums(t, "/run/shunt/stick.raw-p1"), demoFiles(t, 1))
	term.keys("j", "x")
	term.wait("1 pending")
	term.keys("R")
	term.wait("Cannot begin", "is in use by", "umount")
	for range 20 { // it opened by itself, and takes no key until the keyboard has been quiet
		<-time.After(600 * time.Millisecond)
		term.keys("Escape")
		<-time.After(200 * time.Millisecond)
		if !strings.Contains(term.screen(), "Cannot begin") {
			break
		}
	}
	term.keys("k", "M")
	term.wait("p1 is mounted at /run/shunt/stick.raw-p1.")
	term.keys("Enter")
	term.wait("Unmounted from")
	if digest(t, image) != sum {
		t.Error("the image changed")
	}
	term.keys("M", "End")
	term.wait("operation is kept.")
	term.keys("Enter")
	term.wait("Attach stick.raw as a loop device?")
	term.keys("y")
	term.wait("is attached as /dev/loop", "loop device, 966 MiB", "1 pending")
	term.keys("M", "Down")
	term.wait("not part of the queue")
	term.keys("Enter")
	term.wait("Mount p1 to read and write?")
	term.keys("y")
	term.wait("Mounted for reading and writing; M unmounts it", "1 pending")
	term.keys("M", "End")
	term.wait("Not possible: p1 is mounted at")
	term.keys("Escape")
	// Escape with a letter right behind it is another key.
	eventually(t, "the window to close", func() bool { return !strings.Contains(term.screen(), "Mount and attach") })
	term.keys("M", "Enter")
	term.wait("Unmounted from /run/shunt/loop")
	term.keys("M", "End", "Enter")
	term.wait("is detached; this is the image", "raw, 966 MiB", "1 pending")
	term.keys("q")
	term.wait("Leave shunt?")
	term.keys("y")
	eventually(t, "the loop device to go", func() bool { return sh(t, ".", "losetup -j '"+image+"'") == "" })
}
