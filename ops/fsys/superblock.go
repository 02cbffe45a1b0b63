package fsys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// piece is n bytes of a superblock, nil if they are not there.
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

// text is a name that ends with the first NUL or with its field.
func (f fields) text(off, n int) string {
	s, _, _ := strings.Cut(string(f[off:off+n]), "\x00")
	return strings.TrimRight(s, " ")
}

// seconds is a time as superblocks count it, from 1970 on; "" for zero, which means never or not kept.
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

// named lists the names of the bits that are set; bits without a name are told by their value.
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
