package cli

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// loopOn sets up a loop device on an image until the test ends, with the partitions that shunt gives the kernel.
func loopOn(t *testing.T, image string, sector int64) (device string) {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	device = strings.TrimSpace(sh(t, ".", fmt.Sprintf("losetup --find --show --sector-size %d '%s'", sector, image)))
	t.Cleanup(func() {
		// Whoever looks for the users of another image has the partitions open for a moment.
		sh(t, ".", fmt.Sprintf("for p in /sys/block/%[1]s/%[1]sp*; do for i in $(seq 50); do "+
			"test -e $p || break; delpart %[2]s $(cat $p/partition) 2>/dev/null || sleep 0.1; done; done; losetup -d %[2]s",
			filepath.Base(device), device))
	})
	return device
}

// nodeSize is the size of a block device in bytes.
func nodeSize(t *testing.T, node string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.TrimSpace(sh(t, ".", "blockdev --getsize64 "+node)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// mountedFiles are the files of a partition as the kernel sees them.
func mountedFiles(t *testing.T, node string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	sh(t, dir, "mount -o ro "+node+" .")
	defer unmounted(t, dir)
	return oracle.Sums(t, dir)
}

// unmounted unmounts what was only read. A program that another test starts right then can keep the mount busy for a moment,
// with a copy of an open file or of the mount; the kernel ends the mount with that.
func unmounted(t testing.TB, dir string) {
	t.Helper()
	sh(t, "/", fmt.Sprintf("umount '%[1]s' 2>/dev/null || umount -l '%[1]s'", dir))
}

func write(t testing.TB, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "plan")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFoundingExampleOnLoopDevice is the guide's example as the guide does it, on a loop device.
func TestFoundingExampleOnLoopDevice(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	image, _ := stick(t, p)
	device := loopOn(t, image, 512)
	p.run(t, "apply", "--yes", device, write(t, "image grow 2GiB\n")).want(t, 1, "fixed size", "truncate", "losetup -c")
	sh(t, ".", fmt.Sprintf("truncate -s +2G '%s'; losetup -c %s", image, device))
	p.run(t, "info", device).want(t, 0, "loop device", "p1", "docs")

	p.run(t, "apply", "--yes", device, write(t, "move 2 right 1024MiB\ngrow 1\n")).want(t, 0, "Done")

	after := oracle.SFDisk(t, device)
	for n := range 2 {
		part := after.Part(t, n+1)
		node := device + "p" + strconv.Itoa(n+1)
		if got := nodeSize(t, node); got != part.Len {
			t.Errorf("%s has %d bytes, its entry says %d", node, got, part.Len)
		}
		oracle.SameFiles(t, mountedFiles(t, node), demoFiles(t, n+1))
		sh(t, ".", "e2fsck -fn "+node)
	}
	if p1 := after.Part(t, 1); p1.Len < 1400*mib {
		t.Errorf("p1 has %d bytes", p1.Len)
	}
	// The journal lies beside the image, where it is found by whatever name the target is opened.
	onlyWith(t, image, "plan", "stick.raw.shunt")
	p.run(t, "undo", "--yes", device).want(t, 0, "exactly as it was")
	if got := nodeSize(t, device+"p1"); got > 500*mib {
		t.Errorf("after the undo p1 has %d bytes", got)
	}
	oracle.SameFiles(t, mountedFiles(t, device+"p2"), demoFiles(t, 2))
}

// TestFoundingExampleMounted is the guide's example while the first partition is in use: the other one makes room, and the
// first grows without an interruption.
func TestFoundingExampleMounted(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	image, _ := stick(t, p)
	sh(t, ".", "truncate -s +2G '"+image+"'")
	device := attached(t, p, image)
	at := t.TempDir()
	p.run(t, "mount", "--rw", device, "1", at).want(t, 0, at)
	unmount := func() { p.run(t, "unmount", device, "1").want(t, 0) }
	defer func() { unmount() }()
	p.run(t, "apply", "--yes", device, write(t, "move 1 right 1MiB\n")).want(t, 1, "mounted at "+at, "unmount it first")
	plan := write(t, "move 2 right 1024MiB\ngrow 1\n")
	grown := testneed.GrowsMountedExt()
	out := p.run(t, "apply", "--yes", device, plan)
	out.want(t, 0, "Done", "after the commit")
	if strings.Contains(out.err, "did not grow") == grown {
		t.Errorf("may grow: %v\n%s", grown, out.err)
	}
	table := oracle.SFDisk(t, device)
	for n := range 2 {
		if got, want := nodeSize(t, device+"p"+strconv.Itoa(n+1)), table.Part(t, n+1).Len; got != want {
			t.Errorf("the kernel gives p%d %d bytes, its entry says %d", n+1, got, want)
		}
	}
	if start := table.Part(t, 2).Off; start != 989184*512+1024*mib {
		t.Errorf("p2 begins at %d", start)
	}
	oracle.SameFiles(t, oracle.Sums(t, at), demoFiles(t, 1))
	oracle.SameFiles(t, mountedFiles(t, device+"p2"), demoFiles(t, 2))
	if grown {
		sh(t, at, "fallocate -l 700000000 fits; rm fits")
	}
	unmount()
	unmount = func() {}
	for n := range 2 {
		oracle.ExtClean(t, device+"p"+strconv.Itoa(n+1), 0)
	}
	oracle.SameFiles(t, oracle.ExtFiles(t, device+"p1", 0), demoFiles(t, 1))
}

// TestDeviceMoves moves partitions of all kinds of tables on loop devices with both sizes of sectors.
func TestDeviceMoves(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
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
			device := loopOn(t, image, d.sector)
			plan := fmt.Sprintf("move %d right 40MiB\nresize %d to 150MiB\n", d.b, d.a)
			p.run(t, "apply", "--yes", "--verify", device, write(t, plan)).want(t, 0, "Done")
			table := oracle.SFDisk(t, device)
			for n, want := range map[int]place{d.a: {64 * mib, 150 * mib}, d.b: {232 * mib, 64 * mib}} {
				part := table.Part(t, n)
				if part.Off != want.start || part.Len != want.size {
					t.Errorf("p%d lies at %d+%d", n, part.Off, part.Len)
				}
				node := device + "p" + strconv.Itoa(n)
				if got := nodeSize(t, node); got != want.size {
					t.Errorf("the kernel gives p%d %d bytes", n, got)
				}
				oracle.ExtClean(t, node, 0)
				// Not mounted: these file systems have blocks of 1 KiB, which no kernel mounts from sectors of 4 KiB.
				oracle.SameFiles(t, oracle.ExtFiles(t, node, 0), files[n])
			}
			if strings.HasPrefix(d.name, "logical") {
				if got := nodeSize(t, device+"p1"); got != 1024 {
					t.Errorf("the kernel shows %d bytes of the extended partition, want 1024", got)
				}
			}
		})
	}
}

