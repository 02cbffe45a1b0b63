package fsys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/scan"
	"shunt/model/testneed"
	"shunt/ops/overlay"
)

var randomSeed = flag.Uint64("seed-fsys", 0, "seed of the random tests, 0 for a random one")

// TestFreeRangesDumpe2fs compares the free blocks with the listing of dumpe2fs, and then overwrites all of them:
// neither e2fsck nor a reader of the files may notice.
func TestFreeRangesDumpe2fs(t *testing.T) {
	dir, junk := fileTree(t, 8*mib), bytes.Repeat([]byte{0xAA}, mib)
	kept := keptOf(t, dir)
	for _, c := range extCases {
		t.Run(c.name, func(t *testing.T) {
			path := c.build(t, dir)
			f := open(t, path)
			n := fileSize(t, path)
			list := &freeList{shortest: 1}
			if err := extFree(io.NewSectionReader(f, 0, n), list); err != nil {
				t.Fatal(err)
			}
			all := list.done()
			if want := dumpedFree(t, path); !slices.Equal(all, want) {
				t.Fatalf("got  %d ranges %v\nwant %d ranges %v", len(all), head(all), len(want), head(want))
			}
			kind := scan.Probe(f, 0, n).Kind
			got, err := FreeRanges(f, kind, 0, n)
			if err != nil {
				t.Fatal(err)
			}
			if want := slices.DeleteFunc(slices.Clone(all), func(r overlay.Range) bool { return r.Len < minFree }); !slices.Equal(got, want) || len(got) == 0 {
				t.Fatalf("long runs: got %v, want %v", head(got), head(want))
			}
			want := kept
			switch {
			case strings.Contains(c.options, "-r 0"):
				want = nil // mke2fs does not fill it
			case strings.Contains(c.options, "inline_data"):
				want = extContents(t, path) // debugfs does not read all of it
			}
			for _, r := range all {
				n := min(r.Len, mib)
				for _, at := range []int64{r.Off, r.End() - n} {
					if _, err := f.WriteAt(junk[:n], at); err != nil {
						t.Fatal(err)
					}
				}
			}
			if out, exit := try(t, "e2fsck", "-fn", path); exit != 0 {
				t.Fatalf("e2fsck after the free blocks were overwritten: %d\n%s", exit, out)
			}
			sameFiles(t, extContents(t, path), want)
		})
	}
}

func head(r []overlay.Range) []overlay.Range { return r[:min(len(r), 20)] }

var freeLine = regexp.MustCompile(`^  Free blocks: (.*)$`)

// dumpedFree is what dumpe2fs lists as free, merged.
func dumpedFree(t *testing.T, path string) []overlay.Range {
	t.Helper()
	out := tool(t, "dumpe2fs", path)
	number := func(field string) int64 {
		m := regexp.MustCompile(`(?m)^` + field + `: +(\d+)$`).FindStringSubmatch(out)
		if m == nil {
			return 0
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		return n
	}
	size := number("Block size")
	// The end of a run of clusters is listed as the first block of the last one.
	last := max(size, number("Cluster size"))
	end := number("Block count") * size
	list := &freeList{shortest: 1}
	for line := range strings.Lines(out) {
		m := freeLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil || m[1] == "" {
			continue
		}
		for run := range strings.SplitSeq(m[1], ", ") {
			from, to, ok := strings.Cut(run, "-")
			if !ok {
				to = from
			}
			a, err1 := strconv.ParseInt(from, 10, 64)
			b, err2 := strconv.ParseInt(to, 10, 64)
			if err1 != nil || err2 != nil {
				t.Fatalf("dumpe2fs: %q", line)
			}
			list.add(a*size, min(b*size+last, end))
		}
	}
	return list.done()
}

// TestFreeRangesKernel tries what the kernel leaves after writing and deleting, and after it has grown a mounted file
// system beyond its reserved descriptor blocks, which makes the new descriptors meta groups.
func TestFreeRangesKernel(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	cases := []extCase{
		{name: "ext4", size: 64 * mib, options: "-t ext4 -b 1024"},
		{name: "ext2", size: 64 * mib, options: "-t ext2 -b 1024"},
	}
	if testneed.GrowsMountedExt() {
		cases = append(cases, extCase{name: "ext4-grown", size: 64 * mib, options: "-t ext4 -b 1024 -O ^resize_inode,64bit"})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path, at, ns := sparse(t, c.size), t.TempDir(), newApart(t)
			mnt := "/proc/" + ns.pid + "/root" + at
			tool(t, append(append([]string{"mke2fs", "-q", "-F"}, strings.Fields(c.options)...), path)...)
			setSize(t, path, 600*mib)
			loop := strings.TrimSpace(tool(t, "losetup", "-f", "--show", path))
			t.Cleanup(func() { try(t, "losetup", "-d", loop) })
			if out, exit := try(t, ns.argv("mount", "-n", loop, at)...); exit != 0 {
				testneed.Missing(t, "needs a kernel that mounts it: "+out)
			}
			if c.name == "ext4-grown" {
				tool(t, ns.argv("resize2fs", loop)...)
			}
			for i := range 40 {
				name := filepath.Join(mnt, fmt.Sprint(i))
				if err := os.WriteFile(name, bytes.Repeat([]byte{byte(i)}, 10_000*i), 0o600); err != nil {
					t.Fatal(err)
				}
				if i%2 == 1 {
					if err := os.Remove(name); err != nil {
						t.Fatal(err)
					}
				}
			}
			tool(t, ns.argv("umount", at)...)
			f := open(t, path)
			list := &freeList{shortest: 1}
			if err := extFree(io.NewSectionReader(f, 0, 600*mib), list); err != nil {
				t.Fatal(err)
			}
			if got, want := list.done(), dumpedFree(t, path); !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", head(got), head(want))
			}
		})
	}
}

