package qcow2

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"shunt/ops/target"
)

// TestClusterUsedTwice edits an image that shows one cluster at two places of its disk, which qemu-img check passes. What
// leaves both places alone is possible. What takes one of them away is refused before the switch: the mark of the other,
// which nothing has touched, would be wrong.
func TestClusterUsedTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "img")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", path, "1M")
	qemu(t, "qemu-io", "-f", "qcow2", "-c", "write -P 5 0 64k", "-c", "write -P 6 512k 64k", path)
	file, err := os.ReadFile(path)
	require(t, err)
	h, err := readHeader(memory(file))
	require(t, err)
	l2 := file[be.Uint64(file[h.l1.off:])&offsetMask:]
	entry := be.Uint64(l2) &^ copied
	be.PutUint64(l2, entry)
	be.PutUint64(l2[2*8:], entry)
	block := file[be.Uint64(file[h.refTable.off:]):]
	setCount(block, int64(entry)/h.cluster(), h.RefcountBits, 2)
	require(t, os.WriteFile(path, file, 0o600))
	qemuClean(t, path)

	im, err := Open(memory(file), nil)
	require(t, err)
	check, err := im.Walk(context.Background())
	require(t, err)
	if !check.Clean() || check.Leaks.Count > 0 {
		t.Fatalf("%+v", *check)
	}
	for _, c := range []struct {
		what  string
		piece target.Piece
		ok    bool
	}{
		{"another place is emptied", target.Piece{Off: 512 << 10, Len: 64 << 10, Kind: target.Empty}, true},
		{"both move", target.Piece{Off: 256 << 10, Len: 192 << 10, Kind: target.Move}, true},
		{"one is emptied", target.Piece{Off: 128 << 10, Len: 64 << 10, Kind: target.Empty}, false},
		{"one is written to", target.Piece{Len: 4096, Kind: target.Write}, false},
	} {
		d := newDraft(readAll(t, im))
		d.set(c.piece)
		switch c.piece.Kind {
		case target.Move:
			copy(d.disk[c.piece.Off:], d.disk[:c.piece.Len])
			clear(d.disk[:c.piece.Len])
			d.set(target.Piece{Len: c.piece.Len, Kind: target.Empty})
		case target.Write:
			copy(d.disk, "new")
		case target.Empty, target.Free, target.Keep:
			clear(d.disk[c.piece.Off : c.piece.Off+c.piece.Len])
		}
		r := &recorder{}
		e, err := im.Prepare(context.Background(), check, d.plan(), r)
		require(t, err)
		staged := lose(nil, file, r.writes, 0)
		if _, err = e.verify(context.Background(), memory(staged), true); !c.ok {
			if !errors.As(err, new(*Refused)) {
				t.Errorf("%s: %v", c.what, err)
			}
			continue
		}
		require(t, err)
		require(t, e.Switch())
		out := filepath.Join(t.TempDir(), "out")
		require(t, os.WriteFile(out, lose(nil, file, r.writes, 0), 0o600))
		after := openImage(t, out)
		d.is(t, readAll(t, after))
		clean(t, after, out)
	}
}
