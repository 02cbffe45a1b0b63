package partfs

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

func TestReadAndWrite(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		const start, length = 63 * 512, 1<<20 + 512
		r := openDisk(t, how, 4<<20)
		p1 := r.Set("p1", start, length)
		info, err := os.Stat(p1)
		if err != nil {
			t.Fatal(err)
		}
		st := info.Sys().(*syscall.Stat_t)
		if info.Size() != length || info.Mode() != 0o600 || int(st.Uid) != os.Geteuid() || int(st.Gid) != os.Getegid() {
			t.Errorf("p1 is %d bytes, %v, of %d:%d", info.Size(), info.Mode(), st.Uid, st.Gid)
		}
		entries, err := os.ReadDir(r.dir)
		if err != nil || len(entries) != 2 || entries[0].Name() != "disk" || entries[1].Name() != "p1" {
			t.Errorf("the directory holds %v, %v", entries, err)
		}

		fd := r.open(p1, unix.O_RDWR)
		data := []byte("written through a window")
		if n, err := unix.Pwrite(fd, data, 5000); n != len(data) || err != nil {
			t.Fatal(n, err)
		}
		if err := unix.Fsync(fd); err != nil {
			t.Fatal(err)
		}
		if got := r.pread(fd, 4999, int64(len(data))+2); string(got) != "U"+string(data)+"U" {
			t.Errorf("read %q", got)
		}
		r.want(start+4999, []byte("U"+string(data)+"U"))
		if got := r.pread(r.open(r.Path(wholeDisk), unix.O_RDONLY), start+5000, int64(len(data))); !bytes.Equal(got, data) {
			t.Errorf("disk shows %q", got)
		}

		big := bytes.Repeat([]byte("0123456789abcdef"), length/16)
		if n, err := unix.Pwrite(fd, big, 0); n != len(big) || err != nil {
			t.Fatal(n, err)
		}
		if got := r.pread(fd, 0, length); !bytes.Equal(got, big) {
			t.Error("a big write reads otherwise")
		}
		r.want(start-512, append(bytes.Repeat([]byte{0x55}, 512), big...))
		r.want(start+length, bytes.Repeat([]byte{0x55}, 512))
	})
}

func TestEndOfWindow(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		const start, length = 8192, 10000
		r := openDisk(t, how, 1<<20)
		fd := r.open(r.Set("p1", start, length), unix.O_RDWR)
		p := make([]byte, 100)
		for _, c := range []struct {
			off   int64
			n     int
			write error
		}{
			{length - 100, 100, nil},
			{length - 1, 1, nil},
			{length, 0, syscall.EFBIG},
			{length + 5000, 0, syscall.EFBIG},
		} {
			if n, err := unix.Pread(fd, p, c.off); n != c.n || err != nil {
				t.Errorf("read at %d: %d, %v", c.off, n, err)
			}
			if n, err := unix.Pwrite(fd, p, c.off); n != c.n && err == nil || !errors.Is(err, c.write) {
				t.Errorf("write at %d: %d, %v", c.off, n, err)
			}
		}
		r.want(start+length, bytes.Repeat([]byte{0x55}, 8192))
		for size, want := range map[int64]error{0: nil, 1: nil, length - 1: nil, length: nil, length + 1: syscall.EFBIG, 1 << 40: syscall.EFBIG} {
			if err := unix.Ftruncate(fd, size); !errors.Is(err, want) {
				t.Errorf("truncate to %d: %v", size, err)
			}
			var st unix.Stat_t
			if err := unix.Fstat(fd, &st); err != nil || st.Size != length {
				t.Errorf("after truncating to %d the length is %d, %v", size, st.Size, err)
			}
		}
		r.pread(fd, 0, length)
		r.pread(r.open(r.Path("p1"), unix.O_RDWR|unix.O_TRUNC), 0, length)
	})
}