func TestFreeRangesDoubt(t *testing.T) {
	c := extCase{size: 48 * mib, options: "-t ext4 -b 1024"}
	pristine := c.build(t, fileTree(t, 4*mib))
	block := func(field string) int64 {
		out := tool(t, "dumpe2fs", pristine)
		m := regexp.MustCompile(field + ` at (\d+)`).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("no %s in %s", field, out)
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		return n * 1024
	}
	bitmap := block("Block bitmap")
	for _, d := range []struct {
		name  string
		debug string // debugfs command
		flip  int64  // byte to invert, 0 for none
		cut   int64  // bytes to take off the window
	}{
		{name: "journal needs recovery", debug: "feature needs_recovery"},
		{name: "has errors", debug: "ssv state 3"},
		{name: "not clean", debug: "ssv state 0"},
		{name: "unknown incompatible feature", debug: "ssv feature_incompat 0x12c2"},
		{name: "shared blocks", debug: "feature shared_blocks"},
		{name: "orphans", debug: "ssv last_orphan 12"},
		{name: "free count in superblock", debug: "ssv free_blocks_count 17"},
		{name: "superblock", flip: 1024 + 0x90},
		{name: "descriptor", flip: 2*1024 + 5},
		{name: "bitmap", flip: bitmap + 3},
		{name: "cut off", cut: 1024},
	} {
		t.Run(d.name, func(t *testing.T) {
			path := sparse(t, 0)
			tool(t, "cp", "--sparse=always", pristine, path)
			if d.debug != "" {
				tool(t, "debugfs", "-w", "-R", d.debug, path)
			}
			f := open(t, path)
			if d.flip != 0 {
				invert(t, f, d.flip)
			}
			if got, err := FreeRanges(f, model.Ext4, 0, 48*mib-d.cut); got != nil || err != nil {
				t.Errorf("got %v, %v", head(got), err)
			}
		})
	}
	f := open(t, pristine)
	if got, err := FreeRanges(f, model.Ext4, 0, 48*mib); len(got) == 0 || err != nil {
		t.Errorf("pristine: %v, %v", got, err)
	}
	if got, err := FreeRanges(f, model.Ext3, 0, 48*mib); got != nil || err != nil {
		t.Errorf("another kind: %v, %v", got, err)
	}
	if got, err := FreeRanges(f, model.XFS, 0, 48*mib); got != nil || err != nil {
		t.Errorf("unknown kind: %v, %v", got, err)
	}
	if _, err := FreeRanges(failing{f, bitmap}, model.Ext4, 0, 48*mib); !errors.Is(err, errMedium) {
		t.Errorf("I/O error: %v", err)
	}
}

