package fsys

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"shunt/geometry"
)

// exfatFeature: tune.exfat is asked for everywhere, since it tells exfatprogs from the older exfat-utils, whose programs
// have the same names and other options.
var exfatFeature = feature{
	pkg: "exfatprogs", create: can("mkfs.exfat", "tune.exfat"),
	grow: cannot("there is no tool that resizes exFAT"), shrink: cannot("there is no tool that resizes exFAT"),
	check: can("fsck.exfat"), label: can("tune.exfat"), uuid: can("tune.exfat"),
	online:  cannot("there is no tool that resizes exFAT"),
	minSize: 4 * geometry.MiB, maxSize: 128 * 1024 * geometry.TiB,
}

// fsck.exfat: the usual codes of fsck(8).
var fsckCodes = exitCodes{ok: []int{0}, bits: true, text: map[int]string{
	1: "errors were corrected", 2: "the system should be restarted", 4: "errors were left uncorrected",
	8: "operational error", 16: "usage error", 32: "cancelled", 128: "shared library error",
}}

func (t Tools) verifyExFAT(ctx context.Context, doing, path string) error {
	_, _, err := t.run(ctx, doing, fsckCodes, "fsck.exfat", "-n", path)
	return advise(err, "repair it with fsck.exfat, or with chkdsk in Windows")
}

// repairExFAT runs fsck.exfat with the repairs it makes on its own.
func (t Tools) repairExFAT(ctx context.Context, doing, path string) error {
	codes := fsckCodes
	codes.ok = []int{0, 1}
	if _, _, err := t.run(ctx, doing, codes, "fsck.exfat", "-p", path); err != nil {
		return advise(err, "repair it with chkdsk in Windows")
	}
	return t.verifyExFAT(ctx, doing, path)
}

// makeExFAT runs mkfs.exfat, which leaves the position of the partition 0: Moved puts it in.
func (t Tools) makeExFAT(ctx context.Context, doing, path string, spec Spec) error {
	if spec.SectorSize != geometry.Sector512 {
		return fmt.Errorf("%s: mkfs.exfat gives a file sectors of 512 bytes, and such a file system cannot be mounted on a disk with "+
			"sectors of %d: run mkfs.exfat on the partition's device", doing, spec.SectorSize)
	}
	argv := inUTF8("mkfs.exfat")
	if spec.Label != "" {
		argv = append(argv, "-L", spec.Label)
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return advise(err, "the partition may be too small for exFAT")
}

func (t Tools) labelExFAT(ctx context.Context, doing, path, label string) error {
	_, _, err := t.run(ctx, doing, zeroOnly, append(inUTF8("tune.exfat"), "-L", label, path)...)
	return err
}

// inUTF8 begins a command line for a tool that takes what a label may hold from the locale.
func inUTF8(name string) []string { return []string{"env", "LC_ALL=C.UTF-8", name} }

func (t Tools) serialExFAT(ctx context.Context, doing, path string) error {
	fresh := uuid.New()
	serial := "0x" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(fresh[:])), 16)
	_, _, err := t.run(ctx, doing, zeroOnly, "tune.exfat", "-I", serial, path)
	return err
}
