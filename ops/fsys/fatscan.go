package fsys

import (
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"shunt/model"
	"shunt/ops/report"
)

// A fatScanner reads the entries of one directory of FAT, one after the other. Before the entry of a file, which has a
// short name of 11 bytes, the pieces of its long name may lie, the last piece first:
//
//	0   number of the piece, from 1 on; 0x40 marks the last piece     11  attributes: 0x0F
//	1   units 1 to 5 of the name (UTF-16)                             13  checksum of the short name
//	14  units 6 to 11                                                 28  units 12 and 13
//
// An entry of a file has, besides what fatdirs.go says:
//
//	12  which parts of the short name are shown in small letters     22  time of the last change (2), 24 its date (2)
//	13  hundredths of a second of the creation                       28  size (4)
//	14  time of the creation (2), 16 its date (2), 18 date of the last access (2)
//
// Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03.
type fatScanner struct {
	kind model.FSKind
	long []uint16 // what was read of a long name
	want byte     // the number of the piece that must come next, 0 if the name is complete or there is none
	sum  byte
}

// fatFound is what an entry says of a file.
type fatFound struct {
	name, short                 string
	kind                        report.FileKind
	first, size                 int64
	readOnly                    bool
	modified, accessed, created time.Time
}

// fatEnds reports whether a directory ends before the entry.
func fatEnds(e []byte) bool { return e[0] == 0 }

// add reads the next entry. ok is false if it is not that of a file or directory.
func (s *fatScanner) add(e []byte) (f fatFound, ok bool) {
	attr := e[11]
	if e[0] != 0xE5 && attr&0x3F == fatAttrLong {
		s.piece(e)
		return f, false
	}
	long := s.take(e)
	if e[0] == 0xE5 || attr&fatAttrVolume != 0 || e[0] == '.' {
		return f, false
	}
	u16 := func(at int) uint16 { return binary.LittleEndian.Uint16(e[at:]) }
	f = fatFound{
		short: fatShort(e), kind: report.FileRegular, size: int64(binary.LittleEndian.Uint32(e[28:])),
		first: int64(u16(26)), readOnly: attr&1 != 0,
		modified: dosTime(u16(24), u16(22)), accessed: dosTime(u16(18), 0),
		created: dosTime(u16(16), u16(14)),
	}
	if !f.created.IsZero() {
		f.created = f.created.Add(time.Duration(min(e[13], 199)) * 10 * time.Millisecond)
	}
	f.name = f.short
	if long != "" {
		f.name = long
	}
	if s.kind == model.FAT32 {
		f.first |= int64(u16(20)) << 16
	}
	if attr&fatAttrDir != 0 {
		f.kind, f.size = report.FileDirectory, 0
	}
	return f, true
}

// piece reads one piece of a long name.
func (s *fatScanner) piece(e []byte) {
	const last, most = 0x40, 20
	number := e[0] &^ last
	switch {
	case e[0]&last != 0 && number >= 1 && number <= most:
		s.long, s.sum = nil, e[13]
	case s.want == 0 || number != s.want || e[13] != s.sum:
		s.want, s.long = 0, nil
		return
	}
	var units []uint16
	for _, at := range [...]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
		u := binary.LittleEndian.Uint16(e[at:])
		if u == 0 || u == 0xFFFF && e[0]&last != 0 {
			break
		}
		units = append(units, u)
	}
	s.long, s.want = append(units, s.long...), number-1
}

// take returns the long name that belongs to an entry, or "", and forgets it.
func (s *fatScanner) take(e []byte) string {
	units, complete := s.long, s.want == 0
	s.long, s.want = nil, 0
	if len(units) == 0 || !complete || s.sum != fatSum(e[:11]) {
		return ""
	}
	return fromUTF16(units)
}

// fatSum is the checksum of a short name, which the pieces of the long name carry.
func fatSum(short []byte) (sum byte) {
	for _, b := range short {
		sum = sum<<7 | sum>>1
		sum += b
	}
	return sum
}

// fromUTF16 turns units of UTF-16 into UTF-8. Half of a pair becomes "_", as mtools shows it.
func fromUTF16(units []uint16) string {
	var b strings.Builder
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			pair := rune(0xFFFD)
			if i+1 < len(units) {
				pair = utf16.DecodeRune(r, rune(units[i+1]))
			}
			if pair == 0xFFFD {
				r = '_'
			} else {
				r, i = pair, i+1
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fatShort returns the short name. It is in code page 850, as mtools takes it. A mark for each of its parts says whether it
// is shown in small letters.
func fatShort(e []byte) string {
	part := func(b []byte, small byte) string {
		runes := make([]rune, 0, len(b))
		for _, c := range b {
			runes = append(runes, charmap.CodePage850.DecodeByte(c))
		}
		text := strings.TrimRight(string(runes), " ")
		if e[12]&small != 0 {
			return strings.ToLower(text)
		}
		return text
	}
	base := [8]byte(e[:8])
	if base[0] == 0x05 { // 0xE5 would mark a deleted entry
		base[0] = 0xE5
	}
	return strings.TrimSuffix(part(base[:], 0x08)+"."+part(e[8:11], 0x10), ".")
}

// dosTime returns the time that a date and a time of day in an entry stand for, or zero if there is none. FAT stores no
// time zone; shunt takes it for UTC.
func dosTime(date, clock uint16) time.Time {
	year, month, day := 1980+int(date>>9), time.Month(date>>5&15), int(date&31)
	if month < 1 || month > 12 || day < 1 {
		return time.Time{}
	}
	return time.Date(year, month, day, int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC)
}
