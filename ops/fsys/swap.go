package fsys

import (
	"context"
	"fmt"
	"strconv"

	"shunt/geometry"
)

var swapFeature = feature{
	pkg: "util-linux", create: can("mkswap"), grow: can("mkswap"), shrink: can("mkswap"),
	check: cannot("there is nothing to check in swap space"), label: can("swaplabel"), uuid: can("swaplabel"),
	online:  cannot("swap space cannot be resized while it is in use: `swapoff` first"),
	minSize: 40 * geometry.KiB,
}

// mostSwapLabel is the longest label of a swap area in bytes.
const mostSwapLabel = 15

// resizeSwap makes the swap area anew in another size, which is all there is to resizing it. Its label and UUID
// stay, since /etc/fstab goes by them.
func (t Tools) resizeSwap(ctx context.Context, doing, path string, size geometry.Bytes) error {
	fs, _, err := t.probe(path)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if fs.Notes != "" {
		return fmt.Errorf("%s: it cannot be made anew as it is: %s; delete it and create a new one", doing, fs.Notes)
	}
	err = t.mkswap(ctx, doing, path, Spec{Label: fs.Label, UUID: fs.UUID}, fs.BlockSize, size)
	if err != nil {
		return err
	}
	after, _, err := t.probe(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: look at the result: %w", doing, err)
	case after.Size > size || after.Size <= size-fs.BlockSize:
		return fmt.Errorf("%s: mkswap made it %d bytes long instead of %d", doing, after.Size, size)
	case after.Label != fs.Label || after.UUID != fs.UUID:
		return fmt.Errorf("%s: mkswap did not keep label %q and UUID %s", doing, fs.Label, fs.UUID)
	}
	return nil
}

// mkswap makes a swap area of the size at the start of the window; a size of 0 stands for all of the window.
func (t Tools) mkswap(ctx context.Context, doing, path string, spec Spec, page, size geometry.Bytes) error {
	if len(spec.Label) > mostSwapLabel {
		return fmt.Errorf("%s: label %q is too long: swap space holds at most %d bytes", doing, spec.Label, mostSwapLabel)
	}
	argv := []string{"mkswap", "-p", strconv.FormatInt(int64(page), 10)}
	if spec.Label != "" {
		argv = append(argv, "-L", spec.Label)
	}
	if spec.UUID != "" {
		argv = append(argv, "-U", spec.UUID)
	}
	argv = append(argv, path)
	if size > 0 {
		argv = append(argv, strconv.FormatInt(int64(size/geometry.KiB), 10))
	}
	_, _, err := t.run(ctx, doing, zeroOnly, argv...)
	return err
}
