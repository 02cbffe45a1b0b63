package scan

import (
	"encoding/binary"
	"strings"

	"shunt/model"
)

const (
	mftLog  = 2
	mftRoot = 5

	attrIndexRoot  = 0x90
	attrIndexAlloc = 0xA0

	// maxIndex bounds how much of the root directory is searched, in bytes.
	maxIndex = 64 << 10
)

// trait is whether Windows must be started and shut down before the volume may be changed. A Windows that
// hibernates leaves "hibr" at the start of hiberfil.sys and overwrites it when it resumes.
func (v ntfs) trait(w *window) (model.Trait, model.Reason) {
	if number, ok := v.findInRoot(w, "hiberfil.sys"); ok {
		if record := v.recordAt(w, number); record != nil {
			if head := v.head(w, attribute(record, attrData), 4); strings.EqualFold(string(head), "hibr") {
				return model.Hibernated, "Windows is hibernated in it, or was shut down with fast startup"
			}
		}
	}
	if v.logOpen(w) {
		return model.OpenJournal, "its journal is not empty: Windows was not shut down properly"
	}
	return model.NoTrait, ""
}

// logOpen reports whether $LogFile has work to be redone. Its first two pages (4 KiB each) are restart pages: "RSTR",
// offset of the restart area (2) at 24; in the area: LSN (8), then at 12 the first client in use (2, 0xFFFF for none)
// and flags (2), of which 2 means clean. The one with the higher LSN counts. A log that was reset is all ones.
func (v ntfs) logOpen(w *window) bool {
	record := v.mftRecord(w, mftLog)
	if record == nil {
		return false
	}
	log := attribute(record, attrData)
	newest, open := uint64(0), false
	for page := range int64(2) {
		b := v.piece(w, log, page*pageSize, 512)
		if b == nil || string(b[:4]) != "RSTR" {
			continue
		}
		at := int(binary.LittleEndian.Uint16(b[24:]))
		if at < 30 || at > 512-18 {
			continue
		}
		lsn := binary.LittleEndian.Uint64(b[at:])
		if lsn >= newest {
			newest = lsn
			open = binary.LittleEndian.Uint16(b[at+12:]) != 0xFFFF && binary.LittleEndian.Uint16(b[at+14:])&2 == 0
		}
	}
	return open
}

// findInRoot looks for a name in the root directory and returns the number of its MFT record. All entries are
// searched, since following the order of the index would need the volume's table of upper-case letters.
func (v ntfs) findInRoot(w *window, name string) (number int64, ok bool) {
	record := v.mftRecord(w, mftRoot)
	if record == nil {
		return 0, false
	}
	root := resident(named(record, attrIndexRoot, "$I30"))
	if len(root) < 32 {
		return 0, false
	}
	if number, ok := findEntry(root[16:], name); ok {
		return number, true
	}
	block := int64(binary.LittleEndian.Uint32(root[8:]))
	alloc := named(record, attrIndexAlloc, "$I30")
	if alloc == nil || block < ntfsStride || block > maxIndex {
		return 0, false
	}
	for at := int64(0); at+block <= maxIndex; at += block {
		b := v.piece(w, alloc, at, block)
		if b == nil {
			break
		}
		if b = unfix(b, "INDX"); b == nil {
			continue // an unused block
		}
		if number, ok := findEntry(b[24:], name); ok {
			return number, true
		}
	}
	return 0, false
}

// findEntry searches index entries. b begins with the index header: offset of the first entry (4), length of all
// (4), both from here. An entry: record (6), length (2) at 8, flags (2) at 12, of which 2 ends the list; from 16 on
// the file name attribute, whose length in letters is at 64 and whose letters are at 66.
func findEntry(b []byte, name string) (number int64, ok bool) {
	if len(b) < 16 {
		return 0, false
	}
	at, end := int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))
	for end = min(end, int64(len(b))); at+16 <= end; {
		e := b[at:end]
		length := int64(binary.LittleEndian.Uint16(e[8:]))
		if binary.LittleEndian.Uint16(e[12:])&2 != 0 || length < 16 || length > int64(len(e)) {
			return 0, false
		}
		if length >= 16+66 && strings.EqualFold(utf16Text(e[16+66:length], int(e[16+64])), name) {
			return int64(binary.LittleEndian.Uint64(e) & (1<<48 - 1)), true
		}
		at += length
	}
	return 0, false
}

// recordAt is any record of the MFT, found through the MFT's own runs; nil if it cannot be read.
func (v ntfs) recordAt(w *window, number int64) []byte {
	mft := v.mftRecord(w, 0)
	if mft == nil || number > 1<<40 {
		return nil
	}
	return unfix(v.piece(w, attribute(mft, attrData), number*v.record, v.record), "FILE")
}

// head is the first n bytes of an attribute's value.
func (v ntfs) head(w *window, a []byte, n int64) []byte {
	if value := resident(a); value != nil {
		return value[:min(n, int64(len(value)))]
	}
	return v.piece(w, a, 0, n)
}

// piece is n bytes of a non-resident attribute from byte off on, if they lie in one run; else nil.
func (v ntfs) piece(w *window, a []byte, off, n int64) []byte {
	if len(a) < 64 || a[8] == 0 {
		return nil
	}
	runs := int(binary.LittleEndian.Uint16(a[32:]))
	if runs >= len(a) {
		return nil
	}
	lcn, at := int64(0), int64(0)
	for b := a[runs:]; ; {
		count, step, rest, ok := nextRun(b)
		if !ok || count > v.clusters {
			return nil
		}
		b, lcn = rest, lcn+step
		if lcn < 0 || lcn > v.clusters-count {
			return nil
		}
		if length := count * v.cluster; off < at+length {
			if off+n > at+length {
				return nil
			}
			return w.at(lcn*v.cluster+off-at, int(n))
		}
		at += count * v.cluster
	}
}
