package scan

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian

	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// badSum is the reason for a superblock whose checksum is wrong.
const badSum model.Reason = "superblock checksum does not match"

// superblock is a superblock whose signature is in the registry. Its reader fills in fs.
type superblock struct {
	w     *window
	off   int64 // where it begins in the window
	b     []byte
	order binary.ByteOrder
	fs    model.Filesystem
}

func (s *superblock) u16(off int) uint64 { return uint64(s.order.Uint16(s.b[off:])) }
func (s *superblock) u32(off int) uint64 { return uint64(s.order.Uint32(s.b[off:])) }
func (s *superblock) u64(off int) uint64 { return s.order.Uint64(s.b[off:]) }

// sized sets the block size, the size of the file system and the used space, from numbers of bytes. If free exceeds size,
// the used space stays unknown. sized reports whether the block size and the size are possible.
func (s *superblock) sized(block, size, free uint64) bool {
	if block < 512 || bits.OnesCount64(block) != 1 || size == 0 || size > 1<<62 {
		return false
	}
	s.fs.BlockSize, s.fs.Size = geometry.Bytes(block), geometry.Bytes(size)
	if free <= size {
		s.fs.Used = geometry.Bytes(size - free)
	}
	return true
}

// unknown stands for the number of free bytes if the superblock does not store it.
const unknown = 1<<64 - 1

// times returns a*b, or the largest number if the product overflows.
func times(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high != 0 {
		return 1<<64 - 1
	}
	return low
}

// fillWindow makes the contents as large as the window and all of it used.
func (s *superblock) fillWindow() {
	s.fs.Size, s.fs.Used = geometry.Bytes(s.w.n), geometry.Bytes(s.w.n)
}

// marks returns the reason why a file system must be checked: "not unmounted cleanly" if unclean is set, else text if
// other is set, else "".
func marks(unclean, other bool, text model.Reason) model.Reason {
	switch {
	case unclean:
		return "not unmounted cleanly"
	case other:
		return text
	}
	return ""
}

// plainCRC returns the CRC-32 of the pieces. Unlike the standard library it inverts no bits at either end.
func plainCRC(start uint32, table *crc32.Table, pieces ...[]byte) uint32 {
	sum := ^start
	for _, piece := range pieces {
		sum = crc32.Update(sum, table, piece)
	}
	return ^sum
}

// text decodes a name in UTF-8 that ends at the first NUL.
func text(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return clean(s)
}

// wideText decodes a name in UTF-16 that ends at the first NUL.
func wideText(order binary.ByteOrder, b []byte) string { return clean(decodeUTF16(order, b)) }

// decodeUTF16 decodes UTF-16 up to the first NUL.
func decodeUTF16(order binary.ByteOrder, b []byte) string {
	var units []uint16
	for ; len(b) >= 2 && order.Uint16(b) != 0; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// clean removes trailing blanks from a name and replaces characters that safetext does not call visible. A name that is
// not UTF-8 is in a code page that nothing records. It is read as Latin-1, so that names stay different.
func clean(s string) string {
	if !utf8.ValidString(s) {
		runes := make([]rune, len(s))
		for i := range len(s) {
			runes[i] = rune(s[i])
		}
		s = string(runes)
	}
	s = strings.Map(func(r rune) rune {
		if safetext.Visible(r) {
			return r
		}
		return '\uFFFD'
	}, s)
	return strings.TrimRight(s, " ")
}

// uuidText formats a UUID that is stored in the order in which it is written. It returns "" if all bytes are zero.
func uuidText(b []byte) string {
	if !slices.ContainsFunc(b, nonZero) {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func nonZero(b byte) bool { return b != 0 }

// serialText formats a volume's serial number as DOS does.
func serialText(serial uint32) string {
	return fmt.Sprintf("%04X-%04X", serial>>16, serial&0xFFFF)
}
