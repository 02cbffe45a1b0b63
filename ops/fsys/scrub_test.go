package fsys

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model"
)

// TestScrub: a check of btrfs restores a damaged copy of its metadata from the good one, and says which damage of contents
// has no good copy. Foreign tools do the damage and find it.
func TestScrub(t *testing.T) {
	canMount(t, "btrfs")
	toolsHere(t, "mkfs.btrfs", "btrfs", "btrfs-map-logical")
	tools := Tools{Run: newApart(t).run, MountPoint: t.TempDir()}
	path, files := sparse(t, 256*mib), filesToLose(t)
	tool(t, "mkfs.btrfs", "-q", "-m", "dup", "--rootdir", files, path)

	check := func() string { return tool(t, "btrfs", "check", "--readonly", path) }
	tool(t, "sh", "-ec", `L=$(btrfs inspect-internal dump-tree -t 5 "$1" | awk '/^(leaf|node) /{print $2; exit}')
at=$(btrfs-map-logical -l $L "$1" | awk '/^mirror 1 /{print $6}')
yes noise | head -c 8000 | dd of="$1" bs=1 seek=$((at + 100)) conv=notrunc status=none`, "sh", path)
	if !strings.Contains(check(), "checksum verify failed") {
		t.Fatal("btrfs finds no damage")
	}
	r, err := tools.Repair(t.Context(), model.Btrfs, path)
	must(t, err)
	if strings.Contains(check(), "checksum verify failed") || r.Caveat != "" {
		t.Errorf("a copy is still damaged: %+v", r)
	}

	b, err := os.ReadFile(path)
	must(t, err)
	a, err := os.ReadFile(filepath.Join(files, "a"))
	must(t, err)
	patch(t, path, int64(bytes.Index(b, a[8192:8292])), make([]byte, 100)...)
	r, err = tools.Repair(t.Context(), model.Btrfs, path)
	must(t, err)
	if !strings.Contains(r.Caveat, "without a good copy") || !r.Told() {
		t.Errorf("a damaged file is not told: %+v", r)
	}
}
