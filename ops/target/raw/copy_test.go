package raw

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/target"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// ways are the means of copying, from the best to the plainest.
func ways(r *file) map[string]func() {
	set := func(clone, ranges bool) func() {
		return func() { r.cannot.clone.Store(!clone); r.cannot.copyRange.Store(!ranges) }
	}
	return map[string]func(){
		"share blocks": set(true, true), "in the kernel": set(false, true),
		"share, read and write": set(true, false), "read and write": set(false, false),
	}
}

// hosts are directories on file systems of different kinds.
func hosts() map[string]func(t *testing.T) string {
	made := func(size int64, mkfs ...string) func(t *testing.T) string {
		return func(t *testing.T) string { t.Helper(); return mounted(t, size, mkfs...) }
	}
	list := map[string]func(t *testing.T) string{
		"temporary":             func(t *testing.T) string { t.Helper(); return t.TempDir() },
		"tmpfs":                 sharedMemory,
		"ramfs":                 ramfs,
		"ext4":                  made(64<<20, "mkfs.ext4", "-q"),
		"xfs":                   made(320<<20, "mkfs.xfs", "-q", "-m", "reflink=1"),
		"xfs with 1 KiB blocks": made(320<<20, "mkfs.xfs", "-q", "-b", "size=1024", "-m", "reflink=1"),
		"btrfs":                 made(128<<20, "mkfs.btrfs", "-q"),
	}
	if testing.Short() {
		return map[string]func(t *testing.T) string{"temporary": list["temporary"]}
	}
	return list
}

func sharedMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "shunt-test-")
	if err != nil {
		testneed.Missing(t, "needs a writable /dev/shm")
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// ramfs can neither punch holes nor tell where they are.
func ramfs(t *testing.T) string {
	t.Helper()
	testneed.Root(t)
	dir := t.TempDir()
	run(t, "mount", "-t", "ramfs", "ramfs", dir)
	t.Cleanup(func() { run(t, "umount", dir) })
	return dir
}

func TestCopy(t *testing.T) {
	const size = 3<<20 + 512
	for name, dir := range hosts() {
		t.Run(name, func(t *testing.T) {
			rng := random(t)
			path := image(t, dir(t), size)
			r := writable(t, path)
			for way, use := range ways(r) {
				want := fill(rng, size)
				_, err := r.WriteAt(want, 0)
				require(t, err)
				move := func(dst, src, n int64) {
					t.Helper()
					use()
					require(t, r.Copy(dst, src, n))
					copy(want[dst:dst+n], want[src:src+n])
				}
				b := r.block
				for _, n := range []int64{0, 1, 511, 512, b - 1, b, b + 1, 2*b - 1, copyBuffer - 1, copyBuffer, copyBuffer + 1} {
					n = min(n, size/2)
					move(size-n, 0, n)                           // up to the end, aligned to nothing
					move(0, size/2, n)                           // down
					move(n, 0, n)                                // touching
					move(b, b+(n+b)/b*b, n)                      // both on the grid
					move(63*512, 63*512+(n+b)/b*b, min(n, size)) // off the grid by the same amount
				}
				for range 100 {
					n := rng.Int64N(size / 2)
					src := rng.Int64N(size - 2*n + 1)
					dst := src + n + rng.Int64N(size-2*n-src+1)
					if rng.IntN(2) == 0 {
						dst -= (dst - src) % b
						n = min(n, dst-src)
					}
					if rng.IntN(2) == 0 {
						src, dst = dst, src
					}
					move(dst, src, n)
				}
				t.Log(way)
				sameBytes(t, r, want)
				require(t, r.Sync())
			}
		})
	}
}

func TestCopyRefusesOverlap(t *testing.T) {
	r := writable(t, image(t, t.TempDir(), 64<<10))
	for _, c := range []struct {
		dst, src, n int64
		err         error
	}{
		{0, 0, 1, target.ErrOverlap},
		{0, 4096, 4096, nil},
		{0, 4096, 4097, target.ErrOverlap},
		{4096, 0, 4096, nil},
		{4096, 0, 4097, target.ErrOverlap},
		{0, 0, 0, nil},
		{60 << 10, 0, 4097, target.ErrRange},
		{0, 60 << 10, 4097, target.ErrRange},
		{-1, 4096, 1, target.ErrRange},
		{0, -1, 1, target.ErrRange},
	} {
		requireIs(t, r.Copy(c.dst, c.src, c.n), c.err)
	}
}

// TestCopySharesBlocks copies 64 MiB on a file system that can share blocks: no space may go.
func TestCopySharesBlocks(t *testing.T) {
	const n = 64 << 20
	for _, mkfs := range [][]string{{"mkfs.xfs", "-q", "-m", "reflink=1"}, {"mkfs.btrfs", "-q"}} {
		t.Run(mkfs[0], func(t *testing.T) {
			dir := mounted(t, 320<<20, mkfs...)
			r := writable(t, image(t, dir, 4*n))
			_, err := r.WriteAt(fill(random(t), n), 63*512)
			require(t, err)
			require(t, r.Sync())
			before, _, err := r.Room()
			require(t, err)
			require(t, r.Copy(63*512+2*n, 63*512, n)) // both a part of a block off the grid
			require(t, r.Sync())
			after, _, err := r.Room()
			require(t, err)
			if used := before - after; used > 4<<20 {
				t.Errorf("sharing %d bytes took %d bytes of space", n, used)
			}
			if r.cannot.clone.Load() {
				t.Error("sharing is thought to be unsupported")
			}
			want, got := make([]byte, n), make([]byte, n)
			_, err = r.ReadAt(want, 63*512)
			require(t, err)
			_, err = r.ReadAt(got, 63*512+2*n)
			require(t, err)
			if string(want) != string(got) {
				t.Error("the copy differs")
			}
		})
	}
}

func TestCopyRemembersWhatIsUnsupported(t *testing.T) {
	dir := mounted(t, 64<<20, "mkfs.ext4", "-q")
	r := writable(t, image(t, dir, 1<<20))
	require(t, r.Copy(64<<10, 0, 4096))
	if !r.cannot.clone.Load() || r.cannot.copyRange.Load() {
		t.Error("ext4 copies in the kernel and does not share blocks")
	}
}

func TestSparse(t *testing.T) {
	const size = 2<<20 + 1536
	for name, dir := range hosts() {
		for _, punches := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, punching %v", name, punches), func(t *testing.T) {
				rng := random(t)
				path := image(t, dir(t), size)
				require(t, os.Truncate(path, 0))
				require(t, os.Truncate(path, size))
				r := writable(t, path)
				want := make([]byte, size)
				for range 40 {
					off := rng.Int64N(size)
					n := rng.Int64N(min(size-off, 300<<10) + 1)
					if rng.IntN(2) == 0 {
						p := fill(rng, n)
						_, err := r.WriteAt(p, off)
						require(t, err)
						copy(want[off:], p)
					} else {
						if !punches {
							r.CannotPunch.Store(true)
						}
						require(t, r.Punch(off, n))
						clear(want[off : off+n])
					}
					sameBytes(t, r, want)
					checkData(t, r, want)
				}
				if info := stat(t, path); info.Size() != size {
					t.Errorf("size is %d, want %d", info.Size(), size)
				}
			})
		}
	}
}

