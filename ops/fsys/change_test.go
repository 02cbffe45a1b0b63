package fsys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
)

// toolsHere are the tools of this machine.
func toolsHere(t testing.TB, needs ...string) Tools {
	t.Helper()
	for _, name := range needs {
		testneed.Tool(t, name)
	}
	return Tools{Run: runReal}
}

func mustProbe(t testing.TB, path string) model.Filesystem {
	t.Helper()
	fs, _, err := Tools{}.probe(path)
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMake(t *testing.T) {
	tools := toolsHere(t, "mke2fs", "mkfs.fat", "mkswap", "e2fsck", "fsck.fat", "blkid")
	ctx := context.Background()
	for _, c := range []struct {
		kind model.FSKind
		size int64
		z    geometry.SectorSize
		spec Spec
		want string // blkid's TYPE LABEL UUID BLOCK_SIZE
	}{
		{model.Ext4, 64 * mib, 512, Spec{Label: "my root", UUID: someUUID}, "ext4 my_root " + someUUID},
		{model.Ext4, 64 * mib, 4096, Spec{}, "ext4 4096"},
		{model.Ext3, 64 * mib, 512, Spec{Label: "old"}, "ext3 old"},
		{model.Ext2, mib, 512, Spec{}, "ext2"},
		{model.FAT16, 16 * mib, 512, Spec{Label: "small", UUID: "1234-ABCD", Start: 2048}, "vfat SMALL 1234-ABCD FAT16"},
		{model.FAT16, 32 * mib, 4096, Spec{}, "vfat FAT16"},
		{model.FAT32, 33 * mib, 512, Spec{Label: "Efi System", UUID: "00C0-FFEE"}, "vfat EFI_SYSTEM 00C0-FFEE FAT32"},
		{model.FAT32, 300 * mib, 4096, Spec{Start: 1 << 33}, "vfat FAT32"},
		{model.ExFAT, 4 * mib, 512, Spec{Label: "größer"}, "exfat größer"},
		{model.NTFS, 16 * mib, 512, Spec{Label: "größer", Start: 2048}, "ntfs größer"},
		{model.NTFS, 64 * mib, 4096, Spec{}, "ntfs"},
		{model.XFS, 300 * mib, 512, Spec{Label: "x y", UUID: someUUID}, "xfs x_y " + someUUID},
		{model.XFS, 300 * mib, 4096, Spec{}, "xfs 4096"},
		{model.Btrfs, 256 * mib, 512, Spec{Label: "x y", UUID: someUUID}, "btrfs x_y " + someUUID},
		{model.F2FS, 52 * mib, 512, Spec{Label: "x y", UUID: someUUID}, "f2fs x_y " + someUUID},
		{model.F2FS, 128 * mib, 4096, Spec{}, "f2fs"},
		{model.NILFS2, 128*mib + 4096, 512, Spec{Label: "x y"}, "nilfs2 x_y"},
		{model.NILFS2, 160 * mib, 4096, Spec{}, "nilfs2"},
		{model.UDF, 2 * mib, 512, Spec{Label: "größer"}, "udf größer"},
		{model.UDF, 20 * mib, 4096, Spec{}, "udf 4096"},
		{model.JFS, 16 * mib, 512, Spec{Label: "x y"}, "jfs x_y"},
		{model.ReiserFS, 34 * mib, 512, Spec{Label: "x y", UUID: someUUID}, "reiserfs x_y " + someUUID},
		{model.Swap, 40 * kib, 512, Spec{}, "swap"},
		{model.Swap, 8 * mib, 4096, Spec{Label: "swap space", UUID: someUUID}, "swap swap_space " + someUUID},
	} {
		t.Run(fmt.Sprintf("%s-%d-%d", c.kind, c.size, c.z), func(t *testing.T) {
			for _, name := range Of(c.kind).create.tools {
				testneed.Tool(t, name)
			}
			path := sparse(t, c.size)
			c.spec.SectorSize = c.z
			must(t, tools.Make(ctx, c.kind, path, c.spec))
			if n := fileSize(t, path); n != c.size {
				t.Errorf("the window has %d bytes afterwards", n)
			}
			must(t, tools.Verify(ctx, c.kind, path))
			out := strings.Fields(tool(t, "blkid", "-p", "-o", "udev", path))
			for _, word := range strings.Fields(c.want) {
				if !slices.ContainsFunc(out, func(line string) bool { return strings.HasSuffix(line, "="+word) }) {
					t.Errorf("blkid does not say %s: %v", word, out)
				}
			}
			if c.kind == model.FAT16 || c.kind == model.FAT32 {
				if got, want := hidden(t, path, 0), hiddenSectors(c.spec.Start); got != want {
					t.Errorf("hidden sectors %d, want %d", got, want)
				}
			}
		})
	}
}

func TestMakeRefusals(t *testing.T) {
	tools := toolsHere(t, "mke2fs", "mkfs.fat", "mkswap")
	for _, c := range []struct {
		kind model.FSKind
		size int64
		spec Spec
		want string
	}{
		{model.FAT32, 20 * mib, Spec{SectorSize: 512}, "too small"},
		{model.FAT32, 100 * mib, Spec{SectorSize: 4096}, "at least 256 MiB"},
		{model.FAT16, mib, Spec{SectorSize: 512}, "too small or too large"},
		{model.FAT16, 20 * mib, Spec{SectorSize: 512, Label: "twelve chars"}, "the 11 bytes"},
		{model.FAT16, 20 * mib, Spec{SectorSize: 512, Label: "a+b"}, "none of"},
		{model.FAT16, 20 * mib, Spec{SectorSize: 512, Label: "größe"}, "ASCII only"},
		{model.Swap, 20 * mib, Spec{SectorSize: 512, Label: "sixteen letters!"}, "the 15 bytes"},
		{model.Swap, 20 * kib, Spec{SectorSize: 512}, "exit code 1"},
		{model.APFS, 20 * mib, Spec{SectorSize: 512}, "only macOS"},
		{model.Ext4, 20 * mib, Spec{}, "sector size of 0"},
	} {
		if err := tools.Make(context.Background(), c.kind, sparse(t, c.size), c.spec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("make %s in %d bytes with %+v: %v", c.kind, c.size, c.spec, err)
		}
	}
}

func TestFATRepair(t *testing.T) {
	tools := toolsHere(t, "mkfs.fat", "fsck.fat")
	ctx := context.Background()
	for _, c := range []struct {
		kind   model.FSKind
		entry  int64 // where an entry of the first FAT lies
		broken []byte
	}{
		{model.FAT12, 512 + 6, []byte{0x55, 0x55}},
		{model.FAT16, 2048 + 12, []byte{0x55, 0x55}},
		{model.FAT32, 32*512 + 40, []byte{0x55, 0x55, 0x05, 0}},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			path := sparse(t, map[model.FSKind]int64{model.FAT12: 2 * mib, model.FAT16: 20 * mib, model.FAT32: 40 * mib}[c.kind])
			tool(t, "mkfs.fat", "-F", strings.TrimPrefix(string(c.kind), "fat"), path)
			must(t, checked(ctx, tools, c.kind, path))
			if _, err := open(t, path).WriteAt(c.broken, c.entry); err != nil {
				t.Fatal(err)
			}
			if err := tools.Verify(ctx, c.kind, path); err == nil || !strings.Contains(err.Error(), "errors were found") {
				t.Errorf("damaged: %v", err)
			}
			must(t, checked(ctx, tools, c.kind, path))
			must(t, tools.Verify(ctx, c.kind, path))
		})
	}
}

