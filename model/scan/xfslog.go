package scan

import "sort"

// An xfsLog is the log of an XFS: a ring of blocks of 512 bytes. Each block begins with the number of its round through the
// ring, except the blocks that begin a record:
//
//	0  0xFEEDBABE   4  round   8 version   12 length   40 operations   320 size of the buffer it was written from
//
// The rest of a record are its operations. The first one has flags at byte 9. The last record of a clean log has a single
// operation, which notes the unmount. Source: "XFS Algorithms & Data Structures", chapter "Journaling Log".
type xfsLog struct {
	w      *window
	at     int64 // where it begins in the window, in bytes
	blocks int64
}

const (
	xfsLogBlock  = 512
	xfsLogMagic  = 0xFEEDBABE
	xfsUnmounted = 0x20
	// A record can be padded up to 256 KiB, and then its header has eight blocks.
	xfsLogMostPadded = 512 + 8
)

// block returns a block of the log, counted around the ring, or nil if it cannot be read.
func (l xfsLog) block(n int64) []byte {
	b := make([]byte, xfsLogBlock)
	if !l.w.read(b, l.at+(n+l.blocks)%l.blocks*xfsLogBlock) {
		return nil
	}
	return b
}

// round returns the number of the round in which a block was written last. It is 0 if there was none.
func (l xfsLog) round(n int64) uint32 {
	b := l.block(n)
	switch {
	case b == nil:
		return 0
	case be.Uint32(b) == xfsLogMagic:
		return be.Uint32(b[4:])
	}
	return be.Uint32(b)
}

// unreplayed reports whether the log holds changes that are not in their places yet.
func (l xfsLog) unreplayed() bool {
	if l.blocks < 2 {
		return false
	}
	first, last := l.round(0), l.round(l.blocks-1)
	if first == 0 || l.w.err != nil {
		return false
	}
	head := l.blocks
	if first != last {
		head = int64(sort.Search(int(l.blocks), func(n int) bool { return l.round(int64(n)) == last }))
	}
	// A record that was not written completely does not count.
	for range 2 {
		start, length, clean, ok := l.recordBefore(head)
		switch {
		case !ok:
			return l.w.err == nil
		case start+length == head:
			return !clean
		}
		head = start
	}
	return true
}

// recordBefore finds the last record that begins before a block. start can be negative, which counts from the end of the
// ring. clean reports whether the record notes an unmount. ok is false if there is no record, or if it cannot be read.
func (l xfsLog) recordBefore(head int64) (start, length int64, clean, ok bool) {
	for start = head - 2; start >= head-min(xfsLogMostPadded, l.blocks); start-- {
		b := l.block(start)
		if b == nil {
			break
		}
		if be.Uint32(b) != xfsLogMagic {
			continue
		}
		headers := xfsLogHeaders(b)
		op := l.block(start + headers)
		clean = be.Uint32(b[40:]) == 1 && op != nil && op[9]&xfsUnmounted != 0
		return start, headers + int64(be.Uint32(b[12:])+xfsLogBlock-1)/xfsLogBlock, clean, op != nil
	}
	return 0, 0, false, false
}

// xfsLogHeaders returns the number of blocks in the header of a record.
func xfsLogHeaders(b []byte) int64 {
	const version2, buffer = 2, 32 << 10
	if be.Uint32(b[8:])&version2 == 0 {
		return 1
	}
	return max(1, int64(be.Uint32(b[320:])+buffer-1)/buffer)
}
