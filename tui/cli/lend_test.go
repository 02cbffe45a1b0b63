package cli

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/model/testneed"
)

// lenders makes a.raw, an MBR disk with ext4 (p1) and FAT16 (p2) that hold a file each, and b.raw, a GPT disk with one
// ext4 partition.
const lenders = `mkdir tree; seq 1 200000 >tree/numbers; truncate -s 96M a.raw; truncate -s 160M b.raw
printf 'label: dos\nstart=2048,size=40M\nstart=83968,size=20M,type=e\n' | sfdisk -q a.raw
mkfs.ext4 -q -F -L lent -d tree -E offset=1048576,nodiscard a.raw 40M
mkfs.fat -F 16 -n LENT --offset 83968 a.raw 20480 >/dev/null; mcopy -i a.raw@@42991616 tree/numbers ::numbers
printf 'label: gpt\nstart=2048,size=30M\n' | sfdisk -q b.raw
mkfs.ext4 -q -F -L own -E offset=1048576,nodiscard b.raw 30M`

func needLenders(t *testing.T) {
	t.Helper()
	testneed.File(t, "/dev/fuse")
	for _, name := range []string{"sfdisk", "sgdisk", "mkfs.ext4", "mkfs.fat", "fsck.fat", "mcopy", "debugfs", "blkid"} {
		testneed.Tool(t, name)
	}
}

// lentWell has e2fsck and debugfs judge an ext4 partition at byte off of b.raw, as long as it is said to be.
func lentWell(t *testing.T, dir string, off, blocks int64) {
	t.Helper()
	sh(t, dir, fmt.Sprintf("e2fsck -fn 'b.raw?offset=%d'", off))
	sh(t, dir, fmt.Sprintf("debugfs -R 'dump /numbers got' 'b.raw?offset=%d' 2>/dev/null; cmp got tree/numbers", off))
	if got := strings.TrimSpace(sh(t, dir, fmt.Sprintf("dumpe2fs -h 'b.raw?offset=%d' 2>/dev/null | awk '/^Block count/ {print $3}'", off))); got != fmt.Sprint(blocks) {
		t.Errorf("the copy has %s blocks, want %d", got, blocks)
	}
}

// TestCopyFromAnother copies partitions of an image to another one, with a plan file, as root and as somebody else.
func TestCopyFromAnother(t *testing.T) {
	t.Parallel()
	needLenders(t)
	for _, p := range people() {
		t.Run(p.name, func(t *testing.T) {
			dir := p.dir(t)
			sh(t, dir, lenders)
			a, b, plan := filepath.Join(dir, "a.raw"), filepath.Join(dir, "b.raw"), filepath.Join(dir, "plan")
			for _, path := range []string{a, b} {
				p.own(t, path)
			}
			lent := sha256.Sum256(readFile(t, a))
			lines := fmt.Sprintf("copy 1 at 40MiB size=100MiB from=%[1]q\nuuid 2 new\ncopy 2 over 1 from=%[1]q\n", a)
			if err := os.WriteFile(plan, []byte(lines), 0o644); err != nil {
				t.Fatal(err)
			}
			p.run(t, "apply", "--yes", "--verify", b, plan).want(t, 0, "Done")

			sh(t, dir, "sgdisk -v b.raw | grep 'No problems found'; sfdisk --verify b.raw")
			lentWell(t, dir, 40*mib, 100<<20/1024)
			sh(t, dir, "dd if=b.raw of=fat bs=1M skip=1 count=30 status=none; fsck.fat -n fat; mcopy -i fat ::numbers got2; cmp got2 tree/numbers")
			if hidden := readFile(t, b)[1*mib+0x1c : 1*mib+0x20]; !bytes.Equal(hidden, []byte{0, 8, 0, 0}) {
				t.Errorf("the FAT volume says % x sectors lie before it", hidden)
			}
			if sha256.Sum256(readFile(t, a)) != lent {
				t.Error("what was copied from changed")
			}
			p.run(t, "undo", "--yes", b).want(t, 0, "exactly as it was")
			if got := strings.TrimSpace(sh(t, dir, "blkid -p -o value -s LABEL -O 1048576 -S 31457280 b.raw")); got != "own" {
				t.Errorf("after the undo p1 is called %q", got)
			}
		})
	}
}

