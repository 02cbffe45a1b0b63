package fsys

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/testneed"
	"shunt/ops/overlay"
	"shunt/ops/partfs"
	runner "shunt/ops/tool"
)

// TestInWindows does what a rehearsal does: tools work on windows of an overlay, where file systems move and
// leave their free blocks behind. The base must not change.
func TestInWindows(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	base, spill := open(t, sparse(t, 400*mib)), open(t, sparse(t, 0))
	ov := overlay.New(base, 400*mib, spill)
	server, err := partfs.Serve(ov, t.TempDir(), partfs.RootNamespace)
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	tools := Tools{Run: func(ctx context.Context, argv []string, onLine func(string)) (int, string, error) {
		got, err := runner.Run(ctx, runner.Cmd{Argv: argv, OnOutput: onLine})
		return got.Exit, got.Output, err
	}}
	// A process must not open the windows that it serves itself.
	tools.Open = func(path string) (File, error) { return server.Open(path) }
	probe := func(t *testing.T, path string) model.Filesystem {
		t.Helper()
		fs, _, err := tools.probe(path)
		must(t, err)
		return fs
	}
	const from, to = 63 * 512, 180*mib + 512
	var path string
	set := func(off, n int64) { path = server.Set("p1", off, n) }
	for _, c := range []struct {
		kind   model.FSKind
		make   string // for kinds that Make does not know
		n, min int64  // length and what to shrink it to, 0 if it cannot be shrunk
		grow   int64  // what to grow it to, 0 if it cannot grow
	}{
		{model.Ext4, "", 100*mib + 512, 30*mib + 512, 150 * mib},
		{model.Ext2, "", 20 * mib, 10 * mib, 60*mib + 512},
		{model.FAT16, "", 20 * mib, 0, 0},
		{model.FAT32, "", 40 * mib, 0, 0},
		{model.Swap, "", 10*mib + 512, 5 * mib, 30*mib + 512},
		{model.NTFS, "mkntfs -q -Q -F -p 63", 60*mib + 512, 20*mib + 512, 90*mib + 1536},
		{model.F2FS, "mkfs.f2fs -q", 64 * mib, 0, 150 * mib},
		{model.ExFAT, "mkfs.exfat", 20 * mib, 0, 0},
		{model.ReiserFS, "", 40 * mib, 0, 80 * mib},
		{model.JFS, "", 20 * mib, 0, 0},
		{model.Btrfs, "mkfs.btrfs -q", 128 * mib, 0, 0},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			ctx, z := t.Context(), geometry.Sector512
			must(t, ov.Zero(0, ov.Size()))
			n := c.n
			set(from, n)
			if c.make == "" {
				must(t, tools.Make(ctx, c.kind, path, Spec{Label: "LABEL", Start: 63, SectorSize: z}))
			} else {
				words := strings.Fields(c.make)
				testneed.Tool(t, words[0])
				_, _, err := tools.run(ctx, zeroOnly, append(words, path)...)
				must(t, err)
			}
			before := probe(t, path)
			if c.kind == model.Ext4 {
				argv := []string{"debugfs", "-w", "-R", "write " + bigFile(t) + " file", path}
				_, _, err := tools.run(ctx, zeroOnly, argv...)
				must(t, err)
			}
			if c.kind != model.Swap {
				must(t, checked(ctx, tools, c.kind, path))
			}
			if c.min > 0 {
				must(t, tools.Resize(ctx, c.kind, path, geometry.Bytes(c.min)))
				n = c.min
				set(from, n)
				must(t, tools.Verify(ctx, c.kind, path))
			}
			if from+n < to { // XFS is too large to be moved here
				must(t, ov.Zero(to, n))
				free, err := FreeRanges(ov, c.kind, from, n)
				must(t, err)
				if (c.kind == model.Ext4 || c.kind == model.Ext2 || c.kind == model.Swap) && len(free) == 0 {
					t.Error("no free ranges")
				}
				must(t, ov.Move(from, to, n, free))
				set(to, n)
				f, err := server.Open(path)
				must(t, err)
				must(t, Moved(f, c.kind, n, to/512, z))
				must(t, f.Close())
				must(t, tools.Verify(ctx, c.kind, path))
			}
			if c.grow > 0 {
				n = c.grow
				set(to, n)
				must(t, tools.Resize(ctx, c.kind, path, geometry.Bytes(n)))
				must(t, tools.Verify(ctx, c.kind, path))
			}
			if after := probe(t, path); after.UUID != before.UUID || after.Label != before.Label || int64(after.Size) > n || int64(after.Size) < n-4*mib {
				t.Errorf("%d bytes in the end: %+v, at first %+v", n, after, before)
			}
		})
	}
	if fs := scan.Probe(base, 0, 400*mib); fs != (model.Filesystem{}) {
		t.Errorf("the base holds %+v", fs)
	}
}

func bigFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "big")
	must(t, os.WriteFile(path, []byte(strings.Repeat("what must survive\n", 200_000)), 0o600))
	return path
}
