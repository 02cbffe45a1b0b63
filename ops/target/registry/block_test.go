package registry

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/ops/target"
)

func TestBlockReadsAndWrites(t *testing.T) {
	const size = 16 << 20
	for _, z := range []geometry.SectorSize{512, 4096} {
		t.Run(strconv.Itoa(int(z)), func(t *testing.T) {
			path := image(t, t.TempDir(), size)
			loop := loopOf(t, path, "--sector-size", strconv.Itoa(int(z)))
			b := openLoop(t, loop, target.Options{})
			if b.Size() != size || b.SectorSize() != z || b.Format() != "loop device" || !b.Fixed() || b.Physical() || target.Remainder(b) != 0 {
				t.Errorf("%d bytes in sectors of %d, %s, fixed %v, physical %v", b.Size(), b.SectorSize(), b.Format(), b.Fixed(), b.Physical())
			}
			if b.Place().Beside != path {
				t.Errorf("its journal lies beside %s, want %s", b.Place().Beside, path)
			}
			_, err := b.WriteAt([]byte{1}, 0)
			requireIs(t, err, target.ErrNotAllowed)
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
			requireIs(t, b.Copy(0, 512, 1024), target.ErrOverlap)
			requireIs(t, b.Copy(0, size-512, 1024), target.ErrRange)
			requireIs(t, b.Truncate(2*size), target.ErrFixed)
			if start, end, err := b.Data(512); start != 512 || end != size || err != nil {
				t.Errorf("data at %d-%d, %v", start, end, err)
			}
			if at, err := b.State(); !at.Known() || err != nil {
				t.Errorf("modified %d, %v", at, err)
			}
			id, err := b.Identity()
			if err != nil || id.Kind != target.KindBlock || id.Backing != path || id.Size != size {
				t.Errorf("identity %+v, %v", id, err)
			}
		})
	}
}

func TestOpenRefusesBlockDevices(t *testing.T) {
	path := image(t, t.TempDir(), 16<<20)
	loop := loopOf(t, path)
	requireSays(t, loop, target.Options{SectorSize: 4096}, "sectors of 512 bytes")
	run(t, "addpart", loop, "1", "2048", "4096")
	requireSays(t, loop+"p1", target.Options{}, "give the whole disk, "+loop)
	requireSays(t, loop+"p1", target.Options{Mode: target.Inspect}, "give the whole disk, "+loop)

	first := openLoop(t, loop, target.Options{})
	requireSays(t, loop, target.Options{}, "this program itself")
	requireSays(t, path, target.Options{}, "this program itself")
	if _, err := os.OpenFile(loop+"p1", os.O_RDONLY|unix.O_EXCL, 0); err == nil {
		t.Error("a partition can be mounted meanwhile")
	}
	looking := openLoop(t, loop, target.Options{Mode: target.Inspect})
	requireIs(t, looking.AllowWrites(), target.ErrNotAllowed)
	require(t, looking.Close())
	require(t, first.Close())

	f, err := os.OpenFile(loop, os.O_RDONLY|unix.O_EXCL, 0)
	require(t, err)
	requireSays(t, loop, target.Options{}, "has it open exclusively")
	require(t, f.Close())

	second := loopOf(t, loop, "--read-only") // a loop device on the loop device
	requireSays(t, loop, target.Options{}, second)
	requireSays(t, second, target.Options{}, "read-only")
}

func TestOpenLoopDeviceWhoseImageIsEdited(t *testing.T) {
	path := image(t, t.TempDir(), 4<<20)
	open(t, path, target.Options{})
	loop := loopOf(t, path)
	if _, err := Open(loop, target.Options{}); err == nil || !strings.Contains(err.Error(), "this program itself") {
		t.Errorf("got %v", err)
	}
}

func TestAdoptBlock(t *testing.T) {
	path := image(t, t.TempDir(), 4<<20)
	loop := loopOf(t, path)
	first, err := Open(loop, target.Options{})
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
	second, err := Adopt(loop, target.Options{}, inherited)
	require(t, err)
	require(t, first.Close())
	inUse(t, loop, "this program")
	if _, err := os.OpenFile(loop, os.O_RDONLY|unix.O_EXCL, 0); err == nil {
		t.Error("the claim was lost")
	}
	require(t, second.AllowWrites())
	require(t, second.Close())
	require(t, openLoop(t, loop, target.Options{}).Close())
}
