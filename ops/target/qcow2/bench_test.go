package qcow2

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"shunt/ops/target"
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
		pieces := []target.Piece{{Off: 0, Len: lo, Kind: target.Keep}, {Off: lo, Len: hi - lo, Kind: target.Empty}, {Off: hi, Len: 200 * gib, Kind: target.Move, Src: at}, {Off: hi + 200*gib, Len: 256*gib - hi - 200*gib, Kind: target.Keep}}
		if to < at {
			pieces[1], pieces[2] = target.Piece{Off: lo, Len: 200 * gib, Kind: target.Move, Src: at}, target.Piece{Off: lo + 200*gib, Len: hi - lo, Kind: target.Empty}
		}
		e, err := im.Prepare(context.Background(), check, target.Next{Size: 256 * gib, Pieces: slices.Values(pieces), Content: im}, f)
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
