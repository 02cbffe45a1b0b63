package scan

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"shunt/geometry"
	"shunt/model"
)

// A UDF volume has, from 32 KiB on, descriptors of 2 KiB among which is "NSR02" or "NSR03". In its block 256, and often in
// its last one, is an anchor that tells where the volume descriptors are. Each of them begins with its kind (2) and, at 12, the
// number of its own block; integers are little-endian:
//
//	anchor (2)      16 descriptors: bytes (4), block (4)
//	primary (1)     72 identifier of the volume set (dstring of 128)
//	partition (5)   188 first block (4)    192 blocks (4)
//	logical (6)     84 label (dstring of 128)    432 integrity: bytes (4), block (4)
//	integrity (9)   28 1 closed (4)    72 partitions (4)    80 free blocks in the first (4)
//	terminator (8)
//
// Source: ECMA-167, OSTA "Universal Disk Format Specification".
const (
	udfAnchor     = 256
	udfMostBlocks = 16 // descriptors that are looked at
)

// udf is a volume being read.
type udf struct {
	w     *window
	block int64
}

// probeUDF recognises UDF. Size is that of the window if there is an anchor in its last block, else that of the partition.
func probeUDF(w *window) (model.Filesystem, bool) {
	if !isUDF(w) {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{Kind: model.UDF, Used: -1}
	for _, block := range []int64{512, 1024, 2048, 4096} {
		u := udf{w: w, block: block}
		if anchor := u.descriptor(udfAnchor, 2); anchor != nil {
			fs.BlockSize = geometry.Bytes(block)
			u.read(anchor, &fs)
			break
		}
	}
	return fs, true
}

// descriptor is the 512 bytes at the start of a block, if they are a descriptor of the kind; kind 0 takes any.
func (u udf) descriptor(at int64, kind uint16) []byte {
	b := u.w.at(at*u.block, 512)
	if b == nil || int64(binary.LittleEndian.Uint32(b[12:])) != at || kind != 0 && binary.LittleEndian.Uint16(b) != kind {
		return nil
	}
	return b
}

func (u udf) read(anchor []byte, fs *model.Filesystem) {
	u32 := func(b []byte, off int) int64 { return int64(binary.LittleEndian.Uint32(b[off:])) }
	count, first := u32(anchor, 16)/u.block, u32(anchor, 20)
	var begin, length, free int64 = 0, 0, -1
	for i := range min(count, udfMostBlocks) {
		b := u.descriptor(first+i, 0)
		if b == nil {
			continue
		}
		switch binary.LittleEndian.Uint16(b) {
		case 1:
			fs.UUID = udfUUID(dstring(b[72:200]))
		case 5:
			begin, length = u32(b, 188), u32(b, 192)
		case 6:
			fs.Label = strings.TrimRight(clean(dstring(b[84:212])), " ")
			if state := u.descriptor(u32(b, 436), 9); state != nil {
				if u32(state, 72) == 1 {
					free = u32(state, 80)
				}
				if u32(state, 28) != 1 {
					fs.Dirty = "not unmounted cleanly"
				}
			}
		}
	}
	fs.Size = geometry.Bytes((begin + length) * u.block)
	if last := u.w.n/u.block - 1; u.descriptor(last, 2) != nil {
		fs.Size = geometry.Bytes((last + 1) * u.block)
	}
	if free >= 0 && free <= length && geometry.Bytes(free*u.block) <= fs.Size {
		fs.Used = fs.Size - geometry.Bytes(free*u.block)
	}
}

// dstring decodes a string of ECMA-167: the width of its characters in bits, the characters, and in the last byte how many
// bytes are in use.
func dstring(b []byte) string {
	n := int(b[len(b)-1])
	if n < 1 || n > len(b)-1 {
		return ""
	}
	var units []uint16
	switch chars := b[1:n]; b[0] {
	case 8, 254:
		for _, c := range chars {
			units = append(units, uint16(c))
		}
	case 16, 255:
		for ; len(chars) >= 2; chars = chars[2:] {
			units = append(units, binary.BigEndian.Uint16(chars))
		}
	}
	s, _, _ := strings.Cut(string(utf16.Decode(units)), "\x00")
	return s
}

// udfUUID is what stands in for a UUID, as the rest of Linux has it: the first 16 letters of the set's identifier,
// which should be hexadecimal, or the bytes that are not in hexadecimal.
func udfUUID(set string) string {
	if len(set) < 8 {
		return ""
	}
	hex := 0
	for hex < 16 && hex < len(set) && strings.IndexByte("0123456789abcdefABCDEF", set[hex]) >= 0 {
		hex++
	}
	switch {
	case hex == 16:
		return strings.ToLower(set[:16])
	case hex >= 8 && len(set) >= 12:
		return strings.ToLower(set[:8]) + fmt.Sprintf("%x", set[8:12])
	case hex < 8:
		return fmt.Sprintf("%x", set[:8])
	}
	return ""
}
