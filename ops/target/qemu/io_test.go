package qemu

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// TestReadsAndWrites makes random changes to an image of each kind. QEMU's own program reads them, and checks the format.
func TestReadsAndWrites(t *testing.T) {
	const size = 5<<20 + 512
	for _, k := range kinds {
		t.Run(k.format+" "+k.options, func(t *testing.T) {
			t.Parallel()
			rng := random(t)
			path := fresh(t, k.format, k.options, size)
			f := open(t, path, k.format, target.Edit)
			if f.Size() != size || !f.Fixed() || f.Format() != k.format {
				t.Fatalf("%d bytes of %s, fixed %v", f.Size(), f.Format(), f.Fixed())
			}
			if _, err := f.WriteAt([]byte{1}, 0); err == nil {
				t.Error("written before that was allowed")
			}
			require(t, f.AllowWrites())
			want := make([]byte, size)
			for range 60 {
				n := rng.Int64N(size/8) + 1
				off := rng.Int64N(size - n + 1)
				switch rng.IntN(4) {
				case 0, 1:
					b := bytes.Repeat([]byte{byte(rng.UintN(256))}, int(n))
					_, err := f.WriteAt(b, off)
					require(t, err)
					copy(want[off:], b)
				case 2:
					require(t, f.Punch(off, n))
					clear(want[off : off+n])
				case 3:
					src := rng.Int64N(size - n + 1)
					if src < off+n && off < src+n {
						continue
					}
					require(t, f.Copy(off, src, n))
					copy(want[off:off+n], want[src:src+n])
				}
			}
			same(t, f, want)
			require(t, f.Sync())
			holes(t, f, want)
			require(t, f.AllowWrites()) // another daemon
			same(t, f, want)
			require(t, f.Close())
			if !bytes.Equal(bytesOf(t, path, k.format), want) {
				t.Error("qemu-img reads another disk")
			}
			if out, err := exec.Command("qemu-img", "check", "-f", k.format, path).CombinedOutput(); err != nil && k.format != VPC {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func same(t *testing.T, f *file, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	_, err := f.ReadAt(got, 0)
	require(t, err)
	if !bytes.Equal(got, want) {
		t.Error("the disk has other bytes")
	}
}

// holes compares what Data says with the bytes.
func holes(t *testing.T, f *file, want []byte) {
	t.Helper()
	for off := int64(0); off < f.Size(); {
		start, end, err := f.Data(off)
		require(t, err)
		if start < off || end < start || len(bytes.Trim(want[off:start], "\x00")) > 0 {
			t.Fatalf("the run behind %d is %d-%d", off, start, end)
		}
		off = end
	}
}

// TestPunchOnFullHost fills the file system of an image. What a write has left there can be cleared, which a roll back needs.
func TestPunchOnFullHost(t *testing.T) {
	testneed.Root(t)
	for _, format := range []string{VHDX, VPC, VDI} {
		dir := t.TempDir()
		testneed.Shell(t, dir, "mount -t tmpfs -o size=4m none .")
		t.Cleanup(func() { testneed.Shell(t, "/", "umount '"+dir+"'") })
		path := filepath.Join(dir, format)
		run(t, "cp", "--sparse=always", fresh(t, format, "", 64<<20), path)
		f := open(t, path, format, target.Edit)
		require(t, f.AllowWrites())
		b := bytes.Repeat([]byte{7}, 1<<20)
		off, err := int64(0), error(nil)
		for ; err == nil && off < f.Size(); off += int64(len(b)) {
			_, err = f.WriteAt(b, off)
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("%s: %v", format, err)
		}
		require(t, f.Punch(0, off))
		same(t, f, make([]byte, off))
		require(t, f.Sync(), f.Close())
	}
}