func invert(t *testing.T, f io.ReaderAt, at int64) {
	t.Helper()
	w, ok := f.(io.WriterAt)
	if !ok {
		t.Fatal("not writable")
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0xFF
	if _, err := w.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

var errMedium = errors.New("I/O error on the medium")

// failing cannot read the byte at.
type failing struct {
	r  io.ReaderAt
	at int64
}

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off <= f.at && f.at < off+int64(len(b)) {
		return 0, errMedium
	}
	return f.r.ReadAt(b, off)
}

// TestFreeRangesLarge makes sure that a large file system costs neither memory nor much time.
func TestFreeRangesLarge(t *testing.T) {
	const size = 1 << 40
	path := sparse(t, size)
	tool(t, "mke2fs", "-q", "-F", "-t", "ext4", "-T", "largefile4", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1", path)
	f := open(t, path)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := FreeRanges(f, model.Ext4, 0, size)
	runtime.ReadMemStats(&after)
	if err != nil || len(got) == 0 {
		t.Fatalf("%d ranges, %v", len(got), err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 8*mib {
		t.Errorf("%d bytes allocated", n)
	}
	free := int64(0)
	for _, r := range got {
		free += r.Len
	}
	if fs := scan.Probe(f, 0, size); int64(fs.Unused())-free > size/1000 {
		t.Errorf("%d of %d free bytes found", free, fs.Unused())
	}
}

// TestFreeRangesMutated tries lying metadata, without checksums that would give it away: nothing may panic.
func TestFreeRangesMutated(t *testing.T) {
	seed := *randomSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed-fsys=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, options := range []string{"-t ext4 -O ^metadata_csum,^uninit_bg", "-t ext4 -O ^metadata_csum,^uninit_bg,meta_bg,^resize_inode,bigalloc"} {
		path := sparse(t, 4*mib)
		tool(t, append(append([]string{"mke2fs", "-q", "-F", "-b", "1024", "-N", "64", "-g", "256"}, strings.Fields(options)...), path)...)
		pristine, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		image := make([]byte, len(pristine))
		odd := []byte{0, 1, 2, 0x7F, 0x80, 0xFF}
		for range 3000 {
			copy(image[:16*kib], pristine)
			for range 1 + rng.IntN(3) {
				at := 1024 + rng.IntN(3*kib)
				if rng.IntN(2) == 0 {
					at = 1024 + rng.IntN(0x180)
				}
				image[at] = odd[rng.IntN(len(odd))]
			}
			got, err := FreeRanges(bytes.NewReader(image), model.Ext4, 0, 4*mib)
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatal(err)
			}
			at := int64(0)
			for _, r := range got {
				if r.Off < at || r.Len < minFree || r.End() > 4*mib {
					t.Fatalf("bad ranges %v", got)
				}
				at = r.End() + 1
			}
		}
	}
}

func TestFreeRangesSwap(t *testing.T) {
	image := make([]byte, mib)
	copy(image[4086:], "SWAPSPACE2")
	binary.LittleEndian.PutUint32(image[1024:], 1)
	binary.LittleEndian.PutUint32(image[1028:], 200)
	got, err := FreeRanges(bytes.NewReader(image), model.Swap, 0, mib)
	if want := []overlay.Range{{Off: 4096, Len: 200 * 4096}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	copy(image[4086:], "S1SUSPEND\x00")
	if got, err := FreeRanges(bytes.NewReader(image), model.SwSuspend, 0, mib); err != nil || got != nil {
		t.Errorf("hibernated: %v, %v", got, err)
	}
}

func TestFreeList(t *testing.T) {
	l := &freeList{shortest: 10}
	for _, r := range [][2]int64{{0, 4}, {4, 9}, {20, 25}, {25, 30}, {31, 41}, {50, 59}} {
		l.add(r[0], r[1])
	}
	if got, want := l.done(), []overlay.Range{{Off: 20, Len: 10}, {Off: 31, Len: 10}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	l = &freeList{shortest: 1}
	for i := range int64(maxFree + 100) {
		l.add(i*10, i*10+1+i%4)
	}
	got := l.done()
	if len(got) > maxFree || len(got) < maxFree/2 || l.shortest != 2 {
		t.Errorf("%d ranges, the shortest %d", len(got), l.shortest)
	}
}

func TestZeroRuns(t *testing.T) {
	for _, c := range []struct {
		bitmap []byte
		n      uint64
		want   string
	}{
		{make([]byte, 16), 128, "[0,128)"},
		{make([]byte, 16), 100, "[0,100)"},
		{make([]byte, 16), 0, ""},
		{bytes.Repeat([]byte{0xFF}, 16), 128, ""},
		{append(bytes.Repeat([]byte{0xFF}, 8), make([]byte, 8)...), 128, "[64,128)"},
		{append(make([]byte, 8), bytes.Repeat([]byte{0xFF}, 8)...), 128, "[0,64)"},
		{[]byte{0b10110010, 0, 0, 0, 0, 0, 0, 0x80}, 64, "[0,1)[2,4)[6,7)[8,63)"},
		{[]byte{0b10110010, 0, 0, 0, 0, 0, 0, 0x80}, 10, "[0,1)[2,4)[6,7)[8,10)"},
	} {
		var got strings.Builder
		for from, to := range zeroRuns(c.bitmap, c.n) {
			fmt.Fprintf(&got, "[%d,%d)", from, to)
		}
		if got.String() != c.want {
			t.Errorf("%x to %d: got %s, want %s", c.bitmap, c.n, got.String(), c.want)
		}
	}
}
