package cli

import (
	"os"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestWholeDisk enlarges images without a table, has their file system fill them, labels and checks it. Foreign programs judge.
func TestWholeDisk(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	for _, c := range []struct{ kind, make, check string }{
		{"ext4", "mkfs.ext4 -q -F", "e2fsck -fn"},
		{"vfat", "mkfs.fat -F 32", "fsck.fat -n"},
		{"ntfs", "mkfs.ntfs -q -F -f", "ntfsresize --info --force"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			p := people()[0]
			image := oracle.Image(t, 64, c.make+" $IMG")
			p.own(t, image)
			p.run(t, "apply", "--yes", image, write(t, "grow 0\n")).want(t, 1, "enlarge the image first")
			p.run(t, "apply", "--yes", image, write(t, "image grow 64MiB\ngrow 0\nlabel 0 DATA\nuuid 0 new\n")).want(t, 0)
			p.run(t, "apply", "--yes", image, write(t, "check p0\n")).want(t, 0)
			sh(t, ".", c.check+" '"+image+"'")
			if kind, label := oracle.Blkid(t, image, "TYPE"), oracle.Blkid(t, image, "LABEL"); kind != c.kind || label != "DATA" {
				t.Errorf("blkid says %s, label %s", kind, label)
			}
			if told := p.run(t, "info", image); !strings.Contains(told.out, " 128 MiB ") {
				t.Error(told.out)
			}
			if c.kind != "ntfs" { // it wants to be checked by Windows first
				p.run(t, "apply", "--yes", image, write(t, "image size 100MiB\n")).want(t, 0)
				sh(t, ".", c.check+" '"+image+"'")
				sizeIs(t, image, 100)
				p.run(t, "apply", "--yes", image, write(t, "resize 0 by -9MiB\nresize 0 by +1MiB\n")).want(t, 0)
				sizeIs(t, image, 92)
				p.run(t, "apply", "--yes", image, write(t, "resize 0 min\n")).want(t, 0)
				sh(t, ".", c.check+" '"+image+"'")
				p.run(t, "apply", "--yes", image, write(t, "resize 0 to 96MiB\n")).want(t, 0)
				sizeIs(t, image, 96)
				p.run(t, "apply", "--yes", image, write(t, "grow 0\n")).want(t, 1, "enlarge the image first")
				p.run(t, "apply", "--yes", image, write(t, "image min\n")).want(t, 0)
				sh(t, ".", c.check+" '"+image+"'")
			}
			p.run(t, "apply", "--yes", image, write(t, "image size 2MiB\n")).want(t, 1, "Nothing was changed")
			p.run(t, "apply", "--yes", image, write(t, "delete 0\n")).want(t, 1, "there is no partition 0")
			if kind, label := oracle.Blkid(t, image, "TYPE"), oracle.Blkid(t, image, "LABEL"); kind != c.kind || label != "DATA" {
				t.Errorf("blkid says %s, label %s", kind, label)
			}
		})
	}
}

// sizeIs fails the test if an image has not so many MiB.
func sizeIs(t *testing.T, image string, mib int64) {
	t.Helper()
	info, err := os.Stat(image)
	if err != nil || info.Size() != mib<<20 {
		t.Errorf("%d bytes, want %d MiB (%v)", info.Size(), mib, err)
	}
}

// TestWholeDevice edits the file system that covers a loop device, whose size is fixed.
func TestWholeDevice(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	image := oracle.Image(t, 64, "mkfs.ext4 -q -F $IMG; truncate -s 96M $IMG")
	loop := strings.TrimSpace(sh(t, ".", "losetup -f --show '"+image+"'"))
	t.Cleanup(func() { sh(t, ".", "losetup -d "+loop) })
	p := people()[0]
	p.run(t, "apply", "--yes", loop, write(t, "grow 0\ncheck 0\nlabel 0 LOOP\nuuid 0 new\n")).want(t, 0)
	oracle.ExtClean(t, image, 0)
	if label := oracle.Blkid(t, image, "LABEL"); label != "LOOP" {
		t.Errorf("label %q", label)
	}
	for _, line := range []string{"resize 0 min", "resize 0 to 50MiB", "resize 0 by +1MiB", "image min", "image size 50MiB"} {
		p.run(t, "apply", "--yes", loop, write(t, line+"\n")).want(t, 1, "fixed size", "Nothing was changed")
	}
	p.run(t, "apply", "--yes", loop, write(t, "resize 0 max\n")).want(t, 1, "as large as it can be")
}
