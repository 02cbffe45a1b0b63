package cli

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// sfdiskText is what sfdisk writes of an image, without the names that follow from the path.
func sfdiskText(t testing.TB, image string) string {
	t.Helper()
	testneed.Tool(t, "sfdisk")
	return strings.ReplaceAll(testneed.Shell(t, ".", "sfdisk --dump '"+image+"'", "LC_ALL=C.UTF-8"), image, "IMG")
}

// TestTableRestored saves tables with sfdisk and with the program, destroys or changes them, and restores them with the
// program: sfdisk then sees the table as it was, no byte in a partition differs, and an undo brings back what was there.
func TestTableRestored(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	const gpt = "sgdisk -n1:2048:+1M -n7:8192:+1M -n3:0:+1M -t7:ef00 -c1:'a\"b c' -A1:set:2 -A1:set:63 $IMG >/dev/null"
	const mbr = `echo 'label: dos
start=63, size=1000, type=83, bootable
start=2048, size=20000, type=5
start=24000, size=5, type=7
start=2049, size=47, type=7
start=2100, size=300, type=82
start=9000, size=1, type=83' | sfdisk -q $IMG`
	for _, c := range []struct{ name, script, harm string }{
		{"gpt erased", gpt, "dd if=/dev/zero of=$IMG bs=512 count=34 conv=notrunc status=none; dd if=/dev/zero of=$IMG bs=512 seek=32735 conv=notrunc count=33 status=none"},
		{"gpt with partitions deleted and sorted", gpt, "sgdisk -d7 -s $IMG >/dev/null"},
		{"gpt with both copies damaged", gpt, "printf x | dd of=$IMG bs=1 seek=600 conv=notrunc status=none; printf x | dd of=$IMG bs=1 seek=16776720 conv=notrunc status=none"},
		{"gpt replaced by an MBR", gpt, "printf 'label: dos\\nstart=9000, size=10, type=83\\n' | sfdisk -q $IMG"},
		{"mbr erased", mbr, "dd if=/dev/zero of=$IMG bs=512 count=1 conv=notrunc status=none"},
		{"mbr with a logical deleted", mbr, "sfdisk -q --delete $IMG 6"},
		{"mbr replaced by a GPT", mbr, "sgdisk -Z $IMG >/dev/null; sgdisk -n1:3000:+10 $IMG >/dev/null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testneed.Tool(t, "sgdisk")
			self := people()[0]
			img := oracle.Image(t, 16, c.script)
			content := func() []byte {
				b, err := os.ReadFile(img)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			want := sfdiskText(t, img)
			theirs, ours := write(t, strings.ReplaceAll(want, "IMG", img)), filepath.Join(t.TempDir(), "saved")
			self.run(t, "table", "save", img, ours).want(t, exitDone)
			if got := strings.ReplaceAll(testneed.Shell(t, ".", "cat '"+ours+"'"), img, "IMG"); got != want && !strings.Contains(c.name, "gpt") {
				t.Errorf("saved\n%s\nwant\n%s", got, want)
			}
			table := oracle.SFDisk(t, img)
			fill := content()
			for _, p := range table.Partitions {
				if p.Type != "5" {
					copy(fill[p.Off:p.Off+p.Len], bytes.Repeat([]byte(p.Node+"!"), int(p.Len)/len(p.Node)))
				}
			}
			if err := os.WriteFile(img, fill, 0o600); err != nil {
				t.Fatal(err)
			}
			sh(t, ".", "IMG='"+img+"'; "+c.harm)
			harmed := content()
			for _, saved := range []string{theirs, ours} {
				self.run(t, "table", "restore", "--yes", img, saved).want(t, exitDone)
				if got := sfdiskText(t, img); got != want {
					t.Errorf("restored from %s\n%s\nwant\n%s", saved, got, want)
				}
				oracle.TableClean(t, img)
				now := content()
				for _, p := range table.Partitions {
					if p.Type != "5" && !bytes.Equal(now[p.Off:p.Off+p.Len], fill[p.Off:p.Off+p.Len]) {
						t.Errorf("the content of p%d changed", p.Number)
					}
				}
				self.run(t, "undo", "--yes", img).want(t, exitDone)
				if !bytes.Equal(content(), harmed) {
					t.Error("the undo did not bring back what was there")
				}
			}
		})
	}
}

