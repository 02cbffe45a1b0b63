package fsys

import (
	"context"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func reiserDriver() Driver {
	return Driver{
		Kind: model.ReiserFS, Package: "reiserfsprogs", create: can("mkreiserfs"), grow: can("resize_reiserfs", "reiserfsck"),
		shrink: cannot("resize_reiserfs calls its own shrinking a beta version, for testing only"),
		check:  can("reiserfsck"), label: can("reiserfstune"), uuid: can("reiserfstune"), online: cannot(notMounted),
		facts: ops.Capability{MinSize: 34 * geometry.MiB, MaxSize: 16 * geometry.TiB, Labels: ops.LabelRule{Most: 16}},
		// -f twice, because a window is not a device.
		make:   mkfs([]string{"mkreiserfs", "-q", "-f", "-f"}, "--label", "{label}", "--uuid", "{uuid}"),
		resize: job.resizeReiser,
		verify: checking(reiserCodes, "check it first, which repairs it",
			"reiserfsck", "--check", "--quiet", "--yes", "{}"),
		// Only people should decide to rebuild the tree.
		repair: repairing(reiserCodes, "read reiserfsck(8) before an attempt with --rebuild-tree, and make a copy before",
			"reiserfsck", "--fix-fixable", "--quiet", "--yes", "{}"),
		setLabel: command("reiserfstune", "-l", "{=}", "{}"), setUUID: command("reiserfstune", "-u", "{=}", "{}"),
		Ask:    ask("reiserfsprogs", "debugreiserfs", "{}"),
		Mounts: mountedAs("reiserfs", ""),
	}
}

// Exit codes of reiserfsck(8).
var reiserCodes = exitCodes{ok: []int{0}, text: map[int]string{
	1: "errors were corrected", 2: "the system should be restarted", 4: "errors were left",
	6: "errors that it can fix were left", 8: "operational error", 16: "usage error",
}}

// resizeReiser runs resize_reiserfs, which makes the file system fill the window.
func (j job) resizeReiser(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	_, _, err = j.run(ctx, reiserCodes.or(1), "resize_reiserfs", "-f", "-q", j.path)
	return max(j.fs.Size, size-2*j.fs.BlockSize+1), err
}
