package guide

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/plan"
)

func TestPlanLines(t *testing.T) {
	const full = "gpt 1001: 1 ext4 1-500 used 300; 2 swap 500-600; 3 ext4 600-1000 used 100"
	for _, c := range []struct{ name, disk, plan, want string }{
		{"by", full, "room 1 by +100MiB", "image size 1101MiB\nmove 2 right 500MiB\nresize 1 to 599MiB\n"},
		{"to", full, "room p1 to 700MiB\n", "image size 1202MiB\nmove 3 right 201MiB\nmove 2 right 201MiB\nresize 1 to 700MiB\n"},
		{"max", full, "resize 3 to 200MiB\nroom 1 max\n", "resize 3 to 200MiB\nmove 3 right 200MiB\nmove 2 right 200MiB\nresize 1 to 699MiB\n"},
		{"after others", full, "delete 2\nroom 1 by +50MiB", "delete 2\nresize 1 to 549MiB\n"},
		{"image", "mbr 1001: 1 fat32 1-100; 2 ext4 200-1000 used 100", "image min", "move 2 left 100MiB and resize to 105MiB\nimage size 205MiB\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, err := plan.Parse(strings.NewReader(c.plan), ops.NewQueue(disk(t, c.disk), env()), geometry.AlignMiB)
			if err != nil {
				t.Fatal(err)
			}
			if got := plan.Format(q); got != c.want {
				t.Errorf("%q is\n%swant\n%s", c.plan, got, c.want)
			}
		})
	}
}

func TestPlanLineRefused(t *testing.T) {
	d := disk(t, "gpt 1001: 1 fat32 1-100; 2 xfs 100-1000")
	d.Fixed = true
	for text, want := range map[string]string{
		"room 1 by +1GiB": "plan line 1, column 1: cannot make room for p1: grow p1: it is not resized here",
		"room 2 by +1GiB": "plan line 1, column 1: cannot make room for p2: use the free space behind p2: there is only 1007 KiB (2,015 sectors); " +
			"move p2 itself: there is no free space before it; move p1: there is no free space before it; " +
			"shrink p1: it is not resized here; grow the image: a block device has a fixed size; " +
			"that of a loop device is its file's: make the file longer with `truncate`, run `losetup -c` on the device and open it again; there is room for 1007 KiB (2,015 sectors) more",
		"image min": "plan line 1, column 1: cannot make the image smaller: shrink the image: a block device has a fixed size; " +
			"that of a loop device is its file's: make the file longer with `truncate`, run `losetup -c` on the device and open it again",
	} {
		q, err := plan.Parse(strings.NewReader(text), ops.NewQueue(d, env()), geometry.AlignMiB)
		if err == nil || err.Error() != want || q.Len() != 0 {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
}