// TestTableSave says what cannot be saved, and replaces no file unless it is told to.
func TestTableSave(t *testing.T) {
	t.Parallel()
	self := people()[0]
	self.run(t, "table", "save", oracle.Image(t, 1, "true")).want(t, exitRefused, "has no partition table that could be saved")
	testneed.Tool(t, "sfdisk")
	img, there := oracle.Image(t, 4, "echo 'label: gpt' | sfdisk -q $IMG"), write(t, "mine\n")
	self.run(t, "table", "save", img, there).want(t, exitRefused, "exists: --force replaces it")
	self.run(t, "table", "save", img, there, "--force").want(t, exitDone)
	self.run(t, "table", "restore", img, there, "--yes").want(t, exitRefused, "the disk has exactly this table")
	self.run(t, "table", "save", img, img, "--force").want(t, exitRefused, "is the source itself")
	bad := write(t, "label: gpt\nfist-lba: 34\n")
	self.run(t, "table", "restore", img, bad, "--yes").want(t, exitRefused, `line 2: "fist-lba" is not a header`)
}

// TestTableSorted compares the numbers with those that sfdisk and sgdisk give.
func TestTableSorted(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	for _, c := range []struct{ name, script, theirs string }{
		{"gpt", "sgdisk -n1:9000:+1M -n7:2048:+1M -n3:4096:+1M -c7:seven -t3:ef00 -A7:set:2 $IMG >/dev/null", "sgdisk -s $IMG >/dev/null"},
		{"gpt as sfdisk does", "sgdisk -n1:9000:+1M -n7:2048:+1M -n3:4096:+1M $IMG >/dev/null", "sfdisk -q -r $IMG >/dev/null"},
		{"mbr", `echo 'label: dos
start=9000, size=10, type=83
start=10000, size=20000, type=5
start=3000, size=10, type=7
start=6000, size=10, type=c, bootable
start=15000, size=10, type=1
start=12000, size=10, type=2
start=18000, size=5, type=3' | sfdisk -q $IMG; sfdisk -q --delete $IMG 3`, "sfdisk -q -r $IMG >/dev/null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testneed.Tool(t, "sgdisk")
			tr := newTrial(t, 16, c.script)
			v := tr.apply(t, people()[0], "table sort")
			v.want(t, exitDone)
			sh(t, ".", "IMG='"+tr.image+"'; "+c.theirs)
			if got, want := sfdiskText(t, v.copy), sfdiskText(t, tr.image); got != want {
				t.Errorf("sorted\n%s\nwant\n%s", got, want)
			}
			oracle.TableClean(t, v.copy)
		})
	}
}

// TestEntryAlone makes an entry shorter than its file system, which foreign programs then find whole once the entry is as long
// again.
func TestEntryAlone(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, 40, "printf 'label: gpt\\nstart=2048, size=40960\\n' | sfdisk -q $IMG")
	tr.ext4(t, rand.New(rand.NewSource(1)), 1, 1, 20)
	v := tr.apply(t, people()[0], "resize 1 by -9MiB entry-only")
	v.want(t, exitDone, "is not resized and is 9 MiB longer than the partition", "Ends before its file system does: p1 (ext4, by 9 MiB)")
	if p := v.table(t, v.copy).Part(t, 1); p.Len != 11*mib {
		t.Errorf("sfdisk sees it %d bytes long", p.Len)
	}
	people()[0].run(t, "apply", "--yes", v.copy, write(t, "resize 1 to 30MiB entry-only\n")).want(t, exitDone)
	oracle.ExtClean(t, v.copy, mib)
	oracle.SameFiles(t, oracle.ExtFiles(t, v.copy, mib), tr.files[1])
	if p := v.table(t, v.copy).Part(t, 1); p.Len != 30*mib {
		t.Errorf("sfdisk sees it %d bytes long", p.Len)
	}
}

// TestTableSaveKeepsImages saves over what is no text, or a text that is an image: nothing replaces it, whatever its size.
func TestTableSaveKeepsImages(t *testing.T) {
	t.Chdir(t.TempDir())
	testneed.Tool(t, "sfdisk")
	testneed.Tool(t, "qemu-img")
	sh(t, ".", `truncate -s 1M blank small.raw && for x in small.raw source; do truncate -s 1M $x; echo start=63,size=9 | sfdisk -q -X dos $x; done
qemu-img create -q -f qcow2 a.qcow2 1M; qemu-img create -q -f vmdk -o subformat=monolithicFlat a.vmdk 1M; echo text >text`)
	for _, name := range []string{"blank", "small.raw", "a.qcow2", "a.vmdk", "text"} {
		before, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code, _, says := called(t, "table", "save", "source", name, "--force")
		after, err := os.ReadFile(name)
		if name == "text" {
			if code != exitDone || !strings.HasPrefix(string(after), "label: dos") || err != nil {
				t.Errorf("a text: code %d, %s", code, says)
			}
			continue
		}
		if code != exitRefused || !strings.Contains(says, "disk image: choose another name, or remove it first") || !bytes.Equal(before, after) || err != nil {
			t.Errorf("%s: code %d, %s, %v", name, code, says, err)
		}
	}
}