func TestSwapResize(t *testing.T) {
	tools := toolsHere(t, "mkswap")
	ctx := context.Background()
	for _, page := range []string{"4096", "65536"} {
		path := sparse(t, 8*mib)
		tool(t, "mkswap", "-p", page, "-L", "my swap", "-U", someUUID, path)
		before := mustProbe(t, path)
		for _, size := range []int64{5*mib + 512, 8 * mib, 20*mib + 1536} {
			if size > 8*mib {
				setSize(t, path, size)
			}
			must(t, tools.Resize(ctx, model.Swap, path, geometry.Bytes(size)))
			must(t, tools.Verify(ctx, model.Swap, path))
			after := mustProbe(t, path)
			want := before
			want.Size = geometry.Bytes(size) / before.BlockSize * before.BlockSize
			if after != want {
				t.Errorf("page %s, %d bytes: got %+v, want %+v", page, size, after, want)
			}
		}
	}
	path := sparse(t, 8*mib)
	tool(t, "mkswap", path)
	if _, err := open(t, path).WriteAt([]byte("S1SUSPEND\x00"), 4086); err != nil {
		t.Fatal(err)
	}
	if err := tools.Resize(ctx, model.Swap, path, 4*geometry.MiB); err == nil || !strings.Contains(err.Error(), "it is swsuspend") {
		t.Errorf("hibernated: %v", err)
	}
}

