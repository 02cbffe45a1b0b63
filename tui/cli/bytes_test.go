package cli

import (
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// poke overwrites bytes of a file.
func poke(t testing.TB, path string, off int64, b ...byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// rangeOf reads n bytes at off, all of which must be there.
func rangeOf(t testing.TB, path string, off, n int64) []byte {
	t.Helper()
	b := padded(t, path, off, n)
	if info, err := os.Stat(path); err != nil || info.Size() < off+n {
		t.Fatalf("%s ends before byte %d", path, off+n)
	}
	return b
}

// padded reads n bytes at off; behind the end there is zero.
func padded(t testing.TB, path string, off, n int64) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, n)
	if _, err := f.ReadAt(b, off); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return b
}

// cutOut copies n bytes of a file into a new one; holes stay holes.
func cutOut(t testing.TB, from, to string, off, n int64) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Truncate(n); err != nil {
		t.Fatal(err)
	}
	copyData(t, in, out, off, 0, n)
}

// putInto copies a file into another one, to off. What is a hole in the first leaves the second as it is.
func putInto(t testing.TB, from, to string, off int64) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	copyData(t, in, out, 0, off, fileSize(t, from))
}

// copyData copies what is no hole of n bytes at from into another file, to the place to, and closes that.
func copyData(t testing.TB, in, out *os.File, from, to, n int64) {
	t.Helper()
	b := make([]byte, 1<<20)
	eachData(t, in, from, from+n, func(at, end int64) {
		w := struct{ io.Writer }{io.NewOffsetWriter(out, at-from+to)}
		if _, err := io.CopyBuffer(w, io.NewSectionReader(in, at, end-at), b); err != nil {
			t.Fatal(err)
		}
	})
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// eachData tells the runs of a file between off and end that are no holes.
func eachData(t testing.TB, f *os.File, off, end int64, do func(from, to int64)) {
	t.Helper()
	for off < end {
		data, err := unix.Seek(int(f.Fd()), off, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) || err == nil && data >= end {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		hole, err := unix.Seek(int(f.Fd()), data, unix.SEEK_HOLE)
		if err != nil {
			t.Fatal(err)
		}
		off = min(hole, end)
		do(data, off)
	}
}

// dataPieces are the offsets of the pieces of a file in which there is something else than holes.
func dataPieces(t testing.TB, path string, piece int64) (offs []int64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	next := int64(0)
	eachData(t, f, 0, info.Size(), func(from, to int64) {
		for at := max(next, from/piece*piece); at < to; at += piece {
			offs = append(offs, at)
			next = at + piece
		}
	})
	return offs
}

// span is a run of bytes.
type span struct{ from, to int64 }
