package fsys

import (
	"context"
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// verifyF2FS runs fsck.f2fs. Its exit code does not tell all: a failed comparison is also marked in the output.
func (t Tools) verifyF2FS(ctx context.Context, doing, path string) error {
	argv := []string{"fsck.f2fs", "--dry-run", path}
	exit, output, err := t.run(ctx, doing, zeroOnly, argv...)
	if err == nil && strings.Contains(output, "[Fail]") {
		err = &ToolError{Doing: doing, Argv: argv, Exit: exit, Means: "a comparison failed", Output: output}
	}
	return advise(err, "if it was not unmounted cleanly, mount and unmount it once; otherwise repair it with fsck.f2fs")
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
