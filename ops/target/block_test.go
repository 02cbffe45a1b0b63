package target

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
)

// loopOf sets a loop device up on a file. What is left of its partitions goes with it.
func loopOf(t *testing.T, path string, more ...string) string {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	loop := strings.TrimSpace(run(t, "losetup", append(more, "--find", "--show", path)...))
	t.Cleanup(func() {
		if f, err := os.Open(loop); err == nil {
			for number := range must(t, f).parts() {
				run(t, "delpart", loop, strconv.Itoa(number))
			}
			_ = f.Close()
		}
		run(t, "losetup", "-d", loop)
	})
	return loop
}

func must(t *testing.T, f *os.File) disk {
	t.Helper()
	info, err := f.Stat()
	require(t, err)
	d, err := host().disk(rdevOf(info))
	require(t, err)
	return d
}

func openLoop(t *testing.T, loop string, opts Options) *Block {
	t.Helper()
	opened, err := Open(loop, opts)
	require(t, err)
	t.Cleanup(func() { _ = opened.Close() })
	b, ok := opened.(*Block)
	if !ok {
		t.Fatalf("%s opened as a %s", loop, opened.Format())
	}
	return b
}

func TestBlockReadsAndWrites(t *testing.T) {
	const size = 16 << 20
	for _, z := range []geometry.SectorSize{512, 4096} {
		t.Run(strconv.Itoa(int(z)), func(t *testing.T) {
			path := image(t, t.TempDir(), size)
			loop := loopOf(t, path, "--sector-size", strconv.Itoa(int(z)))
			b := openLoop(t, loop, Options{})
			if b.Size() != size || b.SectorSize() != z || b.Format() != "loop device" || !b.Fixed() || b.Physical() || b.Remainder() != 0 {
				t.Errorf("%d bytes in sectors of %d, %s, fixed %v, physical %v", b.Size(), b.SectorSize(), b.Format(), b.Fixed(), b.Physical())
			}
			if b.Beside() != path {
				t.Errorf("its journal lies beside %s, want %s", b.Beside(), path)
			}
			_, err := b.WriteAt([]byte{1}, 0)
			requireIs(t, err, ErrNotAllowed)
			require(t, b.AllowWrites())
			rng := random(t)
			want := fill(rng, size)
			_, err = b.WriteAt(want, 0)
			require(t, err)
			for range 40 {
				n := rng.Int64N(size/4) + 1
				src := rng.Int64N(size - 2*n + 1)
				dst := src + n + rng.Int64N(size-2*n-src+1)
				if rng.IntN(2) == 0 {
					src, dst = dst, src
				}
				require(t, b.Copy(dst, src, n))
				copy(want[dst:dst+n], want[src:src+n])
				off := rng.Int64N(size - n + 1)
				require(t, b.Punch(off, n/8))
				clear(want[off : off+n/8])
			}
			sameBytes(t, b, want)
			require(t, b.Sync())
			b.Forget(0, size)
			sameBytes(t, b, want)
			requireIs(t, b.Copy(0, 512, 1024), ErrOverlap)
			requireIs(t, b.Copy(0, size-512, 1024), ErrRange)
			requireIs(t, b.Truncate(2*size), ErrFixed)
			if start, end, err := b.Data(512); start != 512 || end != size || err != nil {
				t.Errorf("data at %d-%d, %v", start, end, err)
			}
			if at, err := b.State(); at.Known() != (b.image != nil) || err != nil {
				t.Errorf("modified %d, %v", at, err)
			}
			id, err := b.Identity()
			if err != nil || id.Kind != KindBlock || id.Backing != path || id.Size != size {
				t.Errorf("identity %+v, %v", id, err)
			}
		})
	}
}

