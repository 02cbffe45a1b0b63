package cli

import (
	"fmt"
	"path/filepath"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// halted is a disk that was copied while its file systems were mounted: the last changes are only in their journals.
const halted = `printf 'label: gpt\nstart=2048,size=48M\nstart=131072,size=300M\nstart=819200,size=128M\n' | sfdisk -q $IMG
cat >inside <<'END'
one() { n=$1 at=$2; truncate -s $3M p$n; shift 3; "$@" p$n; mkdir m$n; mount -o loop p$n m$n
 for i in 1 2 3 4 5; do head -c $((i*30000)) /dev/urandom >m$n/f$i; done; sync -f m$n
 head -c 5000 /dev/urandom | dd of=m$n/late bs=5000 conv=fsync status=none
 dd if=p$n of=$IMG bs=1M seek=$at conv=notrunc,sparse status=none; umount m$n; }
one 1 1 48 mkfs.ext4 -q -F -O fast_commit
one 2 64 300 mkfs.xfs -q
one 3 400 128 mkfs.btrfs -q
END
IMG=$IMG unshare --mount --propagation private sh -e inside; rm p?`

// TestDirtyLogs edits, moves and copies file systems that have changes in their journals. The kernel must then find the
// same files as without the edits.
func TestDirtyLogs(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	for _, name := range []string{"sfdisk", "unshare", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "xfs_repair"} {
		testneed.Tool(t, name)
	}
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		testneed.Mountable(t, kind)
	}
	tr := newTrial(t, 1000, halted)
	// files has the kernel replay the journal of a partition and returns what it then finds.
	files := func(image string, number int, options string) map[string]string {
		t.Helper()
		dir, p := t.TempDir(), tr.table(t, image).Part(t, number)
		cutOut(t, image, filepath.Join(dir, "part"), p.Off, p.Len)
		sh(t, dir, fmt.Sprintf("mkdir m files; unshare --mount --propagation private sh -ec 'mount -o loop%s part m; cp m/f* m/late files; umount m'", options))
		return oracle.Sums(t, filepath.Join(dir, "files"))
	}
	options := map[int]string{1: "", 2: ",nouuid", 3: ""}
	want := map[int]map[string]string{}
	for number, option := range options {
		want[number] = files(tr.image, number, option)
		if want[number]["late"] == "" {
			t.Fatalf("p%d: the journal holds nothing", number)
		}
	}
	self := people()[0]
	for _, c := range []struct {
		plan   string
		said   string
		copies map[int]int // the partition that each further one is a copy of, by their numbers
	}{
		{"label 1 new\nuuid 1 new\nuuid 2 new\nlabel 2 new\nlabel 3 new\nuuid 3 new", "the journal was replayed", nil},
		{"move 3 right 450MiB\nmove 2 right 50MiB\nmove 1 right 3MiB\ncopy 2 at 450MiB", "Done", map[int]int{4: 2}},
		{"check 1\ncheck 2\ncheck 3\nresize 1 by -8MiB\nresize 3 by +150MiB", "the journal was replayed", nil},
	} {
		v := tr.apply(t, self, c.plan)
		v.want(t, exitDone, c.said)
		for number := range options {
			oracle.SameFiles(t, files(v.copy, number, options[number]), want[number])
		}
		for number, of := range c.copies {
			oracle.SameFiles(t, files(v.copy, number, options[of]), want[of])
		}
	}
	if all := people(); len(all) > 1 {
		tr.apply(t, all[1], "label 2 new").want(t, exitRefused, "start shunt as root")
		tr.apply(t, all[1], "move 2 right 10MiB").want(t, exitDone, "Done")
	}
}
