package fsys

import (
	"context"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/fatfs"
)

// frugal does something that must not allocate more than 64 MiB in all, what it gives back again included.
func frugal(t *testing.T, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%d MiB allocated", n>>20)
	}
}

// claimed is a window of any length with a boot sector and nothing behind it but one word again and again. What is
// written there is forgotten, but for what lies before the FATs.
type claimed struct {
	head []byte
	fill uint32
	n    int64
}

func (c claimed) ReadAt(b []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(b)), c.n-off)))
	for i := range min(n, 4) {
		b[i] = byte(c.fill >> (8 * ((off + int64(i)) % 4)))
	}
	for at := 4; at < n; at *= 2 {
		copy(b[at:n], b[:at])
	}
	if off < int64(len(c.head)) {
		copy(b[:n], c.head[off:])
	}
	if n < len(b) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

func (c claimed) WriteAt(b []byte, off int64) (int, error) {
	if off < int64(len(c.head)) {
		copy(c.head[off:], b)
	}
	return len(b), nil
}

func (claimed) Close() error { return nil }

func (c claimed) Size() (int64, error) { return c.n, nil }

// TestFATLyingHeaders resizes volumes that claim to be as large as they can be, with everything free or everything in
// use, on a window where that can be true. None takes much memory.
func TestFATLyingHeaders(t *testing.T) {
	for _, c := range []struct {
		name       string
		perCluster byte
		copies     byte
		clusters   uint32
		fatSectors uint32 // 0 for as many as are needed
		fill       uint32
		clustersTo int64
	}{
		{"free, shrunk", 1, 2, 1 << 21, 0, 0, 1 << 20},
		{"free, grown by longer FATs", 1, 4, 1 << 20, 0, 0, 1 << 22},
		{"in use, shrunk", 1, 2, 1 << 22, 0, 0x0FFFFFFF, 1 << 21},
		{"in use, grown", 1, 4, 1 << 20, 0, 0x0FFFFFFF, 1 << 21},
		{"chains that lead to themselves", 1, 1, 1 << 20, 0, 3, 1 << 21},
		{"chains that lead nowhere", 1, 1, 1 << 20, 0, 1 << 27, 1 << 21},
		{"all bad", 1, 1, 1 << 20, 0, 0x0FFFFFF7, 1 << 21},
		{"a FAT as long as the volume", 1, 1, 68, 1 << 18, 0, 1 << 21},
		{"huge clusters", 128, 1, 1 << 22, 0, 0, 1 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := make([]byte, 33*512)
			le := binary.LittleEndian
			fat := c.fatSectors
			if fat == 0 {
				fat = c.clusters/128 + 1
			}
			le.PutUint16(head[11:], 512)
			head[13], head[16], head[21] = c.perCluster, c.copies, 0xF8
			le.PutUint16(head[14:], 32)
			le.PutUint32(head[32:], 32+uint32(c.copies)*fat+c.clusters*uint32(c.perCluster))
			le.PutUint32(head[36:], fat)
			le.PutUint32(head[44:], 2)
			head[510], head[511] = 0x55, 0xAA
			for i := range 128 {
				le.PutUint32(head[32*512+4*i:], c.fill)
			}
			le.PutUint32(head[32*512+8:], 0x0FFFFFFF) // the root directory
			w := claimed{head: head, fill: c.fill, n: 1 << 42}
			v, ok := fatfs.Parse(head)
			if !ok || v.Kind != model.FAT32 || v.Clusters() != int64(c.clusters) {
				t.Fatalf("%+v", v)
			}
			size := v.DataStart()*512 + c.clustersTo*v.ClusterSize()
			tools := Tools{Open: func(string) (File, error) { return w, nil }}
			frugal(t, func() {
				err := tools.Resize(context.Background(), model.FAT32, "window", geometry.Bytes(size))
				t.Logf("%d clusters: %v", v.Clusters(), err)
			})
		})
	}
}

// TestClusterSetMemory has a member in every part of the largest set that a FAT volume can need.
func TestClusterSetMemory(t *testing.T) {
	const n = 0x0FFFFFF5 + fatfs.FirstCluster
	frugal(t, func() {
		s := newClusterSet(n)
		for c := int64(0); c < n; c += pageBits {
			s.add(c)
		}
		s.seal()
		if got, want := s.before(n), int64((n+pageBits-1)/pageBits); got != want {
			t.Errorf("%d members, want %d", got, want)
		}
	})
}
