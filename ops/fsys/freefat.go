package fsys

import (
	"bytes"
	"encoding/binary"
	"io"

	"shunt/model"
	"shunt/model/scan/fatfs"
)

// fatFree adds the free clusters of a FAT volume. The FAT itself says which are free; its copies must agree with it, and
// so must the number that FAT32 stores.
func fatFree(r *io.SectionReader, _ model.Filesystem, list *freeList) error {
	head := make([]byte, fatfs.BootSize)
	if err := readFull(r, head, 0); err != nil {
		return err
	}
	v, ok := fatfs.Parse(head)
	if !ok || v.Size() > r.Size() || v.Version != 0 || v.Active != 0 {
		return errDoubt
	}
	if err := sameFATs(r, v); err != nil {
		return err
	}
	table := newFATReader(r, v)
	if first, err := table.get(0); err != nil || first.number()&0xFF != int64(v.Media) {
		return doubtful(err)
	}
	free := int64(0)
	for c := int64(fatfs.FirstCluster); c < v.Clusters()+fatfs.FirstCluster; c++ {
		entry, err := table.get(c)
		if err != nil {
			return err
		}
		if entry.free() {
			free++
			list.add(v.ClusterAt(c), v.ClusterAt(c+1))
		}
	}
	stored, err := fatStoredFree(r, v)
	if err != nil || stored >= 0 && stored != free {
		return doubtful(err)
	}
	return nil
}

// doubtful returns err, or errDoubt if there is none.
func doubtful(err error) error {
	if err != nil {
		return err
	}
	return errDoubt
}

// sameFATs returns errDoubt if the copies of the FAT differ where clusters have entries.
func sameFATs(r io.ReaderAt, v fatfs.Volume) error {
	const piece = 64 << 10
	first, other := make([]byte, piece), make([]byte, piece)
	n := v.FATLen(v.Clusters())
	for at := int64(0); at < n; at += piece {
		a := first[:min(piece, n-at)]
		if err := readFull(r, a, v.FATAt(0)+at); err != nil {
			return err
		}
		for i := int64(1); i < v.Copies; i++ {
			b := other[:len(a)]
			if err := readFull(r, b, v.FATAt(i)+at); err != nil {
				return err
			}
			if !bytes.Equal(a, b) {
				return errDoubt
			}
		}
	}
	return nil
}

// fatStoredFree returns the number of free clusters in the FSInfo sector of FAT32, or -1 if there is none.
func fatStoredFree(r io.ReaderAt, v fatfs.Volume) (int64, error) {
	if v.Info == 0 {
		return -1, nil
	}
	b := make([]byte, 512)
	if err := readFull(r, b, v.Info*v.SectorSize); err != nil {
		return 0, err
	}
	free := binary.LittleEndian.Uint32(b[488:])
	if string(b[:4]) != "RRaA" || string(b[484:488]) != "rrAa" || free == 1<<32-1 {
		return -1, nil
	}
	return int64(free), nil
}
