package cli

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// field is the number behind a word in a tool's output.
func field(t *testing.T, out, name string) int64 {
	t.Helper()
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no %q in:\n%s", name, out)
	return 0
}

// disk is a way to make an image of 320 MiB with two ext4 partitions of 64 MiB, number a at 64 MiB and number b at
// 192 MiB, and free space everywhere else.
type disk struct {
	name   string
	tool   string
	script string // $IMG is the image
	a, b   int
	sector int64
	root   bool
}

func disks() []disk {
	return []disk{
		{"gpt by sgdisk", "sgdisk", `sgdisk -o -n1:131072:+64M -c1:one -A1:set:2 -n3:393216:+64M -c3:three "$IMG"`, 1, 3, 512, false},
		{"gpt by sfdisk", "sfdisk", `printf 'label: gpt\nstart=131072,size=64M,name=a,attrs="GUID:59"\nstart=393216,size=64M\n' | sfdisk "$IMG"`, 1, 2, 512, false},
		{"gpt by parted", "parted", `parted -s "$IMG" mklabel gpt mkpart one ext4 64MiB 128MiB mkpart two ext4 192MiB 256MiB`, 1, 2, 512, false},
		{"mbr by sfdisk", "sfdisk", `printf 'label: dos\nlabel-id: 0xdeadbeef\nstart=131072,size=64M,bootable\nstart=393216,size=64M\n' | sfdisk "$IMG"`, 1, 2, 512, false},
		{"mbr by parted", "parted", `parted -s "$IMG" mklabel msdos mkpart primary ext4 64MiB 128MiB mkpart primary ext4 192MiB 256MiB`, 1, 2, 512, false},
		{"logical by sfdisk", "sfdisk", `printf 'label: dos\nstart=2048,size=317M,type=5\nstart=131072,size=64M\nstart=393216,size=64M\n' | sfdisk "$IMG"`, 5, 6, 512, false},
		{"logical by parted", "parted", `parted -s "$IMG" mklabel msdos mkpart extended 1MiB 319MiB mkpart logical ext4 64MiB 128MiB mkpart logical ext4 192MiB 256MiB`, 5, 6, 512, false},
		{"gpt of 4096-byte sectors", "sgdisk", `DEV=$(losetup -f --show -b 4096 "$IMG"); trap 'losetup -d $DEV' EXIT; sgdisk -o -n1:16384:+64M -n2:49152:+64M $DEV`, 1, 2, 4096, true},
		{"mbr of 4096-byte sectors", "sfdisk", `DEV=$(losetup -f --show -b 4096 "$IMG"); trap 'losetup -d $DEV' EXIT; printf 'label: dos\nstart=16384,size=64M\nstart=49152,size=64M\n' | sfdisk $DEV`, 1, 2, 4096, true},
	}
}

// build makes the image, with known files in both partitions.
func (d disk) build(t *testing.T, rng *rand.Rand) (image string, files map[int]map[string]string) {
	t.Helper()
	testneed.Tool(t, d.tool)
	testneed.Tool(t, "mkfs.ext4")
	if d.root {
		testneed.Root(t)
		testneed.File(t, "/dev/loop-control")
	}
	dir := t.TempDir()
	image = filepath.Join(dir, "disk.raw")
	sh(t, dir, "truncate -s 320M disk.raw; IMG=disk.raw\n"+d.script)
	files = map[int]map[string]string{}
	for n, at := range map[int]int{d.a: 64, d.b: 192} {
		tree := t.TempDir()
		oracle.PlantTree(t, tree, rng, 4*mib)
		sh(t, dir, fmt.Sprintf("mkfs.ext4 -q -F -d '%s' -E offset=%d,nodiscard -L part%d disk.raw 64M", tree, at*mib, n))
		files[n] = oracle.Sums(t, tree)
	}
	return image, files
}

// move is a plan in terms of partitions a and b, and where they must be afterwards, in bytes.
type move struct {
	name, plan string
	flags      []string
	a, b       place
}

type place struct{ start, size int64 }

