package cli

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// worn is a disk of 96 MiB that has been in use for long: whatever is free holds old data. It has an ext4, a FAT, something
// unknown, and a hibernated system in a logical partition.
const worn = `yes old-data | head -c 96M >$IMG; dd if=/dev/zero of=$IMG bs=512 count=1 conv=notrunc status=none
printf 'label: dos\nstart=2048,size=65536,type=83\nstart=73728,size=40960,type=c\nstart=114688,size=16384,type=83\nstart=135168,size=20480,type=5\nstart=137216,size=8192,type=82\n' | sfdisk -q --wipe never --wipe-partitions never $IMG
mkfs.ext4 -q -F -E offset=1048576,nodiscard,lazy_itable_init=1 -d $TREE $IMG 32M
mkfs.fat -F 16 -s 1 --offset 73728 $IMG 20480 >/dev/null 2>&1; mcopy -s -i $IMG@@36M $TREE/* ::
truncate -s 4M swap; mkswap -q swap; printf S1SUSPEND | dd of=swap bs=1 seek=4086 conv=notrunc status=none
dd if=swap of=$IMG bs=1M seek=67 conv=notrunc status=none; rm swap`

// wornTrial makes the image.
func wornTrial(t *testing.T) trial {
	t.Helper()
	for _, name := range []string{"sfdisk", "mkfs.ext4", "mkfs.fat", "mcopy", "mkswap"} {
		testneed.Tool(t, name)
	}
	tree := t.TempDir()
	oracle.PlantTree(t, tree, rand.New(rand.NewSource(1)), 2*mib)
	tr := newTrial(t, 96, "TREE='"+tree+"'\n"+worn)
	tr.files[1] = oracle.Sums(t, tree)
	return tr
}

// wornFiles fails the test unless both file systems are in order and have their files, and all that must stay is there.
func (tr trial) wornFiles(t *testing.T, image string) {
	t.Helper()
	for _, stays := range []struct {
		what     string
		off, len int64
	}{
		{"in front of the first partition", 0, mib},
		{"the unknown contents of p3", 56 * mib, 8 * mib},
		{"the boot record of p5", 66 * mib, 512},
		{"the hibernated system", 67 * mib, 4 * mib},
		{"at the end", 95 * mib, mib},
	} {
		if !bytes.Equal(rangeOf(t, image, stays.off, stays.len), rangeOf(t, tr.image, stays.off, stays.len)) {
			t.Errorf("what lies %s has changed", stays.what)
		}
	}
	oracle.ExtClean(t, image, mib)
	files := oracle.ExtFiles(t, image, mib)
	delete(files, "lost+found")
	oracle.SameFiles(t, files, tr.files[1])
	dir := t.TempDir()
	sh(t, dir, fmt.Sprintf("dd if='%[1]s' of=../fat bs=1M skip=36 count=20 status=none; fsck.fat -n ../fat; mcopy -s -i '%[1]s'@@36M '::*' .; rm ../fat", image))
	oracle.SameFiles(t, oracle.Sums(t, dir), tr.files[1])
}