func TestBlockPunchGivesSpaceBack(t *testing.T) {
	const size = 8 << 20
	path := image(t, t.TempDir(), size)
	b := openLoop(t, loopOf(t, path), Options{})
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

func TestOpenRefusesBlockDevices(t *testing.T) {
	path := image(t, t.TempDir(), 16<<20)
	loop := loopOf(t, path)
	requireSays(t, loop, Options{SectorSize: 4096}, "sectors of 512 bytes")
	run(t, "addpart", loop, "1", "2048", "4096")
	requireSays(t, loop+"p1", Options{}, "give the whole disk, "+loop)
	requireSays(t, loop+"p1", Options{Mode: Inspect}, "give the whole disk, "+loop)

	first := openLoop(t, loop, Options{})
	requireSays(t, loop, Options{}, "this program itself")
	requireSays(t, path, Options{}, "this program itself")
	if _, err := os.OpenFile(loop+"p1", os.O_RDONLY|unix.O_EXCL, 0); err == nil {
		t.Error("a partition can be mounted meanwhile")
	}
	looking := openLoop(t, loop, Options{Mode: Inspect})
	requireIs(t, looking.AllowWrites(), ErrNotAllowed)
	require(t, looking.Close())
	require(t, first.Close())

	f, err := os.OpenFile(loop, os.O_RDONLY|unix.O_EXCL, 0)
	require(t, err)
	requireSays(t, loop, Options{}, "has it for itself")
	require(t, f.Close())

	second := loopOf(t, loop, "--read-only") // a loop device on the loop device
	requireSays(t, loop, Options{}, second)
	requireSays(t, second, Options{}, "read-only")
}

func TestOpenLoopDeviceWhoseImageIsEdited(t *testing.T) {
	path := image(t, t.TempDir(), 4<<20)
	open(t, path, Options{})
	loop := loopOf(t, path)
	if _, err := Open(loop, Options{}); err == nil || !strings.Contains(err.Error(), "this program itself") {
		t.Errorf("got %v", err)
	}
}

func TestAdoptBlock(t *testing.T) {
	path := image(t, t.TempDir(), 4<<20)
	loop := loopOf(t, path)
	first, err := Open(loop, Options{})
	require(t, err)
	if n := len(first.Files()); n != 3 {
		t.Errorf("%d files are handed over, want the node, the claim and the image", n)
	}
	var inherited []*os.File
	for _, f := range first.Files() {
		fd, err := unix.Dup(int(f.Fd()))
		require(t, err)
		inherited = append(inherited, os.NewFile(uintptr(fd), loop))
	}
	second, err := Adopt(loop, Options{}, inherited)
	require(t, err)
	require(t, first.Close())
	inUse(t, loop, "this program")
	if _, err := os.OpenFile(loop, os.O_RDONLY|unix.O_EXCL, 0); err == nil {
		t.Error("the claim was lost")
	}
	require(t, second.AllowWrites())
	require(t, second.Close())
	require(t, openLoop(t, loop, Options{}).Close())
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

	b := openLoop(t, loop, Options{})
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
	before := []Part{{1, 1 << 20, 10 << 20}, {2, 12 << 20, 10 << 20}}
	if !slices.Equal(parts, before) {
		t.Errorf("after a refusal the kernel has %v", parts)
	}
	require(t, b.Withdraw([]int{2}))
	// The mounted one grows, the other one comes back elsewhere.
	after := []Part{{1, 1 << 20, 15 << 20}, {2, 20 << 20, 10 << 20}}
	require(t, b.Follow(after))
	parts, err = b.kernelParts()
	require(t, err)
	if !slices.Equal(parts, after) {
		t.Errorf("the kernel has %v, want %v", parts, after)
	}
	err = b.Follow([]Part{{1, 2 << 20, 14 << 20}})
	stale, ok := errors.AsType[*StaleError](err)
	if !ok || !slices.Equal(stale.Parts, []string{"p1"}) || !strings.Contains(err.Error(), "partx -u "+loop) {
		t.Errorf("moving a mounted partition: %v", err)
	}
	umount()
	umount = func() {}
	// Whoever copied the mount namespace of this process while it was mounted, as workers of other tests do, still has it.
	for range 600 {
		if err = b.Follow([]Part{{1, 2 << 20, 14 << 20}}); err == nil {
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
	b := openLoop(t, loop, Options{})
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
