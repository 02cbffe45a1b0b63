package overlay

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestRevert moves a range without its free bytes, and reverts that twice: the mark stays valid.
func TestRevert(t *testing.T) {
	spill, err := os.Create(filepath.Join(t.TempDir(), "spill"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spill.Close() }()
	base := bytes.Repeat([]byte("0123456789abcdef"), 4*block/16)
	o := New(bytes.NewReader(base), int64(len(base)), spill)
	m := o.Mark()
	for range 2 {
		if err := o.Move(0, block, 2*block, []Range{{Off: 100, Len: block}}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.WriteAt([]byte("new"), 5); err != nil {
			t.Fatal(err)
		}
		if err := o.Resize(9 * block); err != nil {
			t.Fatal(err)
		}
		o.Revert(m)
		got := make([]byte, len(base))
		if _, err := o.ReadAt(got, 0); err != nil || !bytes.Equal(got, base) || o.Size() != int64(len(base)) {
			t.Fatalf("it does not read as it did: %v, %d bytes", err, o.Size())
		}
	}
}
