package cli

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

var bisectLeast = flag.Bool("least", false, "find the smallest sizes at which foreign tools succeed by bisection, with all fillings")

// leastKind is a kind of file system that shrinks. The scripts make it in the file part, fill it from the directory tree,
// and delete the files of holes again, which lie between others.
type leastKind struct {
	name, make, holes string
	tool              string
	// shrink makes the file system in the file t $SIZE bytes long; check judges it. Both fail if it is too small.
	shrink, check string
	mounts        string // it takes root and a kernel that mounts this
	always        bool   // also without -least
}

func leastKinds() []leastKind {
	ext := func(name, options string, always bool) leastKind {
		return leastKind{
			name: name, make: "mke2fs -q -F -d tree " + options + " part 256M", tool: "mke2fs", always: always,
			holes:  `for i in 1 3 5 7; do echo rm /big$i; done | debugfs -w -f - part`,
			shrink: "resize2fs -f t $((SIZE/1024))K", check: "e2fsck -fn t",
		}
	}
	btrfs := func(name, options string, always bool) leastKind {
		return leastKind{
			name: name, make: "mkfs.btrfs -q " + options + " part; mount -o loop part m; cp -r tree/. m; umount m", tool: "mkfs.btrfs", always: always,
			holes:  "mount -o loop part m; rm -f m/big[1357]; umount m",
			shrink: "mount -o loop t m; r=0; btrfs filesystem resize $SIZE m || r=1; umount m; exit $r", check: "btrfs check --readonly t", mounts: "btrfs",
		}
	}
	return []leastKind{
		ext("ext4", "-t ext4", true), ext("ext4 of 4 KiB", "-t ext4 -b 4096", false), ext("ext4 without flexible groups", "-t ext4 -O ^flex_bg", false),
		ext("ext4 with sparse_super2", "-t ext4 -b 2048 -O sparse_super2", false), ext("ext4 with meta_bg", "-t ext4 -O meta_bg,^resize_inode", false),
		ext("ext3", "-t ext3", false), ext("ext2", "-t ext2", true), ext("ext2 without sparse_super", "-t ext2 -O ^sparse_super,^resize_inode", false),
		{
			name: "ntfs", make: "mkntfs -Q -F -q part; ntfs-3g part m; cp -r tree/. m; umount m", tool: "mkntfs", always: true, mounts: "fuse",
			holes:  "ntfs-3g part m; rm -f m/big[1357]; umount m",
			shrink: "ntfsresize -f -f -s $SIZE t", check: "ntfsresize -f -i t",
		},
		btrfs("btrfs", "", false), btrfs("btrfs of two copies", "-d dup -m dup", false), btrfs("btrfs of mixed chunks", "-M", false),
	}
}

// leastFillings are what the file systems hold. The script fills the directory tree.
var leastFillings = []struct {
	name, script string
	holes        bool
}{
	{"empty", "echo x > tree/x", false},
	{"small files", "for i in $(seq 1 400); do mkdir -p tree/d$((i%7)); head -c $((i*3771%9000+13)) /dev/urandom > tree/d$((i%7))/f$i; done", false},
	{"holes", "for i in $(seq 1 8); do head -c 11M /dev/urandom > tree/big$i; done", true},
}

// TestLeast shrinks partitions to the smallest size. A foreign tool must not get more than a tenth below that.
func TestLeast(t *testing.T) {
	for _, k := range leastKinds() {
		for _, filling := range leastFillings {
			if !*bisectLeast && (!k.always || filling.name == "empty") {
				continue
			}
			t.Run(k.name+", "+filling.name, func(t *testing.T) {
				testneed.Tool(t, k.tool)
				if k.mounts != "" {
					testneed.Root(t)
					testneed.Mountable(t, k.mounts)
				}
				script := "mkdir tree m; truncate -s 256M part; " + filling.script + "; " + k.make
				if filling.holes {
					script += "; " + k.holes
				}
				tr := newTrial(t, 300, "exec 2>&1; set -e; "+script+`; printf 'label: gpt\nstart=2048,size=256M\n' | sfdisk -q "$IMG"`)
				putInto(t, filepath.Join(filepath.Dir(tr.image), "part"), tr.image, mib)
				v := tr.apply(t, people()[0], "resize 1 min", "--no-undo")
				if v.want(t, exitDone, "Done"); t.Failed() {
					return
				}
				got := v.table(t, v.copy).Part(t, 1)
				k.judge(t, filepath.Dir(tr.image), v.copy, got.Off, got.Len)
			})
		}
	}
}