func TestF2FSGrow(t *testing.T) {
	tools := toolsHere(t, "mkfs.f2fs", "resize.f2fs", "fsck.f2fs", "sload.f2fs", "dump.f2fs")
	ctx := context.Background()
	dir := t.TempDir()
	content := strings.Repeat("some content of a file\n", 30000)
	must(t, os.WriteFile(filepath.Join(dir, "file"), []byte(content), 0o644))
	path := sparse(t, 64*mib)
	tool(t, "mkfs.f2fs", "-q", "-l", "flash", path)
	tool(t, "sload.f2fs", "-f", dir, path)
	before := mustProbe(t, path)
	must(t, checked(ctx, tools, model.F2FS, path))
	const size = 200*mib + 1536
	setSize(t, path, size)
	must(t, tools.Resize(ctx, model.F2FS, path, size))
	must(t, tools.Verify(ctx, model.F2FS, path))
	after := mustProbe(t, path)
	if after.Size > size || after.Size < 190*geometry.MiB || after.UUID != before.UUID || after.Label != "flash" || after.Dirty != "" {
		t.Errorf("got %+v", after)
	}
	if err := tools.Resize(ctx, model.F2FS, path, 100*geometry.MiB); err == nil || !strings.Contains(err.Error(), "no safe tool that shrinks") {
		t.Errorf("shrink: %v", err)
	}
}

// TestReadOnlyChecks tries the checks on file systems that are in order and on damaged ones, which some tools repair.
func TestReadOnlyChecks(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		kind   model.FSKind
		size   int64
		needs  []string
		make   []string
		damage int64 // where 64 KiB are overwritten, after the superblock
		mended bool
	}{
		{model.XFS, 300 * mib, []string{"xfs_repair"}, []string{"mkfs.xfs", "-q"}, 4096, true},
		{model.Btrfs, 128 * mib, []string{"btrfs"}, []string{"mkfs.btrfs", "-q", "-m", "single"}, 0, false},
		{model.F2FS, 64 * mib, []string{"fsck.f2fs"}, []string{"mkfs.f2fs", "-q"}, 6 * mib, true},
		{model.ExFAT, 20 * mib, []string{"fsck.exfat"}, []string{"mkfs.exfat"}, 2*mib + 3*4096 - 65536, false},
		{model.NTFS, 16 * mib, []string{"ntfsresize"}, []string{"mkntfs", "-q", "-Q", "-F"}, 16384 + 6*1024, false},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			tools := toolsHere(t, append(c.needs, c.make[0])...)
			path := sparse(t, c.size)
			tool(t, append(c.make, path)...)
			if c.kind == model.Btrfs {
				// The chunk fileTree is where the superblock says.
				c.damage = btrfsChunkRoot(t, path)
			}
			must(t, checked(ctx, tools, c.kind, path))
			must(t, tools.Verify(ctx, c.kind, path))
			if _, err := open(t, path).WriteAt([]byte(strings.Repeat("damage! ", 8192)), c.damage); err != nil {
				t.Fatal(err)
			}
			var failed *ToolError
			if err := tools.Verify(ctx, c.kind, path); !errors.As(err, &failed) || failed.Advice == "" || failed.Output == "" {
				t.Errorf("damaged: %v", err)
			}
			if err := checked(ctx, tools, c.kind, path); errors.As(err, &failed) == c.mended {
				t.Errorf("damaged: %v", err)
			}
			if err := tools.Verify(ctx, c.kind, path); errors.As(err, &failed) == c.mended {
				t.Errorf("repaired: %v", err)
			}
		})
	}
}

