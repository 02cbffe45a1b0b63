package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// renewedKinds are the formats whose images a new file replaces when their size changes, with options of qemu-img.
var renewedKinds = []struct{ format, options string }{
	{"vdi", "static=off"},
	{"vmdk", "subformat=monolithicSparse"},
	{"vpc", "force_size=on"},
	{"vpc", "force_size=off"},
	{"vpc", "subformat=fixed"},
	{"vhdx", "subformat=dynamic"},
	{"qed", "cluster_size=65536"},
	{"parallels", "cluster_size=1M"},
}

const oddName = "a stick, -- of:mine.img"

// asFormat makes an image of another format of a raw one, with a name that has everything.
func asFormat(t *testing.T, p person, raw, format, options string) string {
	t.Helper()
	testneed.Tool(t, "qemu-img")
	testneed.Tool(t, "qemu-storage-daemon")
	image := filepath.Join(p.dir(t), oddName)
	sh(t, filepath.Dir(image), fmt.Sprintf("qemu-img convert -f raw -O %s -o %s '%s' './%s'", format, options, raw, oddName))
	p.own(t, image)
	return image
}

// asRaw has qemu-img check an image, where it can, and read the disk in it.
func asRaw(t *testing.T, image, format string) string {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "disk")
	sh(t, filepath.Dir(image), fmt.Sprintf(
		"qemu-img check -q -f %[1]s './%[2]s' || [ $? = 63 ]; qemu-img convert -f %[1]s -O raw './%[2]s' '%[3]s'", format, filepath.Base(image), raw))
	return raw
}

// TestFoundingExampleRenewed does the guide's example on images whose format cannot change its size, and takes it back. The disk
// is what the same makes of the raw image. With -matrix it tries every format in every way.
func TestFoundingExampleRenewed(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	original, _ := stick(t, people()[0])
	for w, way := range []foundingWay{byPlan, byEnlarge, byRoom, byKeys} {
		var twin *foundingTwin
		for i, kind := range renewedKinds {
			if (way != byPlan || kind.format != "vdi") && !*wholeMatrix {
				continue
			}
			if twin == nil {
				twin = newFoundingTwin(t, original, way)
			}
			t.Run(kind.format+", "+kind.options+", by "+string(way), func(t *testing.T) {
				tryRenewed(t, people()[(i+w+1)%len(people())], original, kind.format, kind.options, way, twin)
			})
		}
	}
}

func tryRenewed(t *testing.T, p person, original, format, options string, way foundingWay, twin *foundingTwin) {
	t.Helper()
	image := asFormat(t, p, original, format, options)
	was := digest(t, image)
	said := way.do(t, p, image)
	if way != byKeys && (!strings.Contains(said, "writes a new image") || strings.Contains(said, "no data is copied")) {
		t.Errorf("it is not said that a new image is written:\n%s", said)
	}
	var got foundingTwin
	disk := asRaw(t, image, format)
	got.lookAt(t, disk)
	if longer := got.size - twin.size; longer < 0 || longer > mib || longer > 0 && options != "force_size=off" && options != "subformat=fixed" {
		t.Errorf("the disk has %d bytes, want %d", got.size, twin.size)
	}
	if got.dump != twin.dump || got.front != twin.front {
		t.Errorf("the table is\n%swant\n%s", got.dump, twin.dump)
	}
	if got.grown != twin.grown {
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
	oracle.TableClean(t, disk)
	p.run(t, "undo", "--yes", image).want(t, exitDone, "exactly as it was")
	if digest(t, image) != was {
		t.Error("the undo has not brought back the old image")
	}
	if left, err := os.ReadDir(filepath.Dir(image)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestRenewedCommands runs the commands on whole images on one format, and with -matrix on each. A second run changes nothing or
// says why.
func TestRenewedCommands(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "mkfs.ext4")
	raw := oracle.Image(t, 40, `printf 'label: gpt\nstart=2048,size=61440,type=4f68bce3-e8cd-4db1-96e7-fbcaf984b709\n' | sfdisk -q $IMG
mkdir tree; head -c 3000000 /dev/urandom > tree/keep; head -c 16000000 /dev/urandom > tree/gone
mkfs.ext4 -q -d tree -E offset=1048576,nodiscard $IMG 30M; debugfs -w -R 'rm gone' $IMG?offset=1048576 2>/dev/null`)
	files := oracle.ExtFiles(t, raw, mib)
	for i, kind := range renewedKinds {
		if i != 1 && !*wholeMatrix {
			continue
		}
		t.Run(kind.format+", "+kind.options, func(t *testing.T) {
			p := people()[i%len(people())]
			image := asFormat(t, p, raw, kind.format, kind.options)
			same := func(least, most int64) {
				t.Helper()
				disk := asRaw(t, image, kind.format)
				defer func() { _ = os.Remove(disk) }()
				if least > 40*mib || fileSize(t, raw) == fileSize(t, disk) { // else the conversion has made the disk longer than its table
					oracle.TableClean(t, disk)
				}
				oracle.ExtClean(t, disk, mib)
				oracle.SameFiles(t, oracle.ExtFiles(t, disk, mib), files)
				if n := fileSize(t, disk); n < least || n > most {
					t.Errorf("the disk has %d bytes", n)
				}
			}
			before := takenBy(t, image)
			o := p.run(t, "image", "sparsify", "--yes", image)
			o.want(t, exitDone, "writes a new image", "takes")
			if now := takenBy(t, image); now > before-10*mib {
				t.Errorf("it takes %d bytes and took %d", now, before)
			}
			same(40*mib, 41*mib)
			p.run(t, "enlarge", "--yes", image, "to", "64MiB").want(t, exitDone, "writes a new image")
			same(64*mib, 65*mib)
			p.run(t, "image", "resize", image, "+4MiB", "--yes").want(t, exitDone, "writes a new image")
			p.run(t, "shrink", "--yes", image).want(t, exitDone, "writes a new image")
			same(4*mib, 20*mib)
			p.run(t, "shrink", "--yes", image).want(t, 0, "nothing to do")
			p.run(t, "image", "check", image).want(t, 0, "No fault")
			for _, c := range [][]string{{"convert", "to.qcow2"}, {"convert", "to.raw"}, {"clone", "clone.raw"}, {"clone", "clone." + kind.format, "--format", kind.format}} {
				to := filepath.Join(filepath.Dir(image), c[1])
				p.run(t, append([]string{"image", c[0], image, to}, c[2:]...)...).want(t, 0)
				out := p.run(t, "image", "diff", image, to).out
				if !strings.Contains(out, "p1, ext4: identical") && !strings.Contains(out, "same") {
					t.Errorf("%v: %s", c, out)
				}
			}
			back := filepath.Join(filepath.Dir(image), "back")
			p.run(t, "image", "convert", filepath.Join(filepath.Dir(image), "to.qcow2"), back, "--format", kind.format).want(t, 0)
			sh(t, filepath.Dir(image), fmt.Sprintf("qemu-img compare -q -f %[1]s -F %[1]s './%[2]s' back", kind.format, oddName))
		})
	}
}

// takenBy is the room that a file takes on its file system.
func takenBy(t *testing.T, image string) int64 {
	t.Helper()
	var n int64
	if _, err := fmt.Sscan(sh(t, filepath.Dir(image), fmt.Sprintf("stat -c %%b './%s'", filepath.Base(image))), &n); err != nil {
		t.Fatal(err)
	}
	return n * 512
}
