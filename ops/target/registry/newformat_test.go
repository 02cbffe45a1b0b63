package registry

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/loop"
)

// The made-up format has a head of its own before the disk, so the kernel cannot read it.
const head = 4096

type shiftedImage struct{ *held.File }

func shifted() target.Driver {
	return target.Driver{
		Open: func(c target.Candidate, opts target.Options) (target.Target, error) {
			f, err := held.New(c, opts)
			if err == nil {
				err = f.Admit(opts)
			}
			return shiftedImage{f}, err
		},
		Adopt: func(c target.Candidate, opts target.Options, files []*os.File) (target.Target, error) {
			f, err := held.New(c, opts)
			if err == nil {
				err = f.Adopted(opts)
			}
			return shiftedImage{f}, err
		},
		Peek: func(_ string, f *os.File, size int64) (io.ReaderAt, int64, func() error, error) {
			return io.NewSectionReader(f, head, size-head), size - head, func() error { return nil }, nil
		},
	}
}

func (i shiftedImage) Format() string                          { return "shifted" }
func (i shiftedImage) Fixed() bool                             { return false }
func (i shiftedImage) Files() []*os.File                       { return []*os.File{i.Read} }
func (i shiftedImage) Size() int64                             { return i.File.Size() - head }
func (i shiftedImage) Forget(off, n int64)                     { i.File.Forget(off+head, n) }
func (i shiftedImage) ReadAt(p []byte, off int64) (int, error) { return i.File.ReadAt(p, off+head) }

func (i shiftedImage) WriteAt(p []byte, off int64) (int, error) { return i.File.WriteAt(p, off+head) }

func (i shiftedImage) Punch(off, n int64) error {
	if n == 0 {
		return nil
	}
	return i.WriteZeroes(off+head, n)
}
func (i shiftedImage) Data(off int64) (int64, int64, error) { return off, i.Size(), nil }
func (i shiftedImage) Copy(dst, src, n int64) error {
	if _, err := i.CopyWriter(dst+head, src+head, n); err != nil {
		return err
	}
	return i.CopyThrough(dst+head, src+head, n, 1<<20, 1)
}

func (i shiftedImage) Truncate(n int64) error {
	w, err := i.Writer("truncate", 0, 0)
	if err != nil {
		return err
	}
	if err := w.Truncate(n + head); err != nil {
		return err
	}
	i.SetSize(n + head)
	return nil
}

func (i shiftedImage) Refresh() error {
	st, err := i.Stat()
	if err == nil {
		i.SetSize(st.Size)
	}
	return err
}

func (i shiftedImage) Identity() (target.Identity, error) {
	st, err := i.Stat()
	return target.Identity{Kind: "shifted image", Path: i.Real, Dev: st.Dev, Inode: st.Ino, Size: st.Size - head, Modified: st.Mtim.Nano()}, err
}

// TestNewFormat enters a format that the kernel cannot read: everything reads its disk, and nobody hands its file to the
// kernel.
func TestNewFormat(t *testing.T) {
	before := formats
	formats = append([]format{{name: "shifted", magic: "SHIFTED!", driver: shifted}}, before...)
	t.Cleanup(func() { formats = before })
	path := image(t, t.TempDir(), head+1<<20)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	_, err = f.WriteAt([]byte("SHIFTED!"), 0)
	require(t, err)
	_, err = f.WriteAt([]byte("the disk"), head)
	require(t, err)
	require(t, f.Close())

	g, err := TakeSnapshot().Summarize(path, func(r io.ReaderAt, g Summary) error {
		sameBytes(t, r, []byte("the disk"))
		return nil
	})
	if err != nil || g.Format != "shifted" || g.Size != 1<<20 || g.Cannot != "" {
		t.Errorf("%+v, %v", g, err)
	}

	first := open(t, path, target.Options{})
	inUse(t, path, "this program itself")
	adopted, err := Adopt(path, target.Options{}, duplicate(t, first))
	require(t, err)
	t.Cleanup(func() { _ = adopted.Close() })
	for _, opened := range []target.Target{first, adopted} {
		sameBytes(t, opened, []byte("the disk"))
		if opened.Format() != "shifted" || opened.Size() != 1<<20 {
			t.Errorf("%s of %d bytes", opened.Format(), opened.Size())
		}
		if target.Uses(opened, []target.Part{{Number: 1, Len: 512}}) != nil || target.Mounts(opened, target.Part{Len: 512}) != nil {
			t.Error("the kernel is thought to use it")
		}
		if _, _, err := loop.SetUp(opened, target.Loop{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "the kernel cannot read shifted") {
			t.Errorf("a loop device: %v", err)
		}
	}
	require(t, first.Close())
	require(t, adopted.Close())

	device := loopOf(t, path)
	_, err = Open(device, target.Options{})
	refused, ok := errors.AsType[*Format](err)
	if !ok || refused.Name != "shifted" || !strings.Contains(refused.Advice, "open the file behind") {
		t.Errorf("its loop device: %v", err)
	}
}
