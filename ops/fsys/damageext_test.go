package fsys

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/safetext"
	"shunt/model/scan"
	"shunt/model/testneed"
	"shunt/ops/report"
	runner "shunt/ops/tool"
)

var allDamage = flag.Bool("damage", false, "try every damaged image, not a few of them")

// damagedExt is the directory with the images that e2fsck is tested with: nearly every damage that it knows.
func damagedExt(t *testing.T) string {
	t.Helper()
	testneed.Tool(t, "gzip")
	return oracle.Unpacked(t, "e2fsck-images", `tar -xzf "$ARCHIVE" --strip-components=2 --wildcards '*/tests/f_*/image.gz'
for image in */image.gz; do gzip -dc $image | cp --sparse=always /dev/stdin ${image%/*}.img; done
rm -r f_*/`, oracle.Source{
		URL: "https://deb.debian.org/debian/pool/main/e/e2fsprogs/e2fsprogs_1.47.2.orig.tar.gz",
		Sum: "6dcd67ff9d8b13274ba3f088e4318be4f5b71412cd863524423fc49d39a6371f",
	})
}

// TestDamagedExt checks images that e2fsck is tested with. What Ready lets pass has all its files and is clean. What Repair
// does to a file that debugfs could read completely, it names. Without -damage it tries the images that found faults, and a
// few others.
func TestDamagedExt(t *testing.T) {
	const few = 8
	known := []string{
		"bad_encryption", "dup", "extent_leaf_bad_magic", "illitable_flexbg", "itable_collision", "quota_shrinkdir",
	}
	// Tens of thousands of files; an image of another kind; a superblock that nobody reads; a tree that the journal changes.
	left := []string{
		"many_subdirs", "h_badnode", "h_normal", "h_unsigned", "h_reindex", "expand", "crashdisk", "zero_super", "jnl_32bit", "jnl_64bit",
	}
	images, err := filepath.Glob(filepath.Join(damagedExt(t), "f_*.img"))
	must(t, err)
	if len(images) < 190 {
		t.Fatalf("only %d images", len(images))
	}
	rng := rand.New(rand.NewPCG(uint64(testneed.Seed(t)), 0))
	rng.Shuffle(len(images), func(i, j int) { images[i], images[j] = images[j], images[i] })
	tried := 0
	for _, image := range images {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(image), "f_"), ".img")
		if slices.Contains(left, name) || !*allDamage && !slices.Contains(known, name) && tried >= few {
			continue
		}
		if !slices.Contains(known, name) {
			tried++
		}
		t.Run(name, func(t *testing.T) { tryDamagedExt(t, image) })
	}
}

func tryDamagedExt(t *testing.T, image string) {
	t.Helper()
	tools, path := Tools{Run: runStreaming}, copyOf(t, image)
	fs := scan.Probe(open(t, path), 0, fileSize(t, path))
	if !strings.HasPrefix(string(fs.Kind), "ext") {
		t.Fatalf("blkid and the kernel know an ext, and this is %q", fs.Kind)
	}
	before := dumped(t, path)
	ready := copyOf(t, path)
	r, err := tools.Ready(t.Context(), fs.Kind, ready)
	switch {
	case err == nil && r.Repaired:
		t.Errorf("was repaired in passing: %+v", r)
	case err == nil:
		compareDumps(t, before, dumped(t, ready), nil)
		must(t, tools.Verify(t.Context(), fs.Kind, ready))
	case !errors.As(err, new(*DamagedError)) && fs.Elsewhere == 0:
		t.Logf("is refused: %v", err)
	}
	r, err = tools.Repair(t.Context(), fs.Kind, path)
	if err != nil {
		t.Logf("is not repaired: %v", err)
		return
	}
	if r.NotListed == "" {
		compareDumps(t, before, dumped(t, path), r.Files)
	}
}

// runStreaming is a Runner that sees lines while the program runs.
func runStreaming(ctx context.Context, argv []string, onLine func(string)) (int, string, error) {
	r, err := runner.Run(ctx, runner.Cmd{Argv: argv, OnOutput: onLine})
	return r.Exit, r.Output, err
}

// dumped maps each file and link that debugfs can read completely to its content.
func dumped(t *testing.T, image string) map[string]string {
	t.Helper()
	to, all := t.TempDir(), map[string]string{}
	sizes, err := job{path: image}.listExt(t.Context())
	if err != nil {
		t.Logf("debugfs: %v", err) // it crashes on some superblocks
		return all
	}
	// A damaged file can be endless.
	try(t, "sh", "-c", `trap '' XFSZ; ulimit -f 4000; timeout 20 debugfs -n -c -R "rdump / $1" "$2"`, "sh", to, image)
	must(t, filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		name := strings.TrimPrefix(path, to)
		n, listed := sizes[name]
		switch {
		case err != nil || !listed: // an encrypted name can hold a zero byte, which rdump cannot write
			return err
		case d.Type().IsRegular():
			b, err := os.ReadFile(path)
			if int(n.size) == len(b) {
				all[name] = string(b)
			}
			return err
		case d.Type()&os.ModeSymlink != 0:
			all[name], err = os.Readlink(path)
		}
		return err
	}))
	return all
}

// compareDumps fails for a file that is not as it was and not named, nor a directory that it lay in.
func compareDumps(t *testing.T, before, after map[string]string, named []report.FileFate) {
	t.Helper()
	for path, was := range before {
		is, there := after[path]
		shown := safetext.Printable(path)
		told := slices.ContainsFunc(named, func(f report.FileFate) bool {
			return f.Path == shown || strings.HasPrefix(shown, f.Path+"/")
		})
		if (!there || is != was) && !told {
			t.Errorf("%q could be read before, and is another or gone (there: %v); nothing names it", path, there)
		}
	}
}