func TestHoles(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		const start, length = 16384, 256 << 10
		r := openDisk(t, how, 1<<20)
		fd := r.open(r.Set("p1", start, length), unix.O_RDWR)
		const keep, punch, zero = unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE
		for _, c := range []struct {
			mode   uint32
			off, n int64
			want   error
		}{
			{0, 0, length, nil},
			{0, 1, length, syscall.EFBIG},
			{keep, 1, length, nil},
			{zero, 1, length, syscall.EFBIG},
			{unix.FALLOC_FL_COLLAPSE_RANGE, 0, 4096, syscall.EOPNOTSUPP},
			{unix.FALLOC_FL_INSERT_RANGE, 0, 4096, syscall.EOPNOTSUPP},
			{punch | keep, 8192, 8192, nil},
			{zero, 32768, 4096, nil},
			{zero | keep, length - 4096, 1 << 20, nil},
			{punch | keep, length + 4096, 4096, nil},
		} {
			if err := unix.Fallocate(fd, c.mode, c.off, c.n); !errors.Is(err, c.want) {
				t.Errorf("fallocate %#x at %d, %d bytes: %v, want %v", c.mode, c.off, c.n, err, c.want)
			}
		}
		want := bytes.Repeat([]byte{0x55}, length)
		clear(want[8192:16384])
		clear(want[32768:36864])
		clear(want[length-4096:])
		if !bytes.Equal(r.pread(fd, 0, length), want) {
			t.Error("the holes are not where they were made")
		}
		r.want(start+length, bytes.Repeat([]byte{0x55}, 65536))
		for _, c := range []struct {
			off    int64
			whence int
			want   int64
			err    error
		}{
			{0, unix.SEEK_DATA, 0, nil},
			{0, unix.SEEK_HOLE, 8192, nil},
			{9000, unix.SEEK_HOLE, 9000, nil},
			{9000, unix.SEEK_DATA, 16384, nil},
			{40000, unix.SEEK_HOLE, length - 4096, nil},
			{length - 1, unix.SEEK_DATA, 0, syscall.ENXIO},
			{length, unix.SEEK_HOLE, 0, syscall.ENXIO},
			{0, unix.SEEK_END, length, nil},
		} {
			got, err := unix.Seek(fd, c.off, c.whence)
			if !errors.Is(err, c.err) || err == nil && got != c.want {
				t.Errorf("seek %d from %d: %d, %v; want %d, %v", c.whence, c.off, got, err, c.want, c.err)
			}
		}
		var sf unix.Statfs_t
		if err := unix.Fstatfs(fd, &sf); err != nil || sf.Bsize != 4096 || sf.Blocks != 256 || sf.Bavail != 256 {
			t.Errorf("statfs: %+v, %v", sf, err)
		}
	})
}

