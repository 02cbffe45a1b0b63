package qcow2

import (
	"io"
	"time"
)

// A Snapshot is one internal snapshot.
type Snapshot struct {
	ID, Name string
	Made     time.Time
	Size     int64 // of the disk, in bytes; 0 if the image does not say
	State    int64 // bytes of a machine's state

	l1    table
	place clusters // where its entry lies in the snapshot table, in bytes
}

// snapshotHead is the length of the fields that every entry of a snapshot table has, and mostSnapshotTable the longest table
// that QEMU reads, in bytes.
const (
	snapshotHead      = 40
	mostSnapshotTable = 64 << 20
)

// readSnapshots reads the snapshot table and returns its length in bytes.
func (h *Header) readSnapshots(r io.ReaderAt) (list []Snapshot, length int64, err error) {
	const head, mostExtra, leastExtra = snapshotHead, 1024, 16
	at := h.snapshots.off
	for i := range h.snapshots.entries {
		var b [head]byte
		if err := readFull(r, b[:], at); err != nil {
			return nil, 0, err
		}
		idLen, nameLen, extraLen := int64(be.Uint16(b[12:])), int64(be.Uint16(b[14:])), int64(be.Uint32(b[36:]))
		if h.Version >= 3 && extraLen < leastExtra {
			return nil, 0, corrupt("the entry of snapshot %d is incomplete", i+1)
		}
		if extraLen > mostExtra {
			return nil, 0, corrupt("snapshot %d has %d further bytes", i+1, extraLen)
		}
		rest := make([]byte, extraLen+idLen+nameLen)
		if err := readFull(r, rest, at+head); err != nil {
			return nil, 0, err
		}
		s := Snapshot{
			ID: string(rest[extraLen : extraLen+idLen]), Name: string(rest[extraLen+idLen:]),
			Made:  time.Unix(int64(be.Uint32(b[16:])), int64(be.Uint32(b[20:]))),
			State: int64(be.Uint32(b[32:])),
			l1:    table{off: int64(be.Uint64(b[:]) & (1<<63 - 1)), entries: int(be.Uint32(b[8:]))},
		}
		if extraLen >= 8 {
			s.State = int64(be.Uint64(rest) & (1<<62 - 1))
		}
		if extraLen >= 16 {
			s.Size = int64(be.Uint64(rest[8:]) & (1<<62 - 1))
		}
		if s.l1.entries*8 > maxL1 || s.l1.entries > 0 && (s.l1.off == 0 || s.l1.off >= maxOffset || s.l1.off%h.cluster() != 0) {
			return nil, 0, corrupt("the L1 table of snapshot %d would have %d entries at byte %d", i+1, s.l1.entries, s.l1.off)
		}
		s.place.start = at - h.snapshots.off
		at += ceil(head+int64(len(rest)), 8) * 8
		s.place.end = at - h.snapshots.off
		list = append(list, s)
		if length = at - h.snapshots.off; length > mostSnapshotTable {
			return nil, 0, corrupt("its snapshot table would be longer than %d bytes", int64(mostSnapshotTable))
		}
	}
	return list, length, nil
}

// keeping returns the disk as a snapshot keeps it, read only.
func (im *Image) keeping(s Snapshot) (*Image, error) {
	h := *im.Header
	if s.Size > 0 {
		h.Size = s.Size
	}
	if need := ceil(h.clusters(), h.perL2()); need*8 > maxL1 {
		return nil, corrupt("a snapshot would have a disk of %d bytes", h.Size)
	}
	kept := &Image{Header: &h, store: im.store, backing: im.backing, tables: newCache(tableMemory / 4), unpacked: newCache(unpackedMemory / 4)}
	var err error
	if kept.l1, err = im.readTable(s.l1); err != nil {
		return nil, err
	}
	need := int(max(1, ceil(h.clusters(), h.perL2())))
	kept.l1 = append(kept.l1, make([]uint64, max(0, need-len(kept.l1)))...)
	return kept, nil
}
