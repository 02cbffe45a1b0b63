package qcow2

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"slices"
	"testing"

	other "github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// put returns the file with b at off, as far as the file goes.
func put(file []byte, off int64, b []byte) []byte {
	file = slices.Clone(file)
	if off >= 0 && off < int64(len(file)) {
		copy(file[off:], b)
	}
	return file
}

// FuzzHeader replaces the first cluster: the header, its extensions and the name of the backing file.
func FuzzHeader(f *testing.F) {
	files := seedImages(f)
	extension := func(kind uint32, data string) []byte {
		b := append(be.AppendUint32(be.AppendUint32(nil, kind), uint32(len(data))), data...)
		return append(b, make([]byte, -len(data)&7)...)
	}
	for i, file := range files {
		head := slices.Clone(file[:sectorLen])
		f.Add(uint8(i), head)
		at := oldHeader
		if be.Uint32(head[4:]) == 3 {
			at = int(be.Uint32(head[100:]))
		}
		f.Add(uint8(i), append(head[:at:at], extension(extFormat, "qcow2")...))
		f.Add(uint8(i), append(head[:at:at], extension(extFeatures, "\x00\x05another feature")...))
		f.Add(uint8(i), append(head[:at:at], extension(extBitmaps, string(make([]byte, 24)))...))
		backed := append(head[:at:at], extension(extFormat, "raw")...)
		name := append(extension(extEnd, ""), "base.raw"...)
		backed = append(backed, name...)
		be.PutUint64(backed[8:], uint64(len(backed)-8))
		be.PutUint32(backed[16:], 8)
		f.Add(uint8(i), backed)
	}
	f.Fuzz(func(t *testing.T, which uint8, head []byte) {
		file := put(files[int(which)%len(files)], 0, head)
		if h, err := readHeader(memory(file)); err == nil && h.Backing != "" {
			_, _ = backingPath(h, "/dir/image") // it may refuse the name
			if BackingOf(memory(file), "/dir/image") == "" {
				t.Fatal("a backing file without a path")
			}
		}
		tries(t, file)
	})
}

// FuzzTables replaces a part of the L1 table or of an L2 table.
func FuzzTables(f *testing.F) {
	files := seedImages(f)
	for i, file := range files {
		h, err := readHeader(memory(file))
		require(f, err)
		f.Add(uint8(i), uint8(0), uint16(0), file[h.l1.off:][:min(64, 8*h.l1.entries)])
		for n := range uint8(4) {
			f.Add(uint8(i), n+1, uint16(0), be.AppendUint64(nil, copied|uint64(h.l1.off)))
			f.Add(uint8(i), n+1, uint16(8), be.AppendUint64(nil, compressed|0x3ff<<50|300))
			f.Add(uint8(i), n+1, uint16(16), be.AppendUint64(be.AppendUint64(nil, readsZero), 1<<32-1))
		}
	}
	f.Fuzz(func(t *testing.T, which, table uint8, at uint16, b []byte) {
		file := files[int(which)%len(files)]
		h, err := readHeader(memory(file))
		require(t, err)
		off := h.l1.off
		if table > 0 {
			entry := file[h.l1.off+int64(int(table-1)%h.l1.entries)*8:]
			if off = int64(be.Uint64(entry) & offsetMask); off == 0 {
				return
			}
		}
		tries(t, put(file, off+int64(at), b))
	})
}

