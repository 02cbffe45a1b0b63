package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shunt/geometry"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestClone copies the used blocks of an image full of old data. Foreign programs read the copies.
func TestClone(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	tr := wornTrial(t)
	p := people()[len(people())-1]
	dir := p.dir(t)
	source := filepath.Join(dir, "source.raw")
	cutOut(t, tr.image, source, 0, 96*mib)
	p.own(t, source)
	was := digest(t, source)
	name := filepath.Join(dir, "a, b:-c\n.raw")
	p.run(t, "image", "clone", source, name).want(t, exitDone, "free space were left out")
	tr.wornFiles(t, name)
	if n := allocated(t, name); n > 26*mib {
		t.Errorf("%d bytes are allocated", n)
	}
	p.run(t, "image", "clone", source, name).want(t, exitRefused, "exists already")
	p.run(t, "image", "clone", source, source, "--force").want(t, exitRefused, "the source itself")
	p.run(t, "image", "clone", source, name, "--resume", "--force").want(t, exitRefused, "nothing to go on with")
	p.run(t, "image", "clone", source, filepath.Join(dir, "x"), "--size", "40MiB").want(t, exitRefused, "p4 ends at")
	p.run(t, "image", "clone", source, filepath.Join(dir, "x"), "--format", "odd").want(t, exitUsage)
	qcow2 := filepath.Join(dir, "copy.qcow2")
	p.run(t, "image", "clone", source, qcow2, "--size", "128MiB").want(t, exitDone)
	grown := unpacked(t, qcow2)
	if n := fileSize(t, grown); n != 128*mib {
		t.Errorf("the copy has %d bytes", n)
	}
	tr.wornFiles(t, grown)
	if digest(t, source) != was {
		t.Error("the source was changed")
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.part*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestCloneBad copies an image with sectors that cannot be read: it stops and names them, goes on, and lists them.
func TestCloneBad(t *testing.T) {
	tr := wornTrial(t)
	p := people()[0]
	disk, shown := serveBad(t, tr.image)
	copied := filepath.Join(p.dir(t), "copy.raw")
	at := int64(57 * mib) // in p3, whose contents are unknown
	disk.from.Store(at)
	disk.to.Store(at + 8*512)
	place := "sector " + geometry.Grouped(at/512)
	p.run(t, "image", "clone", shown, copied).want(t, exitRefused, place, "in p3", "--resume", "copy.raw.part")
	if _, err := os.Stat(copied); err == nil {
		t.Error("a copy that is not complete has the name")
	}
	p.run(t, "image", "clone", shown, copied).want(t, exitRefused, "left from a clone that was stopped")
	p.run(t, "image", "clone", shown, copied, "--resume", "--skip-bad").want(t, exitRefused, fmt.Sprintf("sectors %s-%s, in p3", geometry.Grouped(at/512), geometry.Grouped(at/512+7)), "4.00 KiB")
	want := rangeOf(t, tr.image, 56*mib, 8*mib)
	clear(want[mib : mib+8*512])
	if !bytes.Equal(rangeOf(t, copied, 56*mib, 8*mib), want) {
		t.Error("p3 is not the source's with zeros where it cannot be read")
	}
	oracle.ExtClean(t, copied, mib)

	again := filepath.Join(p.dir(t), "again.raw")
	p.run(t, "image", "clone", shown, again).want(t, exitRefused, place)
	disk.to.Store(at)
	p.run(t, "image", "clone", shown, again, "--resume").want(t, exitDone)
	tr.wornFiles(t, again)
}
