package fsys

import (
	"context"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

var reiserFeature = feature{
	pkg: "reiserfsprogs", create: can("mkreiserfs"), grow: can("resize_reiserfs", "reiserfsck"),
	shrink: cannot("resize_reiserfs calls its own shrinking a beta version, for testing only"),
	check:  can("reiserfsck"), label: can("reiserfstune"), uuid: can("reiserfstune"), online: cannot(notMounted),
	minSize: 34 * geometry.MiB, maxSize: 16 * geometry.TiB,
}

// reiserfsck(8), "Exit codes".
var reiserCodes = exitCodes{ok: []int{0}, text: map[int]string{
	1: "errors were corrected", 2: "the system should be restarted", 4: "errors were left", 6: "errors that it can fix were left",
	8: "operational error", 16: "usage error",
}}

// repairReiser repairs what reiserfsck calls fixable; what takes a new tree is left to people.
func (t Tools) repairReiser(ctx context.Context, doing, path string) error {
	codes := reiserCodes
	codes.ok = []int{0, 1}
	if _, _, err := t.run(ctx, doing, codes, "reiserfsck", "--fix-fixable", "--quiet", "--yes", path); err != nil {
		return advise(err, "read reiserfsck(8) before an attempt with --rebuild-tree, and make a copy before")
	}
	return t.verifyReiser(ctx, doing, path)
}

func (t Tools) verifyReiser(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, reiserCodes, "reiserfsck", "--check", "--quiet", "--yes", path)
	return advise(err, "check it first, which repairs what can be repaired")
}

// makeReiser runs mkreiserfs; -f twice since a window is not a device.
func (t Tools) makeReiser(ctx context.Context, doing, path string, spec Spec) error {
	argv := []string{"mkreiserfs", "-q", "-f", "-f"}
	if spec.Label != "" {
		argv = append(argv, "--label", spec.Label)
	}
	if spec.UUID != "" {
		argv = append(argv, "--uuid", spec.UUID)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return err
}

// resizeReiser runs resize_reiserfs, which by itself fills the window.
func (t Tools) resizeReiser(ctx context.Context, doing, path string, size geometry.Bytes) error {
	before, n, err := t.probe(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", doing, err)
	case size/before.BlockSize*before.BlockSize < before.Size:
		return fmt.Errorf("%s: ReiserFS is not shrunk: %s", doing, reiserFeature.shrink.reason)
	case int64(size) != n:
		return fmt.Errorf("%s: it can only be made as large as its partition, which has %d bytes", doing, n)
	}
	codes := reiserCodes
	codes.ok = []int{0, 1}
	if _, _, err := t.run(ctx, doing, codes, "resize_reiserfs", "-f", "-q", path); err != nil {
		return err
	}
	after, _, err := t.expect(model.ReiserFS, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	case after.Size < before.Size || after.Size <= size-2*before.BlockSize:
		return fmt.Errorf("%s: resize_reiserfs made it %d bytes long instead of %d", doing, after.Size, size)
	}
	return nil
}
