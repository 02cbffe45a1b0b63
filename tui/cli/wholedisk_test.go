package cli

import (
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
			p.run(t, "apply", "--yes", image, write(t, "image size 127MiB\n")).want(t, 1, "ends there")
			p.run(t, "apply", "--yes", image, write(t, "delete 0\n")).want(t, 1, "there is no partition 0")
		})
	}
}
