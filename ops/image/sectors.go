package image

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/bootcode"
	"shunt/model/scan"
	"shunt/ops"
	"shunt/ops/target"
	"shunt/ops/worker"
)

// resectored returns the disk of a target with its table written for sectors of another size. Every partition keeps its bytes
// and their place; unusable allows file systems that nobody can use on such a disk. note is called with sentences about what
// differs. The error joins a *ops.Refusal for each partition that cannot be kept.
func resectored(from target.Target, z geometry.SectorSize, unusable bool, note func(string)) (target.Content, error) {
	disk, err := worker.Scan(from)
	if err != nil {
		return nil, err
	}
	if err := convertible(from, disk, z); err != nil {
		return nil, err
	}
	if err := usableWith(from, disk, z, unusable, note); err != nil {
		return nil, err
	}
	after, err := withSectors(disk, from.Size(), z, note)
	if err != nil {
		return nil, err
	}
	d, err := newRecut(from, disk, after)
	if err != nil {
		return nil, err
	}
	if grown := d.size - from.Size(); grown > 0 {
		note(fmt.Sprintf("The disk is %d bytes longer, so that whole sectors and the table have room.", grown))
	}
	if bootsFrom(d, after) {
		note("The boot code is kept, but a BIOS starts only from disks with sectors of 512 bytes. UEFI starts from both.")
	}
	return d, nil
}

// toSectors names the conversion in a refusal.
func toSectors(z geometry.SectorSize) string {
	return fmt.Sprintf("give the disk sectors of %d bytes", z)
}

// convertible returns an error for a disk that shunt cannot describe completely.
func convertible(from target.Target, d model.Disk, z geometry.SectorSize) error {
	reason, nearest := d.ReadOnly(), ""
	switch {
	case !reason.OK():
	case d.SectorSize == z:
		reason = model.Because("it is read with sectors of that size already")
		nearest = "--sector-size says which sectors the source has"
	case d.Table.Foreign != "":
		reason = model.Because("shunt does not write a %s", d.Table.Foreign)
	case d.Table.Kind == model.TableNone:
		reason = "it has no partition table, so its bytes are the same whatever sectors it has"
		nearest = "convert it without --to-sector-size; --sector-size says which sectors the source has"
	}
	for p := range d.Each() {
		if reason.OK() && p.Pinned {
			reason = model.Because("%s belongs to an ISO image, which counts in sectors of its own", p.Ref())
		}
		for s := range d.Slices(p) {
			if reason.OK() {
				reason = model.Because("%s holds a %s, which counts sectors of %d bytes", p.Ref(), s.Table, d.SectorSize)
			}
		}
		if reason.OK() && p.FS.Trait == model.Divided {
			reason = model.Because("a table inside of %s divides it, and counts sectors of %d bytes", p.Ref(), d.SectorSize)
		}
	}
	if reason.OK() && d.Table.Kind == model.TableGPT {
		hybrid, err := isHybrid(from)
		if err != nil {
			return err
		}
		if hybrid {
			reason = "sector 0 lists partitions of its own beside the GPT (a hybrid MBR)"
			nearest = "first remove those entries"
		}
	}
	if reason.OK() {
		return nil
	}
	return &ops.Refusal{What: toSectors(z), Reason: reason, Nearest: nearest}
}

// usableWith refuses file systems that count in sectors smaller than z, unless that is allowed, and notes what cannot be seen.
func usableWith(r io.ReaderAt, d model.Disk, z geometry.SectorSize, allowed bool, note func(string)) error {
	if z < d.SectorSize {
		return nil // smaller sectors suit every file system
	}
	var errs []error
	var hidden, lost []string
	for p := range d.Each() {
		limit := scan.SectorLimit(r, int64(d.SectorSize.Bytes(p.Span.Start)), int64(d.SectorSize.Bytes(p.Span.Len())), p.FS)
		name := fmt.Sprintf("%s (%s)", p.Ref(), p.FS.Word())
		switch {
		case p.Role == model.Extended, p.FS.Word() == model.BlankWord, limit >= geometry.Bytes(z):
		case limit == 0:
			hidden = append(hidden, name)
		default:
			lost = append(lost, name)
			errs = append(errs, &ops.Refusal{
				What: toSectors(z), Reason: model.Because("%s counts in %d bytes, and no system mounts it on a disk with larger sectors", name, limit),
				Nearest: "copy its files to a new file system afterwards: --allow-unusable converts all the same",
			})
		}
	}
	if len(errs) > 0 && !allowed {
		return errors.Join(errs...)
	}
	if len(lost) > 0 {
		note(fmt.Sprintf("Not usable on a disk with such sectors, only after converting back: %s.", strings.Join(lost, ", ")))
	}
	if len(hidden) > 0 {
		note(fmt.Sprintf("Whether file systems inside can be used with such sectors is not seen: %s.", strings.Join(hidden, ", ")))
	}
	return nil
}

// bootsFrom reports whether sector 0 has boot code that a BIOS cannot start from a disk with the sectors of d.
func bootsFrom(r io.ReaderAt, d model.Disk) bool {
	code := make([]byte, bootCodeSize)
	_, err := r.ReadAt(code, 0)
	return err == nil && d.SectorSize != bootcode.SectorSize && strings.Trim(string(code), "\x00") != ""
}
