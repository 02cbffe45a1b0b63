package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shunt/geometry"
	"shunt/model/testneed"
)

func require(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(testneed.Tool(t, name), args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestMake(t *testing.T) {
	testneed.Tool(t, mkfs)
	dir := t.TempDir()
	path := filepath.Join(dir, "stick.raw")
	require(t, Make(t.Context(), path))

	t.Run("size", func(t *testing.T) {
		info, err := os.Stat(path)
		require(t, err)
		st, ok := info.Sys().(*syscall.Stat_t)
		if info.Size() != 966<<20 || !ok || st.Blocks*512 > 80<<20 {
			t.Errorf("%d bytes, %d of them taken", info.Size(), st.Blocks*512)
		}
	})
	t.Run("table", func(t *testing.T) { checkTable(t, path) })
	for _, p := range Parts() {
		t.Run(p.Label, func(t *testing.T) { checkFiles(t, path, p) })
	}
	t.Run("again", func(t *testing.T) {
		require(t, os.WriteFile(path, []byte("precious"), 0o644))
		if err := Make(t.Context(), path); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v", err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
			t.Errorf("the file holds %q, %v", text, err)
		}
	})
}

func checkTable(t *testing.T, path string) {
	t.Helper()
	var got struct {
		PartitionTable struct {
			Label, ID  string
			Partitions []struct {
				Start, Size geometry.Sector
				Type        string
				Bootable    bool
			}
		}
	}
	require(t, json.Unmarshal([]byte(run(t, "sfdisk", "--json", path)), &got))
	table := got.PartitionTable
	if table.Label != "dos" || table.ID != fmt.Sprintf("%#x", diskSignature) || len(table.Partitions) != len(Parts()) {
		t.Fatalf("sfdisk sees %+v", table)
	}
	for i, p := range Parts() {
		seen := table.Partitions[i]
		if seen.Start != p.Span.Start || seen.Size != p.Span.Len() || seen.Type != "83" || seen.Bootable != p.Active {
			t.Errorf("sfdisk sees p%d as %+v, want %+v", p.Number, seen, p)
		}
	}
	if out := run(t, "sfdisk", "--verify", path); !strings.Contains(out, "No errors detected") {
		t.Errorf("sfdisk --verify: %s", out)
	}
}

// checkFiles takes the file system out of the image and has e2fsprogs look at it.
func checkFiles(t *testing.T, path string, p Part) {
	t.Helper()
	dir := t.TempDir()
	window := filepath.Join(dir, "window")
	run(t, "dd", "if="+path, "of="+window, "bs=1M", "conv=sparse", "status=none", "iflag=skip_bytes,count_bytes",
		fmt.Sprintf("skip=%d", SectorSize.Bytes(p.Span.Start)), fmt.Sprintf("count=%d", SectorSize.Bytes(p.Span.Len())))
	require(t, os.Truncate(window, int64(SectorSize.Bytes(p.Span.Len()))))
	run(t, "e2fsck", "-fn", window)
	super := run(t, "dumpe2fs", "-h", window)
	if !strings.Contains(super, "volume name:   "+p.Label+"\n") || !strings.Contains(super, "Block size:               4096\n") {
		t.Errorf("superblock: %s", super)
	}
	out := filepath.Join(dir, "out")
	require(t, os.Mkdir(out, 0o755))
	run(t, "debugfs", "-R", "rdump / "+out, window)
	got, total := map[string]string{}, 0
	require(t, filepath.WalkDir(out, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(at)
		require(t, err)
		name, err := filepath.Rel(out, at)
		require(t, err)
		sum := sha256.Sum256(data)
		got[name] = hex.EncodeToString(sum[:])
		total += len(data)
		return nil
	}))
	if want := manifest(p.Number); len(want) < 20 || !maps.Equal(got, want) {
		t.Errorf("p%d holds %d files, want these %d: %v", p.Number, len(got), len(want), want)
	}
	if total < 15<<20 || total > 25<<20 {
		t.Errorf("p%d holds %d bytes of files", p.Number, total)
	}
}

func TestPartsFillTheStick(t *testing.T) {
	parts := Parts()
	if parts[0].Span.Start != 63 || parts[0].Span.End != parts[1].Span.Start || parts[1].Span.End != SectorSize.Down(Size) {
		t.Errorf("parts are %+v", parts)
	}
	for _, p := range parts {
		if n := SectorSize.Bytes(p.Span.Len()); n < 482*geometry.MiB || n > 484*geometry.MiB {
			t.Errorf("p%d has %d bytes", p.Number, n)
		}
	}
}

