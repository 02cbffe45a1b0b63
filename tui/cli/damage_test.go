package cli

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

var allDamage = flag.Bool("damage", false, "try every edit of every damaged file system, not a few of them")

// damagedEdits are edits of the subject, on a GPT with a neighbour behind.
var damagedEdits = []string{"check", "grow", "shrink", "move", "copy", "label", "image min", "room"}

// damagedPlan returns the lines of a plan for an edit.
func damagedPlan(edit string, l matrixLayout, size int64) []string {
	switch edit {
	case "grow":
		return []string{fmt.Sprintf("resize 1 to %dMiB", larger(size))}
	case "shrink":
		return []string{fmt.Sprintf("resize 1 to %dMiB", smaller(size))}
	case "move":
		return []string{fmt.Sprintf("move 1 right %dMiB", third(size))}
	case "copy":
		return []string{fmt.Sprintf("copy 1 at %dMiB", l.copied)}
	case "label":
		return []string{`label 1 "FRESH"`}
	case "image min":
		return []string{"image min"}
	case "room":
		return []string{fmt.Sprintf("room 1 by +%dMiB", 2*size)}
	}
	return []string{"check 1"}
}

// TestDamaged edits damaged file systems. A file that the boot loader's drivers could read before is the same after, or the
// report named it. What is refused leaves the image as it was. Without -damage it tries some damage of each kind.
func TestDamaged(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "grub-fstest")
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	byKind := map[model.FSKind][]damage{}
	for _, d := range damages() {
		byKind[d.kind] = append(byKind[d.kind], d)
	}
	for _, fs := range matrixKinds() {
		list := byKind[fs.kind]
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b damage) int { return strings.Compare(a.name, b.name) })
		edits := func() []string { return damagedEdits }
		if !*allDamage {
			rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			list = list[:1]
			chosen := []string{"check", damagedEdits[1+rng.Intn(len(damagedEdits)-1)]}
			edits = func() []string { return chosen }
		}
		t.Run(string(fs.kind), func(t *testing.T) {
			t.Parallel()
			c := matrixCell{fs: fs, layout: layoutFor(fs.size), table: matrixTables()[onGPT]}
			whole, _ := fs.make(t, c.layout.subject*2048)
			for _, d := range list {
				t.Run(d.name, func(t *testing.T) {
					c.window = filepath.Join(t.TempDir(), "window")
					sh(t, ".", fmt.Sprintf("cp --sparse=always '%s' '%s'", whole, c.window))
					d.do(t, c.window)
					c.files = readable(t, c.window)
					c.build(t)
					for _, edit := range edits() {
						t.Run(edit, func(t *testing.T) { c.editDamaged(t, edit) })
					}
				})
			}
		})
	}
}

// editDamaged does one edit of a copy of the damaged image and judges it.
func (c matrixCell) editDamaged(t *testing.T, edit string) {
	t.Helper()
	image, out := c.apply(t, damagedPlan(edit, c.layout, c.fs.size))
	if out.code != exitDone {
		out.want(t, exitRefused)
		t.Logf("refused: %s", out.err)
		onlyTouched(t, c.image, image, nil)
		return
	}
	after := oracle.SFDisk(t, image)
	for i, p := range after.Partitions {
		if i == 1 {
			continue // the neighbour
		}
		window := filepath.Join(t.TempDir(), "window")
		cutOut(t, image, window, p.Off, p.Len)
		got := readable(t, window)
		for name, sum := range c.files {
			if got[name] != sum && !strings.Contains(strings.ToLower(out.out+out.err), strings.ToLower("/"+name)) {
				t.Errorf("p%d: %s could be read before and is another or gone (%t); nothing names it\n%s%s", p.Number, name, got[name] == "", out.out, out.err)
			}
		}
	}
}

// readable maps the files that the boot loader's drivers can read to their checksums.
func readable(t *testing.T, window string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"d0", "d1"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sh(t, dir, fmt.Sprintf(`ulimit -f 40000
for f in d0/f0 d0/f2 d0/f4 d1/f1 d1/f3 d1/f5 "d0/a long name of f2"; do
	timeout 20 grub-fstest '%s' cp "(loop0)/$f" "$f" >/dev/null 2>&1 || rm -f "$f"
done`, window))
	files := map[string]string{}
	for name, sum := range oracle.Sums(t, dir) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Size() > 0 {
			files[name] = sum
		}
	}
	return files
}
