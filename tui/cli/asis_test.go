package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
)

// TestDamagedAsItIs moves and copies damaged file systems between two places and two targets. All their bytes must arrive,
// those that the file system holds free as well. Where a resize follows, they are refused as before.
func TestDamagedAsItIs(t *testing.T) {
	t.Parallel()
	const at, size = mib, 40 * mib
	crossed := func(i int) func(t *testing.T, w string) {
		return rechained(i, func(t *testing.T, p fatPlace) int { return p.first(t, "F1") })
	}
	for _, c := range []struct {
		kind    model.FSKind
		tools   []string
		make    string
		damage  func(t *testing.T, w string)
		differs [][2]int // bytes that hold the position
	}{
		{
			model.NTFS,
			[]string{"mkntfs", "ntfscp", "ntfsresize"},
			"mkntfs -q -f -F $W >/dev/null 2>&1; for i in 1 2 3 4 5; do ntfscp $W f$i f$i >/dev/null 2>&1; done", bytesAt(func(_ *testing.T, b []byte) (int, []byte) {
				return int(b[48])*4096 + 65*1024, []byte("BAAD")
			}),
			[][2]int{{28, 32}, {size - 512 + 28, size - 512 + 32}},
		},
		{model.Ext4, []string{"mkfs.ext4", "debugfs", "e2fsck"}, "mkdir d; mv f? d; mkfs.ext4 -q -F -E nodiscard -d d $W", debugfs("clri /f2"), nil},
		{
			model.FAT16,
			[]string{"mkfs.fat", "mcopy", "fsck.fat"},
			"mkfs.fat -F 16 $W >/dev/null; for i in 1 2 3; do mcopy -i $W f$i ::F$i; done",
			both(crossed(0), crossed(1)),
			[][2]int{{28, 32}},
		},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			for _, tool := range append(c.tools, "sfdisk") {
				testneed.Tool(t, tool)
			}
			tr := newTrial(t, 120, "printf 'label: gpt\\nstart=2048,size=40M\\n' | sfdisk -q $IMG")
			w := filepath.Join(t.TempDir(), "w")
			sh(t, filepath.Dir(w), fmt.Sprintf("W='%s'; for i in 1 2 3 4 5; do head -c 1M /dev/urandom >f$i; done; head -c 40M /dev/urandom >$W\n%s", w, c.make))
			c.damage(t, w)
			want, err := os.ReadFile(w)
			if err != nil {
				t.Fatal(err)
			}
			poke(t, tr.image, at, want...)
			other := filepath.Join(t.TempDir(), "other.img")
			sh(t, ".", fmt.Sprintf("cp --sparse=always '%s' '%s'", tr.image, other))
			masked := func(b []byte) []byte {
				for _, run := range c.differs {
					clear(b[run[0]:run[1]])
				}
				return b
			}
			masked(want)
			self := people()[0]
			for _, p := range []struct {
				plan  string
				code  int
				said  string
				place int64
			}{
				{"move 1 right 1MiB", exitDone, "was damaged before", 2 * mib},
				{"move 1 right 1MiB\nmove 1 right 50MiB", exitDone, "was damaged before", 52 * mib},
				{"copy 1 at 70MiB", exitDone, "is damaged; every byte", 70 * mib},
				{fmt.Sprintf("copy 1 at 70MiB from=%q", other), exitDone, "is damaged; every byte", 70 * mib},
				{"move 1 right 1MiB\nresize 1 by +20MiB", exitRefused, "", at},
				{"copy 1 at 62MiB size 50MiB", exitRefused, "", at},
			} {
				v := tr.apply(t, self, p.plan)
				v.want(t, p.code, p.said)
				if got := masked(rangeOf(t, v.copy, p.place, size)); !bytes.Equal(got, want) {
					t.Errorf("%q: not all bytes have arrived", p.plan)
				}
				if p.place != 2*mib {
					continue
				}
				self.run(t, "undo", "--yes", v.copy).want(t, exitDone, "")
				if !bytes.Equal(masked(rangeOf(t, v.copy, at, size)), want) {
					t.Errorf("%q: the undo did not bring all bytes back", p.plan)
				}
			}
		})
	}
}
