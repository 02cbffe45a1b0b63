package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestReadings damages tables so that they can be understood in two ways, and takes each.
func TestReadings(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "sgdisk")
	const gpt = "sgdisk -n1:4096:+1M -n3:9000:+1M -c3:three $IMG >/dev/null; "
	for _, c := range []struct {
		name, script string
		want         map[string][]int64 // the first sectors of the partitions by reading
	}{
		{
			"copies differ", gpt + "dd if=$IMG of=$IMG.old bs=512 skip=32735 status=none; sgdisk -d1 -n2:20000:+1M $IMG >/dev/null; " +
				"dd if=$IMG.old of=$IMG bs=512 seek=32735 conv=notrunc status=none",
			map[string][]int64{"first": {18432, 8192}, "backup": {4096, 8192}},
		},
		{
			"the first copy is damaged", gpt + "printf x | dd of=$IMG bs=1 seek=1100 conv=notrunc status=none",
			map[string][]int64{"backup": {4096, 8192}},
		},
		{
			"mbr overlaps", "printf 'label: dos\\nstart=2048, size=4096, type=83\\nstart=8192, size=100, type=83\\n' | sfdisk -q $IMG; " +
				"printf '\\000\\010\\000\\000' | dd of=$IMG bs=1 seek=470 conv=notrunc status=none", // p2 begins at 2048
			map[string][]int64{"lower": {2048}, "higher": {2048}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			self := people()[0]
			tr := newTrial(t, 16, c.script)
			before, err := os.ReadFile(tr.image)
			if err != nil {
				t.Fatal(err)
			}
			shown := self.run(t, "table", "readings", tr.image)
			shown.want(t, exitDone)
			if n := strings.Count(shown.out, "# "); n != len(c.want) {
				t.Errorf("%d readings, want %d\n%s", n, len(c.want), shown.out)
			}
			for name, starts := range c.want {
				v := tr.apply(t, self, "table use "+name)
				v.want(t, exitDone)
				oracle.TableClean(t, v.copy)
				var got []int64
				for _, p := range v.table(t, v.copy).Partitions {
					got = append(got, p.Start)
				}
				if len(got) != len(starts) {
					t.Errorf("%s: partitions at %v, want %v", name, got, starts)
				}
				for _, at := range starts {
					if !bytes.Contains([]byte(shown.out), []byte("start=")) || !contains(got, at) {
						t.Errorf("%s: partitions at %v, want %v", name, got, starts)
					}
				}
				self.run(t, "table", "readings", v.copy).want(t, exitDone, "is not damaged")
				self.run(t, "undo", "--yes", v.copy).want(t, exitDone)
				if now, err := os.ReadFile(v.copy); err != nil || !bytes.Equal(now, before) {
					t.Errorf("%s: the undo left other bytes (%v)", name, err)
				}
			}
			tr.apply(t, self, "table use nothing").want(t, exitRefused)
		})
	}
}

func contains(list []int64, n int64) bool {
	for _, m := range list {
		if m == n {
			return true
		}
	}
	return false
}