func TestNothingElseCanBeDone(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		r := openDisk(t, how, 1<<20)
		p1 := r.Set("p1", 0, 4096)
		for name, err := range map[string]error{
			"create": os.WriteFile(r.Path("new"), nil, 0o600),
			"mkdir":  os.Mkdir(r.Path("new"), 0o700),
			"remove": unix.Unlink(p1),
			"rename": unix.Rename(p1, r.Path("p2")),
			"chmod":  unix.Chmod(p1, 0o644),
			"chown":  unix.Chown(p1, 0, 0),
		} {
			if !errors.Is(err, syscall.EPERM) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := os.Stat(r.Path("p2")); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
}

// TestNoStaleBytes changes what a window shows in every way there is, and looks with open files, maps and new files.
func TestNoStaleBytes(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		const mib = 1 << 20
		r := openDisk(t, how, 8*mib)
		fill := func(off int64, c byte) {
			t.Helper()
			if _, err := r.ov.WriteAt(bytes.Repeat([]byte{c}, mib), off); err != nil {
				t.Fatal(err)
			}
		}
		shows := func(path string, c byte) {
			t.Helper()
			got, err := os.ReadFile(path)
			if err != nil || len(got) != mib || !bytes.Equal(got, bytes.Repeat([]byte{c}, mib)) {
				t.Errorf("%s shows %d bytes, %.1q..., %v; want %c", path, len(got), got, err, c)
			}
		}
		stale := func(fd int) {
			t.Helper()
			// What was read before may still be in the kernel's cache.
			if _, err := unix.Pread(fd, make([]byte, 10), 0); err != nil && !errors.Is(err, syscall.ESTALE) {
				t.Errorf("read from a replaced window: %v", err)
			}
			if _, err := unix.Pwrite(fd, make([]byte, 10), 0); !errors.Is(err, syscall.ESTALE) {
				t.Errorf("write to a replaced window: %v", err)
			}
		}
		for i := range int64(8) {
			fill(i*mib, byte('a'+i))
		}
		p1 := r.Set("p1", mib, mib)
		shows(p1, 'b')

		// The overlay changes below the window.
		fill(mib, 'X')
		shows(p1, 'X')
		if err := r.ov.Move(mib, 4*mib, mib, nil); err != nil {
			t.Fatal(err)
		}
		shows(p1, 0)

		// Another window over the same bytes.
		p2 := r.Set("p2", 4*mib, mib)
		shows(p2, 'X')
		fd := r.open(p2, unix.O_RDWR)
		if _, err := unix.Pwrite(fd, bytes.Repeat([]byte{'Y'}, mib), 0); err != nil {
			t.Fatal(err)
		}
		disk, err := os.ReadFile(r.Path(wholeDisk))
		if err != nil || disk[4*mib] != 'Y' || disk[5*mib-1] != 'Y' {
			t.Errorf("disk shows %c, %v", disk[4*mib], err)
		}

		// The window is set elsewhere, made longer, and taken away.
		old := r.open(p1, unix.O_RDWR)
		r.pread(old, 0, mib)
		r.Set("p1", 4*mib, mib)
		stale(old)
		shows(p1, 'Y')
		old = r.open(p1, unix.O_RDWR)
		r.Set("p1", 4*mib, 2*mib)
		if got, err := os.ReadFile(p1); err != nil || len(got) != 2*mib || got[2*mib-1] != 'f' {
			t.Errorf("longer window: %d bytes, %v", len(got), err)
		}
		stale(old)
		old = r.open(p1, unix.O_RDWR)
		r.Remove("p1")
		stale(old)
		if _, err := os.Stat(p1); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("removed window: %v", err)
		}
		r.Remove("p1")

		// The disk gets another size.
		old = r.open(r.Path(wholeDisk), unix.O_RDWR)
		r.pread(old, 0, mib)
		for _, size := range []int64{3 * mib, 10 * mib} {
			if err := r.ov.Resize(size); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(r.Set(wholeDisk, 0, size)); err != nil || int64(len(got)) != size {
				t.Errorf("disk of %d bytes shows %d, %v", size, len(got), err)
			}
		}
		if _, err := unix.Pwrite(old, make([]byte, 10), 0); !errors.Is(err, syscall.ESTALE) {
			t.Errorf("write to the disk of old size: %v", err)
		}
		if len(r.files.windows) != 2 {
			t.Errorf("%d windows", len(r.files.windows))
		}
	})
}

// TestMapped changes a window through a shared map, as some tools do. The map is made by another process.
func TestMapped(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		r := openDisk(t, how, 1<<20)
		p1 := r.Set("p1", 4096, 65536)
		python := testneed.Tool(t, "python3")
		script := `import mmap, sys
with open(sys.argv[1], "r+b") as f:
    m = mmap.mmap(f.fileno(), 0)
    assert m[0:4] == b"UUUU", m[0:4]
    m[10000:10006] = b"mapped"
    m.close()`
		if out, err := exec.Command(python, "-c", script, p1).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		r.want(4096+9999, []byte("UmappedU"))
	})
}