// TestCopyFromRefused asks for copies from what cannot be copied from.
func TestCopyFromRefused(t *testing.T) {
	t.Parallel()
	needLenders(t)
	dir := t.TempDir()
	sh(t, dir, lenders)
	b, plan := filepath.Join(dir, "b.raw"), filepath.Join(dir, "plan")
	whole := sha256.Sum256(readFile(t, b))
	for name, tt := range map[string]struct{ before, from, part, want string }{
		"itself":       {"ln -s b.raw same", "same", "1", "that is the target itself: leave out from="},
		"nothing":      {"true", "none", "1", "it does not exist"},
		"no partition": {"true", "a.raw", "3", "there is no partition 3"},
		"no disk":      {"echo hello >text", "text", "1", "text"},
		"too large":    {"true", "a.raw", "1 at 150MiB", "the copy needs"},
		"qcow2":        {"printf 'QFI\\373\\0\\0\\0\\3' >q; truncate -s 1M q", "q", "1", "qcow2"},
		"unfinished":   {"cp a.raw c.raw; mkdir c.raw.shunt; head -c 100000 /dev/urandom >c.raw.shunt/journal", "c.raw", "1", "it has an unfinished transaction"},
	} {
		t.Run(name, func(t *testing.T) {
			sh(t, dir, tt.before)
			place := tt.part
			if !strings.Contains(place, "at") {
				place += " at 40MiB"
			}
			if err := os.WriteFile(plan, []byte("copy "+place+" from="+filepath.Join(dir, tt.from)+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			people()[0].run(t, "apply", "--yes", b, plan).want(t, 1, tt.want)
			if sha256.Sum256(readFile(t, b)) != whole {
				t.Fatal("the target changed")
			}
		})
	}
	t.Run("in use", func(t *testing.T) {
		loopOn(t, filepath.Join(dir, "a.raw"), 512)
		if err := os.WriteFile(plan, []byte("copy 1 at 40MiB from="+filepath.Join(dir, "a.raw")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		people()[0].run(t, "apply", "--yes", b, plan).want(t, 1, "could change while it is copied", "loop")
	})
}

// TestCopyFromDevice copies a partition of a loop device that is not in use; one that is mounted is not copied.
func TestCopyFromDevice(t *testing.T) {
	testneed.Root(t)
	needLenders(t)
	dir := t.TempDir()
	sh(t, dir, lenders)
	device := loopOn(t, filepath.Join(dir, "a.raw"), 512)
	b, plan, p := filepath.Join(dir, "b.raw"), write(t, "copy 1 at 40MiB from="+device+"\n"), people()[0]
	p.run(t, "apply", "--yes", device, write(t, "flag 1 boot on\n")).want(t, 0) // tells the kernel the partitions
	sh(t, dir, "mkdir at; mount "+device+"p1 at")
	p.run(t, "apply", "--yes", b, plan).want(t, 1, "it is mounted")
	sh(t, dir, "umount at")
	p.run(t, "apply", "--yes", b, plan).want(t, 0, "Done")
	lentWell(t, dir, 40*mib, 40<<20/1024)
}

// TestCopyBetweenByKeys opens two images in the editor, copies from the one and pastes into the other.
func TestCopyBetweenByKeys(t *testing.T) {
	needLenders(t)
	dir := t.TempDir()
	sh(t, dir, lenders)
	lent := sha256.Sum256(readFile(t, filepath.Join(dir, "a.raw")))
	term := newTmux(t, 80, 24, filepath.Join(dir, "a.raw"), filepath.Join(dir, "b.raw"))
	term.wait("lent", "LENT")
	term.keys("c")
	term.wait("p1 is copied")
	term.keys("Tab")
	term.wait("own")
	term.keys("End", "v")
	term.wait("Paste")
	term.keys("Enter")
	term.wait("1 pending")
	term.keys("a")
	term.wait("The rehearsal passed", "Apply to b.raw?")
	for range 20 {
		<-time.After(600 * time.Millisecond)
		term.keys("y")
		<-time.After(200 * time.Millisecond)
		if !strings.Contains(term.screen(), "Apply to b.raw?") {
			break
		}
	}
	term.wait("exactly as planned")
	lentWell(t, dir, 31*mib, 40<<20/1024)
	if sha256.Sum256(readFile(t, filepath.Join(dir, "a.raw"))) != lent {
		t.Error("what was copied from changed")
	}
}
