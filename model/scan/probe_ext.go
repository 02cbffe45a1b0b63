package scan

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/extfs"
	"shunt/model/scan/fatfs"
)

// readExt reads the superblock of ext2, ext3, ext4 or an external journal ("jbd").
func readExt(s *superblock) bool {
	sb, err := extfs.Parse(s.b)
	s.fs.Kind = model.FSKind(sb.Version())
	if s.fs.Kind == "jbd" {
		s.fs.Elsewhere = model.JournalOfOthers
		return true
	}
	if err != nil {
		// libblkid knows it by its magic number alone, and e2fsck restores the superblock from a backup.
		s.fs.Size, s.fs.Dirty = geometry.Bytes(sb.Claimed()), model.Reason("needs a check: "+err.Error())
		return s.fs.Size > 0
	}
	s.fs.Size, s.fs.Used, s.fs.Min = geometry.Bytes(sb.Size()), geometry.Bytes(sb.Used()), geometry.Bytes(sb.MinSize())
	s.fs.BlockSize, s.fs.Dirty = geometry.Bytes(sb.BlockSize), model.Reason(sb.Dirty())
	for _, f := range []struct {
		is      bool
		feature model.Features
	}{
		{sb.Incompat&extfs.IncompatRecover != 0, model.Unreplayed},
		{sb.ClusterBlocks > 1, model.Clusters},
		{sb.Compat&extfs.CompatStableInodes != 0, model.StableInodes},
	} {
		if f.is {
			s.fs.Features |= f.feature
		}
	}
	if sb.Incompat&extfs.Incompat64Bit == 0 {
		s.fs.Max = geometry.Bytes((1<<32 - 1) * sb.BlockSize)
	}
	s.fs.Group = geometry.Bytes(int64(sb.BlocksPerGroup) * sb.BlockSize)
	s.fs.LeastGroup = geometry.Bytes(int64(sb.LeastGroup()) * sb.BlockSize)
	if sb.Miscounted {
		s.fs.Used, s.fs.Min = -1, s.fs.Size
	}
	if sb.ExternalJournal() {
		s.fs.Elsewhere = model.JournalElsewhere
	}
	// An old boot sector looks like one in use, so it is only mentioned.
	head := s.w.at(0, 512)
	if _, ok := fatfs.Parse(head); ok && string(head[510:]) == bootMark {
		s.fs.Notes = "an old FAT boot sector is in front of it"
	}
	return true
}