// FuzzRefcounts replaces a part of the refcount table or of a refcount block.
func FuzzRefcounts(f *testing.F) {
	files := seedImages(f)
	for i := range files {
		for _, table := range []bool{false, true} {
			for _, at := range []uint16{0, 8, 64} {
				f.Add(uint8(i), table, at, []byte{0, 2})
				f.Add(uint8(i), table, at, be.AppendUint64(nil, 1<<16))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, table bool, at uint16, b []byte) {
		file := files[int(which)%len(files)]
		h, err := readHeader(memory(file))
		require(t, err)
		off := h.refTable.off
		if !table {
			off = int64(be.Uint64(file[off:]))
		}
		tries(t, put(file, off+int64(at), b))
	})
}

// FuzzCompressed unpacks any stream. Where another decoder of deflate can do so too, it reads the same.
func FuzzCompressed(f *testing.F) {
	seed := bytes.Repeat([]byte("some text that repeats itself, "), 500)
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, 9)
	require(f, err)
	_, err = w.Write(seed)
	require(f, errors.Join(err, w.Close()))
	f.Add(false, uint8(3), packed.Bytes())
	z, err := zstd.NewWriter(nil)
	require(f, err)
	f.Add(true, uint8(3), z.EncodeAll(seed, nil))
	f.Add(true, uint8(12), z.EncodeAll(make([]byte, 2<<20), nil))
	f.Add(true, uint8(0), append(z.EncodeAll(seed[:300], nil), z.EncodeAll(seed[300:], nil)...))
	f.Add(false, uint8(0), []byte{0x4b, 0x04, 0x00})
	noMark := "\xec\xc9\xc1\r@@\x10\x05\xd0V\xa6\x00M\xed8$A \xfb\x0f\xcaW\x88w~\xf382*9*\xdby$#\xf7y$92\x8fc90A\x8c0B0Ac\x8c\xf17A0\x000"
	f.Add(false, uint8(3), []byte(noMark)) // zlib reads a cluster from it
	f.Fuzz(func(t *testing.T, isZstd bool, bits uint8, stream []byte) {
		p := make([]byte, 1<<(minClusterBits+bits%(maxClusterBits-minClusterBits+1)))
		method := "zlib"
		if isZstd {
			method = "zstd"
		}
		taken := allocated()
		err := inflate(method, p, stream)
		if taken = allocated() - taken; taken > mostTaken {
			t.Fatalf("%d bytes of memory for a cluster of %d", taken, len(p))
		}
		if isZstd {
			return
		}
		want := make([]byte, len(p))
		if _, failed := io.ReadFull(other.NewReader(bytes.NewReader(stream)), want); failed == nil && (err != nil || !bytes.Equal(p, want)) {
			t.Fatalf("%v, and another decoder reads it", err)
		}
	})
}

// FuzzSnapshots replaces the snapshot table.
func FuzzSnapshots(f *testing.F) {
	files := seedImages(f)
	for i, file := range files {
		if h, err := readHeader(memory(file)); err == nil && h.snapshots.entries > 0 {
			f.Add(uint8(i), uint16(1), file[h.snapshots.off:][:80])
			f.Add(uint8(i), uint16(3), bytes.Repeat(file[h.snapshots.off:][:72], 3))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, n uint16, b []byte) {
		file := slices.Clone(files[int(which)%len(files)])
		h, err := readHeader(memory(file))
		require(t, err)
		off := h.snapshots.off
		if off == 0 {
			off = int64(len(file)) // behind all that is used
			file = append(file, make([]byte, ceil(int64(len(b)), h.cluster())*h.cluster())...)
			be.PutUint64(file[64:], uint64(off))
		}
		be.PutUint32(file[60:], uint32(n))
		tries(t, put(file, off, b))
	})
}

// FuzzBitmaps replaces the directory of bitmaps, or the table of the first one.
func FuzzBitmaps(f *testing.F) {
	files := seedImages(f)
	for i, file := range files {
		h, err := readHeader(memory(file))
		require(f, err)
		if h.bitmaps != nil {
			f.Add(uint8(i), false, uint8(1), file[h.bitmaps.directory:][:h.bitmaps.length])
			f.Add(uint8(i), true, uint8(1), be.AppendUint64(be.AppendUint64(nil, 1), uint64(h.l1.off)))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, table bool, n uint8, b []byte) {
		file := slices.Clone(files[int(which)%len(files)])
		h, err := readHeader(memory(file))
		require(t, err)
		if h.bitmaps == nil {
			return
		}
		off := h.bitmaps.directory
		if table {
			off = int64(be.Uint64(file[off:]))
		}
		be.PutUint32(file[h.bitmaps.at+8:], uint32(n))
		tries(t, put(file, off, b))
	})
}
