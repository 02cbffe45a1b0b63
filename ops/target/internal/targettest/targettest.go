// Package targettest is what the tests of targets share: images to open, file systems to put them on, and how to run
// foreign tools.
package targettest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/model/testneed"
)

var seedFlag = flag.Uint64("seed", 1, "seed of the random tests")

// Random is the source of random tests, which tells its seed.
func Random(t *testing.T) *rand.Rand {
	t.Helper()
	t.Logf("seed %d", *seedFlag)
	return rand.New(rand.NewPCG(*seedFlag, 0))
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

// Try runs a tool.
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

// Unchanged remembers the file as it is; the function it returns fails the test if it changed since.
func Unchanged(t *testing.T, path string) func() {
	t.Helper()
	before, info := digest(t, path), Stat(t, path)
	return func() {
		t.Helper()
		if after := digest(t, path); after != before {
			t.Errorf("contents of %s changed", path)
		}
		if now := Stat(t, path); now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime()) {
			t.Errorf("size or time of %s changed: %d at %s, was %d at %s", path, now.Size(), now.ModTime(), info.Size(), info.ModTime())
		}
	}
}

func digest(t *testing.T, path string) [32]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	Require(t, err)
	return sha256.Sum256(data)
}

// Stat is what the system tells of a file.
func Stat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	Require(t, err)
	return info
}

// Mounted is a directory on a new file system of the given size, made by a command that gets its image's name last.
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

// Loop sets a loop device up on a file. What is left of its partitions goes with it.
func Loop(t *testing.T, path string, more ...string) string {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	loop := strings.TrimSpace(Run(t, "losetup", append(more, "--find", "--show", path)...))
	t.Cleanup(func() {
		known, err := filepath.Glob(filepath.Join("/sys/block", filepath.Base(loop), "*", "partition"))
		Require(t, err)
		for _, file := range known {
			text, err := os.ReadFile(file)
			Require(t, err)
			number, err := strconv.Atoi(strings.TrimSpace(string(text)))
			Require(t, err)
			Run(t, "delpart", loop, strconv.Itoa(number))
		}
		Run(t, "losetup", "-d", loop)
	})
	return loop
}

// Fill makes n random bytes, none of them zero.
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
	if !bytes.Equal(got, want) {
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("byte %d is %#x, want %#x", i, got[i], want[i])
			}
		}
	}
}