// TestStartsToolWithWindowOpen starts a program while this process has a window open. To arrange its descriptors the child
// overwrites its copy of the window's, before it has let go of the processor of its parent. There is only one, so
// if that had to be answered, nobody could.
func TestStartsToolWithWindowOpen(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		r := openDisk(t, how, 1<<20)
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		var low []*os.File // leaves low numbers for what starting takes
		for range 8 {
			f, err := os.Open(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			low = append(low, f)
		}
		out := low[len(low)-1]
		w, err := os.OpenFile(r.Path(wholeDisk), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if w.Fd() != out.Fd()+1 {
			t.Fatalf("descriptors %d and %d are not neighbours", out.Fd(), w.Fd())
		}
		for _, f := range low[:len(low)-1] {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("true")
		cmd.Stdout = out
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
		if err := errors.Join(w.Close(), out.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestManyAtOnce writes to several windows from several processes while windows come and go.
func TestManyAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		const size = 1 << 20
		r := openDisk(t, how, 8*size)
		var wg sync.WaitGroup
		for i := range int64(4) {
			name := string(rune('a' + i))
			path := r.Set(name, i*2*size+512, size)
			wg.Go(func() {
				out, err := exec.Command("sh", "-c", `for i in 1 2; do
					head -c 1048576 /dev/zero | tr '\0' "$1" | dd of="$2" conv=notrunc,fsync bs=60000 2>&1 || exit 1
				done`, "sh", name, path).CombinedOutput()
				if err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
			wg.Go(func() {
				for range 20 {
					r.Set("other"+name, i*size, size)
					if _, err := os.ReadFile(r.Path("other" + name)); err != nil {
						t.Error(err)
					}
					r.Remove("other" + name)
				}
			})
		}
		wg.Wait()
		for i := range int64(4) {
			r.want(i*2*size, append(bytes.Repeat([]byte{0x55}, 512), bytes.Repeat([]byte{byte('a' + i)}, size)...))
			r.want(i*2*size+size+512, bytes.Repeat([]byte{0x55}, 512))
		}
	})
}

// TestOutsideTheDisk sets a window that reaches over the end of the disk.
func TestOutsideTheDisk(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		r := openDisk(t, how, 1<<20)
		fd := r.open(r.Set("p1", 1<<20-4096, 8192), unix.O_RDWR)
		if _, err := unix.Pread(fd, make([]byte, 4096), 4096); !errors.Is(err, syscall.EIO) {
			t.Errorf("read: %v", err)
		}
		if _, err := unix.Pwrite(fd, make([]byte, 8192), 0); !errors.Is(err, syscall.EIO) {
			t.Errorf("write: %v", err)
		}
	})
}

// TestClose closes with a window in use by another process, and looks for what stays behind.
func TestClose(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		fds := openFiles(t)
		for range 3 {
			t.Run("round", func(t *testing.T) {
				r := openDisk(t, how, 1<<20)
				user := exec.Command("sh", "-c", "exec <"+r.Path(wholeDisk)+" && cd "+r.dir+" && echo ready && kill -STOP $$")
				out, err := user.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := user.Start(); err != nil {
					t.Fatal(err)
				}
				if _, err := out.Read(make([]byte, 10)); err != nil {
					t.Fatal(err)
				}
				mine := r.open(r.Path(wholeDisk), unix.O_RDWR)
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if _, err := unix.Pwrite(mine, make([]byte, 10), 0); !errors.Is(err, syscall.ENOTCONN) {
					t.Errorf("write after the end: %v", err)
				}
				if _, err := r.ov.WriteAt([]byte("still works"), 0); err != nil {
					t.Error(err)
				}
				if err := user.Process.Kill(); err != nil {
					t.Error(err)
				}
				_ = user.Wait()
			})
		}
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if strings.Contains(string(stacks), "go-fuse") || strings.Contains(string(stacks), "partfs.(*") {
			t.Errorf("goroutines are left:\n%s", stacks)
		}
		if after := openFiles(t); after > fds {
			t.Errorf("%d open files, %d before", after, fds)
		}
		if mounts, err := os.ReadFile("/proc/self/mounts"); err != nil || strings.Contains(string(mounts), t.TempDir()) {
			t.Errorf("mounts: %v\n%s", err, mounts)
		}
	})
}

// TestUnmountedByHand closes after somebody else has unmounted, with a window still open.
func TestUnmountedByHand(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		if how == SetuidHelper {
			return // an ordinary user unmounts with fusermount3, as Close does
		}
		r := openDisk(t, how, 1<<20)
		r.open(r.Path(wholeDisk), unix.O_RDONLY)
		if err := unix.Unmount(r.dir, unix.MNT_DETACH); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestCannotServe(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		if s, err := Serve(nil, "/no/such/directory", how); err == nil {
			t.Error("served", s)
		} else if !strings.Contains(err.Error(), "/no/such/directory") {
			t.Error(err)
		}
	})
}
