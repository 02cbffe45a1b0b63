package qcow2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

// fileStore is an image file for tests.
type fileStore struct{ *os.File }

func (f fileStore) Size() int64 {
	info, err := f.Stat()
	if err != nil {
		panic(err)
	}
	return info.Size()
}

func (f fileStore) Data(off int64) (start, end int64, err error) {
	start, err = f.Seek(off, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return f.Size(), f.Size(), nil
	}
	if err != nil {
		return 0, 0, err
	}
	end, err = f.Seek(start, unix.SEEK_HOLE)
	return start, end, err
}

// Reserve gives a part of the file room on the host.
func (f fileStore) Reserve(off, n int64) error { return unix.Fallocate(int(f.Fd()), 0, off, n) }

func require(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// qemu runs a program of QEMU and returns what it prints.
func qemu(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(testneed.Tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// openFile opens an image file with its chain of backing files beside it.
func openImage(t testing.TB, path string) *Image {
	t.Helper()
	f, err := os.Open(path)
	require(t, err)
	t.Cleanup(func() { _ = f.Close() })
	h, err := readHeader(f)
	require(t, err)
	var backing Backing
	if h.Backing != "" {
		below := filepath.Join(filepath.Dir(path), h.Backing)
		if h.BackingFormat == "qcow2" {
			backing = openImage(t, below)
		} else {
			b, err := os.Open(below)
			require(t, err)
			t.Cleanup(func() { _ = b.Close() })
			backing = fileStore{b}
		}
	}
	im, err := Open(fileStore{f}, backing)
	require(t, err)
	return im
}

// sameAsQEMU compares all bytes of the disk with what qemu-img converts the image to.
func sameAsQEMU(t testing.TB, im *Image, path string) {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	qemu(t, "qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", path, raw)
	want, err := os.ReadFile(raw)
	require(t, err)
	require(t, os.Remove(raw))
	got := make([]byte, im.Size())
	if n, err := im.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("read %d of %d bytes: %v", n, len(got), err)
	}
	same(t, got, want)
	for at := int64(0); at < im.Size(); { // what Data leaves out is zero
		start, end, err := im.Data(at)
		require(t, err)
		if start < at || end < start || start == end && end != im.Size() {
			t.Fatalf("data after %d: [%d, %d)", at, start, end)
		}
		if len(bytes.Trim(want[at:start], "\x00")) > 0 {
			t.Fatalf("bytes %d to %d are not all zero", at, start)
		}
		at = end
	}
}

func same(t testing.TB, got, want []byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d bytes instead of %d", len(got), len(want))
	}
	if bytes.Equal(got, want) {
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("byte %d of %d is %#x instead of %#x", i, len(got), got[i], want[i])
		}
	}
}

// A shape is a way to make an image with qemu-img.
type shape struct {
	name, options string
	packed        bool // its first content is compressed
}

// shapes are all kinds of images that are edited.
func shapes() []shape {
	var list []shape
	for _, o := range []string{
		"compat=0.10", "compat=1.1", "compat=0.10,cluster_size=512", "compat=1.1,cluster_size=4096", "compat=1.1,cluster_size=2M",
		"compat=1.1,refcount_bits=1", "compat=1.1,refcount_bits=2", "compat=1.1,refcount_bits=4,cluster_size=1024", "compat=1.1,refcount_bits=8",
		"compat=1.1,refcount_bits=32", "compat=1.1,refcount_bits=64,cluster_size=4096", "compat=1.1,compression_type=zstd",
		"compat=1.1,lazy_refcounts=on", "compat=1.1,preallocation=metadata", "compat=1.1,preallocation=falloc,cluster_size=4096",
		"compat=1.1,extended_l2=on", "compat=1.1,extended_l2=on,cluster_size=16k", "compat=1.1,extended_l2=on,compression_type=zstd,cluster_size=128k",
	} {
		list = append(list, shape{name: o, options: o})
		if !strings.Contains(o, "preallocation") {
			list = append(list, shape{name: o + ",packed", options: o, packed: true})
		}
	}
	return list
}

// make creates an image of size bytes with random content in dir.
func (s shape) make(t testing.TB, dir string, rng *rand.Rand, size int64, more ...string) string {
	t.Helper()
	path := filepath.Join(dir, "img.qcow2")
	if !s.packed {
		qemu(t, "qemu-img", append(append([]string{"create", "-q", "-f", "qcow2", "-o", s.options}, more...), path, fmt.Sprint(size))...)
	} else {
		raw := filepath.Join(dir, "content")
		f, err := os.Create(raw)
		require(t, err)
		require(t, f.Truncate(size))
		for range 6 {
			_, err := f.WriteAt(text(rng, 1+rng.Intn(200<<10)), rng.Int63n(size-300<<10))
			require(t, err)
		}
		require(t, f.Close())
		qemu(t, "qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", s.options, raw, path)
	}
	scribble(t, path, rng, size, 12)
	return path
}

// text returns n bytes that can be compressed.
func text(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefgh"[rng.Intn(8)]
	}
	return b
}

// scribble writes n times to an image by qemu-io: data, zeros of both kinds, and discards.
func scribble(t testing.TB, path string, rng *rand.Rand, size int64, n int) {
	t.Helper()
	args := []string{"-f", "qcow2", "-d", "unmap"}
	for range n {
		off, length := rng.Int63n(size-300<<10)&^511, (1+rng.Int63n(200<<10))&^511+512
		var c string
		switch rng.Intn(6) {
		case 0:
			c = fmt.Sprintf("write -z %d %d", off, length)
		case 1:
			c = fmt.Sprintf("write -z -u %d %d", off, length)
		case 2:
			c = fmt.Sprintf("discard %d %d", off, length)
		default:
			c = fmt.Sprintf("write -P %d %d %d", 1+rng.Intn(255), off, length)
		}
		args = append(args, "-c", c)
	}
	qemu(t, "qemu-io", append(args, path)...)
}