func moves(sector int64) []move {
	at := func(startMiB, sizeMiB int64) place { return place{startMiB * mib, sizeMiB * mib} }
	plus := func(p place, bytes int64) place { return place{p.start + bytes, p.size} }
	a, b := at(64, 64), at(192, 64)
	return []move{
		{"left", "move B left 32MiB", nil, a, at(160, 64)},
		{"right by one sector", "move B right 1s", []string{"--align", "none"}, a, plus(b, sector)},
		{"left by one sector", "move A left 1s", []string{"--align", "none"}, plus(a, -sector), b},
		{"shrink, then left", "resize B to 40MiB\nmove B left 20MiB", nil, a, at(172, 40)},
		{"longer than the partition", "move A left 60MiB\nmove B left 65MiB", nil, at(4, 64), at(127, 64)},
		{"just its length", "move A left 30MiB\nmove B left 64MiB", nil, at(34, 64), at(128, 64)},
		{"a long chain", "move A left 59MiB\nmove B left 118MiB\nresize B to 100MiB\nmove B right 100MiB\nresize A to 90MiB", nil, at(5, 90), at(174, 100)},
		{"grow to the right", "move B right 30MiB\ngrow A", nil, place{64 * mib, -1}, at(222, 64)},
	}
}

// TestMoves does every move on every kind of table and has the results judged by sfdisk, e2fsck and the files' sums. Without
// -matrix it is every other move on each table, in turn: each move then still meets a GPT, primary and logical partitions
// of an MBR, and sectors of 4096 bytes.
func TestMoves(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	p := people()[0]
	for i, d := range disks() {
		t.Run(d.name, func(t *testing.T) {
			original, files := d.build(t, rng)
			before := d.table(t, original)
			for j, m := range moves(d.sector) {
				if (i+j)%2 != 0 && !*wholeMatrix {
					continue
				}
				t.Run(m.name, func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					image := filepath.Join(dir, "disk.raw")
					sh(t, dir, "cp --sparse=always '"+original+"' disk.raw")
					plan := strings.NewReplacer(" A", " "+itoa(int64(d.a)), " B", " "+itoa(int64(d.b))).Replace(m.plan)
					if err := os.WriteFile(filepath.Join(dir, "plan"), []byte(plan), 0o644); err != nil {
						t.Fatal(err)
					}
					args := append([]string{"apply", "--yes", "--sector-size", itoa(d.sector), image, filepath.Join(dir, "plan")}, m.flags...)
					p.run(t, args...).want(t, 0)
					d.judge(t, image, before, m, files)
				})
			}
		})
	}
}

// table reads the image's table with sfdisk; a table of 4096-byte sectors only by way of a loop device.
func (d disk) table(t *testing.T, image string) oracle.Table {
	t.Helper()
	if d.sector == 512 {
		return oracle.SFDisk(t, image)
	}
	dev := strings.TrimSpace(sh(t, ".", "losetup -f --show -r -b 4096 '"+image+"'"))
	defer sh(t, ".", "losetup -d "+dev)
	return oracle.SFDisk(t, dev)
}

func (d disk) judge(t *testing.T, image string, before oracle.Table, m move, files map[int]map[string]string) {
	t.Helper()
	after := d.table(t, image)
	if after.Label != before.Label || after.ID != before.ID || len(after.Partitions) != len(before.Partitions) {
		t.Errorf("table is %+v, was %+v", after, before)
	}
	for n, want := range map[int]place{d.a: m.a, d.b: m.b} {
		got, was := after.Part(t, n), before.Part(t, n)
		if got.Off != want.start || want.size >= 0 && got.Len != want.size {
			t.Errorf("p%d lies at %d+%d, want %d+%d", n, got.Off, got.Len, want.start, want.size)
		}
		if got.Type != was.Type || got.UUID != was.UUID || got.Name != was.Name || got.Attrs != was.Attrs || got.Bootable != was.Bootable {
			t.Errorf("p%d is %+v, was %+v", n, got, was)
		}
		oracle.ExtClean(t, image, got.Off)
		fills(t, image, got)
		oracle.SameFiles(t, oracle.ExtFiles(t, image, got.Off), files[n])
	}
	if before.Label == "gpt" && d.sector == 512 {
		oracle.SGDiskClean(t, image)
	}
}