// checkData walks the runs of data and makes sure that nothing lies between them.
func checkData(t *testing.T, r *file, want []byte) {
	t.Helper()
	off := int64(0)
	for {
		start, end, err := r.Data(off)
		require(t, err)
		if start < off || end < start || end > r.Size() || (start == end && start != r.Size()) {
			t.Fatalf("data after byte %d: %d-%d", off, start, end)
		}
		if rest := bytes.TrimLeft(want[off:start], "\x00"); len(rest) > 0 {
			t.Fatalf("byte %d is not zero but lies in a hole", start-int64(len(rest)))
		}
		if start == r.Size() {
			return
		}
		off = end
	}
}

func TestPunchGivesSpaceBack(t *testing.T) {
	path := image(t, t.TempDir(), 8<<20)
	r := writable(t, path)
	_, err := r.WriteAt(fill(random(t), 8<<20), 0)
	require(t, err)
	require(t, r.Sync())
	require(t, r.Punch(512, 8<<20-1024))
	if r.CannotPunch.Load() {
		testneed.Missing(t, "needs a temporary directory on a file system with holes")
	}
	require(t, r.Sync())
	var st unix.Stat_t
	require(t, unix.Stat(path, &st))
	if st.Blocks*512 > 64<<10 {
		t.Errorf("%d bytes are still taken", st.Blocks*512)
	}
	start, end, err := r.Data(r.block)
	require(t, err)
	if start < 7<<20 || end != r.Size() {
		t.Errorf("data at %d-%d, want the last block", start, end)
	}
}

func TestDataBoundaries(t *testing.T) {
	dir := t.TempDir()
	path := image(t, dir, 1<<20)
	require(t, os.Truncate(path, 0))
	require(t, os.Truncate(path, 1<<20))
	r := writable(t, path)
	if start, end, err := r.Data(0); err != nil || start != 1<<20 || end != 1<<20 {
		t.Errorf("an empty image has data at %d-%d, %v", start, end, err)
	}
	_, err := r.WriteAt([]byte{1}, 512<<10)
	require(t, err)
	for _, off := range []int64{0, 512 << 10, 512<<10 + 1} {
		start, end, err := r.Data(off)
		if err != nil || start != max(off, 512<<10) || end != 512<<10+r.block {
			t.Errorf("from %d: data at %d-%d, %v", off, start, end, err)
		}
	}
	if start, end, err := r.Data(512<<10 + r.block); err != nil || start != 1<<20 || end != 1<<20 {
		t.Errorf("behind the data: %d-%d, %v", start, end, err)
	}
	require(t, os.Truncate(path, 2<<20)) // by somebody else
	require(t, os.WriteFile(path+".x", nil, 0o644))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require(t, err)
	_, err = f.WriteAt([]byte{1}, 3<<19)
	require(t, err)
	require(t, f.Close())
	if start, end, err := r.Data(512<<10 + r.block); err != nil || start != 1<<20 || end != 1<<20 {
		t.Errorf("data behind the end as it was: %d-%d, %v", start, end, err)
	}
}
