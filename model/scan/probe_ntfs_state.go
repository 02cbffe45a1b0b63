package scan

import (
	"strings"

	"shunt/model"
)

// maxIndex is how many bytes of the root directory are searched at most.
const maxIndex = 64 << 10

// trait returns whether Windows must be started and shut down before the volume may be changed. A Windows that hibernates
// leaves "hibr" at the start of hiberfil.sys and overwrites it when it resumes.
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

// logOpen reports whether $LogFile has work to be redone. Its first two pages (4 KiB each) are restart pages: "RSTR",
// offset of the restart area (2) at 24; in the area: LSN (8), then at 12 the first client in use (2, 0xFFFF for none)
// and flags (2), of which 2 means clean. The one with the higher LSN counts. A log that was reset is all ones.
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

// findInRoot looks for a name in the root directory and returns the number of its MFT record. All entries are
// searched, since following the order of the index would need the volume's table of upper-case letters.
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

// findEntry searches index entries. b begins with the index header: offset of the first entry (4), length of all
// (4), both from here. An entry: record (6), length (2) at 8, flags (2) at 12, of which 2 ends the list; from 16 on
// the file name attribute, which has the number of its letters at 64 and the letters at 66.
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

// recordAt returns any record of the MFT, found through the MFT's own runs. It returns nil if that cannot be read.
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
