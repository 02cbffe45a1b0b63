package fsys

import (
	"context"
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func f2fsDriver() Driver {
	return Driver{
		Kind: model.F2FS, Package: "f2fs-tools", create: can("mkfs.f2fs"), grow: can("resize.f2fs", "fsck.f2fs"),
		shrink: cannot("there is no safe tool that shrinks f2fs"),
		check:  can("fsck.f2fs"), label: can("f2fslabel"), uuid: cannot("there is no tool that changes the UUID of f2fs"),
		online: cannot(notMounted),
		facts: ops.Capability{
			MinSize: 52 * geometry.MiB, MaxSize: 16 * geometry.TiB, Labels: ops.LabelRule{Most: 127}, EndsAtSize: true,
		},
		// -t 0: there is nothing to discard in a window.
		make:   mkfs([]string{"mkfs.f2fs", "-q", "-f", "-t", "0", "-w", "{sector}"}, "-l", "{label}", "-U", "{uuid}"),
		resize: job.resizeF2FS, verify: job.verifyF2FS, mend: job.mendF2FS, repair: job.repairF2FS, walk: job.walkF2FS, setLabel: command("f2fslabel", "{}", "{=}"),
		Ask:    ask("f2fs-tools", "dump.f2fs", "-d", "1", "{}"),
		Mounts: mountedAs("f2fs", "norecovery"),
	}
}

// verifyF2FS runs fsck.f2fs. The tool also reports failed comparisons in its output, so its exit code is not enough.
func (j job) verifyF2FS(ctx context.Context) error {
	argv := []string{"fsck.f2fs", "--dry-run", j.path}
	exit, output, err := j.run(ctx, zeroOnly, argv...)
	if err == nil && strings.Contains(output, "[Fail]") {
		err = &ToolError{Argv: argv, Exit: exit, Means: "a comparison failed", Output: output}
	}
	return advise(err, "if it was not unmounted cleanly, mount and unmount it once; otherwise check it first, which repairs it")
}

// mendF2FS restores the first superblock from the second one, if it is not there.
func (j job) mendF2FS(_ context.Context, _ string) (did string, err error) {
	const at, size, magic = 1024, 3072, "\x10\x20\xf5\xf2"
	err = j.edit(func(f File) error {
		blocks := make([]byte, 2*4096)
		err := readFull(f, blocks, 0)
		second := blocks[4096+at:][:size]
		if err != nil || string(blocks[at:][:4]) == magic || string(second[:4]) != magic {
			return err
		}
		did = "the first superblock was restored from the second"
		_, err = f.WriteAt(second, at)
		return err
	})
	return did, err
}

// repairF2FS runs fsck.f2fs. -f: check all of it, and repair without asking.
func (j job) repairF2FS(ctx context.Context) error {
	if _, _, err := j.run(ctx, fsckCodes.or(1), "fsck.f2fs", "-f", j.path); err != nil {
		return advise(err, "take a copy of the partition before any other attempt")
	}
	return j.driver.verify(j, ctx)
}

// resizeF2FS runs resize.f2fs, which always fills the window. A file system ends with a whole section, so it may be
// slightly smaller than the window.
func (j job) resizeF2FS(ctx context.Context, _ geometry.Bytes) (least geometry.Bytes, err error) {
	if !j.fs.Dirty.OK() {
		return 0, fmt.Errorf("%s: mount and unmount it once", j.fs.Dirty)
	}
	_, _, err = j.run(ctx, zeroOnly, "resize.f2fs", j.path)
	return j.fs.Size, err
}
