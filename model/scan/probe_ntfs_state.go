package scan

import (
	"strings"

	"shunt/model"
)

// maxIndex limits how many bytes of the root directory are searched.
const maxIndex = 64 << 10

// trait returns the reason why Windows must be started and shut down before the volume may be changed, if there is one.
// Windows writes "hibr" at the start of hiberfil.sys when it hibernates, and overwrites it when it resumes.
func (v ntfs) trait() (model.Trait, model.Reason) {
	if number, ok := v.findInRoot("hiberfil.sys"); ok {
		data := attribute(v.recordAt(number), attrData, "")
		head := v.piece(data, 0, 4)
		if value := resident(data); value != nil {
			head = value[:min(4, len(value))]
		}
		if strings.EqualFold(string(head), "hibr") {
			return model.Hibernated, "Windows is hibernated in it, or was shut down with fast startup"
		}
	}
	if v.logOpen() {
		return model.OpenJournal, "its journal is not empty: Windows was not shut down properly"
	}
	return model.NoTrait, ""
}

// logOpen reports whether $LogFile holds changes that must still be applied. Its first two pages (4 KiB each) are restart
// pages: "RSTR", offset of the restart area (2) at 24. The area has the LSN (8), the first client in use (2, 0xFFFF for
// none) at 12, and flags (2), where 2 means clean. The page with the higher LSN is valid. A log that was reset is all
// ones.
func (v ntfs) logOpen() bool {
	log := attribute(v.mftRecord(mftLog), attrData, "")
	newest, open := uint64(0), false
	for page := range int64(2) {
		b := v.piece(log, page*pageSize, 512)
		if b == nil || string(b[:4]) != "RSTR" {
			continue
		}
		at := int(le.Uint16(b[24:]))
		if at < 30 || at > 512-18 {
			continue
		}
		if lsn := le.Uint64(b[at:]); lsn >= newest {
			newest, open = lsn, le.Uint16(b[at+12:]) != 0xFFFF && le.Uint16(b[at+14:])&2 == 0
		}
	}
	return open
}

// findInRoot looks up a name in the root directory and returns the number of its MFT record. It searches all entries,
// because searching in the order of the index would need the volume's table of upper-case letters.
func (v ntfs) findInRoot(name string) (number int64, ok bool) {
	record := v.mftRecord(mftRoot)
	root := resident(attribute(record, attrIndexRoot, "$I30"))
	if len(root) < 32 {
		return 0, false
	}
	if number, ok := findEntry(root[16:], name); ok {
		return number, true
	}
	block := int64(le.Uint32(root[8:]))
	alloc := attribute(record, attrIndexAlloc, "$I30")
	for at := int64(0); block >= ntfsStride && at+block <= maxIndex; at += block {
		b := v.piece(alloc, at, block)
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

// findEntry searches index entries. b begins with the index header: offset of the first entry (4) and length of all
// entries (4), both counted from the header. An entry has the MFT record (6), its length (2) at 8, flags (2) at 12, where
// 2 marks the last entry, and a file name attribute at 16. That attribute's number of letters is at 64, the letters at
// 66.
func findEntry(b []byte, name string) (number int64, ok bool) {
	if len(b) < 16 {
		return 0, false
	}
	at, end := int64(le.Uint32(b)), int64(le.Uint32(b[4:]))
	for end = min(end, int64(len(b))); at+16 <= end; {
		e := b[at:end]
		length := int64(le.Uint16(e[8:]))
		if le.Uint16(e[12:])&2 != 0 || length < 16 || length > int64(len(e)) {
			return 0, false
		}
		if length >= 16+66 && strings.EqualFold(wideText(le, e[16+66:min(length, 16+66+2*int64(e[16+64]))]), name) {
			return int64(le.Uint64(e) & (1<<48 - 1)), true
		}
		at += length
	}
	return 0, false
}

// recordAt returns any record of the MFT, found through the MFT's own runs, or nil if it cannot be read.
func (v ntfs) recordAt(number int64) []byte {
	mft := attribute(v.mftRecord(0), attrData, "")
	if number > 1<<40 {
		return nil
	}
	return unfix(v.piece(mft, number*v.record, v.record), "FILE")
}

// piece returns n bytes of a non-resident attribute from byte off on if they lie in one run, else nil.
func (v ntfs) piece(a []byte, off, n int64) []byte {
	for at, length := range v.runs(a) {
		if off+n <= length {
			return v.w.at(at+off, int(n))
		}
		if off -= length; off < 0 {
			break
		}
	}
	return nil
}
