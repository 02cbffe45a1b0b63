package qcow2

import (
	"errors"
	"fmt"
)

const (
	copied     = 1 << 63
	compressed = 1 << 62
	readsZero  = 1 << 0
	offsetMask = 0x00fffffffffffe00

	reservedL1   = 0x7f000000000001ff
	reservedL2   = 0x3f000000000001fe
	reservedZero = reservedL2 | readsZero // in version 2
)

// An entry is one entry of an L2 table. parts is the second word of an extended one.
type entry struct {
	word, parts uint64
}

// Kinds of entries.
type entryKind uint8

const (
	unallocated entryKind = iota // shows the backing file
	normal                       // a cluster of the file
	zero                         // reads as zero, with or without a cluster
	packed                       // compressed
)

func (e entry) kind() entryKind {
	switch {
	case e.word&compressed != 0:
		return packed
	case e.word&readsZero != 0:
		return zero
	case e.word&offsetMask != 0:
		return normal
	}
	return unallocated
}

// host returns the offset of the entry's cluster, or 0 if it has none. It is not for compressed entries.
func (e entry) host() int64 { return int64(e.word & offsetMask) }

// span returns the bytes of the file that a compressed entry refers to. They end in the sector in which the compressed
// bytes end, so the last ones may belong to another entry.
func (e entry) span(clusterBits int) (off, n int64) {
	x := 62 - (clusterBits - 8)
	off = int64(e.word & (1<<x - 1))
	sectors := int64(e.word&(1<<62-1)) >> x
	return off, (sectors+1)*sectorLen - off%sectorLen
}

// checkEntry fails if bits are set that mean nothing, or if the cluster would lie at an impossible place. The text of the
// error follows the entry's name.
func (h *Header) checkEntry(e entry) error {
	if e.word&compressed != 0 {
		if off, _ := e.span(h.ClusterBits); e.word&copied != 0 || off >= maxOffset || h.Extended && e.parts != 0 {
			return fmt.Errorf("is no valid compressed one (%#x)", e.word)
		}
		return nil
	}
	reserved := uint64(reservedL2)
	if h.Version < 3 {
		reserved = reservedZero
	}
	switch {
	case e.word&reserved != 0:
		return fmt.Errorf("has unknown bits (%#x)", e.word)
	case e.host()%h.cluster() != 0:
		return fmt.Errorf("names a cluster at byte %d, which is not aligned", e.host())
	case h.Extended && e.host() == 0 && uint32(e.parts) != 0:
		return errors.New("names parts of a cluster that it does not have")
	case uint32(e.parts)&uint32(e.parts>>parts) != 0:
		return errors.New("has parts that are allocated and zero at once")
	}
	return nil
}

// checkL1 returns the offset of the L2 table in an L1 entry, 0 if there is none.
func (h *Header) checkL1(word uint64, index int) (int64, error) {
	off := int64(word & offsetMask)
	if word&reservedL1 != 0 || off%h.cluster() != 0 {
		return 0, corrupt("entry %d of an L1 table is not valid (%#x)", index, word)
	}
	return off, nil
}