// TestDeviceKilled kills the worker of a commit on a loop device with signal 9 while it copies, and ends what is left
// both ways. The kernel must know the partition where it ends up, and not know it in between.
func TestDeviceKilled(t *testing.T) {
	testneed.Root(t)
	s := newSlow(t, 40*mib).of(t, people()[0])
	image := s.image
	for _, back := range []bool{true, false} {
		device := loopOn(t, image, 512)
		s.image = device
		sh(t, ".", "addpart "+device+" 1 2048 327680")
		first := s.person.begin(t, append(s.args("apply", "--yes"), s.plan)...)
		first.waitFor(t, "committing: copy")
		killWorker(t, device)
		first.end().want(t, 4, "No data is lost", "shunt recover")
		if exists(device + "p1") {
			t.Error("the kernel lets a half-moved partition be mounted")
		}
		s.person.run(t, "info", device).want(t, 3, "unfinished transaction")
		s.person.run(t, "mount", device, "1").want(t, 3, "unfinished transaction")
		recover, at := []string{"recover", device}, int64(slowTo)
		if back {
			recover, at = append(recover, "--rollback"), slowFrom
		}
		s.person.run(t, recover...).want(t, 0)
		if got := oracle.SFDisk(t, device).Part(t, 1); got.Off != at {
			t.Fatalf("back %v: the partition begins at %d", back, got.Off)
		}
		sh(t, ".", "e2fsck -fn "+device+"p1")
		oracle.SameFiles(t, mountedFiles(t, device+"p1"), s.files)
	}
}

// killWorker kills the worker that has exactly this target.
func killWorker(t *testing.T, target string) {
	t.Helper()
	for _, pid := range processesOf(t, "shunt-worker\x00"+target+"\x00") {
		send(t, pid, syscall.SIGKILL)
	}
}

// TestDeviceOnFullDisk lets the file system run full that holds the image of a loop device.
func TestDeviceOnFullDisk(t *testing.T) {
	dir := small(t, 280)
	s := newSlow(t, 100*mib)
	p := people()[0]
	sh(t, dir, "cp --sparse=always '"+s.image+"' slow.raw")
	makeRoom := fill(t, dir, 40*mib)
	device := loopOn(t, filepath.Join(dir, "slow.raw"), 512)
	elsewhere := t.TempDir()

	p.run(t, "apply", "--yes", "--journal", elsewhere, device, s.plan).want(t, 4, "Nothing is lost")
	p.run(t, "info", "--journal", elsewhere, device).want(t, 3, "unfinished transaction")
	makeRoom()
	p.run(t, "recover", "--journal", elsewhere, device).want(t, 0, "Done")
	sh(t, ".", "e2fsck -fn "+device+"p1")
	oracle.SameFiles(t, mountedFiles(t, device+"p1"), s.files)
}

