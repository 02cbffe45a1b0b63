package fsys

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

var f2fsFeature = feature{
	pkg: "f2fs-tools", create: can("mkfs.f2fs"), grow: can("resize.f2fs", "fsck.f2fs"), shrink: cannot("there is no safe tool that shrinks f2fs"),
	check: can("fsck.f2fs"), label: can("f2fslabel"), uuid: cannot("there is no tool that changes the UUID of f2fs"), online: cannot(notMounted),
	minSize: 52 * geometry.MiB, maxSize: 16 * geometry.TiB,
}

// verifyF2FS runs fsck.f2fs. Its exit code does not tell all: a failed comparison is also marked in the output.
func (t Tools) verifyF2FS(ctx context.Context, doing, path string) error {
	argv := []string{"fsck.f2fs", "--dry-run", path}
	exit, output, err := t.run(ctx, doing, zeroOnly, argv...)
	if err == nil && strings.Contains(output, "[Fail]") {
		err = &ToolError{Doing: doing, Argv: argv, Exit: exit, Means: "a comparison failed", Output: output}
	}
	return advise(err, "if it was not unmounted cleanly, mount and unmount it once; otherwise repair it with fsck.f2fs")
}

// makeF2FS runs mkfs.f2fs. -t 0: there is nothing to discard in a window.
func (t Tools) makeF2FS(ctx context.Context, doing, path string, spec Spec) error {
	argv := []string{"mkfs.f2fs", "-q", "-f", "-t", "0", "-w", strconv.FormatInt(int64(spec.SectorSize), 10)}
	if spec.Label != "" {
		argv = append(argv, "-l", spec.Label)
	}
	if spec.UUID != "" {
		argv = append(argv, "-U", spec.UUID)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return advise(err, "the partition may be too small for f2fs")
}

// resizeF2FS runs resize.f2fs, which can only grow and by itself fills the window. The file system ends at a whole
// section, so it may be a little smaller than the window.
func (t Tools) resizeF2FS(ctx context.Context, doing, path string, size geometry.Bytes) error {
	before, n, err := t.probe(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", doing, err)
	case size < before.Size:
		return fmt.Errorf("%s: f2fs cannot be shrunk", doing)
	case int64(size) != n:
		return fmt.Errorf("%s: it can only be made as large as its partition, which has %d bytes", doing, n)
	case before.Dirty != "":
		return fmt.Errorf("%s: %s: mount and unmount it once", doing, before.Dirty)
	}
	if _, _, err := t.run(ctx, doing, zeroOnly, "resize.f2fs", path); err != nil {
		return err
	}
	after, _, err := t.expect(model.F2FS, path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	case after.Size < before.Size:
		return fmt.Errorf("%s: resize.f2fs left it %d bytes long, which is less than before", doing, after.Size)
	}
	return nil
}
