// Package oracle makes disk images with foreign programs and asks foreign programs what they contain. End-to-end tests
// have three parts: an image made by sfdisk, mkfs and the like, a plan that shunt carries out, and the verdict of
// programs that know nothing of shunt. If a program is missing, the test ends as package testneed says.
package oracle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// Image makes a sparse file disk.raw of that many MiB in a new directory and returns its path. The script runs in that
// directory, where $IMG is disk.raw too.
func Image(t testing.TB, mib int64, script string) string {
	t.Helper()
	dir := t.TempDir()
	testneed.Shell(t, dir, fmt.Sprintf("IMG=disk.raw; truncate -s %dM $IMG\n%s", mib, script))
	return filepath.Join(dir, "disk.raw")
}

// PlantTree makes a small tree of random files below dir, for mkfs.ext4 -d and the like.
func PlantTree(t testing.TB, dir string, rng *rand.Rand, bytes int) {
	t.Helper()
	for i, left := 0, bytes; left > 0; i++ {
		b := make([]byte, min(left, 1+rng.Intn(300_000)))
		rng.Read(b)
		name := filepath.Join(dir, fmt.Sprintf("d%d", i%3), fmt.Sprintf("f%d", i))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, b, 0o644)); err != nil {
			t.Fatal(err)
		}
		left -= len(b)
	}
}

// Sums maps the path of each regular file below dir to the checksum of its content.
func Sums(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		content, readErr := os.ReadFile(path)
		sum := sha256.Sum256(content)
		files[rel] = hex.EncodeToString(sum[:])
		return errors.Join(err, readErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// SameFiles fails the test if files are missing, were added or have another checksum.
func SameFiles(t testing.TB, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	for name, sum := range want {
		if got[name] != sum {
			t.Errorf("%s: content changed", name)
		}
	}
}

// ExtFiles reads all files of the ext file system at a byte offset with debugfs and returns their Sums.
func ExtFiles(t testing.TB, image string, off int64) map[string]string {
	t.Helper()
	testneed.Tool(t, "debugfs")
	dir := t.TempDir()
	testneed.Shell(t, dir, fmt.Sprintf("debugfs -R 'rdump / %s' '%s?offset=%d' 2>&1", dir, image, off))
	return Sums(t, dir)
}

// ExtClean fails the test if e2fsck finds a fault in the ext file system at a byte offset.
func ExtClean(t testing.TB, image string, off int64) {
	t.Helper()
	testneed.Tool(t, "e2fsck")
	testneed.Shell(t, ".", fmt.Sprintf("e2fsck -fn '%s?offset=%d'", image, off))
}

// Blkid returns what blkid finds for a tag such as TYPE, LABEL or UUID in a file with one file system, or "".
func Blkid(t testing.TB, file, tag string) string {
	t.Helper()
	testneed.Tool(t, "blkid")
	return strings.TrimSpace(testneed.Shell(t, ".", fmt.Sprintf("blkid -p -o value -s %s '%s' || test $? = 2", tag, file)))
}

// Loop sets up a read-only loop device over an image, with sectors of that many bytes, and returns its path. The caller
// must detach it.
func Loop(t testing.TB, image string, sector int64) string {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	return strings.TrimSpace(testneed.Shell(t, ".", fmt.Sprintf("losetup -f --show -r -b %d '%s'", sector, image)))
}
