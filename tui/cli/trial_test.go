package cli

import (
	"fmt"
	"math/rand"
	"path/filepath"
	"strconv"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// trial is the shape of an end-to-end test: an image that foreign programs made, a plan that the program applies to a copy
// of it, and foreign programs that judge the copy.
type trial struct {
	image  string                    // is never written to after it was made
	files  map[int]map[string]string // the files of each partition with an ext4, by their checksums
	sector int64                     // bytes of a sector
}

// newTrial makes an image of so many MiB by a script that calls it $IMG.
func newTrial(t testing.TB, size int64, script string) trial {
	t.Helper()
	testneed.File(t, "/dev/fuse")
	return trial{image: oracle.Image(t, size, script), files: map[int]map[string]string{}, sector: 512}
}

// ext4 makes an ext4 with some files at a place of the image, for the partition of that number.
func (tr trial) ext4(t testing.TB, rng *rand.Rand, number int, startMiB, sizeMiB int64) {
	t.Helper()
	testneed.Tool(t, "mkfs.ext4")
	tree := t.TempDir()
	oracle.PlantTree(t, tree, rng, 4*mib)
	sh(t, ".", fmt.Sprintf("mkfs.ext4 -q -F -d '%s' -E offset=%d,nodiscard -L part%d '%s' %dM", tree, startMiB*mib, number, tr.image, sizeMiB))
	tr.files[number] = oracle.Sums(t, tree)
}

// table is the table of the image or of a copy as sfdisk reads it. Sectors that a file does not have need a loop device.
func (tr trial) table(t testing.TB, image string) oracle.Table {
	t.Helper()
	var table oracle.Table
	tr.asDisk(t, image, func(path string) { table = oracle.SFDisk(t, path) })
	return table
}

// asDisk calls do with the path by which foreign programs see an image with the sectors of the trial.
func (tr trial) asDisk(t testing.TB, image string, do func(path string)) {
	t.Helper()
	if tr.sector != 512 {
		image = oracle.Loop(t, image, tr.sector)
		defer sh(t, ".", "losetup -d "+image)
	}
	do(image)
}

// verdict is what became of a copy.
type verdict struct {
	outcome
	trial
	copy string // the image that the plan was applied to
}

// apply applies a plan to a copy of the image.
func (tr trial) apply(t testing.TB, p person, plan string, flags ...string) verdict {
	t.Helper()
	image := filepath.Join(p.dir(t), "disk.raw")
	cutOut(t, tr.image, image, 0, fileSize(t, tr.image))
	p.own(t, image)
	args := append([]string{"apply", "--yes", "--sector-size", strconv.FormatInt(tr.sector, 10)}, flags...)
	return verdict{p.run(t, append(args, image, write(t, plan+"\n"))...), tr, image}
}

// place is where a partition lies, in bytes. A size below 0 may be any.
type place struct{ start, size int64 }

// moved checks that the table has the same partitions as before, that those in want lie where they must, and that each
// kept its identity and its files; foreign programs have nothing to say against any of it.
func (v verdict) moved(t testing.TB, want map[int]place) {
	t.Helper()
	if v.want(t, exitDone, "Done"); t.Failed() {
		return
	}
	before, after := v.table(t, v.trial.image), v.table(t, v.copy)
	if after.Label != before.Label || after.ID != before.ID || len(after.Partitions) != len(before.Partitions) {
		t.Errorf("the table is %+v, was %+v", after, before)
	}
	for _, was := range before.Partitions {
		got := after.Part(t, was.Number)
		at, ok := want[was.Number]
		if !ok {
			at = place{was.Off, was.Len}
		}
		if got.Off != at.start || at.size >= 0 && got.Len != at.size {
			t.Errorf("p%d lies at %d+%d bytes, want %d+%d", was.Number, got.Off, got.Len, at.start, at.size)
		}
		if got.Type != was.Type || got.UUID != was.UUID && after.Label == "gpt" || got.Name != was.Name || got.Attrs != was.Attrs || got.Bootable != was.Bootable {
			t.Errorf("p%d is %+v, was %+v", was.Number, got, was)
		}
		if files := v.files[was.Number]; files != nil {
			oracle.ExtClean(t, v.copy, got.Off)
			fills(t, v.copy, got)
			oracle.SameFiles(t, oracle.ExtFiles(t, v.copy, got.Off), files)
		}
	}
	v.asDisk(t, v.copy, func(path string) { oracle.TableClean(t, path) })
}
