package partfs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/overlay"
	"shunt/ops/tool"
)

// TestConfinedFromDecoy runs tools in a sandbox on file systems whose journal is on a loop device of this machine, as if
// nothing had refused them before: they do not find it, and nothing is written to it.
func TestConfinedFromDecoy(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, device)
	testneed.File(t, "/dev/loop-control")
	for _, c := range []struct {
		name, build string
		argv        []string
	}{
		{
			"ext4", `mke2fs -q -b 1024 -O journal_dev $J; mke2fs -q -F -t ext4 -b 1024 -O ^64bit,^metadata_csum -J device=$J $F; ` +
				`debugfs -w -R 'feature needs_recovery' $F`, []string{"e2fsck", "-f", "-y"},
		},
		{"jfs", `mkfs.jfs -q -J journal_dev $J; mkfs.jfs -q -J device=$J $F`, []string{"jfs_fsck", "-f", "-p"}},
		{"reiserfs", `mkreiserfs -q -f -f -j $J $F`, []string{"reiserfsck", "--fix-fixable", "--quiet", "--yes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"mke2fs", "mkfs.jfs", "mkreiserfs"} {
				testneed.Tool(t, name)
			}
			if os.Getenv(insideVar) == "" {
				againNamed(t, t.Name(), RootNamespace.String(), RootNamespace.NamespaceAttr())
				return
			}
			if err := RootNamespace.IsolateMounts(); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			decoy := filepath.Join(dir, "decoy")
			// Closing a device that was written to flushes it, and what a tool writes now would come by the device.
			loop := strings.TrimSpace(testneed.Shell(t, dir, "truncate -s 40M decoy fs; losetup -f --show decoy"))
			t.Cleanup(func() { testneed.Shell(t, dir, "losetup -d "+loop) })
			testneed.Shell(t, dir, fmt.Sprintf("F=$(losetup -f --show fs); trap 'losetup -d $F' EXIT; J=%s; %s; sync -f fs", loop, c.build))
			before, err := os.ReadFile(decoy)
			if err != nil || bytes.Equal(before, make([]byte, len(before))) {
				t.Fatalf("the decoy holds nothing, %v", err)
			}
			output := confinedRun(t, filepath.Join(dir, "fs"), c.argv)
			testneed.Shell(t, dir, "blockdev --flushbufs "+loop)
			if after, err := os.ReadFile(decoy); err != nil || !bytes.Equal(after, before) {
				t.Errorf("the decoy was written to, %v\n%s", err, output)
			}
		})
	}
}

// confinedRun runs a tool on a window over all of an image, which it must not find in order.
func confinedRun(t *testing.T, image string, argv []string) string {
	t.Helper()
	base, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = base.Close() }()
	spill, err := os.Create(image + ".spill")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spill.Close() }()
	mountDir, err := NewMountDir(RootNamespace, image)
	if err != nil {
		t.Fatal(err)
	}
	const size = 40 * mib
	server, err := mountDir.Serve(overlay.New(base, size, spill))
	if err != nil {
		t.Fatal(err)
	}
	sandbox, lacks, err := mountDir.Confine()
	if err != nil || lacks != nil {
		t.Fatal(err, lacks)
	}
	ctx := tool.WithSandbox(context.Background(), func() *tool.Sandbox { return sandbox })
	result, err := tool.Run(ctx, tool.Cmd{Argv: append(argv, server.Set("p1", 0, size))})
	if result.Exit == 0 { // jfs_fsck even falls over without a list of devices
		t.Errorf("exit code %d, %v\n%s", result.Exit, err, result.Output)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := mountDir.Close(); err != nil {
		t.Error(err)
	}
	return result.Output
}
