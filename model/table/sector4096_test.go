package table

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

var update = flag.Bool("update", false, "write testdata anew; needs root")

// made4096 are tables that sfdisk and sgdisk make on loop devices with sectors of 4096 bytes. Their bytes are
// in testdata, so that reading and editing them is tested without root as well.
var made4096 = []struct {
	name string
	size int64
	make func(t testing.TB, dev string)
	want []model.Partition // what counts of them
}{
	{"gpt", 128 * mib, func(t testing.TB, dev string) {
		t.Helper()
		run(t, "label: gpt\nlabel-id: 8C5E3D47-09E5-4D1B-9C1A-111111111111\n"+
			"1: start=256, size=2048, name=\"one\", uuid=8C5E3D47-09E5-4D1B-9C1A-222222222222\n"+
			"3: start=2304, size=4096, name=\"three\", uuid=8C5E3D47-09E5-4D1B-9C1A-333333333333\n",
			"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", dev)
	}, []model.Partition{{Number: 1, Span: geometry.SpanOf(256, 2048)}, {Number: 3, Span: geometry.SpanOf(2304, 4096)}}},
	{"gpt-100-entries", 128 * mib, func(t testing.TB, dev string) {
		t.Helper()
		run(t, "label: gpt\nlabel-id: 8C5E3D47-09E5-4D1B-9C1A-444444444444\ntable-length: 100\n"+
			"1: start=256, size=2048, uuid=8C5E3D47-09E5-4D1B-9C1A-555555555555\n"+
			"2: start=4096, size=100, uuid=8C5E3D47-09E5-4D1B-9C1A-666666666666\n",
			"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", dev)
	}, []model.Partition{{Number: 1, Span: geometry.SpanOf(256, 2048)}, {Number: 2, Span: geometry.SpanOf(4096, 100)}}},
	{"mbr", 256 * mib, func(t testing.TB, dev string) {
		t.Helper()
		run(t, "label: dos\nlabel-id: 0x0badcafe\n1: start=256, size=2560, type=c, bootable\n2: start=4096, size=40000, type=5\n"+
			"5: start=4352, size=2560, type=83\n6: start=8192, size=2560, type=82\n",
			"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", dev)
	}, []model.Partition{
		{Number: 1, Span: geometry.SpanOf(256, 2560)},
		{Number: 2, Span: geometry.SpanOf(4096, 40000)},
		{Number: 5, Span: geometry.SpanOf(4352, 2560)},
		{Number: 6, Span: geometry.SpanOf(8192, 2560)},
	}},
}

// onLoop runs f with the image as a loop device of 4096-byte sectors.
func (img image) onLoop(f func(dev string)) {
	img.t.Helper()
	dev := strings.TrimSpace(run(img.t, "", "losetup", "--find", "--show", "--sector-size", "4096", img.path))
	defer run(img.t, "", "losetup", "--detach", dev)
	f(dev)
	run(img.t, "", "blockdev", "--flushbufs", dev)
}

func goldenPath(name string) string { return filepath.Join("testdata", name+"-4096.txt") }

// golden is an image out of testdata: one line for each run of bytes that are not zero.
func golden(t testing.TB, name string, size int64) image {
	t.Helper()
	img := newImage(t, size)
	b, err := os.ReadFile(goldenPath(name))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		var off int64
		var digits string
		if _, err := fmt.Sscanf(lines.Text(), "%d %s", &off, &digits); err != nil {
			t.Fatalf("%s: %q: %v", goldenPath(name), lines.Text(), err)
		}
		data, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		img.write(off, data)
	}
	return img
}

// writeGolden stores an image; runs of up to eight zeros do not end a line.
func writeGolden(t testing.TB, name string, b []byte) {
	t.Helper()
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] == 0 {
			continue
		}
		end, zeros := i+1, 0
		for j := i + 1; j < len(b) && zeros <= 8; j++ {
			if zeros++; b[j] != 0 {
				end, zeros = j+1, 0
			}
		}
		fmt.Fprintf(&out, "%d %x\n", i, b[i:end])
		i = end
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenPath(name), []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// edited4096 is one edit for each of the tables: everything that can move does.
func edited4096(t testing.TB, d model.Disk) model.Disk {
	t.Helper()
	last := d.Partitions()[len(d.Partitions())-1]
	d = resized(t, moved(t, d, last.Number, 77), last.Number, 3)
	d = resized(t, d, 1, -5)
	return rechained(t, d.WithSectors(d.Sectors+1000))
}

func TestSectorsOf4096(t *testing.T) {
	t.Parallel()
	for _, c := range made4096 {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := golden(t, c.name, c.size)
			d := img.read(s4096)
			if worst(d) != -1 || len(d.Partitions()) != len(c.want) {
				t.Fatalf("problems %+v\n%s", d.Problems(), describe(d))
			}
			for _, p := range c.want {
				if got := numbered(t, d, p.Number).Span; got != p.Span {
					t.Errorf("p%d at %v, want %v", p.Number, got, p.Span)
				}
			}
			if patches, err := Encode(img.open(), d, d, newUUIDs()); err != nil || len(patches) != 0 {
				t.Errorf("without a change: %d patches, %v", len(patches), err)
			}
			img.encode(d, edited4096(t, d))
			if d.Table.Kind == model.TableGPT {
				wantProblem(t, golden(t, c.name, c.size).read(s512), model.Fatal, "is for sectors of 4096 bytes")
			}
		})
	}
}

func TestSectorsOf4096OnLoopDevices(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	for _, c := range made4096 {
		t.Run(c.name, func(t *testing.T) {
			img := newImage(t, c.size)
			img.onLoop(func(dev string) { c.make(t, dev) })
			if *update {
				writeGolden(t, c.name, img.bytes())
			}
			if diff := changes(img.bytes(), golden(t, c.name, c.size).bytes()); len(diff) != 0 {
				t.Errorf("testdata differs from what sfdisk makes: %v; run with -update", diff)
			}
			d := img.read(s4096)
			img.onLoop(func(dev string) { sfdiskAgrees(t, dev, d) })
			after := edited4096(t, d)
			img.encode(d, after)
			img.onLoop(func(dev string) {
				sfdiskAgrees(t, dev, after)
				if d.Table.Kind == model.TableGPT && c.name != "gpt-100-entries" {
					oracle.SGDiskClean(t, dev)
				}
			})
		})
	}
	t.Run("new tables", func(t *testing.T) {
		for _, kind := range []model.TableKind{model.TableGPT, model.TableMBR} {
			img := newImage(t, 64*mib)
			d := img.read(s4096)
			after := d
			after.Table.Kind = kind
			img.encode(d, after)
			d = img.read(s4096)
			img.onLoop(func(dev string) {
				sfdiskAgrees(t, dev, d)
				run(t, "size=8M\n", "sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", dev)
				if kind == model.TableGPT {
					oracle.SGDiskClean(t, dev)
				}
			})
		}
	})
}