// judge compares with what the foreign tool reaches.
func (k leastKind) judge(t *testing.T, dir, image string, off, size int64) {
	t.Helper()
	cutOut(t, image, filepath.Join(dir, "t"), off, size)
	sh(t, dir, "exec 2>&1; "+k.check)
	works := func(size int64) bool {
		cmd := exec.Command("bash", "-c", fmt.Sprintf("cp --sparse=always part t; (SIZE=%d; %s) && (%s)", size, k.shrink, k.check))
		cmd.Dir = dir
		return cmd.Run() == nil
	}
	if !*bisectLeast {
		if below := (size - mib) * 10 / 11 / mib * mib; below > 8*mib && works(below) { // below that the grid of 1 MiB decides
			t.Errorf("the smallest size is %d, and a foreign tool gets to %d", size, below)
		}
		return
	}
	low, high := int64(0), int64(256*mib)
	for high-low > mib {
		if middle := (low + high) / 2 / 4096 * 4096; works(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	t.Logf("foreign tools reach %.1f MiB, the partition has %d MiB now", float64(high)/mib, size/mib)
	if size > max(high*11/10, high+3*mib) {
		t.Errorf("the smallest size is %d, and foreign tools get to %d", size, high)
	}
}

// TestReplanned has a resize2fs that finds no room in less than 80 MiB. The plan is made again until it does, and says so.
func TestReplanned(t *testing.T) {
	real := testneed.Tool(t, "resize2fs")
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nfor last; do :; done\ncase \"$*\" in */p1\\ *) size=${last%%K};; esac\nif [ \"$size\" -lt %d ] 2>/dev/null; then\n"+
		"echo 'resize2fs: No space left on device while trying to resize' >&2; exit 1\nfi\nexec %s \"$@\"\n", 80*1024, real)
	if err := os.WriteFile(filepath.Join(bin, "resize2fs"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	me := people()[0]
	me.bin = bin
	tr := newTrial(t, 300, `printf 'label: gpt\nstart=2048,size=128M\nstart=264192,size=128M\n' | sfdisk -q "$IMG"; mkdir tree; `+
		`head -c 60M /dev/urandom > tree/a; mke2fs -q -F -t ext4 -d tree -E offset=1048576,nodiscard "$IMG" 128M; `+
		`mke2fs -q -F -t ext2 -E offset=135266304,nodiscard "$IMG" 128M`)
	for _, c := range []struct {
		plan   string
		refuse bool
	}{
		{"resize 1 min", false}, {"image min", false}, {"resize 1 to 76MiB", true},
	} {
		v := tr.apply(t, me, c.plan, "--no-undo")
		if c.refuse {
			v.want(t, exitRefused, "do not fit into that size")
			continue
		}
		if v.want(t, exitDone, "Done"); t.Failed() {
			return
		}
		if !strings.Contains(v.err, "p1 cannot be made as small as") {
			t.Errorf("%s: nothing is said about the larger size:\n%s", c.plan, v.err)
		}
		if p := v.table(t, v.copy).Part(t, 1); p.Len < 80*mib || p.Len > 96*mib {
			t.Errorf("%s: p1 has %d MiB", c.plan, p.Len/mib)
		}
		oracle.ExtClean(t, v.copy, mib)
	}
}

// TestLeastOfWhatIsMade formats a partition and makes the image as small as that: nothing says beforehand how small a new file
// system can be, so the plan is made again with what its tool needs.
func TestLeastOfWhatIsMade(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "sfdisk")
	tr := newTrial(t, 24, "printf 'label: gpt\\nstart=2048\\n' | sfdisk -q $IMG")
	v := tr.apply(t, people()[0], "format 1 fs=ext4\nimage min")
	v.want(t, exitDone, "cannot be made as small as 1.00 MiB")
	oracle.ExtClean(t, v.copy, mib)
	oracle.TableClean(t, v.copy)
	if info, err := os.Stat(v.copy); err != nil || info.Size() > 8*mib {
		t.Errorf("%+v, %v", info, err)
	}
}
