package cli

import (
	"fmt"
	"os"
	"testing"

	"shunt/geometry"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestCutOff enlarges images that were cut off behind, or in, their last partition. Every other edit is refused and says so.
// Where nothing of the file system was lost, it is whole again, and foreign programs are content with the table.
func TestCutOff(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	const end = 143008 // of p2, in sectors
	for _, c := range []struct {
		table  string
		length int64 // of the cut image, bytes
		cured  int64 // the shortest length that is accepted, bytes
	}{
		{"gpt", end * 512, (end + 33) * 512},
		{"gpt", (end + 32) * 512, (end + 33) * 512},
		{"gpt", (end - 300) * 512, (end + 33) * 512},
		{"dos", (end-300)*512 + 100, end * 512},
	} {
		t.Run(fmt.Sprintf("%s at %d", c.table, c.length), func(t *testing.T) {
			p := people()[0]
			image := oracle.Image(t, 128, fmt.Sprintf(`printf 'label: %s\nstart=2048,size=40960\nstart=43008,size=100000\n' | sfdisk -q $IMG
mkfs.ext4 -q -F -E offset=$((43008*512)) $IMG 49800k`, c.table))
			p.own(t, image)
			if err := os.Truncate(image, c.length); err != nil {
				t.Fatal(err)
			}
			for _, edit := range []string{"grow 2", "delete 1", "move 2 left 1s", fmt.Sprintf("image size %dB", c.cured-512)} {
				p.run(t, "apply", "--yes", image, write(t, edit+"\n")).want(t, 1, "p2 ends at sector 143,008", geometry.Sector(c.cured/512).Count()+") or more")
			}
			if size := fileSize(t, image); size != c.length {
				t.Fatalf("a refused edit left %d bytes of %d", size, c.length)
			}
			p.run(t, "apply", "--yes", image, write(t, fmt.Sprintf("image size %dB\n", c.cured))).want(t, 0)
			oracle.TableClean(t, image)
			oracle.ExtClean(t, image, 43008*512)
			p.run(t, "apply", "--yes", image, write(t, "image grow 10MiB\ngrow 2\n")).want(t, 0)
			oracle.TableClean(t, image)
			oracle.ExtClean(t, image, 43008*512)
		})
	}
}