// firstSector is sector 0 as Make writes it.
func firstSector(t *testing.T) []byte {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "sector"))
	require(t, err)
	defer func() { _ = f.Close() }()
	require(t, f.Truncate(int64(Size)))
	require(t, writeTable(f))
	sector := make([]byte, SectorSize)
	_, err = f.ReadAt(sector, 0)
	require(t, err)
	return sector
}

func TestBootSector(t *testing.T) {
	sector := firstSector(t)
	// Flag, first CHS, type, last CHS, first sector, length: worked out by hand for 255 heads and 63 sectors.
	for i, want := range []string{
		"80 010100 83 92153d 3f000000 c1170f00",
		"00 92163d 83 252a7b 00180f00 00180f00",
	} {
		got := hex.EncodeToString(sector[446+16*i : 462+16*i])
		if got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("entry %d is %s, want %s", i+1, got, want)
		}
	}
	if empty := bootSector(); !bytes.Equal(sector[:446], empty[:446]) || !bytes.Equal(sector[478:], empty[478:]) {
		t.Errorf("more than two entries changed: % x", sector)
	}
}

// TestBootSectorAsSfdiskWritesIt has sfdisk make the same table and compares all that is not boot code.
func TestBootSectorAsSfdiskWritesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stick.raw")
	require(t, os.WriteFile(path, nil, 0o644))
	require(t, os.Truncate(path, int64(Size)))
	script := fmt.Sprintf("label: dos\nlabel-id: %#x\n", diskSignature)
	for _, p := range Parts() {
		script += fmt.Sprintf("start=%d, size=%d, type=83", p.Span.Start, p.Span.Len())
		if p.Active {
			script += ", bootable"
		}
		script += "\n"
	}
	cmd := exec.Command(testneed.Tool(t, "sfdisk"), "--quiet", path)
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sfdisk: %v\n%s", err, out)
	}
	theirs := make([]byte, 512)
	f, err := os.Open(path)
	require(t, err)
	_, err = f.ReadAt(theirs, 0)
	require(t, errors.Join(err, f.Close()))
	if ours := firstSector(t); !bytes.Equal(ours[440:], theirs[440:]) {
		t.Errorf("got\n% x, sfdisk writes\n% x", ours[440:], theirs[440:])
	}
}

func TestMakeWithoutTool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stick.raw")
	err := makeWith(t.Context(), path, "mkfs.none")
	if !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "e2fsprogs") {
		t.Errorf("got %v", err)
	}
	noFile(t, path)
}

func TestMakeFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "stick.raw")
	t.Run("tool", func(t *testing.T) {
		err := makeWith(t.Context(), path, testneed.Tool(t, "false"))
		if err == nil || !strings.Contains(err.Error(), "p1") || !strings.Contains(err.Error(), "status 1") {
			t.Errorf("got %v", err)
		}
		noFile(t, path)
	})
	t.Run("directory", func(t *testing.T) {
		if err := Make(t.Context(), filepath.Join(dir, "none", "stick.raw")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Make(ctx, path); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		noFile(t, path)
	})
	t.Run("no room for the files", func(t *testing.T) {
		t.Setenv("TMPDIR", filepath.Join(dir, "none"))
		if err := Make(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
		noFile(t, path)
	})
}

func noFile(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left: %v", path, err)
	}
}

// TestContents also says that contents are the same every time.
func TestContents(t *testing.T) {
	for _, size := range []int{0, 1, 7, 4095, 4096, 4097} {
		for _, text := range []bool{true, false} {
			f := file{"a/b", size, text}
			if a, b := f.content(), f.content(); len(a) != size || !bytes.Equal(a, b) {
				t.Errorf("%d bytes, text %v: got %d and %d bytes", size, text, len(a), len(b))
			}
		}
	}
	if got := len(manifest(3)); got != 0 {
		t.Errorf("a partition that does not exist holds %d files", got)
	}
}

// manifest lists the files that Make puts into a partition: the SHA-256 of each, in hexadecimal, by its path relative to
// the root of the file system, with slashes. It leaves out lost+found, and is empty for an unknown number.
func manifest(number int) map[string]string {
	sums := map[string]string{}
	for _, f := range tree(number) {
		sums[f.path] = fmt.Sprintf("%x", sha256.Sum256(f.content()))
	}
	return sums
}
