package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// foundingKind is a kind of qcow2 image of the practice image.
type foundingKind struct {
	name, script string
	copies       bool        // the plan's move has to copy data
	often        foundingWay // in every run
}

// foundingKinds are all kinds. Those with a way in often are tried in every run, in that way.
func foundingKinds() []foundingKind {
	convert := func(options string) string { return "qemu-img convert -O qcow2 " + options + " stick.raw stick.qcow2" }
	list := []foundingKind{
		{"1 bit", convert("-o refcount_bits=1"), false, ""},
		{"64 bits", convert("-o refcount_bits=64,lazy_refcounts=on"), false, ""},
		{"raw backing file", "mv stick.raw base; qemu-img create -q -f qcow2 -F raw -b base stick.qcow2", true, byPlan},
		{
			"compressed backing file",
			"qemu-img convert -c -O qcow2 -o compat=0.10 stick.raw base; qemu-img create -q -f qcow2 -F qcow2 -b base stick.qcow2", true, "",
		},
		{
			"version 2 on a backing file",
			"qemu-img convert -O qcow2 stick.raw base; qemu-img create -q -f qcow2 -o compat=0.10 -F qcow2 -b base stick.qcow2", true, "",
		},
		{
			"snapshots", convert("") + `; qemu-img snapshot -c one stick.qcow2
qemu-io -c 'write -z 0 512' -c 'write -z 0 0' stick.qcow2 >/dev/null; qemu-img snapshot -a one stick.qcow2
qemu-img snapshot -c two stick.qcow2`, false, byPlan,
		},
	}
	often := map[string]foundingWay{"version 2, compressed, 64k": byPlan, "zstd, 4k": byPlan, "plain, 64k": byRoom, "plain, 2M": byPlan, "extended L2, 64k": byPlan}
	for _, cluster := range []string{"4k", "64k", "2M"} {
		for _, c := range [][2]string{
			{"version 2", "-o compat=0.10"},
			{"version 2, compressed", "-c -o compat=0.10"},
			{"plain", "-o compat=1.1"},
			{"zlib", "-c -o compression_type=zlib"},
			{"zstd", "-c -o compression_type=zstd"},
			{"preallocated", "-o preallocation=metadata"},
			{"extended L2", "-o extended_l2=on"},
		} {
			if c[0] == "extended L2" && cluster == "4k" {
				continue // its parts would have less than 512 bytes
			}
			name := c[0] + ", " + cluster
			list = append(list, foundingKind{name, convert(c[1] + ",cluster_size=" + cluster), false, often[name]})
		}
	}
	return list
}

// A foundingWay is a way to do the founding example.
type foundingWay string

const (
	byPlan     foundingWay = "plan"
	byRoom     foundingWay = "the line room"
	byKeys     foundingWay = "keys"
	byRoomKeys foundingWay = "the key g"
	byEnlarge  foundingWay = "enlarge"
)

// do does the example on an image, as a person, and returns what the command line says.
func (w foundingWay) do(t *testing.T, p person, image string) string {
	t.Helper()
	var o outcome
	switch w {
	case byPlan:
		o = p.run(t, "apply", "--yes", image, write(t, foundingPlan))
		o.want(t, exitDone, "Done")
	case byRoom:
		o = p.run(t, "apply", "--yes", image, write(t, "room 1 by +1GiB\n"))
		o.want(t, exitDone, "Done")
	case byEnlarge:
		o = p.run(t, "enlarge", "--yes", "--partition", "1", image, "by", "1GiB")
		o.want(t, exitDone, "Done")
	case byKeys, byRoomKeys:
		term := newTmuxAs(t, p, 80, 24, image)
		term.wait("p2 ext4", "Nothing yet")
		const about = "About this image" // of some kinds: a word about snapshots or a backing file
		if strings.Contains(term.screen(), about) {
			term.insist("Enter", about)
		}
		term.wait("docs", "photos")
		if w == byKeys {
			term.keys("z")
			term.wait("Image size", "New size")
			term.keys("'+2GiB", "Enter")
			term.wait("1 Grow image by 2.00 GiB")
			term.keys("j", "m")
			term.wait("Resize/Move p2")
			term.keys("'+1024MiB", "Enter")
			term.wait("2 Move p2 right by 1024 MiB")
			term.keys("Home", "m")
			term.wait("Resize/Move p1")
			term.keys(">", "Enter")
		} else {
			term.keys("g")
			term.wait("Make room")
			term.keys("'+1GiB", "Enter")
		}
		term.wait("3 pending")
		term.keys("a")
		term.wait("The rehearsal passed", "Apply to")
		term.insist("y", "Apply to")
		term.wait("exactly as planned")
		<-time.After(600 * time.Millisecond)
		term.keys("Escape")
		term.wait("docs", "photos")
		term.keys("q")
		workersGone(t, image)
	}
	return o.err
}

