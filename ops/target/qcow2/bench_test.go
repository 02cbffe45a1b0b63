package qcow2

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// BenchmarkMove moves 200 GiB of an image of 256 GiB, with every cluster in the file, by 4 GiB.
func BenchmarkMove(b *testing.B) {
	path := filepath.Join(b.TempDir(), "img")
	qemu(b, "qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", path, "256G")
	const gib = 1 << 30
	at := int64(1 << 20)
	for b.Loop() {
		im := openImage(b, path)
		check, err := im.Walk(context.Background())
		require(b, err)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require(b, err)
		to := at ^ 4*gib
		lo, hi := min(at, to), max(at, to)
		pieces := []Piece{{0, lo, Keep, 0}, {lo, hi - lo, Empty, 0}, {hi, 200 * gib, Move, at}, {hi + 200*gib, 256*gib - hi - 200*gib, Keep, 0}}
		if to < at {
			pieces[1], pieces[2] = Piece{lo, 200 * gib, Move, at}, Piece{lo + 200*gib, hi - lo, Empty, 0}
		}
		e, err := im.Prepare(context.Background(), check, Plan{Size: 256 * gib, Pieces: slices.Values(pieces), Content: im}, f)
		require(b, err)
		require(b, e.Switch())
		b.Logf("%+v", e.Cost)
		require(b, f.Close())
		at = to
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-of-memory")
	qemuClean(b, path)
}