// TestDeviceInUse edits around a mounted partition, and does nothing to it.
func TestDeviceInUse(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	d := disks()[3]
	tr := d.trial(t, rng)
	image, files := tr.image, tr.files
	device := loopOn(t, image, d.sector)
	sh(t, ".", fmt.Sprintf("addpart %[1]s 1 131072 131072; addpart %[1]s 2 393216 131072", device))
	at := t.TempDir()
	sh(t, ".", "mount "+device+"p1 '"+at+"'")
	umount := func() { sh(t, "/", "umount '"+at+"'") }
	defer func() { umount() }()

	for _, plan := range []string{"move 1 right 1MiB", "resize 1 to 40MiB", "delete 1", "check 1"} {
		p.run(t, "apply", "--yes", device, write(t, plan+"\n")).want(t, 1, "mounted at "+at, "unmount it first")
	}
	sh(t, at, "echo still here > new; sync .")
	p.run(t, "apply", "--yes", device, write(t, "move 2 right 10MiB\n")).want(t, 0, "Done")
	if got := strings.TrimSpace(sh(t, at, "cat new")); got != "still here" {
		t.Errorf("the mounted file system holds %q", got)
	}
	oracle.SameFiles(t, mountedFiles(t, device+"p2"), files[2])
	p.run(t, "undo", "--yes", device).want(t, 1, "mounted at "+at)
	umount()
	umount = func() {}
	sh(t, ".", "e2fsck -fn "+device+"p1")
	p.run(t, "undo", "--yes", device).want(t, 0, "exactly as it was")
	oracle.SameFiles(t, mountedFiles(t, device+"p2"), files[2])
}

// TestDeviceGrownMounted makes room behind a mounted partition and grows it with its file system, without an interruption
// for whoever uses it.
func TestDeviceGrownMounted(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	for _, c := range []struct{ kind, make, check string }{
		{"ext4", "mkfs.ext4 -q -F", "e2fsck -fn"},
		{"xfs", "mkfs.xfs -q -f", "xfs_repair -n"},
		{"btrfs", "mkfs.btrfs -q -f", "btrfs check --readonly"},
		{"nilfs2", "mkfs.nilfs2 -q -f", "blkid -p"},
		{"jfs", "mkfs.jfs -q", "jfs_fsck -n"},
	} {
		if c.kind == "ext4" && !testneed.GrowsMountedExt() {
			continue
		}
		t.Run(c.kind, func(t *testing.T) {
			testneed.Mountable(t, c.kind)
			image := filepath.Join(t.TempDir(), "disk.raw")
			sh(t, ".", fmt.Sprintf("truncate -s 700M '%[1]s'; printf 'label: gpt\nstart=2048,size=320M\nsize=60M\n' | sfdisk -q '%[1]s'", image))
			// An old use of the disk left the second superblock of a NILFS where the partition will end.
			sh(t, t.TempDir(), fmt.Sprintf("truncate -s 620M old; mkfs.nilfs2 -q old; "+
				"dd if=old of='%s' bs=4096 skip=158719 seek=158975 count=1 conv=notrunc", image))
			device := loopOn(t, image, 512)
			sh(t, ".", fmt.Sprintf("addpart %[1]s 1 2048 655360; addpart %[1]s 2 657408 122880", device))
			sh(t, ".", c.make+" "+device+"p1; mkfs.ext4 -q -F "+device+"p2")
			at := t.TempDir()
			sh(t, ".", "mount "+device+"p1 '"+at+"'")
			mounted := true
			defer func() {
				if mounted {
					sh(t, "/", "umount '"+at+"'")
				}
			}()
			sh(t, at, "head -c 20000000 /dev/urandom > before; sync")
			sum := sh(t, at, "sha256sum before")

			out := p.run(t, "apply", "--yes", device, write(t, "move 2 right 300MiB\ngrow 1\n"))
			out.want(t, 0, "Done", "after the commit")
			if got := nodeSize(t, device+"p1"); got != 620*mib {
				t.Errorf("the kernel's p1 has %d bytes", got)
			}
			var st syscall.Statfs_t
			if err := syscall.Statfs(at, &st); err != nil {
				t.Fatal(err)
			}
			if size := int64(st.Blocks) * st.Bsize; size < 520*mib {
				t.Errorf("the mounted file system has %d bytes", size)
			}
			if got := sh(t, at, "head -c 460000000 /dev/zero > after; sync; sha256sum before"); got != sum {
				t.Errorf("before: %s, after: %s", sum, got)
			}
			p.run(t, "undo", "--yes", device).want(t, 1, "grew while mounted")
			sh(t, "/", "umount '"+at+"'")
			mounted = false
			if kinds := strings.Fields(sh(t, ".", "wipefs --noheadings -O TYPE "+device+"p1 | sort -u")); len(kinds) != 1 || kinds[0] != c.kind {
				t.Errorf("wipefs finds %q", kinds)
			}
			// btrfs lets go of its device a moment after the umount.
			sh(t, ".", fmt.Sprintf("for i in $(seq 50); do mkfs.ext4 -n %[1]sp1 >/dev/null 2>&1 && break; sleep 0.1; done; %[2]s %[1]sp1; e2fsck -fn %[1]sp2", device, c.check))
		})
	}
}