func btrfsChunkRoot(t testing.TB, path string) int64 {
	t.Helper()
	for line := range strings.Lines(tool(t, "btrfs", "inspect-internal", "dump-super", path)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "chunk_root" {
			var at int64
			if _, err := fmt.Sscan(f[1], &at); err != nil {
				t.Fatal(err)
			}
			return at
		}
	}
	t.Fatal("no chunk_root")
	return 0
}

// TestVerifyWithoutTool: what has no tool, or none that is installed, is verified by its superblock.
func TestVerifyWithoutTool(t *testing.T) {
	testneed.Tool(t, "mkswap")
	ctx := context.Background()
	none := Tools{
		Run: func(context.Context, []string, func(string)) (int, string, error) {
			return -1, "", errors.New("nothing is to be run")
		},
		Look: func(string) (string, error) { return "", errors.New("not installed") },
	}
	path := sparse(t, 8*mib)
	tool(t, "mkswap", path)
	must(t, none.Verify(ctx, model.Swap, path))
	if err := checked(ctx, none, model.Swap, path); err == nil || !strings.Contains(err.Error(), "nothing to check") {
		t.Errorf("check swap: %v", err)
	}
	testneed.Tool(t, "mkfs.xfs")
	x := sparse(t, 300*mib)
	tool(t, "mkfs.xfs", "-q", x)
	must(t, none.Verify(ctx, model.XFS, x))
	if err := checked(ctx, none, model.XFS, x); err == nil || !strings.Contains(err.Error(), "nothing is to be run") {
		t.Errorf("check XFS: %v", err)
	}
	setSize(t, x, 299*mib)
	if err := none.Verify(ctx, model.XFS, x); err == nil {
		t.Error("a file system that was cut off passes")
	}
	if err := none.Verify(ctx, model.XFS, path); err == nil {
		t.Error("swap passes for XFS")
	}
	if err := none.Verify(ctx, model.XFS, sparse(t, mib)); err == nil || !strings.Contains(err.Error(), "no known superblock") {
		t.Errorf("nothing: %v", err)
	}
}

// TestAmbiguous: a tool might take the stale one of two file systems for the right one.
func TestAmbiguous(t *testing.T) {
	tools := toolsHere(t, "mke2fs", "mkfs.fat", "e2fsck")
	path := sparse(t, 64*mib)
	tool(t, "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", path)
	super := make([]byte, 1024)
	f := open(t, path)
	if _, err := f.ReadAt(super, 1024); err != nil {
		t.Fatal(err)
	}
	tool(t, "mkfs.fat", "-F", "32", path)
	if _, err := f.WriteAt(super, 1024); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []model.FSKind{model.Ext4, model.FAT32} {
		if err := checked(context.Background(), tools, kind, path); err == nil || !strings.Contains(err.Error(), "wipefs") {
			t.Errorf("check %s: %v", kind, err)
		}
	}
	if got, err := FreeRanges(f, model.Ext4, 0, 64*mib); got != nil || err != nil {
		t.Errorf("free ranges: %v, %v", got, err)
	}
}
