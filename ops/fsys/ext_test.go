package fsys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

// TestExtResize shrinks file systems with files in them to the minimum that Probe tells and lets them grow again.
func TestExtResize(t *testing.T) {
	tools := toolsHere(t, "e2fsck", "resize2fs", "mke2fs", "debugfs")
	ctx := context.Background()
	dir := fileTree(t, 12*mib)
	files := keptOf(t, dir)
	for _, c := range []extCase{
		{name: "ext4-4k", size: 300 * mib, options: "-t ext4 -b 4096"},
		{name: "ext4-1k", size: 150 * mib, options: "-t ext4 -b 1024"},
		{name: "ext4-many-inodes", size: 300 * mib, options: "-t ext4 -b 1024 -N 200000"},
		{name: "ext4-noflex", size: 200 * mib, options: "-t ext4 -b 1024 -O ^flex_bg"},
		{name: "ext4-metabg", size: 200 * mib, options: "-t ext4 -b 1024 -O meta_bg,^resize_inode"},
		{name: "ext4-sparse2", size: 200 * mib, options: "-t ext4 -b 1024 -O sparse_super2"},
		{name: "ext3", size: 150 * mib, options: "-t ext3 -b 1024"},
		{name: "ext2", size: 150 * mib, options: "-t ext2 -b 1024"},
		{name: "ext2-plain", size: 150 * mib, options: "-t ext2 -b 4096 -O none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.build(t, dir)
			fs := mustProbe(t, path)
			must(t, checked(ctx, tools, fs.Kind, path))
			size := fs.Min/512*512 + 512 // not a whole block
			must(t, tools.Resize(ctx, fs.Kind, path, size))
			must(t, tools.Verify(ctx, fs.Kind, path))
			small := mustProbe(t, path)
			if small.Size > size || small.Size < size-16*geometry.MiB {
				t.Errorf("shrunk to %d, got %d", size, small.Size)
			}
			setSize(t, path, c.size+7*512)
			must(t, checked(ctx, tools, fs.Kind, path))
			must(t, tools.Resize(ctx, fs.Kind, path, geometry.Bytes(c.size+7*512)))
			must(t, tools.Verify(ctx, fs.Kind, path))
			if big := mustProbe(t, path); int64(big.Size) > c.size+7*512 || int64(big.Size) < c.size-2*mib || big.UUID != fs.UUID {
				t.Errorf("grown to %d: %+v", c.size+7*512, big)
			}
			sameFiles(t, extContents(t, path), files)
		})
	}
}

func TestExtRefusals(t *testing.T) {
	tools := toolsHere(t, "e2fsck", "resize2fs", "mke2fs", "tune2fs")
	ctx := context.Background()
	path := sparse(t, 64*mib)
	tool(t, "mke2fs", "-q", "-t", "ext4", "-O", "^64bit,^metadata_csum", path)

	if err := tools.Resize(ctx, model.Ext4, path, 65*geometry.MiB); err == nil || !strings.Contains(err.Error(), "does not fit its partition") {
		t.Errorf("larger than the window: %v", err)
	}
	if err := checked(ctx, tools, model.Ext3, path); err == nil || !strings.Contains(err.Error(), "there is no ext3: it is ext4") {
		t.Errorf("another kind: %v", err)
	}
	setSize(t, path, 63*mib)
	for _, do := range []func() error{
		func() error { return checked(ctx, tools, model.Ext4, path) },
		func() error { return tools.Verify(ctx, model.Ext4, path) },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "make the partition larger") {
			t.Errorf("cut off: %v", err)
		}
	}

	huge := sparse(t, 64*mib)
	tool(t, "mke2fs", "-q", "-t", "ext4", "-b", "1024", "-O", "^64bit", huge)
	setSize(t, huge, 5<<40)
	if err := tools.Resize(ctx, model.Ext4, huge, 5*geometry.TiB); err == nil || !strings.Contains(err.Error(), "resize2fs -b") {
		t.Errorf("more than 2^32 blocks: %v", err)
	}
	clusters := sparse(t, 64*mib)
	tool(t, "mke2fs", "-q", "-t", "ext4", "-O", "bigalloc", clusters)
	if got := mustProbe(t, clusters).Features; got != model.Clusters {
		t.Errorf("clusters: %b", got)
	}
	if err := tools.Resize(ctx, model.Ext4, clusters, 32*geometry.MiB); err == nil || !strings.Contains(err.Error(), "bigalloc") {
		t.Errorf("clusters: %v", err)
	}
	tool(t, "debugfs", "-w", "-R", "feature needs_recovery", huge)
	if err := tools.SetLabel(ctx, model.Ext4, huge, "x"); err == nil || !strings.Contains(err.Error(), "replayed") {
		t.Errorf("a label over what the journal holds: %v", err)
	}
	tool(t, "debugfs", "-w", "-R", "feature -needs_recovery", huge)
	tool(t, "tune2fs", "-O", "stable_inodes", huge)
	if got := mustProbe(t, huge).Features; got != model.StableInodes {
		t.Errorf("stable inodes: %b", got)
	}
	if err := tools.Resize(ctx, model.Ext4, huge, 32*geometry.MiB); err == nil || !strings.Contains(err.Error(), "stable_inodes") {
		t.Errorf("stable inodes: %v", err)
	}
	setSize(t, path, 64*mib)
	err := tools.Resize(ctx, model.Ext4, path, 2*geometry.MiB)
	var failed *ToolError
	if !errors.As(err, new(*TooSmallError)) || !errors.As(err, &failed) || failed.Exit != 1 || !strings.Contains(err.Error(), "its contents need 4.") {
		t.Errorf("too small: %v", err)
	}
}

// TestExtOrphanFile resizes an ext4 with an orphan file so far that the blocks of that have to move.
func TestExtOrphanFile(t *testing.T) {
	t.Parallel()
	tools := toolsHere(t, "e2fsck", "mke2fs", "debugfs", "resize2fs")
	path, dir := sparse(t, 40*mib), fileTree(t, mib)
	tool(t, "mke2fs", "-q", "-t", "ext4", "-b", "1024", "-O", "orphan_file,^resize_inode", "-d", dir, path)
	for _, n := range []int64{2 << 30, 30 * mib} {
		setSize(t, path, max(n, fileSize(t, path)))
		_, err := tools.Ready(t.Context(), model.Ext4, path)
		must(t, err)
		must(t, tools.Resize(t.Context(), model.Ext4, path, geometry.Bytes(n)))
		tool(t, "e2fsck", "-f", "-n", path)
	}
	out := t.TempDir()
	tool(t, "debugfs", "-R", "rdump / "+out, path)
	must(t, os.RemoveAll(filepath.Join(out, "lost+found")))
	sameFiles(t, contents(t, out), contents(t, dir))
}

func TestExtRepair(t *testing.T) {
	tools := toolsHere(t, "e2fsck", "mke2fs", "debugfs")
	ctx := context.Background()
	path := sparse(t, 32*mib)
	tool(t, "mke2fs", "-q", "-t", "ext4", "-d", fileTree(t, mib), path)
	tool(t, "debugfs", "-w", "-R", "freei <12>", path)
	err := tools.Verify(ctx, model.Ext4, path)
	var failed *ToolError
	if !errors.As(err, &failed) || failed.Exit != 4 || !strings.Contains(err.Error(), "errors were left uncorrected") {
		t.Errorf("damaged: %v", err)
	}
	must(t, checked(ctx, tools, model.Ext4, path))
	must(t, tools.Verify(ctx, model.Ext4, path))
}
