package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// tables4096 are tables for sectors of 512 bytes whose partitions begin and end with sectors of 4096 bytes.
var tables4096 = map[string]string{
	"gpt": "label: gpt\nfirst-lba: 34\nstart=2048, size=4096, name=one, attrs=\"LegacyBIOSBootable\"\n3: start=8192, size=2048\n",
	"mbr": "label: dos\nstart=2048, size=4096, type=83, bootable\nstart=8192, size=8192, type=5\nstart=8200, size=1024, type=82\nstart=10240, size=1024, type=83\n",
}

// TestTable4096 saves and restores tables of disks with sectors of 4096 bytes: a GPT is as it was to
// the byte, an MBR but for the places of boot records. A dump for other sectors is refused.
func TestTable4096(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "sfdisk")
	for name, table := range tables4096 {
		p := user()
		dir := p.dir(t)
		small, wide, saved := filepath.Join(dir, "small.raw"), filepath.Join(dir, "wide.raw"), filepath.Join(dir, "saved")
		sh(t, dir, "truncate -s 16M small.raw; sfdisk -q small.raw <<'END'\n"+table+"END\n")
		p.own(t, small)
		p.run(t, "image", "convert", small, wide, "--to-sector-size", "4096").want(t, exitDone)
		before, err := os.ReadFile(wide)
		if err != nil {
			t.Fatal(err)
		}
		p.run(t, "table", "save", "--sector-size", "4096", wide, saved).want(t, exitDone)
		sh(t, dir, "dd if=/dev/zero of=wide.raw bs=4096 count=6 conv=notrunc status=none; dd if=/dev/zero of=wide.raw bs=4096 seek=$((4096-5)) count=5 conv=notrunc status=none")
		p.run(t, "table", "restore", "--yes", "--sector-size", "4096", wide, saved).want(t, exitDone)
		after, err := os.ReadFile(wide)
		if err != nil || name == "gpt" && !bytes.Equal(after, before) { // a dump does not say where boot records of logical partitions were
			t.Errorf("%s: the disk differs from what it was, %v", name, err)
		}
		p.run(t, "table", "save", "--sector-size", "4096", wide, saved+".again").want(t, exitDone)
		sh(t, dir, "cmp saved saved.again")
		p.run(t, "table", "restore", "--yes", small, saved).want(t, exitRefused, "it is for sectors of 4096 bytes, and the disk has sectors of 512")
	}
}

// TestTable4096Foreign does the same on devices with such sectors, and sfdisk says what the table is.
func TestTable4096Foreign(t *testing.T) {
	t.Parallel()
	self := people()[0]
	for name, table := range tables4096 {
		image := filepath.Join(t.TempDir(), "disk.raw")
		sh(t, ".", "truncate -s 128M '"+image+"'")
		device := loopOn(t, image, 4096)
		sh(t, ".", "sfdisk -q --no-tell-kernel "+device+" <<'END'\n"+table+"END\n")
		want := sfdiskText(t, device)
		theirs, ours := write(t, strings.ReplaceAll(want, "IMG", device)), filepath.Join(t.TempDir(), "ours")
		self.run(t, "table", "save", device, ours).want(t, exitDone)
		for _, saved := range []string{theirs, ours} {
			sh(t, ".", "dd if=/dev/zero of="+device+" bs=4096 count=6 status=none; dd if=/dev/zero of="+device+" bs=4096 seek=$((32768-5)) count=5 status=none")
			self.run(t, "table", "restore", "--yes", device, saved).want(t, exitDone)
			if got := sfdiskText(t, device); got != want {
				t.Errorf("%s: restored\n%s\nwant\n%s", name, got, want)
			}
			sh(t, ".", "sfdisk -q --verify "+device)
		}
	}
}