// TestSparsify gives back the room of free space in an image that was filled with old data. What must not change is
// compared byte by byte; the files are read by foreign programs.
func TestSparsify(t *testing.T) {
	t.Parallel()
	tr := wornTrial(t)
	p := people()[len(people())-1] // root is not needed
	dir := p.dir(t)
	t.Run("raw", func(t *testing.T) {
		image := filepath.Join(dir, "a, b:-c\n.raw")
		cutOut(t, tr.image, image, 0, 96*mib)
		p.own(t, image)
		was := digest(t, image)
		p.run(t, "image", "sparsify", image).want(t, exitUsage, "--yes")
		p.run(t, "image", "sparsify", "--rehearse", image).want(t, exitDone, "It gives", "unchanged")
		if digest(t, image) != was {
			t.Error("a rehearsal changed the image")
		}
		out := p.run(t, "image", "sparsify", "--yes", "--json", image)
		out.want(t, exitDone, "of the host's disk")
		if !strings.Contains(out.out, `"gives_back_bytes":`) {
			t.Errorf("the report has no number: %s", out.out)
		}
		tr.wornFiles(t, image)
		if n := allocated(t, image); n > 26*mib {
			t.Errorf("%d bytes are allocated", n)
		}
		was = digest(t, image)
		n := allocated(t, image)
		p.run(t, "image", "sparsify", "--yes", image).want(t, exitDone)
		if digest(t, image) != was || allocated(t, image) > n {
			t.Error("a second run changed something")
		}
	})
	t.Run("qcow2", func(t *testing.T) {
		testneed.Tool(t, "qemu-img")
		image := filepath.Join(dir, "disk.qcow2")
		sh(t, dir, "qemu-img convert -O qcow2 -S 0 '"+tr.image+"' disk.qcow2")
		p.own(t, image)
		p.run(t, "image", "sparsify", "--yes", image).want(t, exitDone, "of the host's disk")
		if n := allocated(t, image); n > 28*mib {
			t.Errorf("%d bytes are allocated", n)
		}
		tr.wornFiles(t, unpacked(t, image))
	})
	t.Run("allocated in advance", func(t *testing.T) {
		image := filepath.Join(dir, "given.raw")
		sh(t, dir, `fallocate -l 96M given.raw; printf 'label: gpt\nsize=50M\n' | sfdisk -q given.raw
			mkfs.ext4 -q -F -E nodiscard,offset=1048576 given.raw 50M`)
		p.own(t, image)
		was := digest(t, image)
		p.run(t, "image", "sparsify", "--keep-undo", "--yes", image).want(t, exitDone, "It gives")
		n := allocated(t, image)
		if n > 20*mib { // what is in the cache of the host counts as written
			t.Errorf("%d bytes are allocated", n)
		}
		oracle.ExtClean(t, image, mib)
		p.run(t, "undo", "--yes", image).want(t, exitDone)
		if digest(t, image) != was {
			t.Error("an undo left other bytes")
		}
	})
	t.Run("damaged", func(t *testing.T) {
		image := filepath.Join(dir, "damaged.raw")
		cutOut(t, tr.image, image, 0, 96*mib)
		fat := rangeOf(t, image, 36*mib, 512)
		reserved, length := int64(fat[14])|int64(fat[15])<<8, int64(fat[22])|int64(fat[23])<<8
		poke(t, image, 36*mib+(reserved+length)*512+2*9, 0, 0) // only in the second FAT
		p.own(t, image)
		want := rangeOf(t, image, 36*mib, 20*mib)
		p.run(t, "image", "sparsify", "--yes", image).want(t, exitDone, "p2 is damaged", "keeps its room")
		if !bytes.Equal(rangeOf(t, image, 36*mib, 20*mib), want) {
			t.Error("a damaged file system was changed")
		}
	})
	t.Run("refused", func(t *testing.T) {
		blank := filepath.Join(dir, "blank.raw")
		sh(t, dir, "head -c 4M /dev/urandom >blank.raw")
		p.own(t, blank)
		p.run(t, "image", "sparsify", "--yes", blank).want(t, exitRefused, "neither a partition table nor a file system")
		p.run(t, "image", "sparsify", "--yes", filepath.Join(dir, "none")).want(t, exitRefused, "no such file")
	})
}

// TestSparsifyReplays: what is only in a journal is brought in first.
func TestSparsifyReplays(t *testing.T) {
	testneed.Root(t)
	testneed.Mountable(t, "ext4")
	for _, name := range []string{"sfdisk", "unshare", "mkfs.ext4"} {
		testneed.Tool(t, name)
	}
	script, _, _ := strings.Cut(halted, "one 2 ")
	tr := newTrial(t, 64, strings.Replace(script, `start=131072,size=300M\nstart=819200,size=128M\n`, "", 1)+"END\nIMG=$IMG unshare --mount --propagation private sh -e inside; rm p?")
	v := tr.apply(t, people()[0], "image sparsify")
	v.want(t, exitDone, "the journal was replayed")
	oracle.ExtClean(t, v.copy, mib)
	files := oracle.ExtFiles(t, v.copy, mib)
	if files["late"] == "" || len(files) < 6 {
		t.Errorf("files: %v", files)
	}
	if info, err := os.Stat(v.copy); err != nil || info.Size() != 64*mib {
		t.Errorf("%v, %v", info, err)
	}
}

// TestSparsifyAfterDelete: what an edit of the same plan gives up is not given back for good, since an undo needs it.
func TestSparsifyAfterDelete(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "sfdisk")
	for _, line := range []string{"delete 1", "format 1 fs=swap"} {
		img := oracle.Image(t, 16, `printf 'label: gpt\nstart=2048,size=8192\nsize=8192\n' | sfdisk -q $IMG
			yes secret | head -c 4000000 | dd of=$IMG bs=1M seek=1 conv=notrunc status=none`)
		before, err := os.ReadFile(img)
		if err != nil {
			t.Fatal(err)
		}
		p := people()[0]
		p.run(t, "apply", "--yes", img, write(t, line+"\nimage sparsify\n")).want(t, exitDone, "Done")
		p.run(t, "undo", "--yes", img).want(t, exitDone)
		if after, err := os.ReadFile(img); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the undo does not bring everything back: %v", line, err)
		}
	}
}
