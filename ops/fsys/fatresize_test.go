package fsys

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/fatfs"
)

var fatSteps = flag.Int("fat-steps", 4, "how many times each FAT volume is resized")

// fatCase is a volume as mkfs.fat makes it.
type fatCase struct {
	name    string
	size    int64
	options string
	most    int64 // where growing ends, in some cases with larger clusters
}

var fatCases = []fatCase{
	{"fat12-1m", mib, "-F 12", 20 * mib},
	{"fat12-4sectors", 3*mib + 512, "-F 12 -s 4 -h 63", 8 * mib},
	{"fat12-onefat", 2 * mib, "-F 12 -s 2 -f 1", 4 * mib},
	{"fat12-4096", 8 * mib, "-F 12 -S 4096 -s 1", 16 * mib},
	{"fat16-1sector", 4 * mib, "-F 16 -s 1", 90 * mib},
	{"fat16-4sectors", 20 * mib, "-F 16 -s 4 -h 2048", 300 * mib},
	{"fat16-onefat", 20 * mib, "-F 16 -s 2 -f 1 -r 1024", 70 * mib},
	{"fat16-4096", 40 * mib, "-F 16 -S 4096 -s 1", 100 * mib},
	{"fat16-reserved", 40 * mib, "-F 16 -s 8 -R 8 -r 256", 200 * mib},
	{"fat32-1sector", 34 * mib, "-F 32 -s 1 -h 2048", 150 * mib},
	{"fat32-onefat", 40 * mib, "-F 32 -s 1 -f 1", 100 * mib},
	{"fat32-8sectors", 300 * mib, "-F 32 -s 8", 900 * mib},
	{"fat32-4096", 300 * mib, "-F 32 -S 4096 -s 1 -R 12 -b 3", 800 * mib},
	{"fat32-nobackup", 40 * mib, "-F 32 -s 1 -R 9 -b 0", 200 * mib},
}

// fatTool runs a program of mtools on a volume; they ask questions unless told not to.
func fatTool(t testing.TB, argv ...string) string {
	t.Helper()
	return tool(t, append([]string{"env", "MTOOLS_SKIP_CHECK=1"}, argv...)...)
}

// build makes the volume and puts files in it: long names, deep directories, files in pieces, and files at its end.
func (c fatCase) build(t testing.TB, rng *rand.Rand) string {
	t.Helper()
	path := sparse(t, c.size)
	tool(t, append(append([]string{"mkfs.fat", "-n", "KEEP ME", "-i", "1234ABCD"}, strings.Fields(c.options)...), path)...)
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "a/b/c/d/e/f/g"), 0o755))
	put := func(name string, n int) {
		must(t, os.WriteFile(filepath.Join(dir, name), filler(rng, n), 0o600))
	}
	for i := range 40 {
		put(fmt.Sprintf("file %d with a long name", i), rng.IntN(8000))
		if i%4 == 0 {
			put(fmt.Sprintf("a/b/c/d/e/f/g/%d", i), rng.IntN(9000))
		}
		put(fmt.Sprintf("a/b/c/%d in a directory with many files", i), rng.IntN(3))
	}
	fatTool(t, "mcopy", "-s", "-Q", "-i", path, filepath.Join(dir, "a"), "::/")
	fatTool(t, append(append([]string{"mcopy", "-Q", "-i", path}, glob(t, dir, "file*")...), "::/")...)
	drop := []string{"mdel", "-i", path}
	for i := 0; i < 40; i += 3 {
		drop = append(drop, fmt.Sprintf("::/file %d with a long name", i))
	}
	fatTool(t, drop...)
	put("pieces", int(min(c.size/4, 3*mib)))
	put("far", int(min(c.size/8, mib)))
	fatTool(t, "mcopy", "-i", path, filepath.Join(dir, "pieces"), filepath.Join(dir, "far"), "::/a")
	return path
}

func glob(t testing.TB, dir, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	must(t, err)
	return names
}

// fatContents copies all files out of a volume.
func fatContents(t testing.TB, path string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	fatTool(t, "mcopy", "-s", "-n", "-Q", "-i", path, "::/*", dir)
	return contents(t, dir)
}

// fatSame is what no resize may change: the boot sector without the fields that tell sizes.
func fatSame(t testing.TB, path string, sector int64) []byte {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	b := make([]byte, fatfs.BootSize)
	must(t, readFull(f, b, sector))
	v, ok := fatfs.Parse(b)
	if !ok {
		t.Fatal("there is no boot sector any more")
	}
	b[13] = 0
	clear(b[19:21])
	clear(b[22:24])
	clear(b[32:36])
	if v.Kind == model.FAT32 {
		clear(b[36:40])
		clear(b[44:48])
	}
	return b
}

func mustVolume(t testing.TB, path string) fatfs.Volume {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	b := make([]byte, fatfs.BootSize)
	must(t, readFull(f, b, 0))
	v, ok := fatfs.Parse(b)
	if !ok {
		t.Fatal("there is no FAT volume")
	}
	return v
}

