package fsys

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/report"
)

// readAnything reads all that can be reached, and gives up where a directory comes up again.
func readAnything(ctx context.Context, c Contents) {
	seen := map[uint64]bool{}
	root, err := c.Root(ctx)
	if err != nil {
		return
	}
	b := make([]byte, 5000)
	for pending := []Node{root}; len(pending) > 0 && len(seen) < 200; pending = pending[1:] {
		if seen[pending[0].ID] {
			continue
		}
		seen[pending[0].ID] = true
		count := 0
		_ = c.Entries(ctx, pending[0], func(n Node) error {
			if count++; count > 2000 {
				return errFound
			}
			_, _ = c.Find(ctx, pending[0], n.Name+"?")
			if n.Kind == report.FileDirectory {
				pending = append(pending, n)
			}
			if f, err := c.Open(ctx, n); err == nil {
				for off := int64(0); off < f.Size() && off >= 0; off = off*2 + 1 {
					_, _ = f.ReadAt(b, off)
					_, _, _ = f.Data(off)
				}
				_, _ = f.ReadAt(b, f.Size()-1)
			}
			return nil
		})
	}
}

// lying returns the beginnings of small file systems with some files. Behind them there are zeros.
func lying(tb testing.TB) map[model.FSKind]headed {
	tb.Helper()
	list := map[model.FSKind]headed{}
	for name, c := range map[string]struct {
		kind model.FSKind
		size int64
	}{"fat12": {model.FAT12, 64 << 10}, "fat32": {model.FAT32, 34 * mib}, "exfat": {model.ExFAT, 64 * mib}} {
		b, err := os.ReadFile(filepath.Join("testdata", "contents", name+".gz"))
		must(tb, err)
		z, err := gzip.NewReader(bytes.NewReader(b))
		must(tb, err)
		b, err = io.ReadAll(z)
		must(tb, err)
		list[c.kind] = headed{b, c.size}
	}
	return list
}

// TestContentsDamaged writes random bytes over the tables and directories of file systems. Reading must end, without a panic
// and in little memory.
func TestContentsDamaged(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for kind, image := range lying(t) {
		var filled []int // blocks that hold something, which is what counts
		for at := 0; at+32 <= len(image.head); at += 32 {
			if bytes.ContainsFunc(image.head[at:][:32], func(r rune) bool { return r != 0 }) {
				filled = append(filled, at)
			}
		}
		for range 300 {
			before := map[int]byte{}
			for range 1 + rng.Intn(30) {
				at := filled[rng.Intn(len(filled))] + rng.Intn(32)
				if rng.Intn(4) == 0 {
					at = rng.Intn(128) // the boot sector
				}
				if _, changed := before[at]; !changed {
					before[at] = image.head[at]
				}
				image.head[at] = byte(rng.Intn(256))
			}
			frugal(t, func() { readLying(t.Context(), kind, image) })
			for at, b := range before {
				image.head[at] = b
			}
		}
	}
}

func readLying(ctx context.Context, kind model.FSKind, image headed) {
	c, err := Of(kind).Contents(ctx, Files{Base: image, Len: image.n, Kind: kind})
	if err == nil {
		readAnything(ctx, c)
	}
}

// FuzzContents reads file systems that begin with any bytes.
func FuzzContents(f *testing.F) {
	kinds := slices.Sorted(maps.Keys(lying(f)))
	for i, kind := range kinds {
		f.Add(uint8(i), lying(f)[kind].head)
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		frugal(t, func() { readLying(t.Context(), kinds[int(which)%len(kinds)], headed{b, 64 * mib}) })
	})
}
