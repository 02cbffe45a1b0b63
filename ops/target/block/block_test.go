package block

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/ops/target"
)

func TestBlockPunchGivesSpaceBack(t *testing.T) {
	const size = 8 << 20
	path := image(t, t.TempDir(), size)
	b := openLoop(t, loopOf(t, path), target.Options{})
	require(t, b.AllowWrites())
	_, err := b.WriteAt(fill(random(t), size), 0)
	require(t, err)
	require(t, b.Sync())
	require(t, b.Punch(512, size-1024))
	require(t, b.Sync())
	var st unix.Stat_t
	require(t, unix.Stat(path, &st))
	if st.Blocks*512 > 64<<10 {
		t.Errorf("%d bytes are still taken", st.Blocks*512)
	}
}

func TestBusyPartition(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	loop := loopOf(t, path)
	run(t, "addpart", loop, "1", "2048", "20480")
	run(t, "addpart", loop, "2", "24576", "20480")
	run(t, "mkfs.ext4", "-q", loop+"p1")
	at := t.TempDir()
	run(t, "mount", loop+"p1", at)
	umount := func() { run(t, "umount", at) }
	defer func() { umount() }()

	b := openLoop(t, loop, target.Options{})
	if b.claim != nil {
		t.Error("the device was claimed although a partition of it is in use")
	}
	if uses := b.Uses(nil); len(uses) != 1 || uses[1] != (model.Use{Kind: model.Mounted, Place: at}) {
		t.Errorf("uses: %v", uses)
	}
	require(t, b.AllowWrites())
	if err := b.Withdraw([]int{1, 2}); err == nil || !strings.Contains(err.Error(), "mounted at "+at) {
		t.Errorf("withdrawing a mounted partition: %v", err)
	}
	parts, err := b.kernelParts()
	require(t, err)
	before := []target.Part{{Number: 1, Start: 1 << 20, Len: 10 << 20}, {Number: 2, Start: 12 << 20, Len: 10 << 20}}
	if !slices.Equal(parts, before) {
		t.Errorf("after a refusal the kernel has %v", parts)
	}
	require(t, b.Withdraw([]int{2}))
	// The mounted one grows, the other one comes back elsewhere.
	after := []target.Part{{Number: 1, Start: 1 << 20, Len: 15 << 20}, {Number: 2, Start: 20 << 20, Len: 10 << 20}}
	require(t, b.Follow(after))
	parts, err = b.kernelParts()
	require(t, err)
	if !slices.Equal(parts, after) {
		t.Errorf("the kernel has %v, want %v", parts, after)
	}
	err = b.Follow([]target.Part{{Number: 1, Start: 2 << 20, Len: 14 << 20}})
	if err == nil || !strings.Contains(err.Error(), "still has the old data of p1 of "+loop) || !strings.Contains(err.Error(), "partx -u "+loop) ||
		!errors.Is(err, unix.EBUSY) || strings.Contains(err.Error(), "\n") {
		t.Errorf("moving a mounted partition: %v", err)
	}
	umount()
	umount = func() {}
	// Whoever copied the mount namespace of this process while it was mounted, as workers of other tests do, still has it.
	for range 600 {
		if err = b.Follow([]target.Part{{Number: 1, Start: 2 << 20, Len: 14 << 20}}); err == nil {
			break
		}
		<-time.After(100 * time.Millisecond)
	}
	require(t, err)
	if len(b.Uses(nil)) != 0 {
		t.Errorf("uses: %v", b.Uses(nil))
	}
}

// TestCachesAgree writes through one node and reads through another.
func TestCachesAgree(t *testing.T) {
	path := image(t, t.TempDir(), 8<<20)
	loop := loopOf(t, path)
	run(t, "addpart", loop, "1", "2048", "4096")
	b := openLoop(t, loop, target.Options{})
	got := make([]byte, 4096)
	_, err := b.ReadAt(got, 1<<20) // in the cache of the disk from now on
	require(t, err)
	part, err := os.OpenFile(filepath.Clean(loop+"p1"), os.O_RDWR, 0)
	require(t, err)
	_, err = part.WriteAt([]byte("written to the partition"), 0)
	require(t, err)
	require(t, b.Refresh())
	_, err = b.ReadAt(got, 1<<20)
	require(t, err)
	if !strings.HasPrefix(string(got), "written to the partition") {
		t.Errorf("read %q", got[:30])
	}
	require(t, part.Close())
}