// TestFATResize resizes volumes up and down at random. After each step fsck.fat must find nothing wrong, and in the end all
// files must be as they were.
func TestFATResize(t *testing.T) {
	tools := toolsHere(t, "mkfs.fat", "fsck.fat", "mcopy", "mdel")
	ctx := context.Background()
	for _, c := range fatCases {
		t.Run(c.name, func(t *testing.T) {
			rng := randomised(t)
			path := c.build(t, rng)
			fs := mustProbe(t, path)
			must(t, checked(ctx, tools, fs.Kind, path)) // makes a backup boot sector where there is none
			files, same := fatContents(t, path), fatSame(t, path, 0)
			for i := range *fatSteps {
				least, most := int64(mustProbe(t, path).Min), min(c.most, int64(mustProbe(t, path).Max))
				size := (least + rng.Int64N(max(1, most-least))) / 512 * 512
				switch i {
				case 0: // all that is possible
					size = (least + 511) / 512 * 512
				case 1:
					size = most / 512 * 512
				case 2:
					size = fileSize(t, path) / 8 * 7 / 512 * 512
					size = max(size, (least+511)/512*512)
				}
				grown := size > fileSize(t, path)
				if grown {
					soil(t, path, size)
				}
				if err := tools.Resize(ctx, fs.Kind, path, geometry.Bytes(size)); err != nil {
					t.Fatalf("step %d, to %d bytes of at least %d: %v", i, size, least, err)
				}
				setSize(t, path, size)
				must(t, tools.Verify(ctx, fs.Kind, path))
				v := mustVolume(t, path)
				after := mustProbe(t, path)
				if after.Kind != fs.Kind || after.UUID != "1234-ABCD" || after.Label != "KEEP ME" || after.Dirty != "" {
					t.Errorf("step %d: %+v", i, after)
				}
				if v.Size() > size || v.Size() < size-max(4096, 3*v.ClusterSize()) {
					t.Errorf("step %d: %d bytes instead of %d", i, v.Size(), size)
				}
				if !bytes.Equal(fatSame(t, path, 0), same) {
					t.Errorf("step %d: the boot sector changed", i)
				}
				if v.Backup > 0 && !bytes.Equal(readAt(t, path, 0, 512), readAt(t, path, v.Backup*v.SectorSize, 512)) {
					t.Errorf("step %d: the backup of the boot sector differs", i)
				}
			}
			sameFiles(t, fatContents(t, path), files)
		})
	}
}

// TestFATLimits shrinks volumes to the fewest clusters of their kind, and one sector further. fsck.fat and
// mtools must take the result for the same kind.
func TestFATLimits(t *testing.T) {
	t.Parallel()
	tools := toolsHere(t, "mkfs.fat", "fsck.fat", "mcopy")
	for _, c := range []struct {
		options  string
		made     int64 // bytes
		clusters int64
	}{
		{"-F 16 -s 2", 8 * mib, 4085},
		{"-F 32 -s 1", 40 * mib, 65525},
	} {
		path, file := sparse(t, c.made), filepath.Join(t.TempDir(), "file")
		tool(t, append(append([]string{"mkfs.fat"}, strings.Fields(c.options)...), path)...)
		must(t, os.WriteFile(file, bytes.Repeat([]byte("content"), 9000), 0o600))
		fatTool(t, "mcopy", "-i", path, file, "::/")
		v, fs := mustVolume(t, path), mustProbe(t, path)
		size := v.MinSize(0)
		if err := tools.Resize(t.Context(), fs.Kind, path, geometry.Bytes(size-512)); err == nil || !strings.Contains(err.Error(), fmt.Sprint(size)) {
			t.Errorf("%s: %d bytes: %v", c.options, size-512, err)
		}
		must(t, tools.Resize(t.Context(), fs.Kind, path, geometry.Bytes(size)))
		setSize(t, path, size)
		said := tool(t, "fsck.fat", "-n", "-v", path)
		if bits := strings.TrimPrefix(string(fs.Kind), "fat"); !strings.Contains(said, bits+" bit entries") {
			t.Errorf("%s: fsck.fat takes it for another kind:\n%s", c.options, said)
		}
		if got := mustVolume(t, path).Clusters(); got != c.clusters {
			t.Errorf("%s: %d clusters, want %d", c.options, got, c.clusters)
		}
		sameFiles(t, fatContents(t, path), contents(t, filepath.Dir(file)))
	}
}

func readAt(t testing.TB, path string, off, n int64) []byte {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	b := make([]byte, n)
	must(t, readFull(f, b, off))
	return b
}

// soil makes a file longer by what earlier contents may have left there.
func soil(t testing.TB, path string, size int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	n := fileSize(t, path)
	must(t, f.Truncate(size))
	_, err = f.WriteAt(bytes.Repeat([]byte{0x99}, int(min(size-n, 2*mib))), n)
	must(t, err)
	_, err = f.WriteAt(bytes.Repeat([]byte{0x99}, int(min(size-n, mib))), max(n, size-mib))
	must(t, err)
}

// randomised is a source of random numbers that can be had again.
func randomised(t testing.TB) *rand.Rand {
	t.Helper()
	seed := *randomSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed-fsys=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}
