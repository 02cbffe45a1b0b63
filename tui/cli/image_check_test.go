package cli

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/report"
)

// TestImageCheckOfFilesystems checks file systems that foreign tools made, whole and damaged, on a disk without a table.
// Whatever is damaged is wrong, nothing else is, and the image stays as it was. Without -damage it tries one damage of
// each kind.
func TestImageCheckOfFilesystems(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	byKind := map[model.FSKind][]damage{}
	for _, d := range damages() {
		byKind[d.kind] = append(byKind[d.kind], d)
	}
	for _, fs := range matrixKinds() {
		list := byKind[fs.kind]
		slices.SortFunc(list, func(a, b damage) int { return strings.Compare(a.name, b.name) })
		if !*allDamage && len(list) > 0 {
			list = list[rng.Intn(len(list)):][:1]
		}
		t.Run(string(fs.kind), func(t *testing.T) {
			t.Parallel()
			whole, _ := fs.make(t, 2048)
			checksAs(t, whole, true)
			for _, d := range list {
				t.Run(d.name, func(t *testing.T) {
					image := filepath.Join(t.TempDir(), "disk.raw")
					sh(t, ".", fmt.Sprintf("cp --sparse=always '%s' '%s'", whole, image))
					d.do(t, image)
					checksAs(t, image, harmlessDamage[string(d.kind)+": "+d.name])
				})
			}
		})
	}
}

// harmlessDamage are those that leave a file system that its own tools take for sound.
var harmlessDamage = map[string]bool{
	"ext4: a journal that wants a replay": true, // what is in it need not be damage
	"ext4: a name without an inode":       true, // debugfs does not do it
	"ext4: a size beyond":                 true, // a file may end in a hole
	"ext4: a used block that is free":     true, // in this file system they were free
	"xfs: a size":                         true, // blocks behind the end may be allocated
	"f2fs: a file's inode":                true, // mkfs.f2fs makes no checksums of inodes
	"f2fs: a file's checksum":             true,
}

// checksAs checks an image and returns what was found in each part.
func checksAs(t *testing.T, image string, clean bool) map[string]report.Check {
	t.Helper()
	before := digest(t, image)
	out := people()[0].run(t, "image", "check", "--json", image)
	want := exitDone
	if !clean {
		want = exitRefused
	}
	if out.code != want {
		t.Errorf("exit code %d, want %d\n%s%s", out.code, want, out.out, out.err)
	}
	var found report.ImageCheck
	if err := json.Unmarshal([]byte(out.out), &found); err != nil || found.Clean != clean {
		t.Errorf("%v\n%s", err, out.out)
	}
	if digest(t, image) != before {
		t.Error("the image was written to")
	}
	parts := map[string]report.Check{}
	for _, c := range found.Checks {
		parts[c.Part] = c
	}
	return parts
}
