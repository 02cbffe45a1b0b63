package cli

import (
	"math/rand"
	"strconv"
	"strings"
	"testing"

	"shunt/model/testneed"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// field is the number behind a word in a tool's output.
func field(t testing.TB, out, name string) int64 {
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

// trial makes the image, with known files in both partitions.
func (d disk) trial(t *testing.T, rng *rand.Rand) trial {
	t.Helper()
	testneed.Tool(t, d.tool)
	if d.root {
		testneed.Root(t)
		testneed.File(t, "/dev/loop-control")
	}
	tr := newTrial(t, 320, d.script)
	tr.sector = d.sector
	tr.ext4(t, rng, d.a, 64, 64)
	tr.ext4(t, rng, d.b, 192, 64)
	return tr
}

// move is a plan in terms of partitions a and b, and where they must be afterwards, in bytes.
type move struct {
	name, plan string
	flags      []string
	a, b       place
}

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
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for i, d := range disks() {
		t.Run(d.name, func(t *testing.T) {
			tr := d.trial(t, rng)
			names := strings.NewReplacer(" A", " "+strconv.Itoa(d.a), " B", " "+strconv.Itoa(d.b))
			for j, m := range moves(d.sector) {
				if (i+j)%2 != 0 && !*wholeMatrix {
					continue
				}
				t.Run(m.name, func(t *testing.T) {
					t.Parallel()
					tr.apply(t, people()[0], names.Replace(m.plan), m.flags...).moved(t, map[int]place{d.a: m.a, d.b: m.b})
				})
			}
		})
	}
}
