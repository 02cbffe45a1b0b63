package fsys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// piece returns n bytes of a superblock, or nil if they cannot be read.
func piece(r io.ReaderAt, off int64, n int) fields {
	b := make(fields, n)
	if got, err := r.ReadAt(b, off); got < n || err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return b
}

// fields are the little-endian bytes of a superblock.
type fields []byte

func (f fields) u16(off int) uint16 { return binary.LittleEndian.Uint16(f[off:]) }
func (f fields) u32(off int) uint32 { return binary.LittleEndian.Uint32(f[off:]) }
func (f fields) u64(off int) uint64 { return binary.LittleEndian.Uint64(f[off:]) }

// text returns a name that ends at the first NUL or at the end of its field.
func (f fields) text(off, n int) string {
	s, _, _ := strings.Cut(string(f[off:off+n]), "\x00")
	return strings.TrimRight(s, " ")
}

// seconds formats a time that counts seconds from 1970. Zero means never or unknown and gives "".
func seconds(n int64) string {
	if n == 0 {
		return ""
	}
	return time.Unix(n, 0).UTC().Format("2006-01-02 15:04:05 UTC")
}

// bit is the name of one bit of a feature field.
type bit struct {
	mask uint64
	name string
}

// named returns the names of the bits that are set. Bits without a name appear as a number.
func named(value uint64, bits []bit) []string {
	var list []string
	for _, b := range bits {
		if value&b.mask != 0 {
			list = append(list, b.name)
			value &^= b.mask
		}
	}
	if value != 0 {
		list = append(list, fmt.Sprintf("unknown 0x%x", value))
	}
	return list
}
