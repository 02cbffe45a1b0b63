// Package targettest helps the tests of targets: it makes images and file systems for them, and runs foreign tools.
package targettest

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// Random returns the source for a random test. The log says how to repeat the test.
func Random(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(uint64(testneed.Seed(t)), 0))
}

// Require ends the test on an error.
func Require(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// RequireIs ends the test unless err is, or wraps, the wanted error.
func RequireIs(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// Run runs a tool that must succeed.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := Try(t, name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

// Try runs a tool and returns its output.
func Try(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(testneed.Tool(t, name), args...).CombinedOutput()
	return string(out), err
}

// Image makes a sparse file of size bytes that starts with some text.
func Image(t testing.TB, dir string, size int64) string {
	t.Helper()
	path := filepath.Join(dir, "stick.raw")
	content := []byte("not a table")
	Require(t, os.WriteFile(path, content[:min(int64(len(content)), size)], 0o644))
	Require(t, os.Truncate(path, size))
	return path
}

// Unchanged records the state of a file. The function that it returns fails the test if the file has changed since.
func Unchanged(t *testing.T, path string) func() {
	t.Helper()
	state := func() string {
		data, err := os.ReadFile(path)
		Require(t, err)
		return fmt.Sprintf("%d bytes, changed at %s, with the checksum %x", len(data), Stat(t, path).ModTime(), sha256.Sum256(data))
	}
	before := state()
	return func() {
		t.Helper()
		if now := state(); now != before {
			t.Errorf("%s has %s, and had %s", path, now, before)
		}
	}
}

// Stat returns the status of a file.
func Stat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	Require(t, err)
	return info
}

// Mounted returns a directory on a new file system of the given size. mkfs is the command that makes it, to which Mounted
// appends the name of the image.
func Mounted(t *testing.T, size int64, mkfs ...string) string {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	dir := t.TempDir()
	disk, at := filepath.Join(dir, "fs.img"), filepath.Join(dir, "mnt")
	Require(t, os.Mkdir(at, 0o755))
	Require(t, os.WriteFile(disk, nil, 0o644))
	Require(t, os.Truncate(disk, size))
	Run(t, mkfs[0], append(mkfs[1:], disk)...)
	Run(t, "mount", "-o", "loop", disk, at)
	t.Cleanup(func() { Run(t, "umount", at) })
	return at
}

// Loop sets up a loop device on a file until the end of the test.
func Loop(t *testing.T, path string, more ...string) string {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	loop := strings.TrimSpace(Run(t, "losetup", append(more, "--find", "--show", path)...))
	t.Cleanup(func() {
		_, _ = Try(t, "partx", "--delete", loop) // it fails where there are none
		Run(t, "losetup", "-d", loop)
	})
	return loop
}

// Fill returns n random bytes, none of them zero.
func Fill(r *rand.Rand, n int64) []byte {
	p := make([]byte, 0, n+8)
	for int64(len(p)) < n {
		p = binary.LittleEndian.AppendUint64(p, r.Uint64()|0x0101010101010101)
	}
	return p[:n]
}

// SameBytes fails the test unless r begins with the wanted bytes.
func SameBytes(t *testing.T, r io.ReaderAt, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	_, err := r.ReadAt(got, 0)
	Require(t, err)
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("byte %d is %#x, want %#x", i, got[i], want[i])
		}
	}
}
