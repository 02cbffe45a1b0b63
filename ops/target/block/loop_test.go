package block

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shunt/ops/target"
)

// TestDetach takes the partitions with it, and changes nothing if it cannot.
func TestDetach(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	loop := loopOfKept(t, path)
	b := openLoop(t, loop, target.Options{Mode: target.Hold})
	parts := []target.Part{{Number: 1, Start: 1 << 20, Len: 10 << 20}, {Number: 2, Start: 12 << 20, Len: 10 << 20}}
	require(t, b.Follow(parts))
	require(t, b.Knows(parts[0]))
	if b.Knows(target.Part{Number: 1, Start: 2 << 20, Len: 10 << 20}) == nil || b.Knows(target.Part{Number: 3, Start: 0, Len: 1}) == nil {
		t.Error("the kernel knows what is not there")
	}
	node, done, err := b.NodeFor(2)
	require(t, err)
	require(t, done())
	f, err := os.Open(node)
	require(t, err)
	if err := b.Detach(); err == nil || !strings.Contains(err.Error(), "p2") {
		t.Errorf("with p2 open: %v", err)
	}
	require(t, f.Close())
	b = openLoop(t, loop, target.Options{Mode: target.Hold})
	if have, err := b.kernelParts(); err != nil || !slices.Equal(have, parts) {
		t.Errorf("after a refusal: %v, %v", have, err)
	}
	require(t, b.Detach())
	if attached(t, path) {
		t.Error("the image is still attached")
	}
	if left, _ := filepath.Glob(loop + "p*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestLend lets a partition be mounted beside an open session.
func TestLend(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	loop := loopOf(t, path)
	run(t, "addpart", loop, "1", "2048", "20480")
	run(t, "mkfs.ext4", "-q", loop+"p1")
	b := openLoop(t, loop, target.Options{})
	at := t.TempDir()
	p := target.Part{Number: 1, Start: 1 << 20, Len: 10 << 20}
	require(t, b.Lend(func() error { run(t, "mount", loop+"p1", at); return nil }))
	if b.claim != nil || !slices.Equal(b.Mounts(p), []string{at}) || b.Uses(nil)[1].GrowsAt() != at {
		t.Errorf("claim %v, mounted at %v", b.claim, b.Mounts(p))
	}
	require(t, b.Lend(func() error { run(t, "umount", at); return nil }))
	// Whoever copied the mount namespace of this process while it was mounted, as workers of other tests do, still has it.
	for i := 0; i < 600 && b.claim == nil; i++ {
		<-time.After(100 * time.Millisecond)
		require(t, b.Lend(func() error { return nil }))
	}
	if b.claim == nil || len(b.Mounts(p)) > 0 {
		t.Errorf("claim %v, mounted at %v", b.claim, b.Mounts(p))
	}
}
