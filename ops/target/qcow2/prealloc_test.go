package qcow2

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"syscall"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/target"
)

// mapped is how many bytes of a disk have a place in the file, by qemu-img.
func mapped(t testing.TB, path string) (n int64) {
	t.Helper()
	var list []struct {
		Length int64
		Offset *int64
	}
	require(t, json.Unmarshal([]byte(qemu(t, "qemu-img", "map", "-U", "--output=json", path)), &list))
	for _, r := range list {
		if r.Offset != nil {
			n += r.Length
		}
	}
	return n
}

// room is how many bytes a file takes on its host.
func room(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require(t, err)
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("no status")
	}
	return st.Blocks * 512
}

// TestPreallocatedMove moves half of a preallocated disk. What it leaves behind keeps clusters, and nothing is copied.
func TestPreallocatedMove(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	const size = 8 << 20
	for _, options := range []string{
		"preallocation=metadata", "preallocation=falloc", "preallocation=full,cluster_size=4096", "preallocation=metadata,compat=0.10",
		"preallocation=metadata,extended_l2=on", "preallocation=metadata,cluster_size=2M",
	} {
		for _, grows := range []bool{false, true} {
			t.Run(fmt.Sprint(options, " ", grows), func(t *testing.T) {
				path := t.TempDir() + "/img.qcow2"
				qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-o", options, path, fmt.Sprint(size))
				qemu(t, "qemu-io", "-f", "qcow2", "-c", "write -P 5 100k 60k", "-c", "write -P 6 3M 300k", "-c", "write -P 9 7M 100k", path)
				before, length := room(t, path), fileLength(t, path)

				d := newDraft(readAll(t, openImage(t, path)))
				if grows {
					d.disk, d.free = append(d.disk, make([]byte, 2<<20)...), append(d.free, make([]bool, 2<<20)...)
					d.pieces = append(d.pieces, target.Piece{Off: size, Len: 2 << 20, Kind: target.Empty})
				}
				copy(d.disk[4<<20:8<<20], d.disk[2<<20:6<<20])
				clear(d.disk[2<<20 : 4<<20])
				d.set(target.Piece{Off: 2 << 20, Len: 2 << 20, Kind: target.Free}, target.Piece{Off: 4 << 20, Len: 4 << 20, Kind: target.Move, Src: 2 << 20})
				cost := d.commit(t, path)

				if n := mapped(t, path); n != int64(len(d.disk)) {
					t.Errorf("%d of %d bytes have a place in the file", n, len(d.disk))
				}
				if cost.Copied != 0 {
					t.Errorf("%d bytes were copied", cost.Copied)
				}
				if !grows && !strings.Contains(options, "0.10") {
					if n := fileLength(t, path); n-length > cost.Tables+4<<20 {
						t.Errorf("the file grew from %d to %d bytes", length, n)
					}
				}
				if n := room(t, path); n < before {
					t.Errorf("the file took %d bytes of its host and takes %d", before, n)
				}
				scribble(t, path, rng, int64(len(d.disk)), 6)
				qemuClean(t, path)
			})
		}
	}
}

func fileLength(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require(t, err)
	return info.Size()
}

// TestPreallocatedGrowth grows disks and has the new part preallocated, or not.
func TestPreallocatedGrowth(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	const size, more = 2<<20 + 512*7, 4<<20 + 512*3
	for _, c := range []struct {
		options string
		how     model.Prealloc
		all     bool // every place has a cluster afterwards
	}{
		{"compat=1.1", model.PreallocMetadata, false},
		{"compat=0.10", model.PreallocMetadata, false},
		{"compat=1.1,cluster_size=4096", model.PreallocFalloc, false},
		{"compat=0.10,cluster_size=512", model.PreallocFalloc, false},
		{"compat=1.1,extended_l2=on", model.PreallocFalloc, false},
		{"preallocation=metadata", "", true},
		{"preallocation=metadata", model.PreallocFalloc, true},
		{"preallocation=metadata", model.PreallocOff, false},
	} {
		t.Run(fmt.Sprint(c.options, " ", c.how), func(t *testing.T) {
			path := shape{options: c.options}.make(t, t.TempDir(), rng, size)
			if c.all {
				qemu(t, "qemu-io", "-f", "qcow2", "-c", fmt.Sprintf("write -P 1 0 %d", int64(size)), path)
			}
			before, had := room(t, path), mapped(t, path)
			d := newDraft(readAll(t, openImage(t, path)))
			d.disk, d.free = append(d.disk, make([]byte, more)...), append(d.free, make([]bool, more)...)
			d.pieces = append(d.pieces, target.Piece{Off: size, Len: more, Kind: target.Empty})
			if c.how != "" {
				d.reserved = []target.Reserved{{Off: size, Len: more, How: c.how}}
			}
			d.commit(t, path)
			switch n := mapped(t, path); {
			case c.all && n != size+more, c.how.Allocates() && n < had+more-64<<10, c.how == model.PreallocOff && n > had+64<<10:
				t.Errorf("%d bytes had a place in the file, and %d of %d have", had, n, size+more)
			}
			if n := room(t, path) - before; (c.how == model.PreallocFalloc) != (n >= more-64<<10) {
				t.Errorf("the file takes %d bytes more of its host", n)
			}
			scribble(t, path, rng, size+more, 6)
			qemuClean(t, path)
		})
	}
}
