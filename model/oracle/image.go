// Package oracle makes disk images with foreign programs and asks foreign programs what is in them. End-to-end tests are
// built of three parts: an image that sfdisk, mkfs and their like made, a plan that this project carries out, and the
// verdict of programs that know nothing of this project. A program that is missing ends the test as testneed says.
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

// Image makes a sparse file disk.raw of so many MiB in a directory of its own and returns its path. The script runs in
// that directory, where $IMG is disk.raw as well.
func Image(t testing.TB, mib int64, script string) string {
	t.Helper()
	dir := t.TempDir()
	testneed.Shell(t, dir, fmt.Sprintf("IMG=disk.raw; truncate -s %dM $IMG\n%s", mib, script))
	return filepath.Join(dir, "disk.raw")
}

// PlantTree makes a small tree of random files below dir, for mkfs.ext4 -d and its like.
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

// ExtFiles has debugfs read all files of the ext file system at a byte offset, and returns their Sums.
func ExtFiles(t testing.TB, image string, off int64) map[string]string {
	t.Helper()
	testneed.Tool(t, "debugfs")
	dir := t.TempDir()
	testneed.Shell(t, dir, fmt.Sprintf("debugfs -R 'rdump / %s' '%s?offset=%d' 2>&1", dir, image, off))
	return Sums(t, dir)
}

// ExtClean has e2fsck check the ext file system at a byte offset; it must find nothing.
func ExtClean(t testing.TB, image string, off int64) {
	t.Helper()
	testneed.Tool(t, "e2fsck")
	testneed.Shell(t, ".", fmt.Sprintf("e2fsck -fn '%s?offset=%d'", image, off))
}

// Blkid is the value blkid finds for a tag such as TYPE, LABEL or UUID in a file with one file system, "" for none.
func Blkid(t testing.TB, file, tag string) string {
	t.Helper()
	testneed.Tool(t, "blkid")
	return strings.TrimSpace(testneed.Shell(t, ".", fmt.Sprintf("blkid -p -o value -s %s '%s' || test $? = 2", tag, file)))
}

// Loop sets up a loop device over an image, read-only and with sectors of so many bytes, and returns its path. The caller
// detaches it.
func Loop(t testing.TB, image string, sector int64) string {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	return strings.TrimSpace(testneed.Shell(t, ".", fmt.Sprintf("losetup -f --show -r -b %d '%s'", sector, image)))
}
