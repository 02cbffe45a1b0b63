package qcow2

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
)

// wholly makes an image of that size with every cluster in the file, and returns its path.
func wholly(b *testing.B, size string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "img")
	qemu(b, "qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", path, size)
	return path
}

// BenchmarkWalk follows all references of images with every cluster in the file.
func BenchmarkWalk(b *testing.B) {
	for _, size := range []string{"256G", "2T"} {
		b.Run(size, func(b *testing.B) {
			path := wholly(b, size)
			for b.Loop() {
				check, err := openImage(b, path).Walk(context.Background())
				require(b, err)
				if !check.Clean() || check.Leaks.Count > 0 {
					b.Fatalf("%+v", *check)
				}
			}
			mostMemory(b)
		})
	}
}

// BenchmarkMove moves most of images with every cluster in the file by 4 GiB: it opens the image, plans, writes, checks what
// it has written, and switches.
func BenchmarkMove(b *testing.B) {
	const gib = 1 << 30
	for _, size := range []int64{256, 2048} {
		b.Run(fmt.Sprint(size, "G"), func(b *testing.B) {
			path, at, moved := wholly(b, fmt.Sprint(size, "G")), int64(1<<20), (size-56)*gib
			for b.Loop() {
				to := at ^ 4*gib
				lo, hi := min(at, to), max(at, to)
				pieces := []target.Piece{{Len: lo}, {Off: lo, Len: hi - lo, Kind: target.Empty}, {Off: hi, Len: moved, Kind: target.Move, Src: at}, {Off: hi + moved, Len: size*gib - hi - moved}}
				if to < at {
					pieces[1], pieces[2] = target.Piece{Off: lo, Len: moved, Kind: target.Move, Src: at}, target.Piece{Off: lo + moved, Len: hi - lo, Kind: target.Empty}
				}
				move(b, path, target.Next{Size: size * gib, Pieces: slices.Values(pieces)})
				at = to
			}
			mostMemory(b)
			qemuClean(b, path)
		})
	}
}

// move commits a plan.
func move(b *testing.B, path string, next target.Next) {
	b.Helper()
	im := openImage(b, path)
	check, err := im.Walk(context.Background())
	require(b, err)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(b, err)
	next.Content = im
	_, err = im.Estimate(context.Background(), check, next)
	require(b, err)
	e, err := im.Prepare(context.Background(), check, next, f)
	require(b, err)
	_, err = e.verify(context.Background(), fileStore{f}, false)
	require(b, err)
	require(b, e.Switch())
	require(b, f.Close())
}

// mostMemory reports the most memory that the process has had.
func mostMemory(b *testing.B) {
	b.Helper()
	var usage unix.Rusage
	require(b, unix.Getrusage(unix.RUSAGE_SELF, &usage))
	b.ReportMetric(float64(usage.Maxrss)/1024, "MiB-at-most")
}
