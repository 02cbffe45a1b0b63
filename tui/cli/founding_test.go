package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
	"shunt/ops/demo"
)

const mib = 1 << 20

// foundingPlan is the example of the Virtual Disk Guide, section 2.2.1.
const foundingPlan = "# enlarge the stick, make room, use it\nimage grow 2GiB\nmove 2 right 1024MiB\ngrow 1\n"

// stick makes the practice image, owned by the person, and the plan beside it.
func stick(t *testing.T, p person) (image, plan string) {
	t.Helper()
	testneed.Tool(t, "mkfs.ext4")
	testneed.Tool(t, "resize2fs")
	dir := p.dir(t)
	image, plan = filepath.Join(dir, "stick.raw"), filepath.Join(dir, "plan")
	if err := demo.Make(context.Background(), image); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plan, []byte(foundingPlan), 0o644); err != nil {
		t.Fatal(err)
	}
	p.own(t, image)
	return image, plan
}

// TestFoundingExample is the first acceptance test of all: the guide's ten commands as a plan of three lines.
func TestFoundingExample(t *testing.T) {
	t.Parallel()
	for _, p := range people() {
		t.Run(p.name, func(t *testing.T) {
			testneed.File(t, "/dev/fuse")
			image, plan := stick(t, p)
			before, took := oracle.SFDisk(t, image), allocated(t, image)
			boot := rangeOf(t, image, 0, 446)

			p.run(t, "apply", "--yes", image, plan).want(t, 0, "Done")

			after := oracle.SFDisk(t, image)
			if string(rangeOf(t, image, 0, 446)) != string(boot) || after.ID != before.ID {
				t.Error("boot code or disk signature changed")
			}
			p1, p2 := after.Part(t, 1), after.Part(t, 2)
			old1, old2 := before.Part(t, 1), before.Part(t, 2)
			if p2.Off != old2.Off+1024*mib || p2.Size != old2.Size || p2.Type != old2.Type {
				t.Errorf("p2 is %+v, was %+v", p2, old2)
			}
			if p1.Start != 63 || p1.Bootable != old1.Bootable || p1.Type != old1.Type {
				t.Errorf("p1 is %+v, was %+v", p1, old1)
			}
			if free := p2.Start - (p1.Start + p1.Size); free < 0 || free >= 2048 {
				t.Errorf("%d sectors are free between p1 and p2", free)
			}
			if size := fileSize(t, image); size != int64(demo.Size)+2048*mib {
				t.Errorf("the image has %d bytes", size)
			}
			for n, part := range map[int]oracle.Partition{1: p1, 2: p2} {
				oracle.ExtClean(t, image, part.Off)
				oracle.SameFiles(t, oracle.ExtFiles(t, image, part.Off), demoFiles(t, n))
			}
			fills(t, image, p1)
			// Growing p1 by 1 GiB adds block groups with bitmaps and inode tables; free space was not copied.
			if grown := allocated(t, image) - took; grown > 16*mib {
				t.Errorf("the image takes %d more bytes of disk than before", grown)
			}
			left, err := os.ReadDir(filepath.Dir(image))
			if err != nil || len(left) != 3 {
				t.Errorf("left behind: %v %v; what an undo needs would be right", left, err)
			}
			p.run(t, "recover", image).want(t, 0, "no unfinished transaction")
		})
	}
}

// demoFiles returns the files that a new practice image has in a partition, by their checksums.
func demoFiles(t testing.TB, number int) map[string]string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "stick.raw")
	if err := demo.Make(context.Background(), image); err != nil {
		t.Fatal(err)
	}
	return oracle.ExtFiles(t, image, oracle.SFDisk(t, image).Part(t, number).Off)
}

// fills checks that an ext file system is as long as its partition, less a part of a block.
func fills(t testing.TB, image string, p oracle.Partition) {
	t.Helper()
	out := sh(t, ".", "dumpe2fs -h '"+image+"?offset="+itoa(p.Off)+"' 2>/dev/null")
	count, size := field(t, out, "Block count:"), field(t, out, "Block size:")
	if count*size > p.Len || p.Len-count*size >= size {
		t.Errorf("the file system has %d bytes, its partition %d", count*size, p.Len)
	}
}

func TestRehearseTouchesNothing(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	image, plan := stick(t, people()[0])
	sum := digest(t, image)
	p := people()[0]
	p.run(t, "apply", "--rehearse", image, plan).want(t, 0, "is unchanged", "verified: ext4 in p1")
	o := p.run(t, "apply", "--rehearse", "--json", image, plan)
	o.want(t, 0)
	for line := range strings.Lines(o.out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if digest(t, image) != sum {
		t.Error("a rehearsal changed the image")
	}
	if left, err := os.ReadDir(filepath.Dir(image)); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestInfo(t *testing.T) {
	p := people()[0]
	image, _ := stick(t, p)
	p.run(t, "info", image).want(t, 0, "MBR", "p1", "docs", "photos", "boot")
	o := p.run(t, "info", "--json", image)
	o.want(t, 0)
	var got infoTarget
	if err := json.Unmarshal([]byte(o.out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Partitions) != 2 || got.Partitions[0].Start != 63 || got.Partitions[0].Filesystem.Label != "docs" {
		t.Errorf("%+v", got)
	}
}

func TestDemoCommand(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "mkfs.ext4")
	p := people()[0]
	image := filepath.Join(t.TempDir(), "practice.raw")
	p.run(t, "demo", "--make-only", image).want(t, 0)
	if fileSize(t, image) != int64(demo.Size) {
		t.Error("the practice image has the wrong size")
	}
	sum := digest(t, image)
	p.run(t, "demo", "--make-only", image).want(t, 0)
	if digest(t, image) != sum {
		t.Error("an image that was there was changed")
	}
}

func fileSize(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