// A foundingTwin is the raw practice image after the example was done on it.
type foundingTwin struct {
	before, after oracle.Table
	was           map[int]map[string]string // the files of the partitions before
	dump          string                    // sfdisk's account of the table
	front         string                    // the bytes before the first partition
	grown         string                    // what dumpe2fs says of p1, without times
	moved         string                    // the digest of what is in use of p2
	size          int64
}

// changing are the lines of dumpe2fs that differ between two runs of the same tools.
var changing = regexp.MustCompile(`(?m)^(.*(time|created|checked|Lifetime writes|[Cc]hecksum).*|.*csum 0x.*)\n`)

// lookAt describes the raw image of a disk.
func (f *foundingTwin) lookAt(t *testing.T, disk string) {
	t.Helper()
	f.after, f.size = oracle.SFDisk(t, disk), fileSize(t, disk)
	f.dump = strings.ReplaceAll(sh(t, ".", "sfdisk -d '"+disk+"'"), disk, "disk")
	f.front = string(rangeOf(t, disk, 0, f.after.Part(t, 1).Off))
	f.grown = changing.ReplaceAllString(sh(t, ".", fmt.Sprintf("dumpe2fs '%s?offset=%d' 2>/dev/null", disk, f.after.Part(t, 1).Off)), "")
	used := filepath.Join(t.TempDir(), "used")
	sh(t, ".", fmt.Sprintf("e2image -ra -o %d '%s' '%s' 2>/dev/null", f.after.Part(t, 2).Off, disk, used))
	f.moved = digest(t, used)
	if err := os.Remove(used); err != nil {
		t.Fatal(err)
	}
}

func newFoundingTwin(t *testing.T, original string, way foundingWay) *foundingTwin {
	t.Helper()
	p := people()[0]
	image := clone(t, original)
	f := &foundingTwin{before: oracle.SFDisk(t, image), was: map[int]map[string]string{}}
	for n := range 2 {
		f.was[n+1] = oracle.ExtFiles(t, image, f.before.Part(t, n+1).Off)
	}
	way.do(t, p, image)
	f.lookAt(t, image)
	if f.after.Part(t, 2).Off < f.before.Part(t, 2).Off+1023*mib {
		t.Fatalf("by %s the raw image became %+v", way, f.after)
	}
	return f
}

// TestFoundingExampleOnQcow2 does the guide's example on images of many kinds and takes it back. QEMU finds nothing wrong,
// and the disk is what the same makes of the raw image. With -matrix it tries every kind in every way.
func TestFoundingExampleOnQcow2(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	original, _ := stick(t, people()[0])
	for _, way := range []foundingWay{byPlan, byRoom, byKeys, byRoomKeys} {
		var twin *foundingTwin
		for i, kind := range foundingKinds() {
			if kind.often != way && !*wholeMatrix {
				continue
			}
			if twin == nil {
				twin = newFoundingTwin(t, original, way)
			}
			t.Run(kind.name+", by "+string(way), func(t *testing.T) {
				kind.try(t, people()[(i+1)%len(people())], original, way, twin)
			})
		}
	}
}

func (k foundingKind) try(t *testing.T, p person, original string, way foundingWay, twin *foundingTwin) {
	t.Helper()
	image := asQcow2(t, p, original, k.script)
	dir := filepath.Dir(image)
	sh(t, dir, "cp stick.qcow2 original")
	base := func() string {
		path := filepath.Join(dir, "base")
		if _, err := os.Stat(path); err != nil {
			return "" // most kinds have none
		}
		return digest(t, path)
	}
	was := base()
	snapshots := sh(t, dir, "qemu-img snapshot -l stick.qcow2")

	if said := way.do(t, p, image); way == byPlan && !k.copies && !strings.Contains(said, "no data is copied") {
		t.Errorf("the move is not free:\n%s", said)
	}

	var got foundingTwin
	disk := unpacked(t, image)
	got.lookAt(t, disk)
	switch {
	case strings.HasSuffix(k.name, "2M"): // its grid is coarser, so p1 ends earlier
	case got.size != twin.size || got.dump != twin.dump || got.front != twin.front:
		t.Errorf("the disk has %d bytes, want %d; the table is\n%swant\n%s", got.size, twin.size, got.dump, twin.dump)
	case got.grown != twin.grown:
		t.Errorf("p1 is\n%swant\n%s", got.grown, twin.grown)
	}
	if got.moved != twin.moved {
		t.Error("p2 is not what it is on the raw image")
	}
	for n, files := range twin.was {
		at := got.after.Part(t, n)
		oracle.ExtClean(t, disk, at.Off)
		oracle.SameFiles(t, oracle.ExtFiles(t, disk, at.Off), files)
	}
	fills(t, disk, got.after.Part(t, 1))
	if now := sh(t, dir, "qemu-img snapshot -l stick.qcow2"); now != snapshots {
		t.Errorf("the snapshots are\n%s, were\n%s", now, snapshots)
	}
	p.run(t, "undo", "--yes", image).want(t, exitDone, "exactly as it was")
	sh(t, dir, "qemu-img check -q stick.qcow2 && qemu-img compare -q stick.qcow2 original")
	if base() != was {
		t.Error("the backing file was changed")
	}
}
