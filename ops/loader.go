package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// This file lets a boot loader move that boot code finds by its position. GRUB keeps that position in two places (see
// package model/bootcode), and both can be told the new one.

const bootsByPosition model.Reason = "the boot code on this disk finds the boot loader in it by its position"

// loaderFollows reports whether the boot loader in p can be told its new place when p moves. In a file system its first
// sector belongs to a file, which must not have a checksum that a change of the file breaks.
func loaderFollows(d model.Disk, p model.Partition) bool {
	if !d.LoaderIn(p) {
		return false
	}
	switch p.FS.Kind {
	case model.Unformatted, model.Ext2, model.Ext3, model.Ext4, model.XFS, model.FAT12, model.FAT16, model.FAT32:
		return true
	case model.Btrfs:
		const area = geometry.MiB // which btrfs leaves to boot loaders
		return d.Loader.Core.End <= p.Span.Start+d.SectorSize.Down(area)
	}
	return false
}

// loaderAfter returns the boot loader of the disk after p has moved to another span. It is none if nobody can tell the boot
// code where it is then.
func loaderAfter(d model.Disk, p model.Partition, to geometry.Span) model.Loader {
	l, by := d.Loader, to.Start-p.Span.Start
	switch {
	case !d.LoaderIn(p) || by == 0:
		return l
	case !loaderFollows(d, p) || p.FS.Known() && to.Len() < p.Span.Len():
		return model.Loader{} // a file system that shrinks may move the file
	}
	l.Core = l.Core.Shift(by)
	return l
}

// loader adds the step that tells the boot code the new place of the loader in p, which lies there already. p is the
// partition before the move.
func (s *stepper) loader(before, after model.Disk, p model.Partition) {
	from, to := before.Loader.Core, after.Loader.Core
	if !before.LoaderIn(p) || to.Empty() || from == to {
		return
	}
	moved, _ := after.Partition(p.ID)
	step := s.add(StepMoveLoader, moved.Span)
	step.From, step.To = from, to
}

// loaderTold reports whether the queue tells the boot code the new place of the loader in p, which is as it was before the
// queue.
func (q Queue) loaderTold(p model.Partition) bool {
	moved, ok := q.Preview().Partition(p.ID)
	return ok && q.initial.LoaderIn(p) && q.Preview().LoaderIn(moved)
}
